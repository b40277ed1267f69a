// The client of /mp in a browser: its network, its storage, and the link that begins a session.

import shared from "./shared/client.js";

export const { Problem } = shared;

// The session lasts as long as the tab: who takes the telephone next finds none.
const storage = {
  get(key) {
    try {
      return JSON.parse(sessionStorage.getItem(key));
    } catch {
      return null;
    }
  },
  set(key, value) {
    sessionStorage.setItem(key, JSON.stringify(value));
  },
  remove(key) {
    sessionStorage.removeItem(key);
  },
};

async function transport({ method, url, headers, body, timeout_ms }) {
  const stop = new AbortController();
  const late = setTimeout(() => stop.abort(), timeout_ms);
  try {
    const answer = await fetch(url, {
      method, headers, body: body ?? undefined, credentials: "omit", cache: "no-store", signal: stop.signal,
    });
    return { status: answer.status, headers: Object.fromEntries(answer.headers), body: await answer.text() };
  } finally {
    clearTimeout(late);
  }
}

const random = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");

// What was chosen to be ordered, as [{sku, quantity}].
const BASKET = "regulars.basket";
export const basket = () => storage.get(BASKET) ?? [];
export const fill = (lines) => storage.set(BASKET, lines);

let link = null;

export const client = shared.createClient({
  base: "", transport, storage, random,
  clock: () => Date.now(),
  sleep: (ms) => new Promise((resolve) => { setTimeout(resolve, ms); }),
  signIn: async () => (link ? { name: "openLink", args: { token: link } } : null),
});

// Whether somebody is signed in, or could be by the link.
export const isOpen = () => link !== null || storage.get("regulars.session") !== null;

// Take the token out of the address, so that it stays in no history: whoever comes by it is another person.
export function takeLink() {
  const [page, query] = location.hash.slice(1).split("?");
  const asked = new URLSearchParams(query);
  const token = asked.get("t");
  if (!token) return;
  asked.delete("t");
  const rest = asked.toString();
  history.replaceState(null, "", `#${page}${rest ? `?${rest}` : ""}`);
  client.forget();
  storage.remove(BASKET);
  link = token;
}
