// The wallet: what there is to spend, until when, what comes; and what happened, line by line.

import { bill, empty, h, icon, list, row, section } from "../dom.js";
import { banners, standing } from "./banners.js";
import { intoWechat } from "./into_wechat.js";
import { more } from "./more.js";

export const left = (iso, countdown) => h("span", { class: countdown.urgent ? "left urgent" : "left", "data-until": iso }, countdown.text);

export const wallet = {
  title: (app) => app.t("wallet.title"),

  async load(app) {
    const [answer, shown] = await Promise.all([app.client.call("wallet"), standing(app)]);
    return { ...answer, banners: shown };
  },

  show(app, answer) {
    const { t, view } = app;
    const shown = view.wallet(answer, t, app.now());
    const who = view.profile(app.me, t, app.now());
    return [
      ...banners(app, answer.banners),
      h("section", { class: "purse", "aria-label": t("wallet.title") },
        h("p", { class: "hello" }, who.hello, who.tier ? h("a", { class: "badge", href: "#tiers" }, who.tier) : null),
        h("p", { class: "amount" }, h("strong", {}, shown.available), h("span", {}, t("wallet.available"))),
        shown.soonest ? h("p", { class: "soonest" }, shown.soonest.until, " · ", t("wallet.ends_in"), " ", left(shown.soonest.ends_at, shown.soonest.left)) : null,
        shown.beside.map((line) => h("p", { class: "beside" }, line))),
      app.me.member ? null : joining(app),
      who.unread ? row("#inbox", who.unread) : null,
      !answer.can.reorder ? null : h("a", { class: "row again", href: "#reorder" }, icon("again"), h("span", {}, h("b", {}, t("wallet.again")), h("small", {}, t("wallet.again_text"))), icon("next")),
      app.me.features.products ? row("#products", h("b", {}, t("products.title")), h("small", {}, t("products.text"))) : null,
      shown.isEmpty && app.me.member ? empty(t("wallet.empty"), t("wallet.empty_text")) : null,
      shown.endings.length > 1 ? section(t("wallet.endings"), list(shown.endings.map((one) => [
        h("span", {}, h("b", {}, one.amount.text), h("small", {}, one.until)), left(one.ends_at, one.left)]), { class: "lines" })) : null,
      shown.coming.length ? section(t("wallet.coming"), list(shown.coming.map((one) => [
        h("span", {}, h("b", {}, one.amount.text), h("small", {}, one.says || one.from))]), { class: "lines" })) : null,
      shown.cards.length ? section(t("wallet.cards"), shown.cards.map(stamps)) : null,
      shown.others.length ? section(t("wallet.others"), bill(shown.others.map((one) => [one.name, one.available.text]))) : null,
      h("nav", { class: "rows", "aria-label": t("common.more") }, row("#history", t("wallet.history")), row("#orders", t("me.orders"))),
      intoWechat(app, "wallet"),
    ];
  },
};

function stamps(card) {
  return h("div", { class: "stamps" }, h("p", {}, h("b", {}, card.title), " ", h("span", {}, card.of)),
    h("p", { class: "dots", "aria-hidden": "true" }, card.dots.map((dot) => h("i", { class: dot.isFull ? "full" : "" }))),
    h("p", { class: "fine" }, card.text));
}

// Joining asks for nothing that is not needed.
export function joining(app) {
  const { t, client } = app;
  const name = h("input", { id: "first-name", autocomplete: "given-name", maxlength: 40, "data-key": "first-name" });
  const join = (event) => {
    event.preventDefault();
    const first_name = name.value.trim();
    app.act({ currentTarget: form.querySelector("button") }, async () => {
      const { says } = await client.call("join", first_name ? { first_name } : {});
      await app.meetAgain();
      return says || t("join.done");
    });
  };
  const form = h("form", { class: "card", onsubmit: join },
    h("h2", {}, t("wallet.welcome")), h("p", {}, t("join.text")),
    h("label", { for: "first-name" }, t("join.name")), name,
    h("button", { class: "strong", "data-key": "join" }, t("join.button")));
  return form;
}

export const history_ = {
  tab: "wallet",
  title: (app) => app.t("wallet.history"),

  load: (app) => app.client.call("history"),

  show(app, answer) {
    const { t, view } = app;
    if (!answer.lines.length) return empty(t("wallet.history_empty"), t("wallet.history_empty_text"));
    return [
      view.history(answer.lines, t, app.now()).map((month) => section(month.title, list(month.lines.map((line) => [
        h("span", {}, line.says, h("small", {}, line.when)),
        h("span", { class: "end" }, h("b", { class: line.isPlus ? "plus" : "" }, line.amount), h("small", {}, line.after))]), { class: "lines two" }))),
      more(app, "history", answer, "lines"),
    ];
  },
};
