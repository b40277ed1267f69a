// Small tools to build pages with.

// h("button", { class: "strong", onclick: act, "aria-label": "…" }, children …): attributes, listeners, nodes or text.
export function h(tag, attributes, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name === "value") made.value = value;
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.flat(9).filter((child) => child !== null && child !== undefined && child !== false && child !== ""));
  return made;
}

export const at = (id) => document.getElementById(id);

const SVG = "http://www.w3.org/2000/svg";
const ICONS = {
  wallet: "M4 7h15a1 1 0 0 1 1 1v10a1 1 0 0 1-1 1H5a2 2 0 0 1-2-2V6a2 2 0 0 1 2-2h11v3M16 13h1",
  today: "M5 6h14v14H5zM5 10h14M9 3v4M15 3v4M9 15l2 2 4-4",
  rewards: "M4 11h16v9H4zM3 7h18v4H3zM12 7v13M12 7c-2 0-5-1-5-3s4-2 5 3c1-5 5-5 5-3s-3 3-5 3",
  me: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4 21c0-4 3.500-6 8-6s8 2 8 6",
  again: "M4 12a8 8 0 0 1 14-5l2 2M20 4v5h-5M20 12a8 8 0 0 1-14 5l-2-2M4 20v-5h5",
  next: "M9 5l7 7-7 7",
  done: "M5 13l4 4L19 7",
};

export function icon(name) {
  const made = document.createElementNS(SVG, "svg");
  made.setAttribute("viewBox", "0 0 24 24");
  made.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", ICONS[name]);
  made.append(path);
  return made;
}

let sections = 0;

// A part of a page with a heading of its own.
export function section(title, ...children) {
  sections += 1;
  const id = `section-${sections}`;
  return h("section", { "aria-labelledby": id }, h("h2", { id }, title), ...children);
}

export const list = (items, attributes = {}) => h("ul", attributes, items.map((item) => h("li", {}, item)));

// Names and values, as on a bill. Rows: [name, value, class].
export function bill(rows) {
  const shown = rows.filter(([, value]) => value);
  return h("dl", { class: "bill" }, shown.map(([name, value, kind]) => h("div", { class: kind }, h("dt", {}, name), h("dd", {}, value))));
}

export function empty(title, text, ...more) {
  return h("section", { class: "empty" }, h("h2", {}, title), h("p", {}, text), more);
}

// A link to another page that looks like a row.
export const row = (href, title, ...more) => h("a", { class: "row", href }, h("span", {}, title, more), icon("next"));
