// A button that copies what is shown only once. Without this script the text is marked and copied by hand.
(function () {
  "use strict";
  document.querySelectorAll("[data-copy]").forEach(function (button) {
    var source = document.getElementById(button.getAttribute("data-copy"));
    if (!source) { return; }
    button.hidden = false;
    button.addEventListener("click", function () {
      source.select();
      var done = function () { button.textContent = button.getAttribute("data-done"); };
      if (navigator.clipboard) {  // only there on https and on this machine
        navigator.clipboard.writeText(source.value).then(done, function () { source.focus(); });
      } else if (document.execCommand("copy")) {
        done();
      }
    });
  });
})();
