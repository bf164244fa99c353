/* What waits in a tablet, for its staff: how much, since when, and all of it as a file. It needs no gateway: on a screen
   it opens by the staff's gesture when the gateway is away, and on the page for pairing it stands there by itself. */
"use strict";

const Tablet = (() => {
  const LATE_MS = 86_400_000;
  const LOOK_MS = 60_000;

  const box = () => document.querySelector(".tablet");
  const find = (name) => box().querySelector(`[data-${name}]`);

  /* An id begins with the moment in which it was made. */
  const made = ({ id }) => parseInt(id.replace("-", "").slice(0, 12), 16);

  /* Also what was set aside: only a person can still help it. */
  async function kept() {
    const { records, anchors } = await Store.everything();
    return { records, anchors, since: Math.min(...records.map(made)) };
  }

  function moment(ms, lang) {
    return new Intl.DateTimeFormat(lang, { weekday: "long", day: "numeric", month: "long", hour: "numeric", minute: "numeric" }).format(ms);
  }

  async function look() {
    const { records, since } = await kept();
    const n = records.length;
    const { lang } = document.documentElement;
    const said = find("count");
    said.textContent = n ? Counted.say(JSON.parse(said.dataset.forms), lang, n).replace("{time}", moment(since, lang)) : said.dataset.none;
    find("late").hidden = !n || Date.now() - since < LATE_MS;
    find("save").hidden = !n;
    return { n, late: !find("late").hidden };
  }

  /* Everything as it is kept: its gateway takes it (`smilepost kiosk take`, or its staff's page). */
  async function save() {
    const { records, anchors } = await kept();
    const responses = records.map(({ aside, ...record }) => record);
    const file = new Blob([JSON.stringify({ smilepost_tablet: 1, responses, loads: anchors })], { type: "application/json" });
    const link = document.createElement("a");
    link.href = URL.createObjectURL(file);
    link.download = "smilepost-tablet.json";
    link.click();
    setTimeout(URL.revokeObjectURL, LOOK_MS, link.href);
  }

  /* The line below a screen that asks, once something has been waiting for a day. */
  async function watch() {
    const { n, late } = await look().catch(() => ({ n: 0, late: false }));
    if (box().matches("dialog")) document.querySelector(".overdue").hidden = !late;
    else box().hidden = !n;
    setTimeout(watch, LOOK_MS);
  }

  document.addEventListener("away", () => {
    look().then(() => { if (!box().open) box().showModal(); }, () => {});
  });

  document.addEventListener("click", ({ target }) => {
    if (!box()) return;
    if (find("save").contains(target)) save();
    else if (box().matches("dialog") && find("close").contains(target)) box().close();
  });

  /* Deferred scripts have run by then: the store is there. */
  document.addEventListener("DOMContentLoaded", () => { if (box()) watch(); });

  return { save };
})();
