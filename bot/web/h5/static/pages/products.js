// What the shop sells: by category, put into a basket that is kept in the tab and priced when it is ordered.

import { empty, h } from "../dom.js";
import { basket, fill } from "../session.js";
import { choices } from "./reorder.js";
import { more } from "./more.js";

export const products = {
  tab: "wallet",
  title: (app) => app.t("products.title"),

  load: (app, query) => app.client.call("products", { category: query.get("category") }),

  show(app, answer) {
    const { t, view } = app;
    const shown = view.products(answer, basket(), t);
    if (shown.isEmpty) return empty(t("products.empty"), t("products.empty_text"));
    return [
      shown.categories.length > 1
        ? choices(app, "category", t("products.categories"), shown.categories.map((one) => ({ ...one, title: one.title })), (id) => app.go(`#products?category=${encodeURIComponent(id)}`))
        : null,
      h("div", { class: "cards" }, shown.products.map((one) => product(app, one))),
      more(app, "products", answer, "products"),
      shown.basket ? h("div", { class: "foot basket" }, h("span", { "aria-live": "polite" }, shown.basket), h("a", { class: "strong", href: "#reorder?basket=1", "data-key": "basket" }, t("products.order"))) : null,
    ];
  },
};

function product(app, one) {
  return h("article", { class: "card" },
    h("div", { class: "thing" }, one.photo ? h("img", { src: one.photo, alt: "", width: 64, height: 64, loading: "lazy" }) : null, h("h2", {}, one.name)),
    h("ul", { class: "lines" }, one.sizes.map((size) => h("li", {},
      h("span", {}, h("b", {}, size.price), size.size ? ` · ${size.size}` : null, size.left ? h("small", {}, size.left) : null), counter(app, size)))));
}

function counter(app, size) {
  const { t, view } = app;
  const number = (by) => {
    fill(view.withMore(basket(), size.sku, by));
    app.put();
    app.say(view.products({ categories: [], products: [] }, basket(), t).basket || t("common.saved"));
  };
  if (!size.quantity) {
    return size.mayAdd ? h("button", { "aria-label": size.add, "data-key": `more-${size.sku}`, onclick: () => number(1) }, t("products.add")) : null;
  }
  return h("div", { class: "stepper end" },
    h("button", { class: "round", "aria-label": size.fewer, "data-key": `less-${size.sku}`, onclick: () => number(-1) }, "−"),
    h("output", {}, String(size.quantity)),
    h("button", { class: "round", "aria-label": size.another, "aria-disabled": size.mayAdd ? null : "true", "data-key": `more-${size.sku}`, onclick: () => size.mayAdd && number(1) }, "+"));
}
