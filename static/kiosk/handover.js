/* The way of a tablet from the crew to the customer and back: locked, jobs, pass, confirm, the visit (screen.js), over,
   locked. What the crew sees is the same whatever was answered, or whether anything was. */
"use strict";

const Handover = (() => {
  const SECOND_MS = 1000;
  const REFRESH_MS = 60_000;
  const LONGEST_PIN = 12;

  const main = document.querySelector("main");
  const start = main.dataset.start;
  const title = document.title;

  let api = null; // what screen.js offers
  let shown = "locked";
  let typed = "";
  let scanned = "locked"; // the screen from which the camera was asked for
  let trying = false;
  let job = "";
  let lang = "";
  let offered = null; // the handover that is going on
  let since = 0; // when the customer said that they have the tablet
  let own = null; // the code for the customer's own telephone
  let timer = 0;

  const now = () => performance.now();
  const screen = () => main.firstElementChild;
  const find = (selector) => screen().querySelector(selector);
  const is = (name) => shown === name;
  const isFree = () => ["locked", "over", "jobs", "scan"].includes(shown);

  // -- screens

  function show(name, spoken = api.lang) {
    shown = name;
    Scan.stop();
    typed = "";
    main.replaceChildren(Frames.other(name, spoken));
    document.documentElement.lang = spoken;
    document.documentElement.dir = screen().dir;
    document.title = title;
    api.appeared();
    main.focus({ preventScroll: true });
    if (name === "jobs") CrewJobs.list(screen(), api.lang);
    for (const button of screen().querySelectorAll("button[name=scan]")) button.hidden = !Scan.can();
    if (name === "locked") draw();
    if (name === "pass") find("[data-job]").textContent = job;
    if (name === "confirm") find("button[name=phone]").hidden = !own;
    if (name === "phone") Own.draw(find(".code"), own);
    rest();
  }

  /* Nobody touched it for a while. */
  function rest() {
    clearTimeout(timer);
    if (!("crew" in screen().dataset) || is("locked")) return;
    timer = setTimeout(() => { if (is("confirm")) end("timed_out"); else if (is("phone")) end("phone"); else show("locked"); }, Number(screen().dataset.crew) * SECOND_MS);
  }

  // -- locked

  function say(text) {
    find(".said").textContent = text;
  }

  function draw() {
    find(".typed").textContent = "•".repeat(typed.length);
    const line = find(".said");
    const wait = Math.ceil(Crew.waitMs() / SECOND_MS);
    if (!Crew.canSignIn()) say(line.dataset.new);
    else if (wait) say(line.dataset.wait.replace("{n}", wait));
    else if (!line.dataset.told) say(line.dataset.say);
  }

  async function enter() {
    if (trying || !typed || Crew.waitMs()) return draw();
    trying = true;
    const right = await Crew.admits(typed);
    trying = false;
    typed = "";
    if (right && is("locked")) return show("jobs");
    if (is("locked")) {
      find(".said").dataset.told = "1";
      say(find(".said").dataset.wrong);
      draw();
    }
    return undefined;
  }

  function digit(value) {
    delete find(".said").dataset.told;
    typed = (typed + value).slice(0, LONGEST_PIN);
    draw();
  }

  // -- scanning

  const CODES = { code: /^\D*\d{8}\D*$/, job: /^[^\x00-\x1f\x7f]{1,40}$/ };

  function scan(wanted) {
    const before = shown;
    show("scan");
    scanned = before;
    const line = find(".said");
    Scan.begin(find("video"), (text) => {
      const fits = CODES[wanted].test(text.trim());
      if (!fits) say(line.dataset.other);
      else if (wanted === "job") take(text);
      else enterScanned(text.replace(/\D/g, ""));
      return fits;
    }).catch(() => { if (is("scan")) say(line.dataset.none); });
  }

  function enterScanned(code) {
    show("locked");
    typed = code;
    draw();
    enter();
  }

  // -- jobs

  function take(ref) {
    const text = ref.trim().replace(/\s+/gu, " ").slice(0, 40);
    if (!text) return;
    job = text;
    show("pass");
  }

  // -- the handover

  const fresh = (outcome) => ({
    kind: "handover", id: Visit.newId(), rev: 0, screen: api.asks.screen, placement: api.asks.placement, job, crew: Crew.id(), lang,
    outcome, response: null, held_ms: null, answers: {}, ended: null, test: Testing.on(), load: Visit.LOAD, page_ms: Math.round(now()),
    wall_ms: Date.now(),
  });

  function begin() {
    since = 0;
    lang = api.lang;
    offered = fresh("timed_out"); // until something else is known of it
    note();
    show("confirm");
    askOwn(offered);
  }

  /* There is a button for the customer's own telephone once there is a code for it. */
  async function askOwn(offer) {
    own = null;
    const found = Crew.offersOwn() ? await Own.ask(start, job) : null;
    if (offered !== offer) return;
    own = found;
    if (is("confirm")) find("button[name=phone]").hidden = !own;
  }

  function phone(outcome, screenThen) {
    offered.outcome = outcome;
    offered.response = outcome === "phone" ? own.response : null;
    note();
    show(screenThen, lang);
  }

  /* As far as it goes: it is delivered once it is over, or when the page is loaded anew. */
  function note() {
    offered.rev += 1;
    offered.lang = lang;
    offered.held_ms = since ? Math.round(now() - since) : null;
    return Store.put({ ...offered }).catch(() => {});
  }

  function have() {
    since = now();
    shown = "visit";
    clearTimeout(timer);
    api.ask(lang);
  }

  /* What a response says of its handover. */
  const about = () => ({ job, crew: Crew.id(), held_ms: Math.round(now() - since) });

  /* Something was answered. */
  function answered(response) {
    if (!offered || offered.outcome === "answered") return;
    offered.outcome = "answered";
    offered.response = response;
    note();
  }

  /* The customer is done, said no, or left: the same screen whatever it was. */
  function end(outcome) {
    const last = offered;
    offered = null;
    if (last) {
      last.rev += 1;
      if (outcome) last.outcome = outcome;
      last.held_ms = since ? Math.round(now() - since) : null;
      last.ended = "done";
      Crew.mark(last.job, last.outcome === "skipped" ? "skipped" : "asked");
      Holding.untilHeld({ ...last }).then(Delivery.flush);
    }
    api.clear();
    show(outcome === "skipped" ? "jobs" : "over");
  }

  function skip() {
    since = 0;
    lang = api.lang;
    offered = fresh("skipped");
    end("skipped");
  }

  const ACTS = {
    digit: ({ value }) => digit(value), clear: () => { typed = ""; draw(); }, enter,
    job: ({ value }) => take(value), typed: () => take(find("input[name=job]").value),
    lock: () => show("locked"), back: () => show("jobs"), skip, pass: begin, have,
    scan: ({ value }) => scan(value), type: () => show(scanned),
    decline: () => end("declined"), save: CrewJobs.save, phone: () => phone("phone", "phone"), here: () => phone("timed_out", "confirm"), taken: () => end("phone"),
    speak: ({ value }) => { lang = value; show("confirm", value); },
  };

  function act(button) {
    if (button && ACTS[button.name]) ACTS[button.name](button);
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("form.crew button");
    if (!button || button.type === "submit") return;
    act(button);
    rest();
  });

  document.addEventListener("submit", (event) => {
    if (!event.target.matches("form.crew")) return;
    event.preventDefault();
    act(event.submitter || find("button:not([type=button])"));
    rest();
  });

  document.addEventListener("keydown", (event) => {
    if (!is("locked") || event.ctrlKey || event.metaKey || event.altKey) return;
    if (/^\d$/.test(event.key)) digit(event.key);
    else if (event.key === "Backspace") ACTS.clear();
    else if (event.key === "Enter") enter();
    else return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }, true);

  function refresh() {
    Crew.refresh(start).catch(() => {}).then(() => {
      if (is("locked")) draw();
      if (is("jobs") && document.activeElement !== find("input[name=job]")) CrewJobs.list(screen(), api.lang);
    });
    setTimeout(refresh, REFRESH_MS);
  }

  /* screen.js has begun. */
  function started(offers) {
    api = offers;
    show("locked");
    refresh();
    setInterval(() => { if (is("locked")) draw(); }, SECOND_MS);
  }

  return { started, about, answered, end, isFree };
})();
