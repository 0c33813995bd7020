// What several parts of the page are made of.

export function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

// Files that are dropped on `target` go to use(files); `shown` is marked while they are over it.
export function takesDrops(target, shown, use) {
  const clear = () => { for (const marked of document.querySelectorAll(".over")) marked.classList.remove("over"); };
  target.addEventListener("dragover", (event) => {
    event.preventDefault();
    event.stopPropagation();
    clear();
    shown.classList.add("over");
  });
  target.addEventListener("dragleave", (event) => { if (!event.relatedTarget) clear(); });
  target.addEventListener("drop", (event) => {
    event.preventDefault();
    event.stopPropagation();
    clear();
    use([...event.dataTransfer.files]);
  });
}
