// A patient's pages: what is written down waits on the phone until the server has it, and is answered at once.
import { toast } from "../base.js";

const owner = document.querySelector('meta[name="owner"]')?.content ?? "";
const outbox = self.outbox;
const SLOW_MS = 1500;
const OWNER = "kinechain-owner";
let pauseMs = 5000;
let timer = 0;

// The day of a person is that of their own clock.
document.cookie = `kinechain_offset=${-new Date().getTimezoneOffset()}; path=/my; max-age=31536000; samesite=lax`;

function rulesOf(form) {
  const holder = form.closest("[data-rules]") ?? form.querySelector("[data-rules]");
  return holder ? JSON.parse(holder.dataset.rules) : null;
}

/** Return a form as an entry; the button that was pressed counts. */
function entryOf(form, submitter) {
  const data = new FormData(form, submitter);
  const entry = {};
  for (const name of new Set(data.keys())) {
    const text = data.getAll(name).filter((value) => value !== "").join(",");
    if (text && name !== "csrf" && name !== "next") entry[name] = text;
  }
  entry.id = outbox.newId();
  entry.at = outbox.stamp();
  return entry;
}

/** Return the number to call where something that was chosen is an emergency, as far as the phone knows; '' if not. */
function callFor(form) {
  const chosen = [...form.querySelectorAll("[data-urgency]:checked")];
  const isEmergency = chosen.some((box) => box.dataset.urgency === "emergency");
  return isEmergency ? (document.querySelector('meta[name="call"]')?.content ?? "") : "";
}

/** Return what may be said without the server: never milder than it, and only from its own bands and words. */
function offlineWord(entry, form) {
  const rules = rulesOf(form);
  if (!rules) return null;
  if (entry.event === "check_in" && entry.danger && entry.danger !== "none") return { kind: "stop", words: rules.words.danger, call: callFor(form) };
  if (entry.event === "adverse_event") {
    const urgency = form.querySelector("[name=what]:checked")?.dataset.urgency ?? "emergency";
    const isMild = urgency === "routine" && entry.severity === "mild";
    return isMild ? null : { kind: "stop", words: rules.words.event, call: callFor(form) };
  }
  const pain = Number(entry.pain_during);
  if (entry.event !== "session" || !entry.pain_during || !Number.isFinite(pain)) return null;
  if (pain > rules.acceptable) return { kind: "ease-off", words: rules.words.above };
  if (pain > rules.go_on) return { kind: "wait", words: rules.words.middle };
  return { kind: "carry-on", words: rules.words.low };
}

function say(place, kind, title, words, call = "") {
  const box = document.createElement("section");
  box.className = `verdict verdict-${kind}`;
  const head = document.createElement("h2");
  head.textContent = title;
  box.append(head);
  for (const line of words) {
    const item = document.createElement("p");
    item.textContent = line;
    box.append(item);
  }
  if (call) box.append(Object.assign(document.createElement("a"), { className: "call", href: `tel:${call}`, textContent: `☎ Call ${call}` }));
  place.replaceChildren(box);
  box.scrollIntoView({ block: "nearest" });
}

/** Put STOP in the place of the exercises while a danger that was written down here has not reached the server. */
async function holdBack() {
  const rows = await outbox.held(owner);
  const place = document.querySelector("[data-exercises]");
  const words = [...new Set(rows.map((row) => row.stop))];
  if (words.length && place) say(place, "stop", "STOP", words, rows.find((row) => row.call)?.call);
}

async function showWaiting(isClosed = false) {
  const place = document.getElementById("waiting");
  if (!place) return;
  const { open, refused } = await outbox.waiting(owner);
  const lines = [];
  if (open.length) {
    lines.push(open.length === 1 ? place.dataset.one : place.dataset.more.replace("#", open.length));
    if (isClosed) lines.push(place.dataset.closed);
  }
  for (const row of refused) lines.push(`${place.dataset.refused} ${row.why}`);
  place.replaceChildren(...lines.map((line) => Object.assign(document.createElement("span"), { textContent: line })));
  if (refused.length) {
    const button = Object.assign(document.createElement("button"), { type: "button", className: "quiet", textContent: "All right" });
    button.addEventListener("click", async () => {
      await outbox.remove(refused.map((row) => row.id));
      await showWaiting();
    });
    place.append(button);
  }
  place.hidden = !lines.length;
}

/** Send what waits; try again, ever more slowly, while there is no connection. */
async function sync() {
  clearTimeout(timer);
  const sent = await outbox.send();
  if (sent.stopped) await afterStop(sent);
  if (sent.state === "closed") await ended();
  else await showWaiting();
  if (sent.state === "offline") {
    timer = setTimeout(sync, pauseMs);
    pauseMs = Math.min(pauseMs * 2, 300000);
    const registration = await navigator.serviceWorker?.getRegistration("/my").catch(() => null);
    await registration?.sync?.register("kinechain-outbox").catch(() => null);
  } else {
    pauseMs = 5000;
  }
  return sent;
}

/** The server knows of a danger now: it says what to do, and what was kept of the exercises goes. */
async function afterStop(sent) {
  await forgetPages();
  if (sent.answers.some((answer) => answer.stop) && location.pathname !== "/my/stop") location.assign("/my/stop");
  else if (document.querySelector("[data-exercises]")) location.replace("/my");
}

/** The link ended: what was kept of it goes from this phone and from its screen, what waits stays. */
async function ended() {
  await forgetPages();
  // What says to stop outlasts the link; everything else gives way to the page that says it is closed.
  if (document.querySelector(".verdict-stop")) await showWaiting(true);
  else location.replace("/my");
}

/** Ask whether what stands here may still be shown: a phone holds pages longer than a link lasts. */
async function checkLink() {
  let answer;
  try {
    answer = await fetch("/my/token", { credentials: "same-origin", cache: "no-store", headers: { Accept: "application/json" } });
  } catch {
    return;
  }
  if (answer.status === 401) return ended();
  if (!answer.ok || (await answer.json()).owner === owner) return;
  await forgetPages();
  location.replace("/my");
}

/** Delete what the phone kept for whoever opened a link here before. */
async function forgetOthers() {
  try {
    if (localStorage.getItem(OWNER) === owner) return;
    await forgetPages();
    localStorage.setItem(OWNER, owner);
  } catch {
    // Without a store nothing was kept.
  }
}

async function forgetPages() {
  for (const name of (await self.caches?.keys?.()) ?? []) {
    if (name.startsWith("kinechain-my")) await caches.delete(name);
  }
}

function doneOn(form, words) {
  const state = form.closest(".exercise")?.querySelector("[data-state]");
  if (!state) return;
  state.replaceChildren(Object.assign(document.createElement("span"), { className: "badge level-good", textContent: words }));
  form.remove();
}

async function log(form, submitter) {
  const signs = form.querySelectorAll("[data-sign], [data-none]");
  if (signs.length && ![...signs].some((box) => box.checked)) {
    toast(document.getElementById("waiting").dataset.choose, { isFault: true });
    signs[0].focus();
    return;
  }
  const entry = entryOf(form, submitter);
  const word = offlineWord(entry, form);
  await outbox.put(owner, entry, word?.kind === "stop" ? word : undefined);
  await showWaiting();
  const place = document.getElementById("told") ?? form.parentElement;
  // A danger sign is answered on the phone at once, whatever the connection does.
  if (word?.kind === "stop") say(place, "stop", "STOP", [word.words], word.call);
  const slow = new Promise((resolve) => setTimeout(() => resolve({ state: "offline", answers: [] }), SLOW_MS));
  const sent = await Promise.race([sync(), slow]);
  const answer = sent.answers.find((one) => one.accepted.includes(entry.id) || one.refused.some((row) => row.id === entry.id));
  if (answer?.stop) {
    location.assign("/my/stop");
    return;
  }
  const refused = answer?.refused.find((row) => row.id === entry.id);
  if (refused) {
    toast(refused.why, { isFault: true, seconds: 10 });
    return;
  }
  const told = answer?.told.find((one) => one.exercise === (entry.exercise ?? "")) ?? answer?.told[0];
  if (told) say(place, told.verdict.replace(" ", "-"), told.title, told.words);
  else if (word && word.kind !== "stop") say(place, word.kind, "Kept on this phone", [word.words]);
  else if (word?.kind !== "stop") toast(answer ? "Kept" : "Kept on this phone");
  if (form.dataset.said) doneOn(form, form.dataset.said);
  else if (word?.kind !== "stop") {
    form.reset();
    if (form.dataset.then && !told) setTimeout(() => location.assign(form.dataset.then), answer ? 300 : 1500);
  }
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.leave !== undefined) navigator.serviceWorker?.controller?.postMessage({ kind: "forget" });
  if (form.dataset.log === undefined || !owner || !self.indexedDB) return;
  event.preventDefault();
  if (form.dataset.busy) return;
  form.dataset.busy = "yes";
  log(form, event.submitter)
    .catch(() => form.submit())
    .finally(() => delete form.dataset.busy);
});

// "None of these" and a sign exclude each other; looking while brushing teeth counts as noticing.
document.addEventListener("change", (event) => {
  const box = event.target;
  const form = box.form;
  if (!form) return;
  if ("none" in box.dataset && box.checked) for (const sign of form.querySelectorAll("[data-sign]")) sign.checked = false;
  if ("sign" in box.dataset && box.checked) for (const none of form.querySelectorAll("[data-none]")) none.checked = false;
  if ("moment" in box.dataset) form.querySelector("[data-noticed]").value = form.querySelectorAll("[data-moment]:checked").length;
});

async function start() {
  const wiped = document.querySelector("[data-wipe]");
  if (wiped) {
    await forgetPages();
    if (wiped.dataset.wipe === "all") indexedDB.deleteDatabase("kinechain");
    else await showWaiting(true);
    return;
  }
  if (!owner) return;
  const again = () => Promise.all([holdBack(), checkLink(), sync()]);
  addEventListener("online", again);
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && again());
  addEventListener("pageshow", (event) => event.persisted && again());
  await forgetOthers();
  navigator.serviceWorker?.addEventListener("message", (event) => {
    if (event.data.kind === "ended") ended();
    if (event.data.kind !== "sent") return;
    showWaiting(event.data.sent.state === "closed");
    if (event.data.sent.stopped) afterStop(event.data.sent);
  });
  await again();
  if (!navigator.serviceWorker) return;
  await navigator.serviceWorker.register("/my/sw.js", { scope: "/my" });
  const keep = document.querySelector("[data-keep]")?.dataset.keep.split(" ");
  const ready = await navigator.serviceWorker.ready;
  if (keep && navigator.onLine) ready.active.postMessage({ kind: "keep", paths: ["/my", ...keep] });
}

start().catch(() => toast(document.getElementById("waiting")?.dataset.unkept ?? ""));
