/* What a customer touches. Every touch is held (holding.js) before anybody is thanked. The screens lie ready
   (frames.js), so a visit goes on whatever becomes of the terminal. */
"use strict";

(() => {
  const TICK_MS = 15_000; // and up to twice that: pages that were cut off together don't return together
  const SAYS = { value: "answer", rate: "rate" }; // what a button does, where its value says how
  const REPORT_MS = 30_000; // so a page reports at least once a minute

  const main = document.querySelector("main");
  const status = document.querySelector("[role=status]");
  const guardMs = Number(main.dataset.guard);
  const start = main.dataset.start;
  const asks = typeof WALK === "undefined" ? null : WALK; // it comes with the screens of the visit
  const crew = typeof Handover === "undefined" ? null : Handover; // who hands this screen to its customers

  const now = () => performance.now();
  const screen = () => main.firstElementChild;
  const spoken = () => screen().getAttribute("lang"); // a form's own properties hide behind its fields of that name
  const say = (text) => { status.textContent = text || ""; };

  /* To the question, once there is somebody to ask for it: a browser's own error would stay for ever. */
  function back() {
    fetch(`${start}clock`, { cache: "no-store" }).then(() => location.replace(start), () => setTimeout(back, Holding.TRY_AGAIN_MS));
  }

  document.addEventListener("contextmenu", (event) => event.preventDefault());
  document.addEventListener("dragstart", (event) => event.preventDefault());

  if (!asks) { // a break, or a visit that began before this script did: its plain forms work, and go on by themselves
    let after = setTimeout(back, Number(screen().dataset.idle) * 1000);
    window.addEventListener("pageshow", ({ persisted }) => { if (persisted) back(); });
    document.addEventListener("input", () => { clearTimeout(after); after = setTimeout(back, Number(screen().dataset.idle) * 1000); });
    return;
  }

  let visit = null;
  let turned = -Infinity; // when the screen last changed
  let waiting = false; // for a touch to be held: nothing else can be touched
  let unsaved = false; // a reason was touched and is not held yet
  let saving = false;
  let idle = 0;

  // -- screens

  function show(name) {
    main.replaceChildren(Frames.filled(name, visit, asks));
    appeared();
    main.focus({ preventScroll: true });
  }

  function appeared(still) {
    const shown = screen();
    document.documentElement.lang = spoken();
    document.documentElement.dir = shown.dir;
    shown.classList.toggle("still", Boolean(still));
    if (!still) turned = now();
    say(shown.dataset.says);
    Modes.mark(shown);
    if (!still) Idle.next(shown);
    watch();
  }

  /* The question for somebody new. */
  function fresh() {
    if (visit.touched !== null) Traces.rest();
    Modes.reset();
    if (crew) crew.end();
    else ask(asks.lang);
  }

  /* The question in a language, for whoever is there. */
  function ask(lang, first = null) {
    clear(lang, first);
    if (crew) visit.handed = crew.about;
    show("ask");
    getSelection().removeAllRanges();
  }

  function clear(lang = asks.lang, first = null) {
    visit = Visit.fresh(asks, lang, first);
    unsaved = false;
  }

  const nobody = () => (crew ? crew.isFree() : screen().dataset.screen === "ask" && visit.touched === null);

  // -- holding what was touched

  async function hold(record, then) {
    waiting = true;
    clearTimeout(idle);
    Patience.stop();
    if (crew) crew.answered(record.id);
    const there = await Holding.patiently(record, showWait);
    waiting = false;
    if (there) then();
    else fresh();
  }

  function showWait(which) {
    const wait = main.querySelector(".wait") || screen().appendChild(Frames.wait(spoken()));
    for (const line of wait.querySelectorAll("[data-wait]")) {
      line.hidden = line.dataset.wait !== which;
      if (!line.hidden) say(line.textContent);
    }
  }

  /* Reasons, one revision at a time: what is touched meanwhile goes with the next. */
  async function save() {
    if (saving || !unsaved || waiting) return;
    saving = true;
    unsaved = false;
    await Holding.untilHeld(Visit.record(visit, asks));
    saving = false;
    save();
  }

  // -- steps

  const offers = () => (visit.follows ? visit.follows.offers : []);

  function act(action, button) {
    const step = Visit.step(asks.steps, screen().dataset.screen, action, offers());
    if (!step) return;
    if (action === "answer") {
      const value = Number(button.value);
      Visit.answer(visit, value, Visit.follows(asks, visit.first, value));
      // The order in which reasons will be shown belongs to the answer.
      Frames.arrange(Frames.find("thanks", visit, asks).content, visit, asks);
    }
    Frames.read(screen(), visit);
    if (action === "agree" && !agreed()) return;
    if (action === "finish" && screen().dataset.screen === "contact") Visit.refuse(visit);
    if (action === "rate") visit.rated = [Visit.rates(visit), Number(button.value)];
    if (step.to === "rating") Visit.rates(visit);
    Visit.touch(visit);
    if (button) button.classList.add("touched");
    unsaved = false;
    hold(Visit.record(visit, asks, step.ends), () => (step.ends && (crew || step.to === "ask") ? fresh() : show(step.to)));
  }

  /* Whether there is all it takes to be reached; else the screen stays, and says what is missing. */
  function agreed() {
    const missing = Visit.missing(visit.typed);
    Frames.hint(screen(), missing);
    if (!missing.length) Visit.agree(visit);
    return !missing.length;
  }

  function toggle(chip) {
    chip.setAttribute("aria-pressed", String(Visit.toggle(visit, chip.value)));
    Visit.touch(visit);
    unsaved = true;
    save();
  }

  function choose(mode) {
    Modes.toggle(mode, screen());
    watch();
  }

  function watch() {
    clearTimeout(idle);
    if (screen().dataset.crew) return; // it has a clock of its own
    idle = setTimeout(leave, Patience.begin(screen(), nobody(), say));
    Idle.begin(screen(), nobody());
  }

  /* Nobody came. */
  function stay() {
    clearTimeout(idle);
    idle = setTimeout(leave, Patience.begin(screen(), true, say));
  }

  /* Nobody touched the screen for a while: what was typed and not sent is forgotten. */
  function leave() {
    if (waiting) return;
    end();
    if (!nobody() || visit.lang !== asks.lang || Modes.any()) fresh();
    else stay();
  }

  function end() {
    const step = Visit.step(asks.steps, screen().dataset.screen, "idle", offers());
    if (visit.touched !== null && step.ends) Holding.untilHeld(Visit.record(visit, asks, step.ends));
  }

  /* A page that the browser kept as it was comes back for somebody new. */
  window.addEventListener("pageshow", ({ persisted }) => {
    if (!persisted || waiting) return;
    end();
    fresh();
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
    const mode = event.target.closest("button[data-mode]");
    const link = event.target.closest("a[href]");
    if (!chip && !mode && !link) return;
    event.preventDefault();
    if (chip) toggle(chip);
    else if (mode) choose(mode.dataset.mode);
    else if (link.hreflang) ask(link.hreflang, visit.first);
    else fresh();
  });

  document.addEventListener("submit", (event) => {
    event.preventDefault();
    const button = event.submitter;
    if (waiting || !button) return;
    act(SAYS[button.name] || button.value, button);
  });

  /* A fault of the glass may show only after it was answered. */
  document.addEventListener("pointerup", () => {
    if (!Traces.isGhost() || visit.touched === null || visit.flags.length || waiting) return;
    if (screen().dataset.screen === "done") return; // it is over: the next one will say it
    Visit.touch(visit);
    unsaved = true;
    save();
  });

  for (const kind of ["pointerdown", "keydown", "input"]) {
    document.addEventListener(kind, () => { if (!waiting) watch(); }, { passive: true });
  }

  // -- the terminal, while nobody is there

  async function report() {
    try {
      const { shows } = await Delivery.clock();
      if (shows !== asks.shows && nobody() && !waiting) {
        await Delivery.flush(); // of a screen that this terminal drives no more, no other page would
        location.reload();
      }
      return true;
    } catch {
      return false;
    }
  }

  /* A page that could not keep a touch, with a terminal that is gone, invites nobody. */
  async function rest() {
    if (waiting || !nobody()) return;
    await Holding.probe();
    if (Holding.isSound() || waiting || !nobody()) return;
    waiting = true;
    showWait("break");
    while (!(await report()) && !Holding.isSound()) {
      await Holding.pause(Holding.TRY_AGAIN_MS);
      await Holding.probe();
    }
    waiting = false;
    fresh();
  }

  async function tick() {
    Delivery.flush();
    if (Delivery.silent() > REPORT_MS && !(await report())) await rest();
    setTimeout(tick, TICK_MS * (1 + Math.random()));
  }

  for (const [target, kind] of [[window, "online"], [document, "visibilitychange"]]) {
    target.addEventListener(kind, () => { Delivery.flush(); });
  }

  async function work() {
    await navigator.serviceWorker.register("/sw.js");
    (await navigator.serviceWorker.ready).active.postMessage("keep");
  }

  async function begin() {
    Delivery.begin(start);
    visit = Visit.fresh(asks, spoken(), screen().dataset.first || asks.firsts[0]);
    appeared(true);
    turned = now();
    if (crew) crew.started({ asks, lang: asks.lang, ask, appeared, clear });
    setTimeout(tick, TICK_MS * (1 + Math.random()));
    if (navigator.serviceWorker) work().catch(() => {});
    if (navigator.storage && navigator.storage.persist) navigator.storage.persist().then(Delivery.persists, () => {});
    Delivery.clock().catch(() => {});
    await Store.leave(asks.screen, Visit.LOAD).catch(() => {});
    Delivery.flush();
  }

  begin();
})();
