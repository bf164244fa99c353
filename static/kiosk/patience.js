/* How long a screen waits, and how it says so: a bar that shrinks, and where somebody types, the question whether they
   are still there. Whatever is touched starts it anew. */
"use strict";

const Patience = (() => {
  const SECOND_MS = 1000;
  const LATEST = 0.6; // of a screen's time: the last moment to ask whether somebody is there
  const CALM = "steps(5, end)"; // for those who want no motion: five quiet changes

  const bar = document.querySelector(".lasts");
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  let on = null; // the screen that waits
  let running = null;
  let asking = 0;
  let counting = 0;

  /* A screen waits from now on; returns for how many milliseconds. `endless`: nobody is there, so none of it shows.
     `say` is told what a screen reader is to say. */
  function begin(shown, endless, say) {
    // What somebody chose and left without an answer is not to wait for the next one ten times as long.
    const lasts = Number(shown.dataset.idle) * SECOND_MS * (endless ? 1 : Modes.times());
    quiet();
    if (endless) {
      stop();
      return lasts;
    }
    if (on !== shown) {
      stop();
      on = shown;
      running = bar.animate({ scale: ["1 1", "0 1"] }, { duration: lasts, easing: calm.matches ? CALM : "linear", fill: "both" });
    } else {
      running.currentTime = 0;
    }
    const strip = shown.querySelector(".there");
    if (strip) {
      const after = Math.min(Number(strip.dataset.after) * SECOND_MS * Modes.times(), lasts * LATEST);
      asking = setTimeout(ask, after, strip, lasts - after, say);
    }
    return lasts;
  }

  /* A screen reader hears it once; the seconds are for eyes. */
  function ask(strip, left, say) {
    const forms = JSON.parse(strip.dataset.forms);
    const line = strip.querySelector("[data-left]");
    const until = performance.now() + left;
    const count = () => {
      line.textContent = Counted.say(forms, document.documentElement.lang, Math.max(Math.round((until - performance.now()) / SECOND_MS), 0));
    };
    count();
    strip.classList.add("asks");
    say(strip.querySelector("p").textContent);
    counting = setInterval(count, SECOND_MS);
  }

  function quiet() {
    clearTimeout(asking);
    clearInterval(counting);
    const strip = on && on.querySelector(".there");
    if (strip) strip.classList.remove("asks");
  }

  function stop() {
    quiet();
    if (running) running.cancel();
    on = running = null;
  }

  return { begin, stop };
})();
