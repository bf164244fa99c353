/* The page of a terminal. The hidden fields of the screen's form are the whole response; every touch sends them all,
   so a touch that got lost is made good by the next one, and a late one with a lower `rev` is ignored. What the
   terminal has not acknowledged is sent again, the same (id, rev), until it does: only then comes the next screen. */
"use strict";

(() => {
  if (!window.htmx) return; // plain forms do as well
  const TRY_AGAIN_MS = 1000;
  const MOMENT_MS = 1000; // until then a pressed face is answer enough
  const BREAK_MS = 5000;
  const LIMIT_MS = 3000;

  const main = document.querySelector("main");
  const status = document.querySelector("[role=status]");
  const guardMs = Number(main.dataset.guard);
  const start = main.dataset.start;

  let turned = -Infinity; // when the screen last changed
  let asked = 0; // when the question appeared
  let touched = null; // when it was first answered
  let waiting = null; // what the terminal has not acknowledged yet: {verb, path, values, since}
  let unsaved = false; // a chip was touched and not acknowledged
  let saving = false;
  let idle = 0;
  let patience = [];

  const now = () => performance.now();
  const screen = () => main.firstElementChild;
  const form = () => main.querySelector("form");
  const where = () => form().getAttribute("action"); // a form's own properties hide behind its fields of that name
  const field = (name) => form().querySelector(`input[name="${name}"]`);
  const say = (text) => { status.textContent = text || ""; };

  // -- the response

  function newId() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    let time = Date.now();
    for (let i = 5; i >= 0; i--) { bytes[i] = time % 256; time = Math.floor(time / 256); }
    bytes[6] = 0x70 | (bytes[6] & 0x0f);
    bytes[8] = 0x80 | (bytes[8] & 0x3f);
    const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
    return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
  }

  function noteTouch() {
    if (touched === null) {
      touched = now();
      field("first_ms").value = Math.round(touched - asked);
    }
    field("total_ms").value = Math.round(now() - asked);
  }

  function whole(action, button) {
    const values = new FormData(form());
    if (button && button.name) values.set(button.name, button.value);
    if (action) values.set("action", action);
    return values;
  }

  function nextRev() {
    field("rev").value = Number(field("rev").value) + 1;
  }

  // -- to the terminal, until it has it

  function deliver(verb, path, values) {
    waiting = { verb, path, values, since: now() };
    clearTimeout(idle);
    patience = [setTimeout(showWait, MOMENT_MS, "moment"), setTimeout(showWait, BREAK_MS, "break")];
    attempt();
  }

  function attempt() {
    if (waiting.values && touched !== null) waiting.values.set("ago_ms", Math.round(now() - touched));
    const { verb, path, values } = waiting;
    htmx.ajax(verb, path, { target: main, swap: "innerHTML", values: values || {} }).catch(() => {});
  }

  function showWait(which) {
    const wait = main.querySelector(".wait");
    if (!waiting || !wait) return;
    wait.hidden = false;
    for (const line of wait.querySelectorAll("[data-wait]")) {
      line.hidden = line.dataset.wait !== which;
      if (!line.hidden) say(line.textContent);
    }
  }

  const isOurs = (xhr) => xhr.status === 200 && xhr.getResponseHeader("Smilepost-Screen") !== null;

  main.addEventListener("htmx:beforeSwap", (event) => {
    const late = waiting && waiting.values && now() - waiting.since >= BREAK_MS;
    event.detail.shouldSwap = isOurs(event.detail.xhr) && !late;
    event.detail.isError = false;
  });

  document.addEventListener("htmx:afterRequest", (event) => {
    if (!waiting) return;
    if (!isOurs(event.detail.xhr)) {
      setTimeout(attempt, TRY_AGAIN_MS);
    } else if (waiting.values && now() - waiting.since >= BREAK_MS) {
      // It is held, but whoever touched it has been looking at a break: the question comes back.
      const { since } = waiting;
      waiting = { verb: "GET", path: start, values: null, since };
      attempt();
    } else {
      waiting = null;
      patience.forEach(clearTimeout);
    }
  });

  // -- a new screen

  function appeared(before) {
    const shown = screen();
    const same = before === shown.dataset.screen && shown.dataset.visit !== "open";
    document.documentElement.lang = shown.getAttribute("lang");
    shown.classList.toggle("still", same);
    if (!same) turned = now();
    if (shown.dataset.screen === "ask" && shown.dataset.visit !== "open") {
      asked = now();
      touched = null;
      unsaved = false;
      field("id").value = newId();
    }
    if (form()) field("by").value = "page";
    say(shown.dataset.says);
    watch();
  }

  function watch() {
    clearTimeout(idle);
    idle = setTimeout(leave, Number(screen().dataset.idle) * 1000);
  }

  function leave() {
    if (waiting) return;
    if (screen().dataset.visit === "open") deliver("POST", where(), whole("idle"));
    else deliver("GET", start);
  }

  let before = "";
  main.addEventListener("htmx:beforeSwap", () => { before = screen().dataset.screen; });
  main.addEventListener("htmx:afterSwap", () => {
    appeared(before);
    main.focus({ preventScroll: true });
  });

  // -- touches

  // A second tap of the same finger hits whatever appeared under it; a key does not.
  document.addEventListener("click", (event) => {
    if (waiting || (event.detail !== 0 && now() - turned < guardMs)) {
      event.preventDefault();
      event.stopImmediatePropagation();
    }
  }, true);

  document.addEventListener("click", (event) => {
    const chip = event.target.closest("button[name=toggle]");
    const link = event.target.closest("a[href]");
    if (chip) {
      event.preventDefault();
      toggle(chip);
    } else if (link) {
      event.preventDefault();
      deliver("GET", link.getAttribute("href"));
    }
  });

  document.addEventListener("submit", (event) => {
    event.preventDefault();
    const button = event.submitter;
    if (waiting) return;
    noteTouch();
    if (button) button.classList.add("touched");
    deliver("POST", where(), whole("", button));
  });

  function toggle(chip) {
    const chosen = chip.getAttribute("aria-pressed") !== "true";
    chip.setAttribute("aria-pressed", String(chosen));
    const kept = form().querySelector(`input[name=reason][value="${CSS.escape(chip.value)}"]`);
    if (kept) kept.remove();
    if (chosen) {
      const reason = document.createElement("input");
      Object.assign(reason, { type: "hidden", name: "reason", value: chip.value });
      form().append(reason);
    }
    noteTouch();
    unsaved = true;
    save();
  }

  // One at a time: what is touched meanwhile goes with the next.
  async function save() {
    if (saving || !unsaved || waiting || !form()) return;
    saving = true;
    unsaved = false;
    const visit = field("id").value;
    const values = whole("reason");
    nextRev();
    values.set("ago_ms", Math.round(now() - touched));
    const held = await send(where(), values);
    saving = false;
    if (!form() || field("id").value !== visit) return;
    if (!held) unsaved = true;
    if (unsaved) setTimeout(save, held ? 0 : TRY_AGAIN_MS);
  }

  async function send(path, values) {
    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort(), LIMIT_MS);
    try {
      const answer = await fetch(path, {
        method: "POST", body: new URLSearchParams(values), headers: { "HX-Request": "true" }, signal: limit.signal,
      });
      return answer.ok && answer.headers.has("Smilepost-Screen");
    } catch {
      return false;
    } finally {
      clearTimeout(timer);
    }
  }

  for (const kind of ["pointerdown", "keydown", "input"]) {
    document.addEventListener(kind, () => { if (!waiting) watch(); }, { passive: true });
  }
  document.addEventListener("contextmenu", (event) => event.preventDefault());
  document.addEventListener("dragstart", (event) => event.preventDefault());

  appeared("");
})();
