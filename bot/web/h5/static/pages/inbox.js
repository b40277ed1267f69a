// The inbox: what the shop and the shopper said to each other here, and questions of the shop.

import { empty, h, section } from "../dom.js";
import { more } from "./more.js";

export const inbox = {
  tab: "me",
  title: (app) => app.t("inbox.title"),

  async load(app) {
    const { client, me } = app;
    const [inbox_, surveys] = await Promise.all([client.call("inbox"), me.features.surveys ? client.call("surveys") : { surveys: [] }]);
    if (inbox_.unread && inbox_.messages.length) client.call("readInbox", { until: inbox_.messages[0].at }).catch(() => null);
    return { ...inbox_, surveys: surveys.surveys };
  },

  show(app, data) {
    const { t, view, client } = app;
    const tell = async (text) => {
      await app.act(null, async () => {
        await client.call("say", { text });
      });
      scrollTo(0, document.body.scrollHeight);
    };
    const body = h("input", { id: "body", autocomplete: "off", maxlength: 1000, enterkeyhint: "send", "data-key": "body", placeholder: t("inbox.write") });
    const send = (event) => {
      event.preventDefault();
      const text = body.value.trim();
      if (!text) return;
      body.value = "";
      tell(text);
    };
    const latest = data.messages.find((one) => !one.mine); // what was asked before is not asked any more
    const start = (survey) => (event) => app.act(event, async () => {
      await client.call("startSurvey", { survey });
      return null;
    });
    return [
      data.surveys.length ? section(t("inbox.surveys"), data.surveys.map((one) => h("article", { class: "card" }, h("h3", {}, one.title), one.says ? h("p", {}, one.says) : null,
        one.done ? h("p", { class: "good" }, t("inbox.done")) : h("button", { class: "strong", onclick: start(one.id), "data-key": `survey-${one.id}` }, t("inbox.start"))))) : null,
      more(app, "inbox", data, "messages"),
      data.messages.length ? h("div", { class: "talk", role: "log", "aria-label": t("inbox.title") }, view.inbox(data.messages, t, app.now()).map((day) => [
        h("p", { class: "day" }, day.title), day.messages.map((one) => message(one, one.id === latest?.id, tell))])) : empty(t("inbox.empty"), t("inbox.empty_text")),
      h("form", { class: "foot write", onsubmit: send }, h("label", { class: "unseen", for: "body" }, t("inbox.write")), body, h("button", { class: "strong" }, t("inbox.send"))),
    ];
  },
};

const PAGES = ["wallet", "reorder", "rewards", "referral", "today", "checkin", "tiers", "orders", "order", "inbox", "privacy"];

function message(one, isLatest, tell) {
  const opens = one.card ? pageOf(one.card.page) : null;
  const listed = one.options.map((option, index) => `${index + 1} ${option.label}`);
  const text = one.text.split("\n").filter((line) => !isLatest || !listed.includes(line)).join("\n");
  return h("div", { class: one.isMine ? "mine" : "theirs" },
    h("p", { class: "bubble" }, linked(text)),
    opens ? h("a", { class: "button", href: opens }, one.card.title) : null,
    isLatest && one.options.length ? h("div", { class: "buttons" }, one.options.map((option) => h("button", { onclick: () => tell(option.key), "data-key": `option-${one.id}-${option.key}` }, option.label))) : null,
    h("small", {}, one.time));
}

// A card names a page of the mini program; most are here too.
export function pageOf(page) {
  const [path, query] = String(page).replace(/^\/?pages\//, "").split("?");
  const name = path.split("/")[0];
  return PAGES.includes(name) ? `#${name}${query ? `?${query}` : ""}` : null;
}

// A link to one of these pages is followed here.
export function linked(text) {
  return text.split(/(https?:\/\/\S*[\w/])/).map((part, index) => {
    if (index % 2 === 0) return part;
    const [before, page] = part.split("/w/#");
    return before === location.origin && page ? h("a", { href: `#${page}` }, part) : h("a", { href: part, rel: "noreferrer" }, part);
  });
}
