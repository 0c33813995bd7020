// Calls of the server. Each gives what was asked for, or throws an Error with the server's own sentence.

async function sentence(response) {
  try {
    return (await response.json()).detail || response.statusText;
  } catch {
    return `the server answered ${response.status} ${response.statusText}`;
  }
}

export async function call(path, options = {}) {
  for (let tries = 0; ; tries++) {
    let response;
    try {
      response = await fetch(path, { credentials: "same-origin", ...options });
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw new Error("the server can't be reached; is photochrom serve still running?");
    }
    if (response.ok) return response;
    const wait = Number(response.headers.get("Retry-After"));
    if ((response.status === 429 || response.status === 503) && wait && tries < 20) {
      await new Promise((resolve) => setTimeout(resolve, wait * 1000));
      continue;
    }
    throw new Error(await sentence(response));
  }
}

// references: [File], pictures in colour whose colours are followed.
function form(file, { references = [], ...fields } = {}) {
  const body = new FormData();
  for (const [name, value] of Object.entries(fields)) {
    if (value !== null && value !== undefined && value !== "") body.set(name, typeof value === "object" ? JSON.stringify(value) : value);
  }
  body.set("picture", file, file.name || "picture");
  for (const reference of references) body.append("reference", reference, reference.name || "reference");
  return body;
}

export async function about() {
  return (await call("/api/v1/page")).json();
}

// {blob, width, height}: a copy of the file that a browser can show, whatever the file is. An error where it can't be read,
// or with as_reference can't be one.
export async function preview(file, fields) {
  const response = await call("/api/v1/preview", { method: "POST", body: form(file, fields) });
  const size = (name) => Number(response.headers.get(`Photochrom-${name}`));
  return { blob: await response.blob(), width: size("Width"), height: size("Height") };
}

// {files: [File], looks: [Blob], notes, settings}
export async function colorize(file, fields, signal) {
  const headers = { Accept: "multipart/form-data" };
  const response = await call("/api/v1/colorize", { method: "POST", body: form(file, fields), headers, signal });
  const parts = await response.formData();
  const told = JSON.parse(parts.get("about"));
  const files = parts.getAll("picture").map((made) => new File([made], decodeURIComponent(made.name), { type: made.type }));
  return { files, looks: parts.getAll("look"), notes: told.notes, settings: told.settings };
}

export async function suggest(file, fields, signal) {
  return (await call("/api/v1/suggest", { method: "POST", body: form(file, fields), signal })).json();
}

export async function frame(blob, fields, signal) {
  const asked = new URLSearchParams(fields);
  const headers = { "Content-Type": "image/jpeg" };
  return (await call(`/api/v1/live?${asked}`, { method: "POST", body: blob, headers, signal })).blob();
}

// The explanation as an HTML file.
export async function explain(file, fields) {
  const { settings, model, domain, references } = fields;
  return (await call("/api/v1/explain", { method: "POST", body: form(file, { settings, model, domain, references }) })).blob();
}
