/* From the page to its terminal: at once, and again until it holds what it was given. Only the terminal's own words
   count, never a mere 200: a proxy or a portal says that too.

   Every answer of the terminal's anchors the clock of this load to the terminal's; nothing is sent before the first. */
"use strict";

const Delivery = (() => {
  const LIMIT_MS = 3000;
  const MAX_RECORDS = 10;
  const MAX_CHARACTERS = 12_000; // 48 kB at the very most: a terminal reads 64
  const SINCE_MS = 60_000; // how often an anchor is written down
  const SLOW_MS = 1000; // an anchor that took so long says little

  let base = "";
  let anchors = []; // the first and the last
  let written = -Infinity;
  let reported = -Infinity; // when the terminal last answered a report
  let behind = true; // something may be waiting in the store
  let flushing = false;
  let single = false; // a delivery could not be read: which of its records it is will be found alone
  const tried = new Map(); // id -> how often in vain: what the terminal stumbles over goes last
  const told = { persisted: false, unsent: 0 };

  async function ask(path, body) {
    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort(), LIMIT_MS);
    const sent = Visit.now();
    try {
      const answer = await fetch(base + path, {
        method: body ? "POST" : "GET", cache: "no-store", signal: limit.signal,
        ...(body ? { body: JSON.stringify(body), headers: { "Content-Type": "application/json" } } : {}),
      });
      const said = await answer.json();
      if (said.smilepost !== 1) throw new Error("not the terminal's answer");
      seen(sent, said.clock);
      return { status: answer.status, ...said };
    } finally {
      clearTimeout(timer);
    }
  }

  function seen(sent, stamp) {
    const heard = Visit.now();
    const anchor = { page_ms: Math.round((sent + heard) / 2), rtt_ms: Math.ceil(heard - sent), stamp };
    if (anchors.length && anchor.rtt_ms > SLOW_MS && anchors[1].stamp.boot === stamp.boot) return;
    anchors = [anchors[0] || anchor, anchor];
    if (anchors[0] !== anchor && heard - written < SINCE_MS) return;
    written = heard;
    Store.anchor(Visit.LOAD, anchors).catch(() => {});
  }

  /* How the page is, and what the terminal's clock and its question are. */
  async function clock() {
    const about = new URLSearchParams({ persisted: Number(told.persisted), unsent: told.unsent });
    const said = await ask(`/clock?${about}`);
    reported = Visit.now();
    return said;
  }

  async function post(records, known) {
    if (!anchors.length) await clock();
    const loads = {};
    for (const { load } of records) loads[load] = load === Visit.LOAD ? anchors : known[load] || [];
    const responses = records.map(({ aside, ...record }) => record);
    return ask("/late", { responses, loads });
  }

  /* One record, now. Kept when the terminal holds it. */
  async function tell(record) {
    try {
      const { held } = await post([record], {});
      if (!held.some(([id, rev]) => id === record.id && rev === record.rev)) throw new Error("not held");
      Store.drop(held).catch(() => {});
    } catch (problem) {
      behind = true;
      throw problem;
    }
    flush();
  }

  function batch(records) {
    const taken = [];
    let room = MAX_CHARACTERS;
    for (const record of records.slice(0, single ? 1 : MAX_RECORDS)) {
      room -= JSON.stringify(record).length;
      if (taken.length && room < 0) break;
      taken.push(record);
    }
    return taken;
  }

  /* Everything that waits in the store, a few at a time, until the terminal fails. */
  async function flush() {
    if (flushing || !behind) return;
    flushing = true;
    try {
      for (;;) {
        const { records, anchors: known, aside } = await Store.waiting();
        told.unsent = records.length + aside;
        behind = records.length > 0;
        const vain = ({ id }) => tried.get(id) || 0;
        if (!behind || !(await deliver(batch(records.sort((a, b) => vain(a) - vain(b))), known))) break;
      }
    } catch {
      // Not now: the clock below tries again.
    } finally {
      flushing = false;
    }
  }

  /* Whether it is worth going on. */
  async function deliver(records, known) {
    const { status, held = [], refused = [] } = await post(records, known);
    for (const { id } of records) tried.set(id, (tried.get(id) || 0) + 1);
    for (const [id] of held) tried.delete(id);
    const wrong = status === 400 && records.length === 1 ? [0] : refused;
    if (held.length) await Store.drop(held);
    if (wrong.length) await Store.aside(wrong.map((index) => [records[index].id, records[index].rev]));
    const unread = (status === 400 || status === 413) && records.length > 1;
    single = unread || (single && !wrong.length);
    return held.length > 0 || wrong.length > 0 || unread;
  }

  const silent = () => Visit.now() - reported;

  const begin = (start) => { base = start.replace(/\/$/, ""); };
  const persists = (promised) => { told.persisted = promised; };

  return { begin, persists, clock, tell, flush, silent };
})();
