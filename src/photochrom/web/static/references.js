// Pictures in colour whose colours are followed: chosen or dropped, shown small, and taken away again.

import { preview } from "/static/api.js";
import { element, takesDrops } from "/static/parts.js";

const $ = (id) => document.getElementById(id);

// most: how many there may be. changed(list): a person has added or removed some; each is {file, look}.
export function references(most, changed) {
  const problem = $("reference-problem");
  let now = [];

  async function add(files) {
    const fresh = [], wrong = [];
    for (const file of files) {
      if (now.length + fresh.length >= most) {
        wrong.push(`${most} references at most: ${file.name} is left out`);
        continue;
      }
      try {
        fresh.push({ file, look: URL.createObjectURL((await preview(file, { as_reference: "true" })).blob) });
      } catch (error) {
        wrong.push(error.message);
      }
    }
    problem.textContent = wrong.join("\n");
    if (fresh.length) changed([...now, ...fresh]);
  }

  $("choose-reference").addEventListener("change", (event) => {
    const files = [...event.target.files];
    event.target.value = "";
    add(files);
  });
  takesDrops($("references"), $("references"), add);

  return {
    show(list) {
      now = list;
      $("reference-list").replaceChildren(...list.map((one) => {
        const away = element("button", { type: "button", textContent: "Remove", ariaLabel: `Remove the reference ${one.file.name}` });
        away.addEventListener("click", () => changed(now.filter((other) => other !== one)));
        return element("li", {}, element("img", { src: one.look, alt: "" }), element("span", { textContent: one.file.name }), away);
      }));
    },
  };
}
