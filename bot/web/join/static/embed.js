// The join form in somebody else's page: <script src="https://shop.example/join/loyalty.js" async></script>
// It stands where the script stands, in a shadow root of its own, and is in the page's language.
(() => {
  const script = document.currentScript;
  const address = script.src.replace(/\.js(\?.*)?$/, "");
  const language = script.dataset.lang || document.documentElement.lang || "";
  const place = document.createElement("div");
  script.after(place);
  const root = place.attachShadow({ mode: "open" });

  const show = (html) => {
    const box = document.createElement("div");
    box.className = "join";
    box.innerHTML = html; // our own server's form, every text of it escaped there
    const style = document.createElement("link");
    style.rel = "stylesheet";
    style.href = new URL("style.css", address).href;
    root.replaceChildren(style, box);
    const first = box.querySelector("[autofocus]");
    if (first) first.focus();
    const form = box.querySelector("form");
    if (form) form.addEventListener("submit", send);
    else { box.tabIndex = -1; box.focus(); }
  };

  const ask = async (path, asked) => {
    const answer = await fetch(path, { credentials: "omit", ...asked, headers: { Accept: "application/json" } });
    show((await answer.json()).html);
  };

  const send = async (event) => {
    event.preventDefault();
    const form = event.target;
    const button = form.querySelector("button");
    if (button.disabled) return;
    button.disabled = true;
    try {
      await ask(address, { method: "POST", body: new URLSearchParams(new FormData(form)) });
    } catch {
      form.submit(); // without fetch it goes as any form does, to the page itself
    }
  };

  ask(`${address}?lang=${encodeURIComponent(language)}`).catch(() => {
    const link = document.createElement("a");
    link.href = address;
    link.textContent = address;
    root.replaceChildren(link);
  });
})();
