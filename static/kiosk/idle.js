/* While nobody is there the question is gently alive, a few seconds in each minute, and the cards take turns. Between
   two of those moments nothing runs; a touch ends them at once. */
"use strict";

const Idle = (() => {
  const MINUTE_MS = 60_000;

  let timer = 0;
  let told = null; // which of the cards was shown last; the first is the terminal's choice

  const cards = (shown) => Array.from(shown.querySelectorAll(".told dl"));

  /* A screen appeared or was touched. */
  function begin(shown, nobody) {
    clearTimeout(timer);
    shown.classList.remove("alive");
    if (told === null) told = Math.max(cards(shown).findIndex((card) => card.classList.contains("shown")), 0);
    if (nobody) timer = setTimeout(live, MINUTE_MS, shown);
  }

  function live(shown) {
    next(shown);
    shown.classList.remove("alive");
    void shown.offsetWidth; // else the animation would not begin again
    shown.classList.add("alive");
    timer = setTimeout(live, MINUTE_MS, shown);
  }

  /* Another card than the last one. */
  function next(shown) {
    const all = cards(shown);
    if (!all.length) return;
    told = (told + 1) % all.length;
    all.forEach((card, place) => card.classList.toggle("shown", place === told));
  }

  return { begin, next };
})();
