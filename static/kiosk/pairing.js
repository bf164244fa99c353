/* The code of a pairing, typed without asking the terminal after each key: the dash makes itself, and what is mistaken
   for 1 and 0 is read as those. Without script the terminal does the same (kiosk/pairing.py). */
"use strict";

(() => {
  const LENGTH = 8;
  const GROUP = 4;
  const field = document.querySelector("#code");

  function show(typed) {
    const plain = typed.toUpperCase().replace(/O/g, "0").replace(/[IL]/g, "1").replace(/[^0-9A-HJKMNP-TV-Z]/g, "").slice(0, LENGTH);
    field.value = plain.length > GROUP ? `${plain.slice(0, GROUP)}-${plain.slice(GROUP)}` : plain;
    field.setSelectionRange(field.value.length, field.value.length);
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[name=key], button[value=delete]");
    if (!button) return;
    event.preventDefault();
    show(button.name === "key" ? field.value + button.value : field.value.replace(/-/g, "").slice(0, -1));
  });

  field.addEventListener("input", () => show(field.value));
})();
