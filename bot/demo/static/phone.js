// The phone page: shows what the stream of news tells, and texts as the chosen phone does. No framework, no build.

import { ask, at, button, fill, make } from "./parts.js";
import * as pages from "./pages.js";
import * as wechat from "./wechat.js";

const CHIPS = {
  en: ["LOYALTY", "BALANCE", "REWARDS", "REORDER", "HOW", "HISTORY", "STATUS", "CHECKIN", "HELP", "STOP", "START"],
  es: ["LEALTAD", "SALDO", "PREMIOS", "REPETIR", "HISTORIAL", "NIVEL", "FICHAR", "AYUDA", "STOP", "START"],
  zh_Hans: ["会员", "余额", "奖励", "再来一单", "明细", "等级", "签到", "帮助", "STOP", "START"],
};
const ANSWERS = {
  en: { yes: "YES", no: "NO", skip: "SKIP" },
  es: { yes: "SI", no: "NO", skip: "PASAR" },
  zh_Hans: { yes: "是", no: "不", skip: "跳过" },
};
const SMS_FAULTS = [
  ["Phone is off (30003)", { kind: "undelivered", code: 30003 }],
  ["No such number (30005)", { kind: "undelivered", code: 30005 }],
  ["Carrier says STOP (21610) ◦", { kind: "reject", code: 21610 }],
  ["Server error (500) ◦", { kind: "reject", status: 500 }],
  ["Too many requests (429) ◦", { kind: "reject", status: 429, retry_after: 2 }],
  ["Answer lost ◦", { kind: "drop_answer" }],
  ["Slow answer (5 s) ◦", { kind: "slow_answer", seconds: 5 }],
  ["Our webhook's answer lost", { kind: "lost_webhook_answer" }],
];
const TICKS = { sending: ["✓", "on its way"], sent: ["✓", "sent"], delivered: ["✓✓", "delivered"] };
const MOOD = {
  delivered: "good", sent: "good", held: "wait", queued: "wait", sending: "wait", unknown: "wait",
  refused: "bad", failed: "bad", undelivered: "bad", subscribed: "good", pending: "wait", unsubscribed: "bad",
  done: "good", dead: "bad",
};
const SAID = {
  unsubscribed: "not subscribed", stopped: "the contact said STOP", quiet_hours: "quiet hours: it goes in the morning",
  no_address: "no address on this channel", unusable_address: "the number cannot be reached", unconfirmed: "the opt-in is not confirmed yet",
  expired: "too late to be worth sending", too_long: "too long", empty: "nothing to say", suppressed: "said STOP before being erased",
  snoozed: "the contact asked for a pause", clarifying: "we asked whether to stop", preferred_hours: "the contact asked for other hours",
  capped: "enough texts for now", held_by_operator: "kept back by the shop",
  no_window: "WeChat lets us send nothing now", no_grant: "no right to send this notice is left",
};

const FARTHEST_MS = 62 * 86400 * 1000; // the clock moves no farther at once

let shop = { currency: { code: "USD", exponent: 2 }, people: [], accounts: [], fresh: "" };
let chosen = "";
let face = "sms";
const OWN_ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;
let zone = OWN_ZONE;
let aheadSeconds = 0;
let stream = null;
let nextReminder = null;
let isMoving = false;
let isStopped = false;

// ---- small tools

const pill = (word) => make("span", { className: `pill ${MOOD[word] ?? "plain"}` }, word);
const money = (minor) => new Intl.NumberFormat("en-US", { style: "currency", currency: shop.currency.code })
  .format(minor / 10 ** shop.currency.exponent);
const signed = (minor) => `${minor < 0 ? "−" : "+"}${money(Math.abs(minor))}`;
const now = () => new Date(Date.now() + aheadSeconds * 1000);
const told = (instant, options) => new Intl.DateTimeFormat("en-US", { timeZone: zone, hourCycle: "h23", ...options }).format(new Date(instant));
const clockOf = (instant) => told(instant, { hour: "2-digit", minute: "2-digit" });
const dayOf = (instant) => told(instant, { weekday: "short", month: "short", day: "numeric" });
const yearOf = (instant) => told(instant, { year: "numeric" });
const moment = (instant) => `${dayOf(instant)}${yearOf(instant) === yearOf(now()) ? "" : ` ${yearOf(instant)}`}, ${clockOf(instant)}`;
const civil = (day) => new Intl.DateTimeFormat("en-US", { timeZone: "UTC", weekday: "short", month: "short", day: "numeric", year: "numeric" })
  .format(new Date(`${day}T00:00:00Z`));
const birthday = (day) => new Intl.DateTimeFormat("en-US", { timeZone: "UTC", month: "long", day: "numeric" }).format(new Date(`${day}T00:00:00Z`));
const place = (name) => name.split("/").pop().replaceAll("_", " ");
const language = (locale) => new Intl.DisplayNames(["en"], { type: "language" }).of(locale.replaceAll("_", "-"));

// ---- whose phone

function showPeople() {
  const people = [{ number: shop.fresh, name: "A new number", story: "never heard of before" }, ...shop.people];
  if (chosen && !people.some((person) => person.number === chosen)) {
    people.push({ number: chosen, name: chosen, story: "the number you took" });
  }
  at("people").replaceChildren(...people.map((person) => {
    const radio = make("input", { type: "radio", name: "person", value: person.number, checked: person.number === chosen });
    radio.addEventListener("change", () => become(person.number));
    return make("label", {}, radio, make("span", { lang: (person.locale ?? "en").replaceAll("_", "-") }, person.name), make("small", {}, person.story));
  }));
}

function become(number) {
  chosen = number;
  pages.close(); // they are of who was here before
  showPeople();
  watch();
}

at("mailbox").addEventListener("click", () => pages.openMailbox(chosen, localeOf()));

function turnTo(name) {
  face = name;
  showFaces();
  watch();
}

function showFaces() {
  const faces = [["sms", "SMS"], ...shop.accounts.map((one) => [one.name, one.kind === "official" ? "WeChat" : "Mini program"])];
  const names = { WeChat: "WeChat official account", "Mini program": "WeChat mini program, service chat" };
  at("faces").replaceChildren(...faces.map(([name, title]) => {
    const radio = make("input", { type: "radio", name: "face", value: name, checked: name === face });
    if (names[title]) radio.setAttribute("aria-label", names[title]);
    radio.addEventListener("change", () => turnTo(name));
    return make("label", {}, radio, make("span", {}, title));
  }));
  at("phone").className = face === "sms" ? "phone" : "phone wechat";
  const of_ = face === "sms" ? SMS_FAULTS : wechat.FAULTS;
  at("fault-hint").hidden = face !== "sms";
  at("faults").replaceChildren(...of_.map(([name, fault]) => {
    const button = make("button", { type: "button" }, name);
    button.addEventListener("click", () => ask("POST", "faults", { number: chosen, face, fault }));
    return button;
  }));
  at("raw-title").textContent = face === "sms" ? "Raw webhook and TwiML of the last text" : "Raw push and answer of the last act";
  at("nobody").textContent = face === "sms" ? "Nothing yet: this number has never written. Text LOYALTY to join."
    : "Nothing: this person has never been here, or has left and was forgotten. Follow, or write LOYALTY (会员) to join.";
}

function watch() {
  at("messages").replaceChildren();
  for (const kept of ["day", "shown"]) delete at("messages").dataset[kept];
  at("trouble").textContent = "";
  at("mailbox").hidden = face !== "sms"; // beside a chat of WeChat there is no room, and it is the same one
  at("own-number").textContent = face === "sms" ? `your number: ${chosen}` : "";
  if (face === "sms") wechat.leave();
  stream?.close();
  stream = new EventSource(`live?number=${encodeURIComponent(chosen)}&face=${encodeURIComponent(face)}`);
  stream.onmessage = (event) => show(JSON.parse(event.data));
  stream.onopen = () => { at("trouble").textContent = ""; };
  stream.onerror = () => { at("trouble").textContent = "The demo does not answer. Is it still running in your terminal?"; };
}

// ---- the conversation

function showMessages(messages) {
  const list = at("messages");
  const known = new Map([...list.querySelectorAll("[data-sid]")].map((item) => [item.dataset.sid, item]));
  const wasAtEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 80;
  if (!messages.length && !list.children.length) {
    list.append(make("p", { className: "empty" }, "No messages yet. Tap a word below, or write your own."));
  }
  for (const message of messages) {
    const item = known.get(message.sid) ?? addMessage(list, message);
    const fine = describe(message);
    if (item.lastChild.dataset.said !== fine.dataset.said) item.lastChild.replaceWith(fine);
  }
  if (wasAtEnd) list.scrollTop = list.scrollHeight;
}

function addMessage(list, message) {
  list.querySelector(".empty")?.remove();
  const day = dayOf(message.at);
  if (list.dataset.day !== day) list.append(make("p", { className: "day" }, day));
  list.dataset.day = day;
  const who = make("span", { className: "hidden" }, message.direction === "sent" ? "You: " : `${shop.shop}: `);
  const item = make("div", { className: message.direction }, make("div", { className: "bubble" }, who, ...linked(message.body)), make("div"));
  item.dataset.sid = message.sid;
  list.append(item);
  return item;
}

// Links to pages of ours can be tapped.
function linked(body) {
  return body.split(/(https?:\/\/\S+[\w/])/).map((part, index) => {
    const path = index % 2 ? pages.ours(part) : null;
    return path ? button(part, () => pages.openLink(path, localeOf()), { className: "link" }) : part;
  });
}

const localeOf = () => shop.people.find((one) => one.number === chosen)?.locale ?? "en";

function describe(message) {
  const fine = make("div", { className: "fine" }, clockOf(message.at));
  if (message.segments > 1) fine.append(` · ${message.segments} segments`);
  const tick = message.direction === "received" ? TICKS[message.status] : null;
  if (tick) {
    fine.append(" · ", make("span", { ariaHidden: "true" }, tick[0]), make("span", { className: "hidden" }, tick[1]));
    fine.title = tick[1];
  }
  fine.dataset.said = fine.textContent;
  return fine;
}

function showChips(known) {
  const native = shop.people.find((one) => one.number === chosen)?.locale;
  // On WeChat nobody's number tells the language: the words are the person's own.
  const spoken = (face === "sms" ? known?.locale ?? native : native ?? known?.locale) ?? "en";
  const locale = [spoken, spoken.split("_")[0], "en"].find((one) => one in CHIPS); // es_MX speaks es
  const asking = (known?.runs ?? []).find((run) => run.waits_for === "reply" && !run.is_suspended);
  const answers = (asking?.answers ?? []).map((answer) => ANSWERS[locale][answer] ?? answer);
  const words = [...answers.map((word) => [word, "answer"]), ...CHIPS[locale].map((word) => [word, ""])];
  const key = JSON.stringify(words);
  if (at("chips").dataset.words === key) return; // keeps the focus where it is
  at("chips").dataset.words = key;
  at("chips").replaceChildren(...words.map(([word, kind]) => {
    const chip = make("button", { type: "button", className: kind }, word);
    chip.addEventListener("click", () => text(word));
    return chip;
  }));
}

async function text(body) {
  if (face !== "sms") {
    await wechat.say(body);
    return;
  }
  at("trouble").textContent = "";
  const texted = await ask("POST", "texts", { number: chosen, body });
  const isSilent = texted.replies?.length === 0 && isStopped;
  if (texted.error) at("trouble").textContent = texted.error;
  else if (texted.error_code) at("trouble").textContent = `The bot gave no good answer (Twilio error ${texted.error_code}, HTTP ${texted.http_status ?? "none"}).`;
  else if (texted.attempts > 1) at("trouble").textContent = `The webhook was posted ${texted.attempts} times; you got one answer.`;
  else if (isSilent) at("trouble").textContent = "No answer, and rightly so: this number said STOP. START and HELP are answered.";
}

// ---- what the system knows

function showKnown(known) {
  at("nobody").hidden = known !== null;
  at("knows").hidden = known === null;
  if (known === null) return;
  const credit = known.credit;
  at("available").textContent = money(credit.available);
  fill("credit", [
    ...credit.endings.map(([amount, day]) => make("li", {}, `${money(amount)} ${day ? `good through ${civil(day)}` : "without end"}`)),
    ...(credit.pending ? [make("li", {}, `${money(credit.pending)} pending`)] : []),
    ...(credit.held ? [make("li", {}, `${money(credit.held)} held`)] : []),
    ...(credit.debt ? [make("li", {}, `${money(credit.debt)} owed`)] : []),
  ], known.is_member ? "No credit." : "Not a member.");
  const groups = Object.entries(known.subscriptions).flatMap(([group, state]) => [group, " ", pill(state), " "]);
  const facts = [
    ["Name", known.first_name ?? "unknown"],
    ["Member", known.is_member ? "yes" : "no"],
    ["Language", language(known.locale)],
    ["Zone", `${place(known.zone)}${known.zone_is_known ? "" : face === "sms" ? " (guessed from the number)" : " (guessed)"}`],
    ["Birthday", known.birthday_on ? birthday(known.birthday_on) : "unknown"],
    ["Subscribed", groups.length ? groups : "to nothing"],
    ...(known.stopped_at ? [["STOP", [pill("stopped"), ` since ${moment(known.stopped_at)}`]]] : []),
    ...(known.clarify_by ? [["Asked", `whether to stop; without an answer we stop ${moment(known.clarify_by)}`]] : []),
    ...(known.snoozed_until ? [["Paused", `until ${moment(known.snoozed_until)}`]] : []),
    ...(known.preferred_hours ? [["Hours", `${known.preferred_hours} only`]] : []),
    ...(face === "sms" ? [] : wechat.windowFacts(known, moment)),
    ...(known.unusable_reason ? [["Number", known.unusable_reason]] : []),
  ];
  at("who").replaceChildren(...facts.flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, ...[value].flat())]));
  fill("runs", known.runs.map((run) => make("li", {}, make("strong", {}, run.flow), ` at ${run.step} waits for ${run.waits_for === "reply" ? "an answer" : run.waits_for}`,
    run.until ? ` until ${moment(run.until)}` : "", run.is_suspended ? " (put aside)" : "")), "None.");
  fill("outbox", known.messages.map(outboxRow), "Nothing was sent yet.");
  fill("entries", known.entries.map((entry) => make("li", {}, `${dayOf(entry.at)} · ${entry.reason} `, make("strong", {}, entry.change ? signed(entry.change) : `${money(entry.amount)} moved`), entry.source ? ` · ${entry.source}` : "")), "No credit was ever moved.");
  fill("orders", known.orders.map(([placed, items, total, source]) => make("li", {}, `${dayOf(placed)} · ${items} · ${money(total)} · ${source}`)), "No order yet.");
  fill("consent", known.consent.map((line) => make("li", {}, `${moment(line.at)} · ${line.group} `, pill(line.state), ` “${line.words}”`)), "Nothing was agreed to.");
  fill("calls", known.calls.map((call) => make("li", {}, `${moment(call.at)} · ${call.kind} `, pill(call.state), call.failure ? ` ${call.failure}` : "")), "Nothing.");
}

function outboxRow(message) {
  const way = message.way ? `${message.channel}: ${message.way.replaceAll("_", " ")}${message.way_because ? ` (${message.way_because})` : ""}` : message.channel === "sms" ? "" : message.channel;
  const fine = [moment(message.at), way, message.message_class, message.flow ? `${message.flow}${message.step ? ` › ${message.step}` : ""}` : "by law", message.segments > 1 ? `${message.segments} segments` : ""];
  const why = message.reason ? SAID[message.reason] ?? message.reason : "";
  const until = message.state === "held" || (message.state === "queued" && message.reason) ? `until ${moment(message.due_at)}` : "";
  return make("li", {}, pill(message.state), why || message.error_code ? ` ${[why, message.error_code && !why.includes(message.error_code) ? `error ${message.error_code}` : "", until].filter(Boolean).join(", ")}` : "",
    make("q", {}, message.body.length > 120 ? `${message.body.slice(0, 120)}…` : message.body), make("div", { className: "fine" }, fine.filter(Boolean).join(" · ")));
}

function showExchange(exchange) {
  if (face !== "sms") {
    at("exchange").textContent = wechat.exchangeText(exchange);
    return;
  }
  if (exchange === null) {
    at("exchange").textContent = "Text something first.";
    return;
  }
  const form = Object.entries(exchange.form).map(([name, value]) => `${name}: ${value}`).join("\n");
  at("exchange").textContent = `POST ${exchange.url}\nX-Twilio-Signature: ${exchange.headers["X-Twilio-Signature"]}\n\n${form}\n\n` +
    `← ${exchange.status ?? "no answer"} ${exchange.content_type}${exchange.attempts > 1 ? ` (after ${exchange.attempts} posts)` : ""}\n${exchange.answer}`;
}

function showFaults(faults) {
  at("fault-count").textContent = faults.length ? `(${faults.length} waiting)` : "";
  at("waiting-faults").replaceChildren(...faults.map((fault) => {
    const name = (face === "sms" ? SMS_FAULTS : wechat.FAULTS).find(([, like]) => Object.entries(like).every(([key, value]) => fault[key] === value))?.[0] ?? fault.kind;
    return make("li", {}, "Waits to strike: ", make("strong", {}, name.replace(" ◦", "")));
  }));
}

// ---- time

function showClock() {
  const text = told(now(), { weekday: "short", month: "short", day: "numeric", year: "numeric", hour: "2-digit", minute: "2-digit" });
  if (at("now").textContent !== text) at("now").textContent = text;
  at("now").dateTime = now().toISOString();
  at("zone").textContent = `in ${place(zone)}`;
  const hours = Math.round(aheadSeconds / 3600);
  const parts = [hours >= 24 ? `${Math.floor(hours / 24)} d` : "", hours % 24 ? `${hours % 24} h` : ""].filter(Boolean);
  at("ahead").textContent = parts.length ? `+${parts.join(" ")}` : "";
  const next = at("next");
  next.disabled = isMoving || nextReminder === null;
  next.textContent = nextReminder === null ? "Next reminder" : `Next reminder: ${moment(nextReminder)}`;
  next.title = nextReminder === null ? "No credit of this person is about to expire within two months" : "";
}

async function move(body) {
  if (isMoving) return;
  isMoving = true;
  const buttons = [...document.querySelectorAll(".clock button")];
  buttons.forEach((button) => { button.disabled = true; });
  at("passing").textContent = "Time is passing…";
  const moved = await ask("POST", "clock", body);
  isMoving = false;
  buttons.forEach((button) => { button.disabled = false; });
  at("passing").textContent = moved.error ?? `It is ${moment(moved.now)}.`;
  if (moved.error) at("trouble").textContent = moved.error;
  showClock();
}

// ---- together

function show(news) {
  if (news.number !== chosen || news.face !== face) return;
  aheadSeconds = news.ahead_seconds;
  zone = news.known?.zone ?? OWN_ZONE;
  isStopped = Boolean(news.known?.stopped_at);
  const reminder = news.known?.next_reminder_at ?? null;
  nextReminder = reminder !== null && new Date(reminder) - now() <= FARTHEST_MS ? reminder : null;
  if (face === "sms") showMessages(news.conversation.messages);
  else showChat(news);
  showChips(news.known);
  showKnown(news.known);
  showExchange(news.exchange);
  showFaults(news.faults.faults);
  showClock();
}

function showChat(news) {
  const person = shop.people.find((one) => one.number === chosen);
  wechat.show(news.conversation, {
    face, number: chosen, clockOf, dayOf, turnTo, title: shop.shop, accounts: shop.accounts,
    locale: person?.locale ?? news.known?.locale ?? "en",
    trouble: (said) => { at("trouble").textContent = said; },
  });
}

at("write").addEventListener("submit", (event) => {
  event.preventDefault();
  const body = at("body").value.trim();
  if (!body) return;
  at("body").value = "";
  text(body);
});
at("other").addEventListener("submit", async (event) => {
  event.preventDefault();
  const found = await ask("GET", `number?spelling=${encodeURIComponent(at("other-number").value)}`);
  at("other-trouble").textContent = found.error ?? "";
  at("other-number").ariaInvalid = found.error ? "true" : null;
  if (found.error) at("other-number").focus();
  else become(found.number);
});
at("other-number").addEventListener("input", () => {
  at("other-trouble").textContent = "";
  at("other-number").ariaInvalid = null;
});
document.querySelectorAll(".clock [data-seconds]").forEach((button) => {
  button.addEventListener("click", () => move({ seconds: Number(button.dataset.seconds) }));
});
at("next").addEventListener("click", () => move({ to: nextReminder }));
at("mend").addEventListener("click", () => ask("DELETE", "faults"));

shop = await ask("GET", "people");
at("shop").textContent = shop.shop;
showFaces();
become(shop.fresh);
setInterval(showClock, 1000);
