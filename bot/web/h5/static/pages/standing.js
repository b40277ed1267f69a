// Where a member stands: levels with their milestones; and bringing friends.

import { bill, empty, h, list, section } from "../dom.js";

export const tiers = {
  tab: "me",
  title: (app) => app.t("tiers.title"),

  load: (app) => app.client.call("tiers"),

  show(app, answer) {
    const { t, view } = app;
    const shown = view.tiers(answer, t);
    if (shown.isEmpty) return empty(t("tiers.empty"), t("tiers.empty_text"));
    return [
      h("section", { class: "purse", "aria-label": t("tiers.title") },
        h("p", { class: "amount" }, h("strong", {}, shown.title)),
        h("progress", { max: 100, value: shown.percent, "aria-label": t("tiers.title") }),
        shown.progress ? h("p", {}, shown.progress) : null, shown.says && answer.tier ? h("p", { class: "beside" }, shown.says) : null),
      h("ol", { class: "milestones" }, shown.levels.map((one) => h("li", { class: one.reached ? "done" : "", "aria-current": one.isMine ? "step" : null },
        h("h2", {}, one.title, " ", one.missing ? h("span", { class: "badge" }, one.missing) : null),
        one.perks.length ? list(one.perks.map((perk) => perk), { "aria-label": t("tiers.perks") }) : null))),
    ];
  },
};

export const referral = {
  tab: "me",
  title: (app) => app.t("referral.title"),

  load: (app) => app.client.call("referral"),

  show(app, answer) {
    const { t, view } = app;
    const shown = view.referral(answer);
    const text = shown.text || shown.link || shown.code;
    const copy = (what) => (event) => app.act(event, async () => {
      await navigator.clipboard.writeText(what);
      return t("common.copied");
    }, { stays: true });
    const share = (event) => app.act(event, async () => {
      await navigator.share({ text }).catch(() => null); // who thinks better of it has shared nothing
    }, { stays: true });
    const qr = h("div", { class: "qr" }, h("button", { onclick: (event) => app.act(event, async () => {
      const { image } = await app.client.call("referralQr");
      qr.replaceChildren(h("img", { src: image, alt: t("referral.qr"), width: 232, height: 232 }));
      app.say(t("referral.qr"));
    }, { stays: true }) }, t("referral.show_qr")));
    return [
      h("section", { class: "purse", "aria-label": t("referral.code") },
        h("p", {}, t("referral.code")), h("p", { class: "amount" }, h("strong", {}, h("code", {}, shown.code))),
        h("div", { class: "buttons" },
          h("button", { onclick: copy(shown.code), "data-key": "code" }, t("referral.copy_code")),
          navigator.share ? h("button", { class: "strong", onclick: share, "data-key": "share" }, t("referral.share")) : null)),
      text ? section(t("referral.text"), h("p", { class: "card" }, text), h("button", { onclick: copy(text), "data-key": "text" }, t("referral.copy_text"))) : null,
      shown.link ? qr : null,
      bill([
        [t("referral.invited"), String(shown.invited)], [t("referral.joined"), String(shown.joined)],
        [t("referral.pending"), shown.pending?.text ?? String(shown.pending)], [t("referral.earned"), shown.earned, "sum"]]),
      shown.rules.length ? section(t("referral.rules"), list(shown.rules.map((rule) => rule))) : null,
    ];
  },
};
