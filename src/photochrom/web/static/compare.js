// Before and after, one over the other, with an edge that a range input moves; and places of the picture for hints.

const $ = (id) => document.getElementById(id);

export function compare(placed) {
  const box = $("compare"), slider = $("slider"), frame = $("before-frame"), edge = $("edge"), marks = $("marks");
  let hinting = false, dragging = false, cross = { x: 0.5, y: 0.5 };

  function slide() {
    const share = Number(slider.value);
    frame.style.clipPath = `inset(0 ${100 - share}% 0 0)`;
    edge.style.left = `${share}%`;
  }
  slider.addEventListener("input", slide);
  slide();

  function place(event) {
    const area = $("after").getBoundingClientRect();
    return { x: (event.clientX - area.left) / area.width, y: (event.clientY - area.top) / area.height };
  }
  function drag(event) {
    slider.value = Math.min(100, Math.max(0, 100 * place(event).x));
    slide();
  }
  box.addEventListener("pointerdown", (event) => {
    if (hinting || event.button) return;
    dragging = true;
    box.setPointerCapture(event.pointerId);
    drag(event);
  });
  box.addEventListener("pointermove", (event) => { if (dragging) drag(event); });
  box.addEventListener("pointerup", () => { dragging = false; });
  box.addEventListener("pointercancel", () => { dragging = false; });
  box.addEventListener("click", (event) => {
    const at = place(event);
    if (hinting && at.x >= 0 && at.x < 1 && at.y >= 0 && at.y < 1) placed(at);
  });
  box.addEventListener("keydown", (event) => {
    const step = event.shiftKey ? 0.05 : 0.01;
    const moves = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] };
    if (!hinting) return;
    if (moves[event.key]) {
      const [dx, dy] = moves[event.key], held = (v) => Math.min(0.999, Math.max(0, v));
      cross = { x: held(cross.x + dx), y: held(cross.y + dy) };
      draw();
    } else if (event.key === "Enter" || event.key === " ") placed(cross);
    else return;
    event.preventDefault();
  });

  let hints = [];
  function draw() {
    marks.replaceChildren(...hints.map((hint) => {
      const mark = document.createElement("div");
      mark.className = "mark";
      mark.style.left = `${100 * hint.x}%`;
      mark.style.top = `${100 * hint.y}%`;
      mark.style.background = hint.color;
      return mark;
    }));
    if (hinting && document.activeElement === box) {
      const mark = document.createElement("div");
      mark.className = "cross";
      mark.style.left = `${100 * cross.x}%`;
      mark.style.top = `${100 * cross.y}%`;
      marks.append(mark);
    }
  }
  box.addEventListener("focus", draw);
  box.addEventListener("blur", draw);

  return {
    hint(on) {
      hinting = on;
      box.classList.toggle("hinting", on);
      if (on) {
        box.tabIndex = 0;
        box.setAttribute("role", "application");
        box.setAttribute("aria-label", "The picture. Arrow keys move the cross, Enter gives its place a colour.");
        box.focus();
      } else {
        for (const name of ["tabindex", "role", "aria-label"]) box.removeAttribute(name);
      }
      draw();
    },
    // hints: x and y as shares of width and height, 0..1
    marks(now) { hints = now; draw(); },
  };
}
