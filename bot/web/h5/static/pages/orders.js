// Orders: what was ordered, how each stands, and what can be done about it.

import { bill, empty, h, list } from "../dom.js";
import { mayPay } from "../pay.js";
import { more } from "./more.js";
import { intoWechat } from "./into_wechat.js";
import { settled } from "./reorder.js";

export const orders = {
  tab: "me",
  title: (app) => app.t("orders.title"),

  load: (app) => app.client.call("orders"),

  show(app, answer) {
    const { t, view } = app;
    if (!answer.orders.length) return empty(t("orders.empty"), t("orders.empty_text"), h("a", { class: "strong", href: "#today" }, t("nav.today")));
    return [
      list(answer.orders.map((one) => view.order(one, t, app.now())).map((one) =>
        h("a", { class: "row", href: `#order?id=${one.id}` }, h("span", {}, h("b", {}, one.items), h("small", {}, `${one.says} · ${one.when}`)), h("b", {}, one.total))), { class: "rows" }),
      more(app, "orders", answer, "orders"),
    ];
  },
};

export const order = {
  tab: "me",
  title: (app) => app.t("orders.title"),

  load: (app, query) => app.client.call("order", { order: query.get("id") ?? query.get("order") ?? query.get("r") ?? "" }),

  show(app, answer) {
    const { t, view, client } = app;
    const shown = view.order(answer, t, app.now());
    const check = (event) => app.act(event, async () => {
      const now = await client.call("checkOrder", { order: shown.id });
      return now.can.pay ? t("orders.unpaid") : t("orders.is_paid");
    });
    const payNow = (event) => app.act(event, async () => {
      await settled(app, await client.call("payOrder", { order: shown.id }));
    });
    const cancel = async (event) => {
      const button = event.currentTarget;
      if (await app.ask(t("orders.cancel_sure"), t("orders.cancel"), t("orders.keep"))) {
        await app.act({ currentTarget: button }, async () => {
          await client.call("cancelOrder", { order: shown.id });
          return t("orders.canceled_now");
        });
      }
    };
    return [
      h("article", { class: "card" },
        h("h2", {}, shown.title),
        h("p", { class: "good" }, shown.says),
        h("p", { class: "fine" }, shown.when),
        list(shown.lines.map((line) => [h("span", {}, `${line.quantity} × ${line.name}`), h("b", {}, line.total)]), { class: "lines" }),
        bill([
          [t("reorder.delivery_fee"), shown.delivery], [t("reorder.total"), shown.total],
          [t("reorder.discount"), shown.discount, "plus"], [t("reorder.credit"), shown.credit, "plus"],
          shown.toPayText ? [shown.toPayText, shown.toPay, "sum"] : [], [t("orders.refund"), shown.refunded]]),
        shown.place ? h("p", {}, t("orders.place"), t("common.colon"), shown.place) : null,
        shown.payment ? h("p", {}, shown.payment) : null),
      shown.mayPay && mayPay() ? h("button", { class: "strong wide", onclick: payNow, "data-key": "pay" }, t("orders.pay")) : null,
      shown.mayPay && !mayPay() ? h("p", {}, app.w("wechat_only")) : null,
      shown.mayPay ? h("button", { onclick: check, "data-key": "check" }, t("orders.check")) : null,
      shown.mayReorder ? h("a", { class: "button", href: `#reorder?order=${shown.id}` }, t("orders.again")) : null,
      shown.mayPay ? intoWechat(app, "order", shown.id) : null,
      shown.mayCancel ? h("button", { onclick: cancel, "data-key": "cancel" }, t("orders.cancel")) : null,
    ];
  },
};
