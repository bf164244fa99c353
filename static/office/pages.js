// What an open page does beside asking for its newest figures: it keeps open what was open, and says when the
// server can't be reached. Without this script the pages work all the same.
(function () {
  "use strict";
  var open = [];
  var since = null;

  document.addEventListener("htmx:beforeSwap", function () {
    open = Array.prototype.map.call(document.querySelectorAll("details[open][id]"), function (each) { return each.id; });
  });

  document.addEventListener("htmx:afterSettle", function () {
    open.forEach(function (id) {
      var each = document.getElementById(id);
      if (each) { each.open = true; }
    });
  });

  function say(text) {
    var line = document.getElementById("stale");
    if (line && line.textContent !== text) { line.textContent = text; }
  }

  function lost() {
    since = since || new Date();
    var time = since.toLocaleTimeString("en", { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
    var line = document.getElementById("stale");
    if (line) { say(line.dataset.lost.replace("{time}", time)); }
  }

  document.addEventListener("htmx:sendError", lost);
  document.addEventListener("htmx:timeout", lost);
  document.addEventListener("htmx:responseError", function (event) {
    if (event.detail.xhr.status >= 500) { lost(); }
  });
  document.addEventListener("htmx:afterRequest", function (event) {
    if (event.detail.successful) { since = null; say(""); }
  });

  // The menu closes when something else is touched, and like a table of numbers with Escape.
  document.addEventListener("click", function (event) {
    document.querySelectorAll("details.account[open]").forEach(function (each) {
      if (!each.contains(event.target)) { each.open = false; }
    });
  });
  document.addEventListener("keydown", function (event) {
    if (event.key !== "Escape") { return; }
    document.querySelectorAll("details.account[open], .places details[open]").forEach(function (each) {
      each.open = false;
      if (each.contains(document.activeElement)) { each.querySelector("summary").focus(); }
    });
  });
})();
