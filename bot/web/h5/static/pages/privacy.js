// What we may send, what we keep and why, a copy of it, and to be forgotten.

import { h, list, section } from "../dom.js";

export const privacy = {
  tab: "me",
  title: (app) => app.t("privacy.title"),

  async load(app) {
    const [consents, kept] = await Promise.all([app.client.call("consents"), app.client.call("privacy")]);
    return { consents, kept };
  },

  show(app, { consents, kept }) {
    const { t, view } = app;
    const shown = view.consents(consents, t);
    return [
      section(t("privacy.messages"), h("p", {}, t("privacy.messages_text")), shown.stopped ? h("p", { class: "warn" }, shown.stopped) : null, shown.groups.map((one) => group(app, one))),
      section(t("privacy.keeps"), h("dl", { class: "keeps" }, kept.keeps.map((one) => [h("dt", {}, one.what), h("dd", {}, one.why, one.how_long ? h("small", {}, `${t("privacy.how_long")}${t("common.colon")}${one.how_long}`) : null)]))),
      kept.processors?.length ? section(t("privacy.processors"), list(kept.processors.map((one) => (typeof one === "string" ? one : [one.name, " ", one.why].join(""))))) : null,
      kept.rights?.length ? section(t("privacy.rights"), list(kept.rights.map((one) => one))) : null,
      kept.policy_url ? h("p", {}, h("a", { href: kept.policy_url, rel: "noreferrer" }, t("privacy.policy"))) : null,
      h("div", { class: "buttons" },
        h("button", { onclick: (event) => copyOfAll(app, event), "data-key": "export" }, t("privacy.export")),
        h("button", { class: "danger", onclick: (event) => erase(app, event), "data-key": "erase" }, t("privacy.erase"))),
    ];
  },
};

// The words beside the switch are what is agreed to: they are sent along, and kept as the proof.
function group(app, one) {
  const change = (event) => {
    const subscribed = event.currentTarget.checked;
    app.act(null, async () => {
      await app.client.call("saveConsent", { group: one.name, subscribed, wording: one.wording });
      return app.t("common.saved");
    });
  };
  const id = `wording-${one.name}`;
  return h("div", { class: "card" },
    h("label", { class: "switch" }, h("input", { type: "checkbox", role: "switch", checked: one.isOn, disabled: !one.canChoose, onchange: change, "aria-describedby": id, "data-key": `group-${one.name}` }), h("span", {}, h("b", {}, one.title))),
    one.description && one.description !== one.title ? h("p", {}, one.description) : null,
    h("p", { class: "fine", id }, one.wording), one.pending ? h("p", { class: "good" }, one.pending) : null);
}

function copyOfAll(app, event) {
  const { t } = app;
  return app.act(event, async () => {
    const all = JSON.stringify(await app.client.call("exportAll"), null, 2);
    const url = URL.createObjectURL(new Blob([all], { type: "application/json" }));
    h("a", { href: url, download: "my-data.json" }).click();
    setTimeout(() => URL.revokeObjectURL(url), 60_000);
    return t("privacy.exported");
  }, { stays: true });
}

async function erase(app, event) {
  const { t, client } = app;
  const button = event.currentTarget;
  if (!(await app.ask(t("privacy.erase_sure"), t("privacy.erase_yes")))) return;
  await app.act({ currentTarget: button }, async () => {
    const { says } = await client.call("erase", { confirm: true });
    client.forget();
    app.end(says || t("privacy.erased"));
  }, { stays: true });
}
