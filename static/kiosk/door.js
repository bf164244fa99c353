/* The PIN by a keypad: its digits are those on the glass. Without script Tab and Enter find them. */
"use strict";

document.addEventListener("keydown", ({ key, target }) => {
  const does = { Backspace: "clear", Delete: "clear", Escape: "clear", Enter: "open" }[key] || key;
  const button = document.querySelector(`.digits [value="${CSS.escape(does)}"]`);
  if (button && (does !== "open" || target === document.body)) button.click();
});
