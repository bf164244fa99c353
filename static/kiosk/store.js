/* The page's own store. What is put here is written to the disk before the promise is kept, so it is worth a thank-you;
   it goes only when the terminal said that it holds this very revision or a higher one.

   Every promise here is kept or broken within HUNG_MS: a store that is missing, full, locked or hung is no store. */
"use strict";

const Store = (() => {
  const HUNG_MS = 2000;
  const FORGET_MS = 30 * 86_400_000; // loads of which nothing waits

  let opened = null;

  const forget = () => { opened = null; };

  function within(promise) {
    let timer;
    const hung = new Promise((_, reject) => { timer = setTimeout(reject, HUNG_MS, new Error("hung")); });
    return Promise.race([promise, hung]).finally(() => clearTimeout(timer));
  }

  function open() {
    if (opened) return opened;
    opened = within(new Promise((resolve, reject) => {
      const asked = indexedDB.open("smilepost", 1); // throws where storage is refused
      asked.onupgradeneeded = () => {
        asked.result.createObjectStore("responses", { keyPath: "id" });
        asked.result.createObjectStore("loads", { keyPath: "load" });
      };
      asked.onerror = () => reject(asked.error);
      asked.onsuccess = () => {
        asked.result.onclose = forget; // somebody cleared the storage
        asked.result.onversionchange = () => { asked.result.close(); forget(); };
        resolve(asked.result);
      };
    }));
    opened.catch(forget);
    return opened;
  }

  /* One transaction; `work` gets both tables and a box for what comes out. Transactions run in the order they begin. */
  async function run(mode, durability, work) {
    const db = await open();
    return within(new Promise((resolve, reject) => {
      const out = { value: undefined };
      let transaction;
      try {
        transaction = db.transaction(["responses", "loads"], mode, { durability });
      } catch (problem) {
        forget();
        throw problem;
      }
      transaction.oncomplete = () => resolve(out.value);
      transaction.onabort = () => reject(transaction.error || new Error("aborted"));
      work(transaction.objectStore("responses"), transaction.objectStore("loads"), out);
    }));
  }

  /* Keep one revision, unless a higher one is kept; a gateway's page keeps nothing in clear. */
  async function put(record) {
    const closed = document.querySelector("[data-seal]") ? await within(Seal.close(record)) : record;
    return run("readwrite", "strict", (responses) => {
      responses.get(record.id).onsuccess = (event) => {
        const kept = event.target.result;
        if (!kept || kept.rev < record.rev || (kept.rev === record.rev && !kept.ended)) responses.put(closed);
      };
    });
  }

  /* The terminal holds these: [id, rev]. Written lazily: sending one twice does no harm. */
  const drop = (held) => run("readwrite", "relaxed", (responses) => {
    for (const [id, rev] of held) {
      responses.get(id).onsuccess = (event) => {
        if (event.target.result && event.target.result.rev <= rev) responses.delete(id);
      };
    }
  });

  /* The terminal will never take these: kept for a person, not sent again. */
  const aside = (refused) => run("readwrite", "strict", (responses) => {
    for (const [id, rev] of refused) {
      responses.get(id).onsuccess = (event) => {
        const kept = event.target.result;
        if (kept && kept.rev === rev) responses.put({ ...kept, aside: true });
      };
    }
  });

  /* Whoever was at this screen when an earlier load of its page ended has left. */
  const leave = (screen, load) => run("readwrite", "strict", (responses) => {
    responses.getAll().onsuccess = (event) => {
      for (const kept of event.target.result) {
        if (kept.screen === screen && kept.load !== load && !kept.ended) responses.put({ ...kept, ended: "left" });
      }
    };
  });

  /* What waits to be delivered, oldest first, with the anchors of its loads, and how many were set aside. */
  const waiting = () => run("readonly", "relaxed", (responses, loads, out) => {
    out.value = { records: [], anchors: {} };
    responses.getAll().onsuccess = (event) => {
      const all = event.target.result;
      out.value.aside = all.filter((kept) => kept.aside).length;
      out.value.records = all.filter((kept) => !kept.aside && (!kept.kind || kept.ended)); // a handover once it is over
    };
    loads.getAll().onsuccess = (event) => {
      for (const { load, anchors } of event.target.result) out.value.anchors[load] = anchors;
    };
  });

  /* All of it, for staff to carry: also what was set aside. */
  const everything = () => run("readonly", "relaxed", (responses, loads, out) => {
    out.value = { records: [], anchors: {} };
    responses.getAll().onsuccess = (event) => { out.value.records = event.target.result; };
    loads.getAll().onsuccess = (event) => {
      for (const { load, anchors } of event.target.result) out.value.anchors[load] = anchors;
    };
  });

  /* What this load knows of the terminal's clock; loads of long ago of which nothing waits are forgotten. */
  const anchor = (load, anchors) => run("readwrite", "strict", (responses, loads) => {
    loads.put({ load, anchors, seen_ms: Date.now() });
    responses.getAll().onsuccess = (event) => {
      const needed = new Set([load, ...event.target.result.map((kept) => kept.load)]);
      loads.getAll().onsuccess = (all) => {
        for (const known of all.target.result) {
          if (!needed.has(known.load) && Date.now() - known.seen_ms > FORGET_MS) loads.delete(known.load);
        }
      };
    };
  });

  /* Whether something can be written at all. */
  const probe = () => run("readwrite", "strict", (responses, loads) => {
    loads.put({ load: "probe", anchors: [], seen_ms: 0 });
    loads.delete("probe");
  });

  return { probe, put, drop, aside, leave, waiting, everything, anchor };
})();
