/* Whether this glass has no keyboard: then one is fetched once the page is idle, or touched. */
"use strict";

(() => {
  const { keyboard, keys } = document.querySelector("main").dataset;
  // A Pi's browser fills the screen, and no keyboard of the desktop comes before it. A tablet's own knows its hand.
  const bare = /^Linux/.test(navigator.platform) && !/Android|CrOS/.test(navigator.userAgent)
    && matchMedia("(any-pointer: coarse)").matches;
  if (!keys || (keyboard === "auto" && !bare)) return;
  const script = document.createElement("script");
  const fetched = () => { script.src = keys; document.head.append(script); };
  setTimeout(fetched, 4000); // a first view is over by then
  addEventListener("pointerdown", fetched, { once: true });
})();
