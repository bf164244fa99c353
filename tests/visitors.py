"""Customers in a real browser, many of them in one page; and what the browser says about the page afterwards."""

from playwright.sync_api import CDPSession, Page

WATCH_SHIFTS = """
window.shifts = [];
new PerformanceObserver(list => {
  for (const { value, sources, startTime } of list.getEntries()) {
    window.shifts.push([value, startTime, ...sources.map(({ node }) => node && (node.className || node.nodeName))]);
  }
}).observe({ type: "layout-shift", buffered: true });
"""
"""For a page's start: every layout shift, also those right after a touch."""
WATCH_PAINTS = """
window.painted = null;
let touched = null;
addEventListener("pointerdown", event => { if (touched === null) touched = event.timeStamp; }, true);
addEventListener("DOMContentLoaded", () => {
  new MutationObserver(() => {
    if (touched === null || !document.querySelector("main > [data-screen=thanks]")) return;
    const since = touched;
    touched = null;
    // What the first frame shows is painted when the second begins.
    requestAnimationFrame(() => requestAnimationFrame(() => { window.painted = performance.now() - since; }));
  }).observe(document.querySelector("main"), { childList: true });
});
"""
"""For a page's start: `painted` becomes the milliseconds from a finger on the glass to the painted thanks."""
_VISITS = """async many => {
  const pause = () => new Promise(resolve => { setTimeout(resolve, 2); });
  const at = name => document.querySelector(`main > [data-screen=${name}]`);
  async function until(there) {
    const late = performance.now() + 20000;
    while (!there()) {
      if (performance.now() > late) throw new Error(`stays at ${document.querySelector("main").textContent}`);
      await pause();
    }
  }
  async function end() {
    await until(() => {  // whatever else is asked on the way
      const finish = document.querySelector("main button[name=action][value=finish]");
      if (finish) finish.click();
      return at("done");
    });
    document.querySelector("main > [data-screen=done] a").click();
  }
  if (!at("ask")) await end();
  for (let n = 0; n < many; n++) {
    await until(() => at("ask"));
    document.querySelectorAll("main button[name=value]")[n % 4].click();
    await until(() => at("thanks"));
    document.querySelector("main button[name=toggle]").click();
    await end();
  }
  await until(() => at("ask"));
}"""


def visits(page: Page, many: int) -> None:
    """So many customers in a row, after the one who is there has finished: a face, a reason, finished. Without an input
    guard."""
    page.evaluate(_VISITS, many)


def counts(tools: CDPSession) -> dict[str, int]:
    """What a page holds once the garbage is gone: nodes, shown or not, listeners and documents."""
    for _ in range(2):
        tools.send("HeapProfiler.collectGarbage")
    held = tools.send("Memory.getDOMCounters")
    return {name: int(held[name]) for name in ("nodes", "jsEventListeners", "documents")}


def heap_bytes(tools: CDPSession) -> int:
    """JavaScript's own memory of the page once the garbage is gone."""
    for _ in range(2):
        tools.send("HeapProfiler.collectGarbage")
    return int(tools.send("Runtime.getHeapUsage")["usedSize"])
