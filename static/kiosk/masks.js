/* Before the page stores what somebody wrote, it masks what reaches or identifies a person (masking.js). That is no part
   of a first view: it is loaded once the page is idle, or has something to mask. */
"use strict";

const Masks = (() => {
  const IDLE_MS = 4000; // a first view is over by then
  const HUNG_MS = 2000;

  let loading = null;

  const isText = (answer) => typeof answer === "string";
  const isReady = (record) => typeof Masking !== "undefined" || !Object.values(record.answers).some(isText);

  /* Rejects when it can't be had; whoever asks again, tries again. */
  function load() {
    loading = loading || new Promise((resolve, reject) => {
      const script = document.createElement("script");
      const fail = () => { loading = null; script.remove(); reject(new Error("no masks")); };
      const timer = setTimeout(fail, HUNG_MS);
      script.onload = () => { clearTimeout(timer); script.remove(); resolve(); };
      script.onerror = () => { clearTimeout(timer); fail(); };
      script.src = WALK.masks;
      document.head.append(script);
    });
    return loading;
  }

  /* The record as it may be stored. Throws when something is to be masked and can't be. */
  function masked(record) {
    const answers = Object.entries(record.answers).map(([name, answer]) => [name, isText(answer) ? Masking.mask(answer) : answer]);
    return { ...record, answers: Object.fromEntries(answers) };
  }

  if (typeof WALK !== "undefined") setTimeout(() => { load().catch(() => {}); }, IDLE_MS);

  return { isReady, load, masked };
})();
