// VERSION and SHELL stand above, written by the server. Pages: from the net where there is one, from the store where not.
importScripts("/static/js/my/outbox.js");

const SHELL_STORE = `kinechain-shell-${VERSION}`;
const PAGE_STORE = "kinechain-my-pages";
const OFFLINE = "/my/offline";
const PATIENCE_MS = 6000;
//: A page that was kept longer ago is shown no more: the plan has been looked at since, and the link may have ended.
const LONGEST_KEPT_MS = 14 * 24 * 3600 * 1000;
//: Kept for use without a connection; nothing else of a person's data is.
const KEPT = /^\/my(\/(exercise\/\d+|check|morning|event|more|progress|stop))?\/?$/;

self.addEventListener("install", (event) => {
  event.waitUntil(
    caches
      .open(SHELL_STORE)
      .then((store) => store.addAll([...SHELL, OFFLINE].map((path) => new Request(path, { cache: "reload" }))))
      .then(() => self.skipWaiting()),
  );
});

self.addEventListener("activate", (event) => {
  event.waitUntil(
    (async () => {
      for (const name of await caches.keys()) {
        if (name.startsWith("kinechain-shell-") && name !== SHELL_STORE) await caches.delete(name);
      }
      await self.clients.claim();
    })(),
  );
});

async function tellAll(message) {
  for (const client of await self.clients.matchAll({ includeUncontrolled: true })) client.postMessage(message);
}

// The session has ended: what was kept of it goes, what waits to be sent stays.
async function forget() {
  await caches.delete(PAGE_STORE);
  await tellAll({ kind: "ended" });
}

// Sent on to another page, or refused: something stands against what is kept, a danger sign perhaps.
async function outdated(answer, store, path) {
  if (answer.redirected || answer.type === "opaqueredirect") await caches.delete(PAGE_STORE);
  else if (answer.status >= 400 && answer.status < 500) await store.delete(path);
}

async function patiently(request) {
  const gone = new AbortController();
  const timer = setTimeout(() => gone.abort(), PATIENCE_MS);
  try {
    return await fetch(request, { signal: gone.signal });
  } finally {
    clearTimeout(timer);
  }
}

async function fromPages(request) {
  const path = new URL(request.url).pathname;
  try {
    const answer = await patiently(request);
    if (answer.status === 401) await forget();
    else if (KEPT.test(path)) {
      const store = await caches.open(PAGE_STORE);
      if (answer.ok && !answer.redirected) await store.put(path, answer.clone());
      else await outdated(answer, store, path);
    }
    return answer;
  } catch {
    const store = await caches.open(PAGE_STORE);
    const kept = await store.match(path);
    if (kept && !(Date.now() - Date.parse(kept.headers.get("date")) > LONGEST_KEPT_MS)) return kept;
    return (await caches.match(OFFLINE)) ?? Response.error();
  }
}

async function fromShell(request) {
  const url = new URL(request.url);
  const kept = await caches.match(request, { ignoreSearch: false });
  // What carries its digest never changes; the rest is asked for again where there is a connection.
  if (kept && url.searchParams.has("v")) return kept;
  try {
    const answer = await patiently(request);
    if (answer.ok) (await caches.open(SHELL_STORE)).put(request, answer.clone());
    return answer;
  } catch {
    return kept ?? Response.error();
  }
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  if (url.pathname.startsWith("/static/") || url.pathname === "/my/exercise.css") {
    event.respondWith(fromShell(request));
  } else if (request.mode === "navigate" && url.pathname.startsWith("/my")) {
    event.respondWith(fromPages(request));
  }
});

self.addEventListener("message", (event) => {
  const { kind, paths } = event.data ?? {};
  if (kind === "keep") event.waitUntil(keep(paths));
  if (kind === "forget") event.waitUntil(caches.delete(PAGE_STORE));
});

/** Keep pages for use without a connection; exercises that are not among them are no longer of the plan. */
async function keep(paths) {
  const store = await caches.open(PAGE_STORE);
  for (const { url } of await store.keys()) {
    const path = new URL(url).pathname;
    if (path.startsWith("/my/exercise/") && !paths.includes(path)) await store.delete(path);
  }
  for (const path of paths.filter((path) => KEPT.test(path))) {
    try {
      const answer = await fetch(path, { credentials: "same-origin", headers: { Accept: "text/html" } });
      if (answer.status === 401) return forget();
      if (answer.ok && !answer.redirected) await store.put(path, answer);
      else await outdated(answer, store, path);
      if (answer.redirected) return;
    } catch {
      return;
    }
  }
}

self.addEventListener("sync", (event) => {
  if (event.tag !== "kinechain-outbox") return;
  event.waitUntil(
    self.outbox.send().then(async (sent) => {
      if (sent.stopped) await caches.delete(PAGE_STORE);
      await tellAll({ kind: "sent", sent });
      if (sent.state === "offline") throw new Error("try again");
    }),
  );
});
