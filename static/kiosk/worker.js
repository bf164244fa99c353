/* Shows the question while the terminal is dead. It keeps the page of each screen and the files it is made of, and
   nothing else: what customers touch never passes through here. BUILD and FILES stand before this. */

const NAME = `smilepost-${BUILD}`;
const PATIENCE_MS = 1500; // how long a page may take before the kept one is shown
const PAGE = /^\/(s\/[^/]+\/)?$/;

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
  else if (pathname.startsWith("/static/")) event.respondWith(file(request));
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
    if (PAGE.test(path) && !(await cache.match(path, { ignoreVary: true }))) await keep(cache, path, await fetch(`${path}?copy`));
  }
}

async function clear() {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name !== NAME).map((name) => caches.delete(name)));
  await self.clients.claim();
}

const isQuestion = (answer) => answer.status === 200 && answer.headers.get("Smilepost-Screen") === "ask";

/* The terminal itself says that it drives this screen no more. */
const isGone = (answer) => answer.status === 404 && answer.headers.get("Smilepost-Screen") !== null;

async function keep(cache, path, answer) {
  if (isQuestion(answer)) await cache.put(path, answer);
}

/* From the terminal, if it answers soon: what is asked may have changed. */
async function page(request, path) {
  const cache = await caches.open(NAME);
  const asked = fetch(request).then((answer) => {
    if (isQuestion(answer)) keep(cache, path, answer.clone());
    return answer;
  });
  const late = new Promise((resolve) => { setTimeout(resolve, PATIENCE_MS); });
  const answer = await Promise.race([asked, late]).catch(() => undefined);
  if (answer && isQuestion(answer)) return answer;
  if (answer && isGone(answer)) {
    await cache.delete(path);
    return answer;
  }
  return (await cache.match(path, { ignoreVary: true })) || asked;
}

async function file(request) {
  const cache = await caches.open(NAME);
  return (await cache.match(request, { ignoreVary: true })) || fetch(request);
}
