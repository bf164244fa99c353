/* What a tablet knows of its crew: who may sign in, the jobs of the day, and what was done of them here. Kept in the
   browser, so that a day without network is a day like any other. Nothing that a customer answered is known here. */
"use strict";

const Crew = (() => {
  const TOLD = "smilepost-crew"; // what the gateway said last
  const DONE = "smilepost-crew-day"; // { day, jobs: { key: "asked" | "skipped" } }
  const TRIES = "smilepost-crew-tries"; // { wrong, until }
  const FREE = 5;
  const FIRST_MS = 30_000;
  const LONGEST_MS = 900_000;
  const DAY_MS = 86_400_000;

  function kept(name, otherwise) {
    try {
      return JSON.parse(localStorage.getItem(name)) || otherwise;
    } catch {
      return otherwise;
    }
  }

  function keep(name, value) {
    try {
      localStorage.setItem(name, JSON.stringify(value));
    } catch {
      // Full or refused: it holds until the page is loaded anew.
    }
  }

  let told = kept(TOLD, null);
  let done = kept(DONE, { day: -1, jobs: {} });

  /* What is new at head office, if it can be reached. */
  async function refresh(start) {
    const answer = await fetch(`${start}crew.json`, { cache: "no-store" });
    const said = await answer.json();
    if (!answer.ok || said.smilepost !== 1) throw new Error("not the gateway's answer");
    told = said;
    keep(TOLD, said);
  }

  /* The local day where the crew is, counted from 1970-01-01. */
  function today() {
    const zone = told && told.zone ? told.zone : undefined;
    const parts = new Intl.DateTimeFormat("en", { timeZone: zone, calendar: "gregory", year: "numeric", month: "numeric", day: "numeric" });
    const found = Object.fromEntries(parts.formatToParts(new Date()).map(({ type, value }) => [type, Number(value)]));
    return Math.round(Date.UTC(found.year, found.month - 1, found.day) / DAY_MS);
  }

  const key = (ref) => ref.trim().replace(/\s+/gu, " ").toLowerCase();

  function marks() {
    if (done.day !== today()) done = { day: today(), jobs: {} };
    return done.jobs;
  }

  /* Those of today, and those of yesterday of which nothing is known here. */
  function jobs() {
    const known = marks();
    const day = today();
    const listed = told && told.jobs ? told.jobs : [];
    return listed.filter((job) => job.day === day).map((job) => ({ ...job, state: known[key(job.ref)] || "" }));
  }

  function mark(ref, state) {
    const known = marks();
    if (known[key(ref)] !== "asked") known[key(ref)] = state;
    keep(DONE, done);
  }

  // -- signing in

  const waitMs = () => Math.max(kept(TRIES, { until: 0 }).until - Date.now(), 0);
  const canSignIn = () => Boolean(told && ((told.pins || []).length || Object.keys(told.day_codes || {}).length));

  function note(right) {
    const wrong = right ? 0 : kept(TRIES, { wrong: 0 }).wrong + 1;
    const wait = wrong < FREE ? 0 : Math.min(FIRST_MS * 2 ** Math.min(wrong - FREE, 16), LONGEST_MS);
    keep(TRIES, { wrong, until: wait ? Date.now() + wait : 0 });
  }

  const bytes = (base64) => Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));

  async function fits(typed, hash) {
    const [name, rounds, salt, known] = hash.split("$");
    if (name !== "pbkdf2") return false;
    const secret = await crypto.subtle.importKey("raw", new TextEncoder().encode(typed), "PBKDF2", false, ["deriveBits"]);
    const how = { name: "PBKDF2", hash: "SHA-256", salt: bytes(salt), iterations: Number(rounds) };
    const found = new Uint8Array(await crypto.subtle.deriveBits(how, secret, 256));
    const wanted = bytes(known);
    return found.length === wanted.length && found.every((byte, place) => byte === wanted[place]);
  }

  /* Whether what was typed is a PIN of the crew, or the code of this day. */
  async function admits(typed) {
    if (waitMs()) return false;
    const code = (told.day_codes || {})[today()];
    const known = [...(code ? [code] : []), ...(told.pins || [])];
    let right = false;
    for (const hash of known) right = (await fits(typed, hash).catch(() => false)) || right;
    note(right);
    return right;
  }

  const id = () => (told ? told.crew : "");

  const offersOwn = () => Boolean(told && told.own);

  return { refresh, offersOwn, jobs, mark, waitMs, canSignIn, admits, id, key };
})();
