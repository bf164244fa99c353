/* Lays a keyboard below every screen with a field to type in, where the glass has none (glass.js). Of visits it knows
   nothing: every page whose <main> says data-keyboard has it. */
"use strict";

(() => {
  const CLAIM_MS = 10_000; // how long the worker is waited for, which keeps what passes through it
  const FIELDS = "textarea, input[type=text], input[type=email], input[type=tel]";

  const main = document.querySelector("main");
  const itself = document.currentScript.src;
  const layouts = new Map(); // language -> the promise of its keys
  let files = null; // the promise of what shows them
  let first; // field of this screen
  let up = null; // the keys, once they were shown

  const pause = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

  function fetched(address) {
    const isStyle = address.includes(".css");
    const element = document.createElement(isStyle ? "link" : "script");
    return new Promise((resolve, reject) => {
      element.onload = resolve;
      element.onerror = () => { element.remove(); reject(new Error("not loaded")); };
      if (isStyle) Object.assign(element, { rel: "stylesheet", href: address });
      else Object.assign(element, { async: false, src: address });
      document.head.append(element);
    });
  }

  const address = (lang) => `/keyboard/${encodeURIComponent(lang)}.json`;

  async function load(lang) {
    const answer = await fetch(address(lang));
    const layout = await answer.json();
    files = files || Promise.all(layout.files.map(fetched));
    await files.catch((problem) => { files = null; throw problem; });
    return layout;
  }

  /* What failed is tried again by the next who asks. */
  function layout(lang) {
    if (!layouts.has(lang)) {
      layouts.set(lang, load(lang).catch((problem) => { layouts.delete(lang); throw problem; }));
    }
    return layouts.get(lang);
  }

  async function look() {
    const fields = Array.from(main.querySelectorAll(FIELDS));
    if (fields[0] === first) return;
    first = fields[0];
    if (up) up.leave();
    if (!first) return;
    for (const field of fields) {
      field.dataset.mode = field.inputMode;
      field.inputMode = "none"; // else a second keyboard rises beside ours
    }
    try {
      const keys = await layout(first.closest("[lang]").lang);
      if (fields[0] !== first) return;
      up = Keys;
      up.attach(main, fields, keys);
    } catch {
      for (const field of fields) field.inputMode = field.dataset.mode;
    }
  }

  /* In the languages that can be chosen here, while nobody is there: it may be wanted when the terminal is dead. */
  async function prepare() {
    const worker = navigator.serviceWorker;
    if (worker && !worker.controller) {
      await Promise.race([new Promise((claimed) => { worker.oncontrollerchange = claimed; }), pause(CLAIM_MS)]);
    }
    const offered = Array.from(main.querySelectorAll("[hreflang]"), (link) => link.hreflang);
    for (const lang of new Set([document.documentElement.lang, ...offered])) {
      const keys = await layout(lang);
      // What came before the worker did passes it now, from the browser's own store.
      for (const part of [itself, ...keys.files, address(lang)]) await fetch(part);
    }
  }

  new MutationObserver(look).observe(main, { childList: true });
  look();
  prepare().catch(() => {}); // when it is wanted, it is asked for again
})();
