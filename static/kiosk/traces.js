/* How the glass is touched, wherever on it: what tells a person from a fault of the glass, and one visitor from the next.
   Nothing is blocked for it; head office hears of it with the answer. */
"use strict";

const Traces = (() => {
  const PIXELS = 2;
  const SHARE = 0.02; // of the interval
  const CONTACT_MS = 20;
  const TOUCHES = 6; // as many as show the same interval five times

  const now = () => performance.now();

  let last = null; // when the glass was last touched
  let pause = null; // the longest time without a touch since the visit before, once there was one
  let down = null;
  let chain = []; // touches that follow each other as a machine's do

  function touched() {
    const at = now();
    if (last !== null) pause = Math.max(pause || 0, at - last);
    last = at;
    return at;
  }

  const isClose = (one, other) => Math.abs(one.x - other.x) <= PIXELS && Math.abs(one.y - other.y) <= PIXELS;

  function goesOn(touch) {
    const [first, second] = chain;
    if (!first || !isClose(first, touch)) return false;
    if (!second) return true;
    const interval = second.at - first.at;
    return Math.abs(touch.at - chain[chain.length - 1].at - interval) <= interval * SHARE;
  }

  function lifted() {
    if (!down) return;
    const touch = down;
    down = null;
    const before = chain[chain.length - 1];
    if (now() - touch.at >= CONTACT_MS) chain = [];
    else if (goesOn(touch)) chain = [...chain.slice(1 - TOUCHES), touch];
    else chain = before && isClose(before, touch) ? [before, touch] : [touch];
  }

  document.addEventListener("pointerdown", (event) => {
    down = { x: event.clientX, y: event.clientY, at: touched() };
  }, { capture: true, passive: true });
  for (const kind of ["pointerup", "pointercancel"]) {
    document.addEventListener(kind, lifted, { capture: true, passive: true });
  }
  document.addEventListener("keydown", touched, { capture: true, passive: true });

  /* Whether the touches up to now are those of a fault: the same place, the same interval, hardly any contact. */
  const isGhost = () => chain.length >= TOUCHES;

  /* Somebody new begins here, if somebody does. */
  const rest = () => { pause = null; };

  return { isGhost, rest, pause: () => pause };
})();
