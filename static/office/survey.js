// The editor's preview: what is typed is shown a moment later, and where a customer would be led a new screen of the
// same survey is. Nothing is saved by it. Without this script a button does the same.
(function () {
  "use strict";
  var PAUSE_MS = 500;
  var form = document.getElementById("editor");
  var look = document.getElementById("look");
  var frame = document.getElementById("preview");
  var soon = 0;
  if (!form || !look || !frame) { return; }

  function show() { form.requestSubmit(look); }

  function later() {
    clearTimeout(soon);
    soon = setTimeout(show, PAUSE_MS);
  }

  // The preview goes where somebody types: to the language of the field, and to the screen that shows it.
  function follow(name) {
    var parts = name.split(".");
    if (parts[0] !== "q" || parts.length < 4) { return; }
    var kind = form.elements["q." + parts[1] + ".kind"].value;
    var screens = { reasons: "thanks", text: "comment", contact: "contact", scale: "rating" };
    var role = form.elements["q." + parts[1] + ".role"];
    var isFirst = kind === "scale" && (parts[1] === "0" || (role && role.value === "first"));
    var begins = isFirst ? "ask" : screens[kind];
    var when = form.querySelector("[name='q." + parts[1] + ".when']:checked");
    var exact = begins + ":" + (when ? when.value : "");
    var all = Array.prototype.map.call(form.elements.screen.options, function (each) { return each.value; });
    var found = all.find(function (each) { return when && each === exact; }) ||
      all.find(function (each) { return each.split(":")[0] === begins; });
    if (found) { form.elements.screen.value = found; }
    var lang = parts[parts.length - 1];
    if (form.elements.lang.querySelector("option[value='" + lang + "']")) { form.elements.lang.value = lang; }
  }

  form.addEventListener("input", function (event) {
    var name = event.target.name;
    if (name === "size" || name === "new-language" || name === "beside") { return; }
    if (event.target.matches("textarea")) { follow(name); }
    later();
  });

  // What leads to the question of the saved survey leads to that of the typed one instead.
  function lead(event) {
    var link = event.target.closest("a[href]");
    if (!link) { return; }
    event.preventDefault();
    var lang = new URL(link.href).searchParams.get("lang");
    if (lang) { form.elements.lang.value = lang; }
    form.elements.screen.value = "ask";
    show();
  }

  function watch() {
    var inside = frame.contentDocument;
    if (inside) { inside.addEventListener("click", lead); }
  }

  frame.addEventListener("load", watch);
  watch();
  if (frame.dataset.typed) { show(); }
})();
