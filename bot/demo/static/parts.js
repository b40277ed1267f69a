// Small tools that every part of the phone page uses.

export const at = (id) => document.getElementById(id);

export function make(tag, properties, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return made;
}

export function button(text, act, properties = {}) {
  const made = make("button", { type: "button", ...properties }, text);
  made.addEventListener("click", act);
  return made;
}

export function fill(id, items, none) {
  at(id).replaceChildren(...(items.length ? items : [make("li", { className: "none" }, none)]));
}

// Puts children in place only if they say something else than before: what is looked at or focused stays.
export function refresh(place, key, children) {
  const said = JSON.stringify(key);
  if (place.dataset.said === said) return;
  place.dataset.said = said;
  place.replaceChildren(...children());
}

export async function ask(method, path, body) {
  try {
    const answer = await fetch(path, {
      method, headers: body ? { "Content-Type": "application/json" } : {}, body: body ? JSON.stringify(body) : undefined,
    });
    return await answer.json();
  } catch {
    return { error: "The demo does not answer. Is it still running in your terminal?" };
  }
}
