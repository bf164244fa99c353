/* Whether staff try the screen out: then nothing that is touched counts, and a band says so. A touch is judged by what
   the page shows at that moment, so the band goes when the test is over, but never in the middle of a visit. */
"use strict";

const Testing = (() => {
  const LOOK_MS = 1000;
  const band = document.querySelector(".testing");

  function end() {
    const shown = document.querySelector("main > [data-screen]");
    if (shown && shown.dataset.screen === "ask" && !shown.querySelector(".option[aria-pressed]")) band.remove();
    else setTimeout(end, LOOK_MS);
  }

  if (band && band.dataset.ms) setTimeout(end, Number(band.dataset.ms));

  const on = () => Boolean(band && band.isConnected);

  return { on };
})();
