/* One visit as far as it goes, and the way through it. Neither the page nor a store nor the network is known here.

   The table of steps is the terminal's own (sync/survey/steps.py): [screen, action, next screen, how the visit ended,
   what it needs]. */
"use strict";

const Visit = (() => {
  const now = () => performance.now();
  const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

  // A page is a clock too; each load of it is a start of that clock.
  const LOAD = "page-" + hex(crypto.getRandomValues(new Uint8Array(16)));
  const DAY_MS = 86_400_000;
  let previous = null; // when the visit before this one was first touched

  function newId() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    let time = Date.now();
    for (let i = 5; i >= 0; i--) { bytes[i] = time % 256; time = Math.floor(time / 256); }
    bytes[6] = 0x70 | (bytes[6] & 0x0f);
    bytes[8] = 0x80 | (bytes[8] & 0x3f);
    return hex(bytes).replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
  }

  /* `offers`: the names of the screens that the survey has beside those of every visit. */
  function step(steps, screen, action, offers) {
    const found = steps.find(([on, does, , , needs]) => on === screen && does === action && (!needs || offers.includes(needs)));
    return found && { to: found[2], ends: found[3] };
  }

  const pick = (names) => names[Math.floor(Math.random() * names.length)];

  /* Somebody new, who is asked `first`, or one of the first questions, picked at random. `asked`: when the question
     appeared; `touched`: when it was first answered. `follows`: what is asked after the answer. `rated`: [question,
     value]; `pause` and `flags`: what is said by how the glass was touched (traces.js); `typed`: what stands in the form for a contact, `contact`: what was agreed to. */
  function fresh(asks, lang, first) {
    return { id: newId(), rev: 0, lang, first: first || pick(asks.firsts), value: null, follows: null, reasons: [],
             text: "", rated: null, typed: { name: "", reach: "", agrees: false }, contact: null,
             orders: Object.create(null), picks: Object.create(null), // a question may be called as what objects have
             asked: now(), touched: null, test: false, first_ms: null, total: null, wall: null, since: null,
             pause: null, flags: [] };
  }

  function touch(visit) {
    if (visit.touched === null) {
      visit.touched = now();
      visit.test = Testing.on();
      visit.wall = Date.now();
      visit.first_ms = visit.touched - visit.asked;
      visit.since = previous === null ? null : visit.touched - previous;
      previous = visit.touched;
      visit.pause = Traces.pause();
    }
    if (Traces.isGhost()) visit.flags = ["ghost"];
    visit.total = now() - visit.asked;
  }

  /* The order in which reasons are shown, one for the whole visit, so that none is favoured; `last` stays last. */
  function order(visit, about, names, last) {
    if (!visit.orders[about]) {
      const mixed = names.filter((name) => name !== last);
      for (let i = mixed.length - 1; i > 0; i--) {
        const j = Math.floor(Math.random() * (i + 1));
        [mixed[i], mixed[j]] = [mixed[j], mixed[i]];
      }
      visit.orders[about] = names.includes(last) ? [...mixed, last] : mixed;
    }
    return visit.orders[about];
  }

  /* The question that is rated: one of a pool, picked once for the whole visit. */
  function rates(visit) {
    const { ratings, pool } = visit.follows;
    if (!pool) return ratings[0];
    if (!ratings.includes(visit.picks[pool])) visit.picks[pool] = pick(ratings);
    return visit.picks[pool];
  }

  /* What follows a first answer. */
  const follows = (asks, first, value) => asks.follows.find(({ answers }) => answers.includes(`${first} ${value}`));

  /* The first answer: what was answered to questions that another one leads to is taken back. */
  function answer(visit, value, found) {
    const before = visit.follows || found;
    visit.value = value;
    visit.follows = found;
    if (before.about !== found.about) visit.reasons = [];
    if (before.text !== found.text) visit.text = "";
    if (visit.rated && !found.ratings.includes(visit.rated[0])) visit.rated = null;
    if (visit.contact && visit.contact.consent !== found.contact) visit.contact = null;
  }

  /* What it lacks to be reached as `typed`: kiosk/reach.py says the same. */
  function missing({ reach, agrees }) {
    const can = /^[^@\s]+@[^@\s]+\.[^@\s]+$/u.test(reach) || (reach.match(/\p{Nd}/gu) || []).length >= 5;
    return [...(can ? [] : ["reach"]), ...(agrees ? [] : ["consent"])];
  }

  function agree(visit) {
    const id = visit.contact ? visit.contact.id : newId();
    visit.contact = { id, consent: visit.follows.contact, name: visit.typed.name, reach: visit.typed.reach };
  }

  function refuse(visit) {
    visit.typed = { name: "", reach: "", agrees: false };
    visit.contact = null;
  }

  function toggle(visit, reason) {
    const chosen = !visit.reasons.includes(reason);
    visit.reasons = chosen ? [...visit.reasons, reason] : visit.reasons.filter((name) => name !== reason);
    return chosen;
  }

  /* The whole response at its next revision: what is stored, and what is sent. */
  function record(visit, asks, ended) {
    const { about, text } = visit.follows;
    const round = (ms) => (ms === null ? null : Math.max(Math.round(ms), 0));
    const took = (ms) => (ms === null || ms > DAY_MS ? null : round(ms)); // else nobody was there
    visit.rev += 1;
    return {
      id: visit.id, rev: visit.rev, screen: asks.screen, placement: asks.placement,
      survey: asks.survey, version: asks.version, lang: visit.lang,
      answers: {
        [visit.first]: visit.value,
        ...(about && visit.reasons.length ? { [about]: visit.reasons } : {}),
        ...(text && visit.text ? { [text]: visit.text } : {}),
        ...(visit.rated ? { [visit.rated[0]]: visit.rated[1] } : {}),
      },
      shown: {
        ...(asks.pool ? { [asks.pool]: [visit.first] } : {}), ...visit.orders,
        ...Object.fromEntries(Object.entries(visit.picks).map(([pool, picked]) => [pool, [picked]])),
      },
      contact: visit.contact, ...(visit.handed ? { handover: visit.handed() } : {}),
      first_ms: took(visit.first_ms), total_ms: took(visit.total), since_prev_ms: round(visit.since),
      pause_ms: took(visit.pause), flags: visit.flags,
      ended: ended || null, test: visit.test, load: LOAD, page_ms: round(visit.touched), wall_ms: visit.wall,
    };
  }

  return { LOAD, now, newId, step, fresh, touch, order, rates, follows, answer, toggle, missing, agree, refuse, record };
})();
