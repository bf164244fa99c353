/* Shows the question while the terminal is dead. It keeps the page of each question, the other screens of its visit
   and the files they are made of, and nothing else: what customers touch never passes through here. BUILD and FILES
   stand before this. */

const NAME = `smilepost-${BUILD}`;
const PATIENCE_MS = 1500; // how long a page may take before the kept one is shown
const PAGE = /^\/(s\/[^/]+\/)?$/;
const PARTS = /^\/(static\/|keyboard\/|(screen|handover|tablet)\.(css|js)$|(mask|seal)ing\.js$|(s\/[^/]+\/)?(frames\.js$|look\/))/;
const ANY = { ignoreVary: true }; // the same packed or not

self.addEventListener("install", (event) => {
  self.skipWaiting();
  event.waitUntil(fill());
});

self.addEventListener("activate", (event) => {
  event.waitUntil(clear());
});

/* A page that was opened before there was a worker asks to be kept. */
self.addEventListener("message", (event) => {
  event.waitUntil(copy([event.source.url]));
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== location.origin) return;
  if (request.mode === "navigate" && PAGE.test(pathname)) event.respondWith(page(request, pathname));
  else if (PARTS.test(pathname)) event.respondWith(file(request));
});

/* The files, and the page of every screen that is open now. */
async function fill() {
  const cache = await caches.open(NAME);
  await cache.addAll(FILES);
  const open = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  await copy(open.map(({ url }) => url));
}

/* Nobody arrives at a copy: it ends no visit. */
async function copy(addresses) {
  const cache = await caches.open(NAME);
  for (const path of new Set(addresses.map((address) => new URL(address).pathname))) {
    if (!PAGE.test(path) || (await cache.match(path, ANY))) continue;
    const answer = await fetch(`${path}?copy`);
    if (isQuestion(answer)) await keep(cache, path, answer, await screens(cache, answer));
  }
}

async function clear() {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name !== NAME).map((name) => caches.delete(name)));
  await self.clients.claim();
}

/* Ours, but for now: staff try the screen out, or it is to be paired. Shown, and not kept. */
const isForNow = (answer) => answer.status === 200 && ["test", "pairing"].includes(answer.headers.get("Smilepost-Screen"));

const isQuestion = (answer) => answer.status === 200 && answer.headers.get("Smilepost-Screen") === "ask";

/* The terminal itself says that it drives this screen no more. */
const isGone = (answer) => answer.status === 404 && answer.headers.get("Smilepost-Screen") !== null;

/* The other screens of a question's visit, kept or fetched: rejects when they can't be had. */
async function screens(cache, question) {
  const address = question.headers.get("Smilepost-Frames");
  const found = (await cache.match(address, ANY)) || (await fetch(address));
  if (!found.ok) throw new Error("no screens");
  return found;
}

/* The page last: what is kept is always whole. */
async function keep(cache, path, question, drawn) {
  const address = question.headers.get("Smilepost-Frames");
  if (!(await cache.match(address, ANY))) await cache.put(address, drawn);
  await cache.put(path, question);
  await drop(cache, address);
  await dress(cache, path, question.headers.get("Smilepost-Look") || "");
}

/* The screens of the questions that this one took the place of. */
async function drop(cache, address) {
  const { href, pathname } = new URL(address, location);
  for (const { url } of await cache.keys()) {
    if (url !== href && new URL(url).pathname === pathname) await cache.delete(url, ANY);
  }
}

/* What a question has of its store's own, instead of what it had; without it, it is a question all the same. */
async function dress(cache, path, told) {
  const look = told.split(" ").filter(Boolean);
  for (const address of look) {
    if (!(await cache.match(address, ANY))) await cache.add(address).catch(() => {});
  }
  for (const { url } of await cache.keys()) {
    const { pathname } = new URL(url);
    if (pathname.startsWith(`${path}look/`) && !look.includes(pathname)) await cache.delete(url, ANY);
  }
}

/* From the terminal, if it answers soon: what is asked may have changed. Without the screens of its visit a question
   has not arrived; one that can't be kept has. */
async function page(request, path) {
  const cache = await caches.open(NAME);
  const asked = fetch(request).then(async (answer) => {
    if (isQuestion(answer)) {
      const copy = answer.clone();
      const drawn = await screens(cache, copy);
      keep(cache, path, copy, drawn).catch(() => {});
    }
    return answer;
  });
  const late = new Promise((resolve) => { setTimeout(resolve, PATIENCE_MS); });
  const answer = await Promise.race([asked, late]).catch(() => undefined);
  if (answer && (isQuestion(answer) || isForNow(answer))) return answer;
  if (answer && isGone(answer)) {
    await cache.delete(path, ANY);
    return answer;
  }
  return (await cache.match(path, ANY)) || asked.catch(() => home(cache));
}

/* A tablet that is opened without a network, and not at its screen's own address. */
async function home(cache) {
  const kept = (await cache.keys()).find(({ url }) => /^\/s\/[^/]+\/$/.test(new URL(url).pathname));
  return kept ? Response.redirect(kept.url) : Response.error();
}

/* A file under its build's address, or a keyboard, in our own words; a portal has others. */
const isOurs = (pathname, { status, headers }) => status === 200 && (pathname.startsWith("/static/")
  ? /immutable/.test(headers.get("Cache-Control")) : headers.get("Smilepost-Screen") === "keyboard");

/* What a page loads later than its first view is kept when it passes. */
async function file(request) {
  const cache = await caches.open(NAME);
  const kept = await cache.match(request, ANY);
  if (kept) return kept;
  const answer = await fetch(request);
  if (isOurs(new URL(request.url).pathname, answer)) await cache.put(request, answer.clone());
  return answer;
}
