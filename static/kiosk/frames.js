/* The screens of a visit lie empty in FRAMES, as templates by language (kiosk/frames.py), loaded before this: finds the
   one to show and puts a visit into it. */
"use strict";

const Frames = (() => {
  const KEYS = {
    ask: ({ first }) => first,
    thanks: ({ follows }, asks) => String(asks.follows.indexOf(follows)),
    comment: ({ follows }) => follows.text,
    rating: (visit) => Visit.rates(visit),
    contact: ({ follows }) => follows.contact,
    done: () => "",
  };
  const drawn = new Map(); // language -> its screens, read when it is first spoken

  function screens(lang) {
    if (!drawn.has(lang)) {
      const read = document.createElement("template");
      read.innerHTML = FRAMES[lang];
      drawn.set(lang, read.content);
    }
    return drawn.get(lang);
  }

  function find(name, visit, asks) {
    const frame = name === "ask" && visit.touched !== null ? "change" : name;
    const key = CSS.escape(KEYS[name](visit, asks));
    return screens(visit.lang).querySelector(`template[data-frame="${frame}"][data-key="${key}"]`);
  }

  /* One that is no step of a visit; `wait` is laid over a screen while a touch is not yet held. */
  const other = (name, lang) => screens(lang).querySelector(`template[data-frame=${name}]`).content.firstElementChild.cloneNode(true);
  const wait = (lang) => other("wait", lang);

  /* A screen with the response as far as it goes. */
  function filled(name, visit, asks) {
    const fragment = find(name, visit, asks).content.cloneNode(true);
    fill(fragment.firstElementChild, visit, asks);
    return fragment;
  }

  function fill(shown, visit, asks) {
    const given = { value: visit.value, rate: visit.rated && visit.rated[1] };
    for (const option of shown.querySelectorAll("button.option[aria-pressed]")) {
      option.setAttribute("aria-pressed", String(Number(option.value) === given[option.name]));
    }
    for (const chip of arrange(shown, visit, asks)) {
      chip.parentElement.append(chip);
      chip.setAttribute("aria-pressed", String(visit.reasons.includes(chip.value)));
    }
    const typed = { comment: visit.text, name: visit.typed.name, reach: visit.typed.reach };
    for (const field of shown.querySelectorAll("textarea, input[dir]")) field.value = typed[field.name];
    const agree = shown.querySelector("input[name=agree]");
    if (agree) agree.checked = visit.typed.agrees;
    const write = shown.querySelector("button[data-again]");
    if (write && visit.text) write.textContent = write.dataset.again;
  }

  /* The reasons of a screen in the order of this visit. */
  function arrange(shown, visit, asks) {
    const chips = new Map(Array.from(shown.querySelectorAll(".chip"), (chip) => [chip.value, chip]));
    if (!chips.size) return [];
    return Visit.order(visit, visit.follows.about, [...chips.keys()], asks.last).map((name) => chips.get(name));
  }

  /* What somebody typed into a screen. */
  function read(shown, visit) {
    const written = shown.querySelector("textarea");
    if (written) visit.text = written.value.trim();
    const [name, reach, agree] = ["name", "reach", "agree"].map((one) => shown.querySelector(`input[name=${one}]`));
    if (reach) visit.typed = { name: name.value.trim(), reach: reach.value.trim(), agrees: agree.checked };
  }

  /* Say on the screen what is missing, and lead there. */
  function hint(shown, missing) {
    for (const line of shown.querySelectorAll("[data-missing]")) {
      const lacks = missing.includes(line.dataset.missing);
      const field = shown.querySelector(`[aria-describedby="${line.id}"]`);
      line.hidden = !lacks;
      if (lacks) field.setAttribute("aria-invalid", "true");
      else field.removeAttribute("aria-invalid");
    }
    const first = shown.querySelector("[aria-invalid]");
    if (first) first.focus();
  }

  return { find, filled, other, wait, arrange, read, hint };
})();
