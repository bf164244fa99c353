/* What a customer can ask of the screen for their own visit (kiosk/modes.py): more time, and a low reach. Both are
   classes of the page; nothing of them outlives the visit. */
"use strict";

const Modes = (() => {
  const MORE_TIME = 10;

  const { classList } = document.documentElement;
  const always = (document.querySelector("main").dataset.always || "").split(" ");
  const chosen = new Set();

  function dress() {
    classList.toggle("more", chosen.has("more"));
    classList.toggle("large", chosen.has("more") || always.includes("large"));
    classList.toggle("low", chosen.has("low") || always.includes("low"));
  }

  /* A screen shows what was chosen. */
  function mark(shown) {
    for (const button of shown.querySelectorAll("button[data-mode]")) {
      button.setAttribute("aria-pressed", String(chosen.has(button.dataset.mode)));
    }
  }

  function toggle(mode, shown) {
    if (!chosen.delete(mode)) chosen.add(mode);
    dress();
    mark(shown);
  }

  /* For somebody new. */
  function reset() {
    chosen.clear();
    dress();
  }

  const times = () => (chosen.has("more") ? MORE_TIME : 1);
  const any = () => chosen.size > 0;

  return { mark, toggle, reset, times, any };
})();
