/* The staff's way to their page: the two upper corners touched in turn, left, right, left, right, within five seconds
   and with nothing between. It only watches: whatever a customer touches is theirs alone, and so begins it anew. */
"use strict";

(() => {
  const CORNER_MM = 12;
  const WITHIN_MS = 5000;
  const TURNS = ["left", "right", "left", "right"];
  const CONTROLS = "a, button, input, textarea, select, label, summary, [role=button]";

  const mm = parseFloat(getComputedStyle(document.documentElement).getPropertyValue("--mm"));
  let touched = []; // when each turn of this try was

  function corner({ clientX, clientY, target }) {
    const side = CORNER_MM * mm;
    if (clientY > side || (target.closest && target.closest(CONTROLS))) return "";
    return clientX <= side ? "left" : clientX >= document.documentElement.clientWidth - side ? "right" : "";
  }

  document.addEventListener("pointerdown", (event) => {
    const now = performance.now();
    const where = event.isPrimary ? corner(event) : "";
    const goesOn = where === TURNS[touched.length] && (!touched.length || now - touched[0] <= WITHIN_MS);
    touched = goesOn ? [...touched, now] : where === TURNS[0] ? [now] : [];
    if (touched.length < TURNS.length) return;
    touched = [];
    // A terminal that is away has no such page, and a browser's own error would stay for ever. A tablet says what it keeps.
    fetch("/staff", { cache: "no-store" }).then(() => location.assign("/staff"), () => document.dispatchEvent(new Event("away")));
  }, { capture: true, passive: true });
})();
