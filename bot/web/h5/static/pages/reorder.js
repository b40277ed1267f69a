// One-tap reorder: what it would be, priced with credit; place, payment, size and number changed in one tap each.

import { bill, empty, h, section } from "../dom.js";
import { mayPay, pay } from "../pay.js";
import { basket, fill, Problem } from "../session.js";
import { intoWechat } from "./into_wechat.js";

export const reorder = {
  tab: "wallet",
  title: (app, query) => app.t(isOfNew(query) ? "reorder.title_new" : "reorder.title"),

  // `order` or its token `o`: that one again; `lines`: these, as SKU*2,SKU*1; `sku`: one of that; `b`: the bundle;
  // `basket`: what was chosen; else what was ordered before.
  async load(app, query) {
    const earlier = await app.client.settle("placeOrder", {});
    if (earlier?.order) return { earlier: earlier.order };
    if (query.has("basket")) return chosen(app, { proposals: await priced(app, basket()), gone: [] }, 0, true);
    const lines = await wanted(app, query);
    if (lines.length) return chosen(app, { proposals: [await app.client.call("quote", { lines })], gone: [] }, 0);
    const found = await app.client.call("reorder", { token: query.get("o"), order: query.get("order") });
    return chosen(app, found, 0);
  },

  show(app, data, query) {
    const { t, view } = app;
    if (data.earlier) {
      return empty(t("reorder.earlier"), data.earlier.says, h("a", { class: "strong", href: `#order?id=${data.earlier.id}` }, t("orders.number", { number: data.earlier.number })));
    }
    const offered = view.proposals(data.found, t, isOfNew(query));
    if (offered.isEmpty) {
      const way = app.me.features.products ? ["#products", t("products.title")] : ["#inbox", t("inbox.write")];
      return empty(offered.emptyTitle, offered.emptyText, h("a", { class: "strong", href: way[0] }, way[1]));
    }
    const shown = view.quote(data.quote, data.choice, t);
    return [
      offered.gone ? h("p", { class: "fine" }, offered.gone) : null,
      offered.options.length > 1 ? others(app, data, offered.options) : null,
      h("div", { class: "cards" }, shown.lines.map((line) => product(app, data, line))),
      shown.places.length ? choices(app, "place", t("reorder.where"), shown.places.map((one) => ({
        ...one, title: one.name || one.kindText, more: one.name ? one.address || one.kindText : one.address })), (place) => change(app, data, { ...data.choice, place })) : null,
      payments(app, data, shown),
      h("label", { class: "switch" }, h("input", {
        type: "checkbox", role: "switch", checked: shown.usesCredit, "data-key": "credit",
        onchange: (event) => change(app, data, { ...data.choice, use_credit: event.currentTarget.checked }) }), h("span", {}, t("reorder.use_credit"))),
      bill([
        [t("reorder.delivery_fee"), shown.delivery], [t("reorder.total"), shown.total], [t("reorder.discount"), shown.discount, "plus"], [t("reorder.credit"), shown.credit, "plus"],
        [t("reorder.to_pay"), shown.toPay, "sum"]]),
      shown.says ? h("p", {}, shown.says) : null,
      shown.earns ? h("p", { class: "good" }, shown.earns) : null,
      h("div", { class: "foot" }, mayOrder(data)
        ? h("button", { class: "strong wide", onclick: (event) => place(app, data, event), "data-key": "place" }, shown.button)
        : h("p", {}, app.w("wechat_only"))),
      intoWechat(app, data.isBasket ? "products" : "reorder", data.isBasket ? null : data.quote.from_order),
    ];
  },
};

const isOfNew = (query) => ["basket", "sku", "lines", "b"].some((name) => query.has(name));

const linesOf = (written) => (written ?? "").split(",").map((one) => one.split("*"))
  .filter(([sku, quantity]) => sku && Number(quantity) > 0)
  .map(([sku, quantity]) => ({ sku: decodeURIComponent(sku), quantity: Number(quantity) }));

async function wanted(app, query) {
  if (query.has("sku")) return [{ sku: query.get("sku"), quantity: 1 }];
  if (!query.has("b")) return linesOf(query.get("lines"));
  const { bundles } = await app.client.call("bundles");
  const bundle = bundles.find((one) => one.id === query.get("b"));
  return bundle ? bundle.lines.map(({ sku, quantity }) => ({ sku, quantity })) : [];
}

// What is in the basket; what cannot be had any more is taken out of it, and said.
async function priced(app, lines) {
  if (!lines.length) return [];
  try {
    return [await app.client.call("quote", { lines })];
  } catch (problem) {
    const left = problem instanceof Problem ? app.view.withoutGone(lines, problem.facts) : lines;
    if (JSON.stringify(left) === JSON.stringify(lines)) throw problem;
    app.tell(problem.facts.says);
    fill(left);
    return priced(app, left);
  }
}

// Begin with one of what was proposed; outside WeChat one pays when picking up, where that is offered.
async function chosen(app, found, index, isBasket = false) {
  const data = { found, index, isBasket, quote: found.proposals[index], choice: null };
  if (!data.quote) return data;
  data.choice = app.view.choiceOf(data.quote, true);
  const other = data.quote.payments.find((one) => one.id !== "wechat");
  if (data.choice.payment === "wechat" && !mayPay() && other) {
    data.choice = { ...data.choice, payment: other.id };
    data.quote = await app.client.call("quote", app.view.orderBody(data.choice));
  }
  return data;
}

const mayOrder = ({ quote, choice }) => choice.payment !== "wechat" || mayPay() || quote.to_pay.minor === 0;

async function change(app, data, choice) {
  const before = data.quote.to_pay.text;
  app.say(app.t("reorder.asking"));
  await app.act(null, async () => {
    try {
      data.quote = await app.client.call("quote", app.view.orderBody(choice));
      data.choice = app.view.choiceOf(data.quote, choice.use_credit);
      if (data.isBasket) fill(data.choice.lines);
    } finally {
      app.put(); // also where it failed: what is ticked is what holds
    }
    const after = data.quote.to_pay.text;
    app.say(after === before ? app.w("updated") : app.t("reorder.changed", { after, before }));
  }, { stays: true });
}

function others(app, data, options) {
  const pick = (index) => app.act(null, async () => {
    Object.assign(data, await chosen(app, data.found, Number(index)));
    app.put();
    app.say(data.quote.says || app.w("updated"));
  }, { stays: true });
  return choices(app, "proposal", app.t("reorder.other"), options.map((one) => ({
    id: String(one.index), title: one.items, more: `${one.title} · ${one.toPay}`, isChosen: one.index === data.index })), pick);
}

function product(app, data, line) {
  const { view } = app;
  const number = (by) => change(app, data, view.withQuantity(data.choice, line.sku, line.quantity + by));
  return h("article", { class: "card product" },
    h("h2", {}, line.name), h("b", {}, line.total),
    h("div", { class: "stepper" },
      h("button", { class: "round", "aria-label": line.fewer, "aria-disabled": line.mayLessen ? null : "true", "data-key": `less-${line.name}`, onclick: () => line.mayLessen && number(-1) }, "−"),
      h("output", {}, String(line.quantity)),
      h("button", { class: "round", "aria-label": line.another, "data-key": `more-${line.name}`, onclick: () => number(1) }, "+")),
    line.sizes.length ? choices(app, `size-${line.name}`, app.w("size_of", { name: line.name }), line.sizes.map((one) => ({
      id: one.sku, title: one.size, more: one.price, isChosen: one.isChosen })), (sku) => change(app, data, view.withSize(data.choice, line.sku, sku))) : null);
}

function payments(app, data, shown) {
  if (data.quote.to_pay.minor === 0 || !shown.payments.length) return null;
  const isShut = (one) => one.id === "wechat" && !mayPay();
  const open = shown.payments.filter((one) => !isShut(one));
  return [
    open.length ? choices(app, "payment", app.t("reorder.how"), open, (payment) => change(app, data, { ...data.choice, payment })) : null,
    open.length && open.length < shown.payments.length ? h("p", { class: "fine" }, app.w("wechat_only")) : null,
  ];
}

// One of several, each a tap away: radio buttons that look like chips.
export function choices(app, name, legend, options, pick) {
  return h("fieldset", { class: "choices" }, h("legend", {}, legend), options.map((one) => h("label", {},
    h("input", { type: "radio", name, value: one.id, checked: one.isChosen, "data-key": `${name}-${one.id}`, onchange: () => pick(one.id) }),
    h("span", {}, h("b", {}, one.title), one.more ? h("small", {}, one.more) : null))));
}

async function place(app, data, event) {
  const { client, view, t } = app;
  await app.act(event, async () => {
    app.say(t("reorder.placing"));
    let placed;
    try {
      placed = await client.call("placeOrder", view.orderBody(data.choice, data.quote));
    } catch (problem) {
      if (problem instanceof Problem && problem.kind === "price-changed") await anew(app, data, problem);
      throw problem;
    }
    if (data.isBasket && !placed.earlier) fill([]);
    await settled(app, placed);
    return placed.earlier ? t("reorder.earlier") : app.w("ordered");
  }, { stays: true });
}

async function anew(app, data, problem) {
  data.quote = problem.facts.quote ?? (await app.client.call("quote", app.view.orderBody(data.choice)));
  data.choice = app.view.choiceOf(data.quote, data.choice.use_credit);
  app.put();
}

// Pay for what waits for it, where that can be done here; the order's page says how it stands.
export async function settled(app, placed) {
  if (placed.pay && mayPay()) {
    await pay(placed.pay);
    await app.client.call("checkOrder", { order: placed.order.id });
  }
  app.go(`#order?id=${placed.order.id}`);
}
