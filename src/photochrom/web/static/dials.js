// One control for each setting that the server has; what there is, and its range, comes from photochrom.Settings.

import { element } from "/static/parts.js";

const LEFT_OUT = new Set(["guide", "detail"]); // hints have their own place; the size is for experts

function title(name) {
  return name[0].toUpperCase() + name.slice(1).replaceAll("_", " ");
}

// Draw the dials into `place`. changed(name, value) is called when a person has turned one. prefix: of their ids.
export function dials(place, settings, changed, prefix = "dial") {
  const shown = new Map();
  for (const setting of settings) {
    if (LEFT_OUT.has(setting.name) || setting.kind === "object") continue;
    const id = `${prefix}-${setting.name}`, help = element("small", { textContent: setting.help, id: `${id}-help` });
    const label = element("label", { htmlFor: id, textContent: title(setting.name) });
    let input, output = null;
    if (setting.choices.length) {
      input = element("select", { id });
      if (!setting.default && !setting.choices.includes("")) input.append(element("option", { value: "", textContent: "none" }));
      input.append(...setting.choices.map((choice) => element("option", { value: choice, textContent: choice || "none" })));
    } else if (setting.kind === "boolean") {
      input = element("input", { id, type: "checkbox" });
    } else if (setting.kind === "number" && setting.high !== null) {
      const [low, high] = [setting.low ?? 0, setting.high];
      input = element("input", { id, type: "range", min: low, max: high, step: 0.01 });
      output = element("output", { htmlFor: id });
    } else {
      input = element("input", { id, type: setting.kind === "string" ? "text" : "number", placeholder: "by itself" });
      if (setting.low !== null) input.min = setting.low;
      if (setting.kind === "integer") input.step = 1;
    }
    input.setAttribute("aria-describedby", help.id);
    const value = () => {
      if (input.type === "checkbox") return input.checked;
      if (input.value === "") return null;
      return setting.kind === "string" ? input.value : Number(input.value);
    };
    const tell = () => { if (output) output.textContent = Number(input.value).toFixed(2); };
    input.addEventListener("input", tell);
    input.addEventListener("change", () => { if (input.checkValidity()) changed(setting.name, value()); });
    const wide = input.type === "range";
    const row = element("div", { className: "row" }, label, wide ? output : input);
    place.append(element("div", { className: "dial" }, row, ...(wide ? [input] : []), help));
    shown.set(setting.name, (now) => {
      if (input.type === "checkbox") input.checked = Boolean(now);
      else input.value = now ?? "";
      tell();
    });
  }
  return { show: (values) => { for (const [name, set] of shown) set(values[name]); } };
}
