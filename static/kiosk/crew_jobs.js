/* What a crew sees once it has signed in: the jobs of the day, and how much waits to be sent. */
"use strict";

const CrewJobs = (() => {
  const LATE_MS = 86_400_000;
  const SINCE = "smilepost-crew-unsent"; // since when something is unsent, by this tablet's clock

  function list(screen, lang) {
    const box = screen.querySelector(".list");
    const jobs = Crew.jobs();
    box.replaceChildren(...jobs.map((job) => row(job, box.dataset)));
    if (!jobs.length) box.textContent = box.dataset.none;
    unsent(screen, lang);
  }

  function row({ ref, what, state }, words) {
    const button = document.createElement("button");
    button.type = "button";
    button.name = "job";
    button.value = ref;
    const lines = [["b", ref], ["span", what || ""], ["em", state ? words[state] : ""]];
    for (const [tag, text] of lines) {
      if (!text) continue;
      const line = document.createElement(tag);
      line.dir = "auto";
      line.textContent = text;
      button.append(line);
    }
    return button;
  }

  /* Of how many customers something waits here: an answer and its handover are one. */
  async function unsent(screen, lang) {
    const { records } = await Store.waiting().catch(() => ({ records: [] }));
    const handovers = records.filter(({ kind }) => kind).length;
    const n = Math.max(handovers, records.length - handovers);
    let late = false;
    try {
      if (!n) localStorage.removeItem(SINCE);
      else if (!localStorage.getItem(SINCE)) localStorage.setItem(SINCE, String(Date.now()));
      late = Date.now() - Number(localStorage.getItem(SINCE) || Date.now()) > LATE_MS;
    } catch {
      // Without a store there is nothing to be late with.
    }
    const line = screen.querySelector(".unsent");
    line.textContent = n ? Counted.say(JSON.parse(line.dataset.forms), lang, n) : "";
    if (late) line.textContent += ` ${line.dataset.late}`;
    screen.querySelector("button[name=save]").hidden = !n;
  }

  /* Everything that waits, as it is kept: to be carried to where the gateway takes it. */
  async function save() {
    const { records, anchors } = await Store.waiting();
    const file = new Blob([JSON.stringify({ smilepost_tablet: 1, responses: records, loads: anchors })], { type: "application/json" });
    const link = document.createElement("a");
    link.href = URL.createObjectURL(file);
    link.download = "smilepost-tablet.json";
    link.click();
    URL.revokeObjectURL(link.href);
  }

  return { list, save };
})();
