// The pages beside the chat: the mini program as this shopper has it open, or what a link in a text leads to.
// They are the H5 pages, which are the same; what a browser lacks of WeChat (login, paying) is done by the demo.

import { ask, at, button, make } from "./parts.js";

const EN = {
  mailbox: "Mailbox", program: "Mini program", browser: "Browser", close: "Close the pages", notices: "Get notices", contact: "Customer service",
  failed: "The mini program cannot be opened", pay: "Pay", pay_title: "WeChat Pay", later: "Not now", amount: "This order waits to be paid.",
};
const ZH = {
  mailbox: "邮箱", program: "小程序", browser: "浏览器", close: "关闭页面", notices: "接收通知", contact: "联系客服",
  failed: "小程序无法打开", pay: "支付", pay_title: "微信支付", later: "以后再说", amount: "此订单等待支付。",
};

// Where a link leads in the frame, if it is one of our pages.
export function ours(url) {
  const found = new URL(url, location.href);
  return /^\/(l|w)\//.test(found.pathname) ? found.pathname + found.search + found.hash : null;
}

// Open a link of ours as the browser of this phone does.
export function openLink(path, locale) {
  const words = wordsOf(locale);
  show({ src: path, title: words.browser, said: path.split("#")[0], words, doing: [] });
}

// Open the mailbox of who has this number, as a mail program shows it.
export function openMailbox(number, locale) {
  const words = wordsOf(locale);
  show({ src: `mailbox/?number=${encodeURIComponent(number)}`, title: words.mailbox, said: "", words, doing: [] });
}

// Open a page of the mini program as this person: log in with a code of theirs, as `wx.login` gives it.
export async function openProgram(page, { number, mini, locale, trouble, doing }) {
  const words = wordsOf(locale);
  trouble("");
  const given = await ask("POST", `wechat/${encodeURIComponent(mini)}/log_in?number=${encodeURIComponent(number)}`, {});
  const session = given.code ? await begin({ account: mini, code: given.code, language: locale }) : given;
  if (!session.token) {
    trouble(`${words.failed}: ${session.error ?? session.title ?? ""}`);
    return;
  }
  sessionStorage.removeItem("regulars.unanswered");
  sessionStorage.setItem("regulars.session", JSON.stringify(session));
  const hash = page.replace(/^\/?pages\//, "");
  const buttons = doing(words).map(([name, act]) => button(name, act));
  show({ src: `/w/#${hash}`, title: words.program, said: page, words, doing: buttons, appid: given.appid });
}

async function begin(body) {
  const answer = await fetch("/mp/sessions", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  return answer.json();
}

export function close() {
  at("pages").hidden = true;
  at("pages-frame").replaceChildren();
}

const wordsOf = (locale) => (locale.startsWith("zh") ? ZH : EN);

function show({ src, title, said, words, doing, appid }) {
  at("pages").hidden = false;
  at("pages").lang = words === ZH ? "zh-Hans" : "en";
  at("pages-title").textContent = title;
  at("pages-path").textContent = said;
  at("pages-close").setAttribute("aria-label", words.close);
  at("pages-doing").replaceChildren(...doing);
  at("pages-doing").hidden = !doing.length;
  const frame = make("iframe", { title, src, allow: "clipboard-write" });
  frame.addEventListener("load", () => bridge(frame, words, appid));
  at("pages-frame").replaceChildren(frame);
  frame.focus();
  at("pages").scrollIntoView({ block: "nearest" });
}

// Inside WeChat pages find a bridge for paying. Ours asks as WeChat does, and pays at the loopback.
function bridge(frame, words, appid) {
  if (!appid) return;
  frame.contentWindow.addEventListener("hashchange", () => { at("pages-path").textContent = `pages/${frame.contentWindow.location.hash.slice(1)}`; });
  frame.contentWindow.WeixinJSBridge = {
    invoke: (name, args, done) => pay(words, appid, args).then((isPaid) => done({ err_msg: `get_brand_wcpay_request:${isPaid ? "ok" : "cancel"}` })),
  };
}

function pay(words, appid, args) {
  return new Promise((resolve) => {
    const made = make("dialog", { lang: words === ZH ? "zh-Hans" : "en" }, make("h2", {}, words.pay_title), make("p", {}, words.amount),
      make("div", { className: "buttons" },
        button(words.later, () => made.close("decline")), button(words.pay, () => made.close("pay"), { className: "strong" })));
    made.setAttribute("aria-label", words.pay_title);
    made.addEventListener("close", async () => {
      made.remove();
      const said = await ask("POST", "pay", { appid, do: made.returnValue === "pay" ? "pay" : "decline", args });
      resolve(said.errMsg === "requestPayment:ok");
    });
    document.body.append(made);
    made.showModal();
  });
}

at("pages-close").addEventListener("click", () => {
  close();
  at("messages").focus();
});
