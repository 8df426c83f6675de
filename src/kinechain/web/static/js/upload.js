// Handing in recordings: files dropped or chosen, one after the other, each with its progress; then the list is watched.
import { csrf, toast } from "/static/js/base.js";

const drop = document.querySelector("[data-upload]");
const shown = document.getElementById("uploads");
const list = document.getElementById("list");
const place = document.getElementById("use-place");
const waiting = [];
let isBusy = false;

// The card stands inside the list, so that both come anew together; it is shown beside it.
function settle() {
  const card = list.querySelector("#use");
  if (!card) return;
  place.replaceChildren(card);
}

function sentence(request) {
  try {
    return JSON.parse(request.responseText).error;
  } catch {
    return request.status === 413 ? "This file is too large." : "This did not work. Try again.";
  }
}

function row(file) {
  const item = document.createElement("li");
  const name = Object.assign(document.createElement("span"), { className: "name", textContent: file.name });
  const size = Object.assign(document.createElement("span"), { className: "muted small", textContent: `${(file.size / 1e6).toFixed(1)} MB` });
  const bar = Object.assign(document.createElement("progress"), { max: 1, value: 0 });
  bar.setAttribute("aria-label", `Sending ${file.name}`);
  const said = Object.assign(document.createElement("p"), { className: "said", textContent: "Waits" });
  item.append(name, size, bar, said);
  shown.append(item);
  return { item, bar, said };
}

function fail({ item, bar, said }, words) {
  item.classList.add("is-fault");
  bar.remove();
  said.textContent = words;
}

function sendOne({ file, view }) {
  return new Promise((done) => {
    const request = new XMLHttpRequest();
    request.open("POST", drop.dataset.upload);
    request.setRequestHeader("X-CSRF-Token", csrf());
    request.setRequestHeader("Accept", "application/json");
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.setRequestHeader("X-File-Name", encodeURIComponent(file.name));
    request.upload.addEventListener("progress", (event) => {
      if (!event.lengthComputable) return;
      view.bar.value = event.loaded / event.total;
      view.said.textContent = event.loaded < event.total ? `${Math.round((100 * event.loaded) / event.total)} %` : "Being kept";
    });
    request.addEventListener("load", () => {
      if (request.status === 200) {
        const kept = JSON.parse(request.responseText);
        view.bar.value = 1;
        view.said.textContent = kept.is_new ? `Kept as ${kept.name}` : `Was here already, as ${kept.name}`;
        setTimeout(() => view.item.remove(), 4000);
      } else fail(view, sentence(request));
      done();
    });
    request.addEventListener("error", () => { fail(view, "The workspace could not be reached. Try again."); done(); });
    request.send(file);
  });
}

async function run() {
  if (isBusy) return;
  isBusy = true;
  while (waiting.length) {
    await sendOne(waiting.shift());
    await refresh();
  }
  isBusy = false;
}

function take(files) {
  for (const file of files) {
    const view = row(file);
    if (file.size > Number(drop.dataset.largest)) fail(view, `It is larger than ${Math.round(Number(drop.dataset.largest) / 1e6)} MB.`);
    else if (!file.size) fail(view, "It is empty, or a folder.");
    else waiting.push({ file, view });
  }
  run();
}

async function refresh() {
  const answer = await fetch(list.dataset.list, { credentials: "same-origin", headers: { "HX-Request": "true" } });
  if (!answer.ok) return;
  const focus = document.activeElement?.closest?.(".recording")?.getAttribute("aria-labelledby");
  // The answer is a page of this workspace, rendered and escaped by it.
  const content = new DOMParser().parseFromString(await answer.text(), "text/html").body;
  list.replaceChildren(...content.childNodes);
  settle();
  window.htmx?.process(list);
  if (focus) document.getElementById(focus)?.closest(".recording")?.querySelector("input:checked")?.focus();
  watch();
}

let timer = 0;
let before = "";
function watch() {
  clearTimeout(timer);
  if (!Number(list.querySelector("[data-waiting]")?.dataset.waiting)) return;
  timer = setTimeout(async () => {
    try {
      const answer = await fetch(list.dataset.work, { credentials: "same-origin", headers: { Accept: "application/json" } });
      const { jobs } = await answer.json();
      const now = jobs.filter((job) => job.kind === "inspect").map((job) => job.id + job.state).join();
      if (now !== before) { before = now; await refresh(); } else watch();
    } catch {
      watch();
    }
  }, 700);
}

for (const kind of ["dragenter", "dragover"]) drop.addEventListener(kind, (event) => { event.preventDefault(); drop.classList.add("over"); });
for (const kind of ["dragleave", "drop"]) drop.addEventListener(kind, () => drop.classList.remove("over"));
drop.addEventListener("drop", (event) => { event.preventDefault(); take(event.dataTransfer.files); });
// A file that misses the place must not replace the page.
for (const kind of ["dragover", "drop"]) document.addEventListener(kind, (event) => event.preventDefault());
drop.querySelector("input").addEventListener("change", (event) => { take(event.target.files); event.target.value = ""; });
document.addEventListener("htmx:afterSettle", () => { settle(); watch(); });
window.addEventListener("beforeunload", (event) => { if (isBusy) event.preventDefault(); });
window.addEventListener("pagehide", () => clearTimeout(timer));
settle();
watch();
if (!window.XMLHttpRequest) toast("Handing in files needs a newer browser.", { isFault: true });
