// Me: the profile, the language, and the ways to everything that has no tab of its own.

import { h, row, section } from "../dom.js";
import { joining } from "./wallet.js";

export const me = {
  title: (app) => app.t("me.title"),

  async load(app) {
    await app.meetAgain();
    return app.me;
  },

  show(app, mine) {
    const { t, view } = app;
    const shown = view.profile(mine, t, app.now());
    return [
      h("section", { class: "purse", "aria-label": t("me.title") },
        h("p", { class: "hello" }, shown.hello, shown.tier ? h("a", { class: "badge", href: "#tiers" }, shown.tier) : null),
        h("p", {}, shown.since), shown.phone ? h("p", { class: "beside" }, shown.phone) : null),
      mine.member ? null : joining(app),
      h("nav", { class: "rows", "aria-label": t("common.all") },
        row("#orders", t("me.orders")), row("#inbox", t("me.inbox"), shown.unread ? h("span", { class: "badge" }, shown.unread) : null),
        mine.features.referral ? row("#referral", t("me.referral")) : null, row("#tiers", t("me.tiers")), row("#privacy", t("me.privacy"))),
      languages(app, shown.languages),
      mine.member ? profile(app, mine) : null,
    ];
  },
};

function languages(app, options) {
  const pick = (language) => app.act(null, async () => {
    await app.client.call("saveMe", { language });
    await app.meetAgain();
    return app.t("common.saved");
  });
  return h("fieldset", { class: "choices" }, h("legend", {}, app.t("me.language")), options.map((one) => h("label", {},
    h("input", { type: "radio", name: "language", value: one.tag, checked: one.isChosen, "data-key": `language-${one.tag}`, onchange: () => pick(one.tag) }),
    h("span", { lang: one.tag.replace("_", "-") }, h("b", {}, one.name)))));
}

function profile(app, mine) {
  const { t } = app;
  const name = h("input", { id: "name", value: mine.first_name ?? "", autocomplete: "given-name", maxlength: 40 });
  const birthday = h("input", { id: "birthday", type: "date", autocomplete: "bday", "aria-describedby": "birthday-why" });
  const save = (event) => {
    event.preventDefault();
    const said = { ...(name.value.trim() ? { first_name: name.value.trim() } : {}), ...(birthday.value ? { birthday: birthday.value } : {}) };
    app.act({ currentTarget: form.querySelector("button") }, async () => {
      await app.client.call("saveMe", said);
      await app.meetAgain();
      return t("common.saved");
    });
  };
  const form = h("form", { onsubmit: save },
    h("label", { for: "name" }, t("me.first_name")), name,
    h("label", { for: "birthday" }, t("me.birthday")), birthday, h("p", { id: "birthday-why", class: "fine" }, t("me.birthday_text")),
    h("button", { "data-key": "save" }, t("common.save")));
  return section(t("me.profile"), form);
}
