// A wall hangs for months: it greys when what it shows has not been confirmed for a while, and comes back by itself.
(function () {
  "use strict";
  var GREY_MS = 180000;
  var LOOK_MS = 15000;
  var heard = performance.now();

  function show() {
    var wall = document.getElementById("wall");
    var lost = performance.now() - heard > GREY_MS;
    if (!wall) { return; }
    wall.classList.toggle("stale", lost);
    wall.querySelector(".lost").hidden = !lost;
  }

  document.addEventListener("htmx:afterRequest", function (event) {
    if (event.detail.successful) { heard = performance.now(); }
    show();
  });
  document.addEventListener("htmx:afterSettle", show);
  window.setInterval(show, LOOK_MS);
})();
