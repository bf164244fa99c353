/* Holding what was touched: it goes to the page's own store and to the terminal at once. The first that holds it is
   enough, and neither waits for the other. What somebody wrote is stored masked or not at all: a page that can't mask it
   tells its terminal, which does, and has the answer itself from an earlier touch. */
"use strict";

const Holding = (() => {
  const TRY_AGAIN_MS = 1000;
  const MOMENT_MS = 1000; // until then a pressed face is answer enough
  const BREAK_MS = 5000;

  let sound = true; // the page's own store takes what it is given

  const now = () => performance.now();
  const pause = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

  const put = (record) => Store.put(record).then(() => { sound = true; }, (problem) => { sound = false; throw problem; });

  async function keep(record) {
    if (!Masks.isReady(record)) await Masks.load();
    await put(Masks.masked(record));
  }

  async function tell(record) {
    await Delivery.tell(Masks.isReady(record) ? Masks.masked(record) : record);
  }

  /* Until the store or the terminal holds it. After BREAK_MS its customer has been looking at a break, and left. */
  async function untilHeld(record) {
    const since = now();
    for (;;) {
      const left = !record.ended && now() - since >= BREAK_MS;
      const whole = left ? { ...record, ended: "left" } : record;
      try {
        await Promise.any([keep(whole), tell(whole)]);
        return whole;
      } catch {
        await pause(TRY_AGAIN_MS);
      }
    }
  }

  /* The same for a touch that somebody waits to be thanked for; whether they are still there then. `showWait` is told
     when it takes a "moment", and when it takes a "break". */
  async function patiently(record, showWait) {
    const since = now();
    const patience = [setTimeout(showWait, MOMENT_MS, "moment"), setTimeout(showWait, BREAK_MS, "break")];
    const held = await untilHeld(record);
    patience.forEach(clearTimeout);
    const there = now() - since < BREAK_MS;
    if (!there && !held.ended) untilHeld({ ...held, ended: "left" });
    return there;
  }

  const probe = () => Store.probe().then(() => { sound = true; }, () => { sound = false; });
  const isSound = () => sound;

  return { TRY_AGAIN_MS, untilHeld, patiently, probe, isSound, pause };
})();
