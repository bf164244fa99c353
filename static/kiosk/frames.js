/* The screens of a visit lie empty in FRAMES, as templates by language (kiosk/frames.py), loaded before this: finds the
   one to show and puts a visit into it. */
"use strict";

const Frames = (() => {
  const drawn = new Map(); // language -> its screens, read when it is first spoken

  function screens(lang) {
    if (!drawn.has(lang)) {
      const read = document.createElement("template");
      read.innerHTML = FRAMES[lang];
      drawn.set(lang, read.content);
    }
    return drawn.get(lang);
  }

  function find(name, lang, value) {
    const all = screens(lang).querySelectorAll(`template[data-frame="${name}"]`);
    return Array.from(all).find(({ dataset }) => !dataset.values || dataset.values.split(" ").includes(String(value)));
  }

  /* A screen with the response as far as it goes; of reasons, `last` stays last. */
  function filled(name, visit, last) {
    const found = find(name === "ask" && visit.touched !== null ? "change" : name, visit.lang, visit.value);
    const fragment = found.content.cloneNode(true);
    fill(fragment.firstElementChild, visit, last);
    return fragment;
  }

  function fill(shown, visit, last) {
    for (const option of shown.querySelectorAll("button[name=value][aria-pressed]")) {
      option.setAttribute("aria-pressed", String(Number(option.value) === visit.value));
    }
    for (const chip of arrange(shown, visit, last)) {
      chip.parentElement.append(chip);
      chip.setAttribute("aria-pressed", String(visit.reasons.includes(chip.value)));
    }
    const field = shown.querySelector("textarea");
    if (field) field.value = visit.text;
    const write = shown.querySelector("button[data-again]");
    if (write && visit.text) write.textContent = write.dataset.again;
  }

  /* The reasons of a screen in the order of this visit. */
  function arrange(shown, visit, last) {
    const chips = new Map(Array.from(shown.querySelectorAll(".chip"), (chip) => [chip.value, chip]));
    if (!chips.size) return [];
    return Visit.order(visit, visit.about, [...chips.keys()], last).map((name) => chips.get(name));
  }

  return { find, filled, arrange };
})();
