// Today: the check-in ladder, sales for members, things that are cheaper together, the wheel where it is allowed.

import { empty, h, icon, list, section } from "../dom.js";
import { mayPay } from "../pay.js";
import { settled } from "./reorder.js";
import { banners, standing } from "./banners.js";

const baskets = (lines) => lines.map((line) => `${encodeURIComponent(line.sku)}*${line.quantity}`).join(",");

export const today = {
  title: (app) => app.t("today.title"),

  async load(app) {
    const { client, me } = app;
    const wanted = {
      checkin: me.features.checkin && "checkin", drops: me.features.drops && "drops",
      bundles: me.features.bundles && "bundles", refills: me.features.bundles && "refills", wheel: me.features.wheel && "wheel",
    };
    const shown = standing(app);
    const found = await Promise.all(Object.entries(wanted).map(async ([name, route]) => [name, route ? await client.call(route) : null]));
    return { ...Object.fromEntries(found), banners: await shown };
  },

  show(app, found) {
    const { t, view } = app;
    const parts = [
      ...banners(app, found.banners),
      found.checkin ? ladder(app, view.checkin(found.checkin, t)) : null,
      found.drops?.drops.length ? section(t("today.drops"), view.drops(found.drops, t, app.now(), mayPay()).map((one, index) => drop(app, one, found.drops.drops[index]))) : null,
      found.bundles?.bundles.length ? section(t("today.bundles"), view.bundles(found.bundles, t).map((one) => bundle(app, one))) : null,
      found.refills?.refills.length ? section(t("today.refills"), list(found.refills.refills.map((one) => [
        h("span", {}, h("b", {}, one.name), h("small", {}, one.says)), h("a", { class: "button", href: `#reorder?lines=${baskets(one.lines)}` }, t("today.order"))]), { class: "lines two" })) : null,
      found.wheel?.enabled ? wheel(app, view.wheel(found.wheel, t), found.wheel) : null,
    ].filter(Boolean);
    return parts.length ? parts : empty(t("today.empty"), t("today.empty_text"));
  },

  // Each second what is left of time is said anew; when a sale opens, its button is there.
  tick(app, found) {
    if (!found.drops) return;
    app.view.drops(found.drops, app.t, app.now()).forEach((one) => {
      const shown = document.getElementById(`drop-${one.id}`);
      write(shown?.querySelector("[data-when]"), one.when);
      write(shown?.querySelector("[data-mine]"), one.until || app.t("today.mine"));
    });
    if (found.drops.drops.some((one) => opensNow(app, one)) && Date.now() - lookedAt > LOOK_EVERY_MS) {
      lookedAt = Date.now();
      app.load({ isAgain: true });
    }
  },
};

const LOOK_EVERY_MS = 3000;
const OPENS_WITHIN_MS = 60_000;
let lookedAt = 0;

// Clocks differ a little: it is asked until the shop says that it is open.
function opensNow(app, one) {
  const since = app.now() - Date.parse(one.opens_at);
  return !one.can && !one.mine && one.left > 0 && since >= 0 && since < OPENS_WITHIN_MS;
}

function write(place, text) {
  if (place && place.textContent !== text) place.textContent = text;
}

function ladder(app, shown) {
  const { t, client } = app;
  if (shown.isEmpty) return null;
  const checkIn = (event) => app.act(event, async () => {
    const done = await client.call("checkIn");
    return done.says || t("today.earned", { amount: done.earned.text });
  });
  return section(t("today.checkin"),
    h("ol", { class: "ladder" }, shown.days.map((day) => h("li", { class: [day.isDone ? "done" : "", day.isToday ? "now" : ""].join(" "), "aria-current": day.isToday ? "date" : null },
      h("small", {}, day.title), h("b", {}, day.amount), day.isDone ? h("span", {}, icon("done"), h("span", { class: "unseen" }, t("tiers.reached"))) : null))),
    shown.says ? h("p", {}, shown.says) : null,
    shown.doneToday
      ? h("p", { class: "good", "data-key": "check-in", tabindex: "-1" }, icon("done"), " ", t("today.checked_in"))
      : h("button", { class: "strong", onclick: checkIn, "data-key": "check-in" }, t("today.check_in")));
}

function drop(app, one, answer) {
  const { t, client } = app;
  const args = { drop: one.id };
  const toPay = answer.to_pay?.minor;
  const how = one.payment ? { payment: one.payment } : {};
  const take = (event) => app.act(event, async () => {
    const taken = await client.call("takeDrop", { ...args, ...how, ...(toPay === undefined ? {} : { to_pay_at_most_minor: toPay }) });
    if (taken.order) await settled(app, taken);
    return taken.says || t("today.mine");
  });
  const giveUp = async (event) => {
    const button = event.currentTarget;
    if (await app.ask(t("today.give_up_sure"), t("today.give_up"), t("orders.keep"))) {
      await app.act({ currentTarget: button }, async () => (await client.call("giveUpDrop", args)).says);
    }
  };
  const mayGiveUp = one.isMine && answer.mine?.state === "reserved";
  return h("article", { class: "card", id: `drop-${one.id}` },
    h("h3", {}, one.title, one.isEarly ? h("span", { class: "badge" }, t("today.early")) : null),
    h("p", {}, h("b", {}, one.price), one.left ? [" · ", one.left] : null, one.when ? [" · ", h("span", { "data-when": true }, one.when)] : null),
    one.says ? h("p", { class: "fine" }, one.says) : null,
    one.isMine ? h("p", { class: "good", "data-key": `drop-${one.id}`, tabindex: "-1" }, icon("done"), " ", h("span", { "data-mine": true }, one.until || t("today.mine"))) : null,
    one.isGone ? h("p", { class: "fine" }, t("today.sold_out")) : null,
    one.order ? h("a", { class: "strong", href: `#order?id=${one.order}` }, t("orders.pay")) : null,
    one.mayTake ? h("button", { class: "strong", onclick: take, "data-key": `drop-${one.id}` }, one.button) : null,
    mayGiveUp ? h("button", { onclick: giveUp, "data-key": `give-${one.id}` }, t("today.give_up")) : null);
}

function bundle(app, one) {
  const { t } = app;
  return h("article", { class: "card" }, h("h3", {}, one.title, one.saving ? h("span", { class: "badge" }, one.saving) : null),
    h("p", {}, one.items),
    one.says ? h("p", { class: "fine" }, one.says) : null,
    h("p", {}, h("b", {}, one.price), " ", one.was ? h("s", {}, one.was) : null),
    h("a", { class: "strong", href: `#reorder?lines=${baskets(one.lines)}`, "aria-label": `${t("today.order")}: ${one.title}` }, t("today.order")));
}

function wheel(app, shown, answer) {
  const { t, client } = app;
  const spin = (event) => app.act(event, async () => {
    const won = await client.call("spin");
    return won.says || t("today.won", { title: won.prize.title });
  });
  return section(t("today.wheel"),
    shown.says ? h("p", {}, shown.says) : null,
    h("table", {}, h("caption", {}, t("today.odds")), h("tbody", {}, shown.prizes.map((one) => h("tr", {}, h("th", { scope: "row" }, one.title), h("td", {}, one.odds))))),
    h("p", {}, shown.left),
    shown.maySpin ? h("button", { class: "strong", onclick: spin, "data-key": "spin" }, t("today.spin")) : null,
    shown.rules ? h("p", { class: "fine" }, shown.rules) : null,
    answer.last ? h("p", { class: "fine" }, typeof answer.last === "string" ? t("today.proof", { proof: answer.last }) : answer.last.says) : null);
}
