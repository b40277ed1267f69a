// Rewards: what credit is traded for, in one tap, and what became of what was claimed.

import { empty, h, section } from "../dom.js";

export const rewards = {
  title: (app) => app.t("rewards.title"),

  load: (app) => app.client.call("rewards"),

  show(app, answer) {
    const { t, view } = app;
    const shown = view.rewards(answer, t, app.now());
    if (shown.isEmpty) return empty(t("rewards.empty"), t("rewards.empty_text"));
    return [
      answer.available ? h("p", { class: "credit" }, t("wallet.available"), ": ", h("b", {}, answer.available.text)) : null,
      shown.claims.length ? section(t("rewards.mine"), shown.claims.map((one) => claimed(app, one))) : null,
      h("div", { class: "cards" }, shown.rewards.map((one) => reward(app, one))),
    ];
  },
};

function reward(app, one) {
  const { t, client } = app;
  const claim = async (event) => {
    const button = event.currentTarget;
    if (await app.ask(one.sure, one.button)) {
      await app.act({ currentTarget: button }, async () => (await client.call("claim", { reward: one.id })).says || t("rewards.claimed"));
    }
  };
  return h("article", { class: one.can ? "card" : "card faint", "aria-labelledby": `reward-${one.id}` },
    h("h2", { id: `reward-${one.id}` }, one.title),
    one.description ? h("p", {}, one.description) : null,
    h("p", {}, h("b", {}, one.cost), one.left ? [" · ", one.left] : null),
    one.can
      ? h("button", { class: "strong", onclick: claim, "data-key": `reward-${one.id}`, "aria-label": `${one.button}: ${one.title}` }, one.button)
      : h("p", { class: "fine", "data-key": `reward-${one.id}`, tabindex: "-1" }, one.why));
}

function claimed(app, one) {
  const { t } = app;
  return h("article", { class: "card" }, h("h3", {}, one.title, h("span", { class: one.isOpen ? "badge" : "badge faint" }, one.stateText)),
    one.says ? h("p", {}, one.says) : null,
    one.promised ? h("p", { class: "fine" }, one.promised) : null,
    one.code ? h("p", {}, t("rewards.code"), ": ", h("code", {}, one.code)) : null,
    one.url ? h("a", { class: "button", href: one.url, rel: "noreferrer" }, t("rewards.open")) : null);
}
