// The first place is mostly where the browser is: its time zone is proposed, where nobody typed one yet.
(function () {
  "use strict";
  var field = document.querySelector("[data-zone]");
  if (!field || field.value || !window.Intl) { return; }
  var zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  var known = Array.prototype.some.call(field.list.options, function (each) { return each.value === zone; });
  if (known) { field.value = zone; }
})();
