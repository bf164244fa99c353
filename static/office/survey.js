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

  form.addEventListener("input", function (event) {
    var name = event.target.name;
    if (name === "size" || name === "new-language" || name === "beside") { return; }
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
