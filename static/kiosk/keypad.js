/* The screens by keys alone, on a small keypad: arrows (and + and −) lead on in the order of reading, a digit touches
   the face, number or chip in its place, Enter and Space touch what is marked, Escape goes back. What is typed into a
   field stays there. */
"use strict";

(() => {
  const TEN_MS = 1200; // a 1 may become a 10

  const main = document.querySelector("main");
  let first = null; // the option of a 1 that waits for a 0
  let timer = 0;

  const isText = (target) => target.matches("textarea, input:not([type=checkbox])");
  const stops = () => Array.from(main.querySelectorAll("button, a[href], input:not([type=hidden]), textarea"))
    .filter((one) => !one.disabled && one.getClientRects().length);

  function lead(by) {
    const all = stops();
    const here = all.indexOf(document.activeElement);
    const there = here < 0 ? (by > 0 ? 0 : all.length - 1) : (here + by + all.length) % all.length;
    if (all[there]) all[there].focus();
  }

  /* The options by what is written on them if those are numbers, else by their place. */
  function option(number) {
    const all = Array.from(main.querySelectorAll(".options .option, .chips .chip"));
    const numbers = all.length && all.every((one) => /^\d+$/.test(one.textContent.trim()));
    return numbers ? all.find((one) => Number(one.textContent) === number) : all[number - 1];
  }

  function touch(one) {
    forget();
    if (one && one.isConnected) one.click();
  }

  function forget() {
    clearTimeout(timer);
    first = null;
  }

  function digit(number) {
    const ten = option(10);
    if (first && number === 0) return touch(ten);
    const one = option(number);
    if (!one) return undefined;
    one.focus();
    if (!ten || number !== 1) return touch(one);
    forget();
    first = one;
    timer = setTimeout(touch, TEN_MS, one);
    return undefined;
  }

  function act(event) {
    const { key, target } = event;
    const rtl = document.documentElement.dir === "rtl";
    if (key === "Escape") {
      const back = main.querySelector("button[value=back], button[value=none]");
      if (back) back.click();
      return Boolean(back);
    }
    if (isText(target)) return false;
    if (/^\d$/.test(key)) digit(Number(key));
    else if (key === "ArrowDown" || key === "+" || key === (rtl ? "ArrowLeft" : "ArrowRight")) lead(1);
    else if (key === "ArrowUp" || key === "-" || key === (rtl ? "ArrowRight" : "ArrowLeft")) lead(-1);
    else return false;
    return true;
  }

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
    if (first && !/^\d$/.test(event.key)) forget(); // what is marked is touched by Enter, or left
    if (event.repeat && !event.key.startsWith("Arrow")) { // a key that is held down is one touch
      if (!isText(event.target)) event.preventDefault();
      return;
    }
    if (act(event)) event.preventDefault();
  });
})();
