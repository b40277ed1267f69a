// The H5 pages: which page the address names, what it asks of the server, and how it is put on the screen.

import texts from "./shared/texts.js";
import view from "./shared/view.js";
import { at, empty, h, icon } from "./dom.js";
import { client, isOpen, Problem, takeLink } from "./session.js";
import { speaker } from "./words.js";
import { history_, wallet } from "./pages/wallet.js";
import { today } from "./pages/today.js";
import { rewards } from "./pages/rewards.js";
import { reorder } from "./pages/reorder.js";
import { order, orders } from "./pages/orders.js";
import { me } from "./pages/me.js";
import { referral, tiers } from "./pages/standing.js";
import { inbox } from "./pages/inbox.js";
import { privacy } from "./pages/privacy.js";
import { products } from "./pages/products.js";

const PAGES = { wallet, history: history_, today, checkin: today, rewards, reorder, product: reorder, bundle: reorder, orders, order, me, referral, tiers, inbox, privacy, products };
const TABS = ["wallet", "today", "rewards", "me"];
const SKELETON_AFTER_MS = 150;

// What pages see of the whole: who the shopper is, how texts read, and what can be done.
const app = { view, client, me: null, t: null, w: null, now: client.now, act, ask, say, go, load, end, put: again, meetAgain, tell };

let shown = 0; // counts what was asked to be shown: an older answer that comes late is not
let current = { hash: "", name: "", query: new URLSearchParams() }; // the address may be ahead of it: `hashchange` comes late
const kept = new Map(); // what pages last showed by their hash, so that the way back is at once there

// ---- language

function speak(tag) {
  const table = texts.languageOf(tag);
  app.t = texts.speaker(table);
  app.w = speaker(table);
  document.documentElement.lang = table.replace("_", "-");
  at("skip").textContent = app.w("skip");
  at("back").setAttribute("aria-label", app.t("common.back"));
  at("offline").textContent = app.t("problem.offline");
  at("nav").setAttribute("aria-label", app.w("pages"));
}

// ---- from the address to the screen

function where() {
  const { hash } = location;
  const [name, query] = hash.slice(1).split("?");
  return { hash, name: Object.hasOwn(PAGES, name) ? name : "wallet", query: new URLSearchParams(query) };
}

// Show the page of the address. `isAgain`: it is there already, and stays where it is with what is focused.
async function load({ isAgain = false } = {}) {
  const turn = ++shown;
  const next = where();
  const isNew = !isAgain || next.name !== current.name;
  current = next;
  const page = PAGES[next.name];
  frame(page, next.name);
  const before = kept.get(next.hash);
  if (isNew && before && app.me) put(page.show(app, before, next.query));
  const waiting = isNew && !before ? setTimeout(() => turn === shown && put(skeleton()), SKELETON_AFTER_MS) : 0;
  at("main").setAttribute("aria-busy", "true");
  if (isNew && app.me) focusTitle();
  try {
    await meet();
    const data = await page.load(app, next.query);
    if (turn !== shown) return;
    kept.set(next.hash, data);
    frame(page, next.name);
    put(page.show(app, data, next.query));
  } catch (problem) {
    if (turn === shown) put(trouble(problem));
  } finally {
    clearTimeout(waiting);
    if (turn === shown) at("main").removeAttribute("aria-busy");
  }
}

async function meet({ again = false } = {}) {
  if (app.me && !again) return;
  app.me = await client.call("me");
  speak(app.me.language);
  at("shop").textContent = app.me.shop.name;
}

function frame(page, name) {
  const title = page.title(app, current.query);
  at("title").textContent = title;
  document.title = `${title} · ${at("shop").textContent}`;
  const tab = TABS.includes(name) ? name : page.tab;
  at("back").hidden = TABS.includes(name);
  at("nav").replaceChildren(...TABS.map((one) => h("a", { href: `#${one}`, "aria-current": one === tab ? "page" : null }, icon(one), h("span", {}, app.t(`nav.${one}`)))));
}

// What was focused is focused again where the new page has it too.
function put(nodes) {
  const main = at("main");
  const key = main.contains(document.activeElement) ? document.activeElement.closest("[data-key]")?.dataset.key : null;
  main.replaceChildren(...[nodes].flat(9).filter(Boolean));
  if (key) main.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus({ preventScroll: true });
  tick();
}

function focusTitle() {
  scrollTo(0, 0);
  const seen = document.querySelector(".notice"); // what was just done may be told on the page it led to
  if (seen && Date.now() - Number(seen.dataset.at) > 1000) seen.remove();
  at("said").textContent = "";
  at("title").focus({ preventScroll: true });
}

function skeleton() {
  return [h("p", { class: "unseen" }, app.t("common.loading")), h("div", { class: "skeleton", "aria-hidden": "true" }, h("i", {}), h("i", {}), h("i", {}))];
}

// ---- what goes wrong

function trouble(found) {
  if (!(found instanceof Problem)) throw found;
  if (found.kind === "signed-out" && !isOpen()) return signedOut(app.w("none_open"), app.w("none_open_text"));
  const said = view.problem(found, app.t, false);
  if (said.kind === "signed_out" || found.kind.startsWith("link-")) {
    client.forget();
    return signedOut(app.t("problem.signed_out"), app.t("problem.signed_out_text"));
  }
  return empty(
    said.title, said.text,
    said.mayRetry ? h("button", { class: "strong", onclick: () => load({ isAgain: true }) }, app.t("common.retry")) : null,
    said.mayJoin ? h("a", { class: "strong", href: "#wallet" }, app.t("join.button")) : null,
  );
}

function signedOut(title, text) {
  at("nav").replaceChildren();
  at("back").hidden = true;
  const { number } = document.documentElement.dataset;
  return empty(title, text, number ? h("a", { class: "strong", href: `sms:${number}?&body=WALLET` }, app.w("text_us")) : null);
}

let toasting = 0;

function toast(text) {
  clearTimeout(toasting);
  at("toast").replaceChildren(h("p", {}, text));
  toasting = setTimeout(() => at("toast").replaceChildren(), 8000);
}

// ---- what pages can do

// Tell those who do not see it.
function say(text) {
  at("said").textContent = "";
  setTimeout(() => { at("said").textContent = text; }, 50);
}

function go(hash) {
  if (location.hash === hash) load();
  else location.hash = hash;
}

// Do something that may fail, once however often it is tapped; then the page is asked for again.
async function act(event, does, { stays = false } = {}) {
  const button = event?.currentTarget ?? null;
  if (button?.getAttribute("aria-disabled") === "true") return;
  button?.setAttribute("aria-disabled", "true");
  at("toast").replaceChildren();
  try {
    const said = await does();
    if (said) tell(said);
    if (!stays) await load({ isAgain: true });
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    const told = view.problem(problem, app.t, false);
    if (told.kind === "signed_out") put(trouble(problem));
    else toast(told.text === told.title ? told.title : `${told.title}. ${told.text}`);
  } finally {
    button?.removeAttribute("aria-disabled");
  }
}

// What was done is seen for a moment, and read out by `say`.
function notice(text) {
  document.querySelector(".notice")?.remove();
  const shownText = h("p", { class: "notice", "aria-hidden": "true", "data-at": String(Date.now()) }, text);
  document.body.append(shownText);
  setTimeout(() => shownText.remove(), 4000);
}

// Tell everybody what became of something.
function tell(text) {
  say(text);
  notice(text);
}

// Ask before what cannot be taken back; true where it was agreed to.
function ask(question, yes, no = app.t("common.cancel")) {
  return new Promise((resolve) => {
    const made = h("dialog", { "aria-labelledby": "question" },
      h("h2", { id: "question" }, question),
      h("div", { class: "buttons" },
        h("button", { onclick: () => made.close("no") }, no),
        h("button", { class: "strong", onclick: () => made.close("yes") }, yes)));
    made.addEventListener("close", () => {
      made.remove();
      resolve(made.returnValue === "yes");
    });
    document.body.append(made);
    made.showModal();
  });
}

// After joining or changing the language everything reads another way.
async function meetAgain() {
  kept.clear();
  await meet({ again: true });
}

// Put what the page has on the screen again, after it was changed here.
function again() {
  put(PAGES[current.name].show(app, kept.get(current.hash), current.query));
}

// Say goodbye: whoever goes on is nobody.
function end(text) {
  kept.clear();
  app.me = null;
  at("nav").replaceChildren();
  at("back").hidden = true;
  put(empty(text, ""));
  focusTitle();
}

// ---- what goes on by itself

function tick() {
  const data = kept.get(current.hash);
  if (data) PAGES[current.name].tick?.(app, data);
  for (const one of document.querySelectorAll("[data-until]")) {
    const left = view.countdown(one.dataset.until, app.t, client.now());
    if (one.textContent !== left.text) one.textContent = left.text;
  }
}

addEventListener("hashchange", () => {
  if (location.hash.includes("t=")) begin();
  else load();
});
addEventListener("offline", () => { at("offline").hidden = false; });
addEventListener("online", () => {
  at("offline").hidden = true;
  load({ isAgain: true });
});
addEventListener("pageshow", (event) => { if (event.persisted) load({ isAgain: true }); });
at("back").addEventListener("click", () => {
  if (history.length > 1) history.back();
  else go("#wallet");
});
at("skip").addEventListener("click", () => at("main").focus());
setInterval(tick, 1000);

function begin() {
  takeLink();
  kept.clear();
  app.me = null;
  load();
}

speak(navigator.language);
at("offline").hidden = navigator.onLine;
begin();
