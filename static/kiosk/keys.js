/* The keyboard on the glass: what its keys do to the field that has the focus. simple-keyboard draws the keys and knows
   when one is pressed or held; the field alone holds what was typed. */
"use strict";

const Keys = (() => {
  const NOTHING = /(?!)/; // the library's own copy of the text stays empty
  const SIGNS = ["tel", "numeric", "decimal"]; // fields that begin with digits
  const ICONS = {
    "{shift}": "M12 4 4 12h4v7h8v-7h4z",
    "{bksp}": "M9 5h12v14H9l-6-7zM12 9.5l5 5m0-5-5 5",
    "{enter}": "M20 5v8H5m4-4-4 4 4 4",
    "{hide}": "M3 4h18v11H3zM7 8h.01M12 8h.01M17 8h.01M8 11.5h8M10 19l2 2 2-2",
  };

  const place = document.createElement("div");
  place.className = "keyboard";
  place.setAttribute("role", "group");
  place.dir = "ltr"; // keys stand where they do on every keyboard of the language

  let main = null;
  let board = null;
  let layout = null;
  let fields = [];
  let field = null; // the one that is typed into
  let shift = ""; // "once", "caps"
  let risen = -Infinity; // when the keys came under the finger

  const now = () => performance.now();
  const keys = () => Array.from(place.querySelectorAll("button"));
  const isUp = () => place.isConnected;
  const cased = (key) => {
    const one = shift ? key.toLocaleUpperCase(layout.lang) : key;
    return one.length === key.length ? one : key; // ß would become two
  };

  // -- which keys there are

  const home = () => (SIGNS.includes(field.dataset.mode) || field.type === "tel" ? "signs"
    : layout.latin && (field.type === "email" || field.dataset.mode === "email" || isCode()) ? "latin" : "letters");
  const isCode = () => field.autocapitalize === "characters";

  /* layer -> its rows, in which keys stand with spaces between them */
  function rows() {
    const { letters, signs, latin = letters, comma = "," } = layout;
    const above = isCode() ? [signs[0]] : [];
    const shifts = (all) => (all.join("") === all.join("").toLocaleUpperCase(layout.lang) ? "" : "{shift} ");
    const layer = ([one, two, three], shifting, others, pause) => [
      one, two, `${shifting}${three} {bksp}`, `${others} {hide} @ ${pause} {space} . {enter}`,
    ];
    return {
      letters: [...above, ...layer(letters, shifts(letters), layout.latin ? "{signs} {latin}" : "{signs}", comma)],
      signs: layer(signs, "", home() === "latin" ? "{latin}" : "{letters}", ","),
      latin: [...above, ...layer(latin, "{shift} ", "{signs} {letters}", ",")],
    };
  }

  const widest = (all) => Math.ceil(Math.max(...all.slice(0, -1).map((row) => row.split(" ")
    .reduce((sum, key) => sum + (key.startsWith("{") ? 1.5 : 1), 0))));

  const icon = (path) => `<svg viewBox="0 0 24 24" aria-hidden="true" focusable="false"><path d="${path}"/></svg>`;
  const shown = () => ({
    ...Object.fromEntries(Object.entries(ICONS).map(([key, path]) => [key, icon(path)])),
    "{space}": " ", "{signs}": "123", "{letters}": layout.named || "ABC", "{latin}": "ABC",
  });

  function draw(layoutName) {
    const all = rows();
    const options = { layout: all, layoutName, display: shown() };
    place.dataset.columns = widest(all[layoutName]);
    place.lang = layout.lang;
    place.setAttribute("aria-label", layout.names.keyboard);
    if (board) board.setOptions(options);
    else board = new SimpleKeyboard.default(place, {
      ...options, onKeyPress, onRender: label, useButtonTag: true, theme: "", inputPattern: NOTHING,
      preventMouseDownDefault: true, disableCaretPositioning: true, enableLayoutCandidates: false,
    });
    label();
  }

  /* What the keys are called, and letters as they will be typed. */
  function label() {
    const { names } = layout;
    const called = { "{bksp}": names.delete, "{space}": names.space, "{hide}": names.hide,
                     "{signs}": `123: ${names.signs}`, "{letters}": `${layout.named || "ABC"}: ${names.letters}`,
                     "{latin}": `ABC: ${names.latin}`, "{shift}": shift === "caps" ? names.caps : names.shift,
                     "{enter}": field.tagName === "TEXTAREA" ? names.line : names.next };
    const stop = keys().find((key) => key.tabIndex === 0 && key.hasAttribute("tabindex")) || keys()[0];
    for (const key of keys()) {
      const name = key.dataset.skbtn;
      key.type = "button";
      key.tabIndex = key === stop ? 0 : -1;
      if (called[name]) key.setAttribute("aria-label", called[name]);
      else key.firstElementChild.textContent = (/\p{M}/u.test(name) ? "\u0640" : "") + cased(name);
      if (name === "{shift}") key.setAttribute("aria-pressed", String(Boolean(shift)));
      key.classList.toggle("locked", name === "{shift}" && shift === "caps");
    }
  }

  // -- what they do

  /* Undone, limited and told to the page as if it came from a real key: nothing else types at the caret of every kind
     of field, and takes an emoji back as a whole. */
  function edit(command, text) {
    const had = document.activeElement;
    field.focus({ preventScroll: true });
    document.execCommand(command, false, text);
    if (place.contains(had)) had.focus({ preventScroll: true });
    settle();
  }

  /* Small or capital, as the field asks for it where its caret is. */
  function settle() {
    if (shift === "caps" && !isCode()) return;
    const before = field.selectionStart === null ? "" : field.value.slice(0, field.selectionStart);
    const begins = { sentences: /(^|[.!?…]\s+|\n\s*)$/, words: /(^|\s)$/ }[field.autocapitalize] || NOTHING;
    turn(isCode() ? "caps" : field.selectionStart !== null && begins.test(before) ? "once" : "");
  }

  function turn(to) {
    if (shift === to) return;
    shift = to;
    label();
  }

  function onKeyPress(key, event) {
    if (event ? event.button > 0 || now() - risen < Number(main.dataset.guard || 0) : key !== "{bksp}") return;
    if (!closes(key)) press(key);
  }

  /* These wait for the finger to lift: what comes to light under it would be clicked. */
  const closes = (key) => key === "{hide}" || (key === "{enter}" && field.tagName !== "TEXTAREA");

  function press(key) {
    if (!field || !field.isConnected) return;
    if (key === "{shift}") turn({ "": "once", once: "caps", caps: "" }[shift]);
    else if (key === "{bksp}") edit("delete");
    else if (key === "{enter}" && field.tagName !== "TEXTAREA") next();
    else if (key === "{enter}") edit("insertLineBreak");
    else if (key === "{hide}") hide();
    else if (["{signs}", "{letters}", "{latin}"].includes(key)) draw(key.slice(1, -1));
    else type(key);
  }

  /* A letter that stands among the signs, and the end of a word, lead back to the letters. */
  function type(key) {
    const ends = key === "{space}" || key !== key.toUpperCase();
    edit("insertText", key === "{space}" ? " " : cased(key));
    if (ends && board.options.layoutName === "signs" && home() !== "signs") draw(home());
  }

  function next() {
    const other = fields[fields.indexOf(field) + 1];
    if (other) other.focus();
    else hide();
  }

  // -- coming and going

  function raise() {
    if (isUp()) return;
    risen = now();
    draw(home());
    settle();
    main.append(place);
    field.scrollIntoView({ block: "nearest" });
  }

  function hide() {
    if (place.contains(document.activeElement)) field.focus({ preventScroll: true });
    place.remove();
    if (board) board.handleButtonMouseUp();
  }

  function into(chosen) {
    if (field === chosen) return;
    field = chosen;
    shift = "";
    if (isUp()) draw(home());
    settle();
  }

  /* Below the fields of a screen: at once when there is one, else when one is touched, or was already. */
  function attach(below, found, told) {
    leave();
    [main, fields, layout] = [below, found, told];
    for (const one of fields) {
      one.addEventListener("focus", () => into(one));
      one.addEventListener("click", () => { into(one); raise(); settle(); });
    }
    const begun = fields.find((one) => one === document.activeElement);
    if (fields.length > 1 && !begun) return;
    into(begun || fields[0]);
    raise();
    field.focus({ preventScroll: true });
  }

  /* Nothing of a screen that is gone is kept. */
  function leave() {
    hide();
    fields = [];
    field = null;
  }

  place.addEventListener("mousedown", (event) => event.preventDefault()); // the focus stays in the field
  place.addEventListener("contextmenu", (event) => event.preventDefault());

  // Touches were answered when they began; without one it is a keypad, or what helps somebody to press a key.
  place.addEventListener("click", (event) => {
    const key = event.target.closest("button");
    if (key && field && (event.detail === 0 || closes(key.dataset.skbtn))) press(key.dataset.skbtn);
  });

  place.addEventListener("keydown", (event) => {
    const lines = Array.from(place.querySelectorAll(".hg-row"), (row) => Array.from(row.children));
    const line = lines.find((row) => row.includes(event.target));
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const rise = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!line || !(step || rise)) return;
    event.preventDefault();
    const middle = (key) => key.offsetLeft + key.offsetWidth / 2;
    const near = (a, b) => Math.abs(middle(a) - middle(event.target)) - Math.abs(middle(b) - middle(event.target));
    const to = step ? line[line.indexOf(event.target) + step] : [...(lines[lines.indexOf(line) + rise] || [])].sort(near)[0];
    if (!to) return;
    event.target.tabIndex = -1;
    to.tabIndex = 0;
    to.focus();
  });

  // Somebody has a keyboard of their own. What a keypad has too proves nothing.
  document.addEventListener("keydown", (event) => {
    const { key = "" } = event;
    const typed = key.length && key.length <= 2 && !/[\d\s.,+*/-]/.test(key) && !(event.ctrlKey || event.altKey || event.metaKey);
    if (typed && event.isTrusted && isUp()) hide();
  }, true);

  return { attach, leave };
})();
