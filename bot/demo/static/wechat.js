// The WeChat face of the phone: bubbles, menu bar, cards, options to tap, popups; in the person's language.

import { openLink, openProgram, ours } from "./pages.js";
import { ask, at, button, make, refresh } from "./parts.js";

export const FAULTS = [
  ["Platform busy (-1)", { kind: "refuse", code: -1, path: "/cgi-bin/message/custom/send" }],
  ["Quota used up (45047)", { kind: "refuse", code: 45047, path: "/cgi-bin/message/custom/send" }],
  ["Window closed (45015)", { kind: "refuse", code: 45015, path: "/cgi-bin/message/custom/send" }],
  ["Day used up (45009)", { kind: "refuse", code: 45009, path: "/cgi-bin/message/custom/send" }],
  ["Token refused (40001)", { kind: "refuse", code: 40001 }],
  ["Secret wrong (40125)", { kind: "refuse", code: 40125, path: "/cgi-bin/stable_token" }],
  ["Not in the IP whitelist (40164)", { kind: "refuse", code: 40164, path: "/cgi-bin/stable_token" }],
  ["No grant (43101)", { kind: "refuse", code: 43101, path: "/cgi-bin/message/subscribe/send" }],
  ["API answer lost", { kind: "drop_answer" }],
  ["API slow (20 s)", { kind: "slow_answer", seconds: 20 }],
  ["Our answer to a push lost", { kind: "lose_push_answer" }],
  ["Push comes twice", { kind: "double_push" }],
  ["Push 6 s late", { kind: "late_push", seconds: 6 }],
  ["Push signed with another token", { kind: "wrong_token" }],
];

const EN = {
  follow: "Follow", unfollow: "Unfollow", followFirst: "Follow the account to write to it.", enter: "Open the chat",
  enterFirst: "The mini program's customer service. Open the chat as its button does, or just write.",
  scan: "Scan a code", scanWhich: "Scene of the QR code", picture: "Picture", place: "Location", voice: "Voice", more: "More",
  popup: "Notices", program: "Mini program", notice: "Service notification", details: "View details", write: "Message", send: "Send",
  typing: "is typing…", you: "You: ", cancel: "Cancel", allow: "Allow", reject: "Reject", close: "Close", begin: "Scan",
  popupTitle: "wants to send you these messages, once each",
  pageOf: "This page of the mini program is open:", contactUs: "Customer service", agentHas: "A person of the shop has taken over.",
  agentTakes: "A person takes over", agentSays: "Answer as that person", agentCloses: "End it", empty: "No messages yet.", link: "This link is open:",
  openProgram: "Open mini program", settings: "In the settings: refuse", events: {
    subscribe: "You followed the account", unsubscribe: "You unfollowed", SCAN: "You scanned a QR code", user_enter_tempsession: "You opened the chat",
    subscribe_msg_popup_event: "You answered a request to send notices",
  },
};
const ZH = {
  follow: "关注", unfollow: "取消关注", followFirst: "关注公众号后即可发送消息。", enter: "进入客服会话",
  enterFirst: "小程序客服。可点按钮进入会话，也可直接发送消息。",
  scan: "扫一扫", scanWhich: "二维码场景值", picture: "图片", place: "位置", voice: "语音", more: "更多",
  popup: "订阅消息", program: "小程序", notice: "服务通知", details: "查看详情", write: "消息", send: "发送",
  typing: "对方正在输入…", you: "我：", cancel: "取消", allow: "允许", reject: "取消", close: "关闭", begin: "扫码",
  popupTitle: "申请向你发送以下消息（一次性订阅）",
  pageOf: "小程序页面已打开：", contactUs: "联系客服", agentHas: "人工客服已接入。",
  agentTakes: "人工接入", agentSays: "以人工客服身份回复", agentCloses: "结束会话", empty: "还没有消息。", link: "链接已打开：",
  openProgram: "打开小程序", settings: "在设置中拒收", events: {},
};
const WAYS = {
  passive: ["passive reply", "被动回复"], customer_service: ["customer service", "客服消息"],
  subscribe: ["subscribe message", "订阅消息"], agent: ["a person of the shop", "人工客服"],
};
const SIGNS = { picture: "▧", voice: "◉", location: "⌖", media: "▤" };

let chat = null; // what the loopback tells of the conversation
let words = EN;
let who = { face: "", number: "", clockOf: String, dayOf: String, trouble: () => {}, turnTo: () => {}, title: "", accounts: [], locale: "en" };

async function act(name, body = {}, face = who.face) {
  who.trouble("");
  const done = await ask("POST", `wechat/${encodeURIComponent(face)}/${name}?number=${encodeURIComponent(who.number)}`, body);
  if (done.error) who.trouble(done.error);
  else if (done.problem) who.trouble(`The bot's answer cannot be read: ${done.problem}.`);
  else if (done.attempts > 1) who.trouble(`WeChat pushed it ${done.attempts} times${done.status === 200 ? "; you got one answer" : ", and had no good answer"}.`);
  return done;
}
export const say = (text) => act("say", { text });

export function show(conversation, context) {
  chat = conversation;
  who = context;
  words = context.locale.startsWith("zh") ? ZH : EN;
  at("phone").lang = words === ZH ? "zh-Hans" : "en";
  const isOfficial = chat.kind === "official";
  const mayWrite = !isOfficial || chat.is_following;
  at("own-number").textContent = chat.is_typing ? words.typing : isOfficial ? (words === ZH ? "公众号" : "Official account") : `${words.program} · ${words.contactUs}`;
  at("body").placeholder = words.write;
  at("write").hidden = !mayWrite;
  at("chips").hidden = !mayWrite || chat.agent !== null;
  showBubbles();
  refresh(at("gate"), [who.face, mayWrite, chat.is_known, words === ZH], () => gate(isOfficial, mayWrite));
  at("gate").hidden = isOfficial ? chat.is_following : chat.is_known;
  refresh(at("doing"), [who.face, mayWrite, isOfficial, words === ZH], () => doing(isOfficial));
  at("doing").hidden = !mayWrite;
  refresh(at("menu"), [who.face, mayWrite, chat.menu], () => (mayWrite ? chat.menu.map(menuButton) : []));
  at("menu").hidden = !mayWrite || !chat.menu.length;
  refresh(at("program"), [Boolean(miniOf()), words === ZH], () => [words.openProgram]);
  at("program").hidden = !miniOf();
  refresh(at("agent"), [who.face, chat.agent, words === ZH], () => (chat.agent ? agentBar() : []));
  at("agent").hidden = !chat.agent;
}

export function leave() {
  at("program").hidden = true;
  for (const id of ["gate", "doing", "menu", "agent"]) {
    at(id).hidden = true;
    delete at(id).dataset.said;
  }
  at("phone").lang = "en";
  at("write").hidden = false;
  at("chips").hidden = false;
  at("body").placeholder = "Text message";
}

// ---- bubbles

// What was at its end stays there, also when a picture arrives late or something opens below.
let isAtEnd = true;
const stay = () => { if (isAtEnd) at("messages").scrollTop = at("messages").scrollHeight; };
at("messages").addEventListener("scroll", () => {
  const list = at("messages");
  isAtEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 80;
});
at("messages").addEventListener("load", stay, true);
new ResizeObserver(stay).observe(at("messages"));

function showBubbles() {
  const list = at("messages");
  if (!list.dataset.shown) isAtEnd = true;
  if (!chat.messages.length && !list.children.length) list.append(make("p", { className: "empty" }, words.empty));
  const shown = Number(list.dataset.shown ?? 0);
  for (const bubble of chat.messages.slice(shown)) {
    list.querySelector(".empty")?.remove();
    const day = who.dayOf(bubble.at);
    if (list.dataset.day !== day) list.append(make("p", { className: "day" }, day));
    list.dataset.day = day;
    list.append(item(bubble));
  }
  list.dataset.shown = chat.messages.length;
  stay();
}

function item(bubble) {
  if (bubble.kind === "event") {
    const words_ = words.events[bubble.more.event] ?? bubble.text;
    return make("p", { className: `event ${bubble.direction}`, lang: bubble.direction === "told" ? "zh-Hans" : "" }, words_);
  }
  const by = make("span", { className: "hidden" }, bubble.direction === "sent" ? words.you : `${who.title}: `);
  const way = WAYS[bubble.way]?.[words === ZH ? 1 : 0];
  const fine = make("div", { className: "fine" }, [who.clockOf(bubble.at), way].filter(Boolean).join(" · "));
  return make("div", { className: bubble.direction }, inside(bubble, by), fine);
}

function inside(bubble, by) {
  switch (bubble.kind) {
    case "menu": return menuMessage(bubble, by);
    case "card": return bubble.direction === "sent" ? make("div", { className: "bubble" }, by, bubble.text) : card(bubble, by);
    case "notice": return notice(bubble, by);
    case "text": return make("div", { className: "bubble" }, by, ...linked(bubble));
    default: return bubble.more.picture
      ? make("div", { className: "bubble" }, by, make("img", { src: bubble.more.picture, alt: bubble.text }))
      : make("div", { className: "bubble" }, by, make("span", { ariaHidden: "true", className: "sign" }, SIGNS[bubble.kind] ?? ""), bubble.text);
  }
}

function linked(bubble) {
  const parts = [];
  let rest = bubble.text;
  (bubble.more.links ?? []).forEach((link, number) => {
    const [before, ...after] = rest.split(link.label);
    rest = after.join(link.label);
    parts.push(before, button(link.label, () => tap(bubble.number, number), { className: "link" }));
  });
  return [...parts, rest];
}

function menuMessage(bubble, by) {
  const options = bubble.more.options.map(([key, label]) => make("li", {},
    button(label, () => act("tap_option", { number: bubble.number, option: key }), { className: "link" })));
  return make("div", { className: "bubble" }, by, bubble.more.head, make("ul", { className: "options" }, ...options), bubble.more.tail);
}

function card(bubble, by) {
  const picture = bubble.more.picture ? make("img", { src: bubble.more.picture, alt: "" }) : make("span", { className: "thumb", ariaHidden: "true" });
  const tapped = button("", () => tap(bubble.number), { className: "card" });
  tapped.append(by, make("span", { className: "small" }, who.title), make("strong", {}, bubble.more.title), picture, make("span", { className: "small foot" }, words.program));
  return tapped;
}

function notice(bubble, by) {
  const rows = Object.entries(bubble.more.fields).flatMap(([label, value]) => [make("dt", {}, label), make("dd", {}, value)]);
  const details = bubble.more.page ? button(words.details, () => tap(bubble.number), { className: "link" }) : null;
  return make("div", { className: "card notice" }, by, make("span", { className: "small" }, words.notice), make("strong", {}, bubble.more.title), make("dl", {}, ...rows), details);
}

// ---- what can be done

function gate(isOfficial, mayWrite) {
  if (isOfficial) {
    return mayWrite ? [] : [make("p", {}, words.followFirst), button(words.follow, () => act("follow"), { className: "strong" }), button(words.scan, askScene)];
  }
  return chat.is_known ? [] : [make("p", {}, words.enterFirst), button(words.enter, () => act("enter", { text: "demo" }), { className: "strong" })];
}

function doing(isOfficial) {
  const both = [
    button(words.picture, () => act("picture")),
    button(words.place, () => act("location", { text: words === ZH ? "上海 人民广场" : "People's Square, Shanghai" })),
  ];
  const rest = isOfficial
    ? [button(words.voice, () => act("voice")), button(words.scan, askScene), button(words.unfollow, () => act("unfollow"))]
    : [button(words.enter, () => act("enter", { text: "demo" }))];
  rest.push(button(words.agentTakes, () => act("agent_takes")));
  if (templatesOf(who.face).length) rest.unshift(button(words.popup, () => popup(who.face)));
  return [make("summary", {}, words.more), make("div", { className: "buttons" }, ...both, ...rest)];
}

function menuButton(top) {
  const below = top.sub_button ?? [];
  if (!below.length) return button(top.name, () => tapMenu(top));
  const list = make("div", { className: "below", hidden: true, role: "group" }, ...below.map((one) => button(one.name, () => { close(); tapMenu(one); })));
  const head = button(`≡ ${top.name}`, () => (list.hidden ? open() : close()), { ariaExpanded: "false" });
  function open() { list.hidden = false; head.ariaExpanded = "true"; list.firstChild.focus(); }
  function close() { list.hidden = true; head.ariaExpanded = "false"; }
  const whole = make("div", { className: "top-button" }, list, head);
  whole.addEventListener("keydown", (event) => { if (event.key === "Escape") { close(); head.focus(); } });
  whole.addEventListener("focusout", (event) => { if (!whole.contains(event.relatedTarget)) close(); });
  return whole;
}

async function tapMenu(one) {
  const done = await act("tap_menu", { text: one.key ?? one.name });
  if (!done.error && one.type === "view") opened(one.url, true);
  if (!done.error && one.type === "miniprogram") opened(one.pagepath, false);
}

function agentBar() {
  const input = make("input", { ariaLabel: words.agentSays, placeholder: words.agentSays, autocomplete: "off" });
  const form = make("form", { className: "row" }, input, make("button", {}, words.send), button(words.agentCloses, () => act("agent_closes")));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (input.value.trim()) act("agent_says", { text: input.value.trim() });
    input.value = "";
  });
  return [make("p", {}, `${words.agentHas} (${chat.agent})`), form];
}

// ---- dialogs

function dialog(title, ...children) {
  const made = make("dialog", { lang: words === ZH ? "zh-Hans" : "en" }, make("h2", {}, title), ...children);
  made.setAttribute("aria-label", title);
  made.addEventListener("close", () => made.remove());
  document.body.append(made);
  made.showModal();
  return made;
}

function askScene() {
  const input = make("input", { value: "door", ariaLabel: words.scanWhich, autocomplete: "off", maxLength: 64, required: true });
  const form = make("form", { method: "dialog" }, input, make("div", { className: "buttons" }, make("button", { className: "strong" }, words.begin), button(words.cancel, () => made.close())));
  const made = dialog(words.scanWhich, form);
  form.addEventListener("submit", () => act("scan", { text: input.value }));
}

async function tap(number, link = 0) {
  const done = await act("tap", { number, link });
  if (done.page) opened(done.page, done.page.startsWith("http"));
}

function opened(page, isLink) {
  const here = isLink ? ours(page) : null;
  if (here) return openLink(here, who.locale);
  if (!isLink && miniOf()) return openPage(page);
  const made = dialog(isLink ? who.title : `${who.title} · ${words.program}`, make("p", {}, isLink ? words.link : words.pageOf), make("p", {}, make("code", {}, page)),
    make("div", { className: "buttons" }, button(words.close, () => made.close(), { className: "strong" })));
  return made;
}

// The mini program opens beside the chat; from there notices can be allowed and the chat be entered.
function openPage(page) {
  const { name } = miniOf();
  return openProgram(page, {
    number: who.number, mini: name, locale: who.locale, trouble: who.trouble,
    doing: (said) => [
      ...(templatesOf(name).length ? [[said.notices, () => popup(name)]] : []),
      [said.contact, async () => { await act("enter", { text: page }, name); who.turnTo(name); }],
    ],
  });
}

const miniOf = () => who.accounts.find((one) => one.kind === "mini");
at("program").addEventListener("click", () => openPage("pages/wallet"));

const templatesOf = (face) => who.accounts.find((one) => one.name === face)?.templates ?? [];

function popup(face) {
  const boxes = templatesOf(face).slice(0, 5).map(([id, title]) => {
    const box = make("input", { type: "checkbox", checked: true, value: id });
    return [box, make("label", { className: "tick" }, box, title)];
  });
  const answer = (isAllowed) => {
    const answers = Object.fromEntries(boxes.map(([box]) => [box.value, isAllowed && box.checked ? "accept" : "reject"]));
    made.close();
    act("answer_popup", { answers }, face);
  };
  const made = dialog(`${who.title} ${words.popupTitle}`, ...boxes.map(([, label]) => label),
    make("div", { className: "buttons" }, button(words.reject, () => answer(false)), button(words.allow, () => answer(true), { className: "strong" })));
}

// ---- beside the phone

export function windowFacts(known, moment) {
  if (!known.window) return [];
  const titles = new Map(who.accounts.flatMap((one) => one.templates));
  const { left, until, grants } = known.window;
  const counts = chat.windows.left === left ? "" : `; WeChat itself counts ${chat.windows.left}`;
  return [
    ["Window", `${left ? `${left} message${left === 1 ? "" : "s"} until ${moment(until)}` : "closed: no customer-service message may go"}${counts}`],
    ["Grants", grants.length ? grants.map(([template, units]) => `${titles.get(template) ?? template}: ${units}`).join(", ") : "none"],
  ];
}

export function exchangeText(exchange) {
  if (exchange === null) return "Write or tap something first.";
  const answer = `← ${exchange.status ?? "no answer"}${exchange.attempts > 1 ? ` (after ${exchange.attempts} pushes)` : ""}\n${exchange.answer}`;
  return `POST ${exchange.path}?${exchange.query.map((name) => `${name}=…`).join("&")}\n\n${exchange.body}\n\n— opened —\n${exchange.plain}\n\n${answer}` +
    (exchange.opened && exchange.opened !== exchange.answer ? `\n\n— opened —\n${exchange.opened}` : "");
}
