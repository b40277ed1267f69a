// A list that goes on: what comes next is added to what is there.

import { h } from "../dom.js";

export function more(app, route, answer, name) {
  if (!answer.next) return null;
  const next = (event) => app.act(event, async () => {
    const found = await app.client.call(route, { cursor: answer.next });
    answer[name].push(...found[name]);
    answer.next = found.next;
    app.put();
  }, { stays: true });
  return h("button", { onclick: next, "data-key": "more" }, app.t("common.more"));
}
