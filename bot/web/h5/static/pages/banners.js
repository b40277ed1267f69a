// Banners: what stands on top of the wallet and of today until it ends, or was closed on this device.

import { h } from "../dom.js";
import { linked, pageOf } from "./inbox.js";

const CLOSED = "regulars.closed";
const REMEMBERED = 50;

// Pages work without them.
export const standing = (app) => app.client.call("banners").then((answer) => answer.banners, () => []);

export function banners(app, found) {
  return (found || [])
    .filter((one) => Date.parse(one.until) > app.now() && !closed().includes(one.id))
    .map((one) => banner(app, one));
}

function banner(app, one) {
  const opens = one.card ? pageOf(one.card.page) : null;
  const close = (event) => {
    remember(one.id);
    event.currentTarget.closest(".banner").remove();
    document.getElementById("title").focus({ preventScroll: true });
  };
  return h("aside", { class: "banner", "aria-label": one.text },
    h("p", {}, linked(one.text)),
    opens ? h("a", { class: "button", href: opens }, one.card.title) : null,
    h("button", { class: "close", onclick: close, "aria-label": app.t("common.close"), "data-key": `close-${one.id}` }, "×"));
}

function closed() {
  try {
    return JSON.parse(localStorage.getItem(CLOSED)) || [];
  } catch {
    return []; // a browser that keeps nothing shows it again
  }
}

function remember(id) {
  try {
    localStorage.setItem(CLOSED, JSON.stringify([id, ...closed()].slice(0, REMEMBERED)));
  } catch {
    // as above
  }
}
