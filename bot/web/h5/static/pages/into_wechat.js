// Out of the browser: the same page in the mini program, by a link of WeChat's that is made when it is tapped.

import { h } from "../dom.js";
import { mayPay } from "../pay.js";

export function intoWechat(app, page, order) {
  if (!app.me.features.into_wechat || mayPay()) return null; // inside WeChat they are there already
  const open = (event) => app.act(event, async () => {
    const { url } = await app.client.call("intoWechat", { page, order });
    location.assign(url);
  }, { stays: true });
  return h("button", { class: "wide", onclick: open, "data-key": "into-wechat" }, app.w("into_wechat"));
}
