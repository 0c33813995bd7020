// The page: pictures come in, each is coloured by the settings as they stand, and goes out again. Nothing is stored.

import { about, colorize, explain, preview, suggest } from "/static/api.js";
import { compare } from "/static/compare.js";
import { dials } from "/static/dials.js";
import { live } from "/static/live.js";
import { element, takesDrops } from "/static/parts.js";
import { references } from "/static/references.js";
import { zip } from "/static/zip.js";

const $ = (id) => document.getElementById(id);
const pictures = []; // {file, name, look, width, height, hints, made, state, notes, problem, asked}
let current = null, known = null, control = null, view = null, followed = null;
let now = { domain: "", model: "", values: {}, references: [] }; // what all pictures are coloured by
const past = [];

function tell(text) { $("status").textContent = text; }
function complain(text) { $("problem").textContent = text; }

// A model serves one kind of picture; for a kind that isn't the model's own the server picks the model.
function chosen() {
  const own = known.models.find((row) => row.name === now.model)?.domain;
  return own === undefined || own === now.domain || !now.domain ? { model: now.model } : { domain: now.domain };
}

// Settings and hints together, as the server's Settings have them

function settingsOf(picture) {
  const short = Math.min(picture.width, picture.height);
  const hints = picture.hints.map(({ x, y, color, radius }) => ({ x, y, color, unit: "share", ...(radius ? { radius: radius / short } : {}) }));
  return { ...now.values, ...(hints.length ? { guide: { hints } } : {}) };
}
function fieldsOf(picture) {
  const settings = settingsOf(picture), references = now.references.map(({ file }) => file);
  return { settings, references, ...chosen(), format: $("format").value, strip_location: $("strip-location").checked ? "true" : "" };
}

function remember() {
  past.push(structuredClone({ now, hints: pictures.map((picture) => picture.hints) }));
  if (past.length > 100) past.shift();
  $("undo").disabled = false;
}
function undo() {
  const before = past.pop();
  if (!before) return;
  now = before.now;
  before.hints.forEach((hints, n) => { pictures[n].hints = hints; });
  $("undo").disabled = !past.length;
  showControls();
  recolor(pictures);
}
function change(how) {
  remember();
  how();
  recolor(pictures);
}

// Colouring: the picture that is looked at comes first, and only what was asked for last counts

function recolor(which) {
  for (const picture of which) {
    picture.asked?.abort();
    picture.asked = null;
    if (picture.width) picture.state = "waiting";
  }
  show();
  work();
}
let working = false;
async function work() {
  if (working) return;
  working = true;
  try {
    for (;;) {
      const waiting = pictures.filter((picture) => picture.state === "waiting");
      const next = waiting.find((picture) => picture === current) ?? waiting[0];
      if (!next) break;
      await one(next);
    }
  } finally {
    working = false;
    show();
  }
}
async function one(picture) {
  const asked = new AbortController();
  picture.asked = asked;
  picture.state = "colouring";
  show();
  try {
    const made = await colorize(picture.file, fieldsOf(picture), asked.signal);
    if (picture.made) URL.revokeObjectURL(picture.made.look);
    picture.made = { files: made.files, look: URL.createObjectURL(made.looks[0]), settings: made.settings };
    picture.notes = made.notes;
    picture.problem = "";
    picture.state = "done";
  } catch (error) {
    if (error.name === "AbortError") return; // it waits again, with other settings
    picture.state = "failed";
    picture.problem = error.message;
  } finally {
    if (picture.asked === asked) picture.asked = null;
  }
}

// Pictures come in

async function add(files) {
  complain("");
  const fresh = [];
  for (const file of files) {
    if (file.size > known.limits.megabytes * 1e6) {
      complain(`${file.name} has ${(file.size / 1e6).toFixed(0)} MB; this server takes ${known.limits.megabytes} MB at most`);
      continue;
    }
    const picture = { file, name: file.name || "pasted picture", look: "", width: 0, height: 0, hints: [], made: null, state: "reading", notes: [], problem: "", asked: null };
    pictures.push(picture);
    fresh.push(picture);
  }
  current ??= fresh[0] ?? null;
  show();
  for (const picture of fresh) {
    try {
      const seen = await preview(picture.file);
      picture.look = URL.createObjectURL(seen.blob);
      picture.width = seen.width;
      picture.height = seen.height;
      picture.state = "waiting";
      work();
    } catch (error) {
      picture.state = "failed";
      picture.problem = error.message;
    }
    show();
  }
}

// What is seen

function show() {
  const strip = $("strip");
  strip.hidden = !pictures.length;
  while (strip.children.length < pictures.length) strip.append(element("li", {}, thumb(pictures[strip.children.length])));
  pictures.forEach((picture, n) => {
    const button = strip.children[n].firstChild;
    button.setAttribute("aria-pressed", String(picture === current));
    const image = button.querySelector("img");
    const shown = picture.made?.look || picture.look;
    if (shown && image.src !== shown) image.src = shown;
    button.querySelector(".state").textContent = picture.state;
  });
  const failed = pictures.filter((picture) => picture.state === "failed");
  if (failed.length) complain(failed.map((picture) => `${picture.name}: ${picture.problem}`).join("\n"));
  const done = pictures.filter((picture) => picture.state === "done").length;
  if (pictures.length) tell(`${done} of ${pictures.length} coloured${failed.length ? `, ${failed.length} failed` : ""}.`);
  $("download-all").disabled = done < 2;
  if (current?.state === "failed" && !current.look) current = pictures.find((picture) => picture.look) ?? current;
  $("desk").hidden = !current?.look;
  if (!current?.look) return;
  const set = (id, source) => { if ($(id).src !== source) $(id).src = source; };
  set("before", current.look);
  set("after", current.made?.look || current.look);
  $("busy").hidden = !["waiting", "colouring"].includes(current.state);
  $("compare").setAttribute("aria-busy", String(!$("busy").hidden));
  $("download").disabled = current.state !== "done";
  $("notes").replaceChildren(...current.notes.map((note) => element("li", { textContent: note.replaceAll("the picture in memory", current.name) })));
  view.marks(current.hints);
  $("hint-list").replaceChildren(...current.hints.map((hint, n) => {
    const blob = element("span", { className: "blob" });
    blob.style.background = hint.color;
    const place = `${Math.round(hint.x * current.width)}, ${Math.round(hint.y * current.height)}`;
    const away = element("button", { type: "button", textContent: "Remove", ariaLabel: `Remove the hint at ${place}` });
    away.addEventListener("click", () => changeHints(() => current.hints.splice(n, 1)));
    return element("li", {}, blob, `${place}: ${hint.color}`, away);
  }));
}
function thumb(picture) {
  const button = element("button", { type: "button", title: picture.name },
    element("img", { alt: "" }), element("span", { textContent: picture.name }), element("span", { className: "state" }));
  button.addEventListener("click", () => { current = picture; show(); });
  return button;
}
function showControls() {
  const fitting = known.models.filter(({ domain }) => !now.domain || domain === now.domain);
  $("model").replaceChildren(...fitting.map(({ name }) => element("option", { value: name, textContent: name })));
  if (fitting.length && !fitting.some(({ name }) => name === now.model)) now.model = fitting[0].name;
  $("model").closest(".row").hidden = !fitting.length;
  $("model").value = now.model;
  $("domain").value = now.domain;
  control.show(now.values);
  followed.show(now.references);
}

// Hints

function changeHints(how) {
  remember();
  how();
  recolor([current]);
}
async function placed(at) {
  const picture = current, dialog = $("picker");
  $("swatches").replaceChildren("…");
  dialog.returnValue = "cancel";
  dialog.showModal();
  const asked = new AbortController();
  const place = { x: (at.x * picture.width).toFixed(2), y: (at.y * picture.height).toFixed(2), ...chosen() };
  suggest(picture.file, place, asked.signal).then((found) => {
    $("swatches").replaceChildren(...found.map(({ color, share }) => {
      const button = element("button", { type: "button", title: `${color}, ${Math.round(100 * share)} %`, ariaLabel: `${color}, ${Math.round(100 * share)} percent likely` });
      button.style.background = color;
      button.addEventListener("click", () => { $("colour").value = color; dialog.close("ok"); });
      return button;
    }));
  }).catch((error) => { if (error.name !== "AbortError") $("swatches").replaceChildren(error.message); });
  await new Promise((resolve) => dialog.addEventListener("close", resolve, { once: true }));
  asked.abort();
  if (dialog.returnValue !== "ok") return;
  const radius = Number($("radius").value) || null;
  changeHints(() => picture.hints.push({ x: at.x, y: at.y, color: $("colour").value, radius }));
}

// Files go out

function save(blob, name) {
  const link = element("a", { href: URL.createObjectURL(blob), download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
async function load(file) {
  try {
    const { model, guide, ...values } = JSON.parse(await file.text());
    remember();
    for (const setting of known.settings) if (setting.name in values) now.values[setting.name] = values[setting.name];
    const row = known.models.find(({ name }) => name === model);
    if (row) Object.assign(now, { model, domain: row.domain });
    if (current && guide?.hints) {
      const { width, height } = current, short = Math.min(width, height);
      current.hints = guide.hints.map(({ x, y, color, radius, unit }) => (unit === "share"
        ? { x, y, color, radius: radius ? radius * short : null }
        : { x: x / width, y: y / height, color, radius }));
    }
    showControls();
    recolor(pictures);
    complain(guide?.references?.length ? `${file.name} names a reference by its hash alone: add the picture again, under References` : "");
  } catch {
    complain(`${file.name} holds no settings; choose a .json file that was saved here`);
  }
}

async function begin() {
  known = await about();
  now.model = known.model;
  now.domain = known.models.find(({ name }) => name === known.model)?.domain ?? known.domains[0];
  now.values = Object.fromEntries(known.settings.filter((setting) => setting.kind !== "object").map((setting) => [setting.name, setting.default]));
  const atFirst = structuredClone(now);
  view = compare(placed);
  followed = references(known.limits.references, (list) => change(() => { now.references = list; showControls(); }));
  control = dials($("dials"), known.settings, (name, value) => change(() => { now.values[name] = value; }));
  $("domain").append(...known.domains.map((name) => element("option", { value: name, textContent: name })));
  $("domain-row").hidden = known.domains.length < 2;
  for (const id of ["hints", "references"]) $(id).hidden = !known.settings.some((setting) => setting.name === "guide");
  showControls();

  $("domain").addEventListener("change", () => change(() => { now.domain = $("domain").value; showControls(); }));
  $("model").addEventListener("change", () => change(() => { now.model = $("model").value; }));
  for (const id of ["format", "strip-location"]) $(id).addEventListener("change", () => recolor(pictures));
  $("undo").addEventListener("click", undo);
  $("reset").addEventListener("click", () => change(() => {
    now = structuredClone(atFirst);
    for (const picture of pictures) picture.hints = [];
    showControls();
  }));
  $("hinting").addEventListener("click", () => {
    const on = $("hinting").getAttribute("aria-pressed") !== "true";
    $("hinting").setAttribute("aria-pressed", String(on));
    view.hint(on);
  });
  $("panel").addEventListener("submit", (event) => event.preventDefault());
  $("download").addEventListener("click", () => { for (const file of current.made.files) save(file, file.name); });
  $("download-all").addEventListener("click", async () => {
    const files = pictures.filter((picture) => picture.state === "done").flatMap((picture) => picture.made.files);
    save(await zip(files), "photochrom.zip");
  });
  $("explain").addEventListener("click", async () => {
    const picture = current;
    $("explain").disabled = true;
    tell(`Looking into ${picture.name}; this takes a while.`);
    try {
      save(await explain(picture.file, fieldsOf(picture)), `${picture.name}.explain.html`);
    } catch (error) {
      complain(error.message);
    }
    $("explain").disabled = false;
    show();
  });
  $("save-settings").addEventListener("click", () => {
    const settings = { model: now.model, ...(current?.made?.settings ?? settingsOf(current)) };
    save(new Blob([JSON.stringify(settings, null, 2)], { type: "application/json" }), `${current.name}.settings.json`);
  });
  const files = (id, use) => $(id).addEventListener("change", (event) => { use([...event.target.files]); event.target.value = ""; });
  files("choose", add);
  files("camera", add);
  files("load-settings", ([file]) => file && load(file));

  addEventListener("paste", (event) => { if (event.clipboardData.files.length) add([...event.clipboardData.files]); });
  takesDrops(window, $("drop"), add);
  addEventListener("keydown", (event) => {
    if (event.key === "z" && (event.ctrlKey || event.metaKey) && !event.target.matches("input:not([type=range], [type=checkbox])")) undo();
  });

  const stream = live(known.settings);
  for (const name of ["pictures", "live"]) {
    $(`tab-${name}`).addEventListener("click", () => {
      if (name === "pictures") stream.stop();
      for (const other of ["pictures", "live"]) {
        $(other).hidden = other !== name;
        $(`tab-${other}`).setAttribute("aria-pressed", String(other === name));
      }
    });
  }
  document.documentElement.dataset.ready = "yes";
}

begin().catch((error) => complain(error.message));
