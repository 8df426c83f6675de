// What-ifs: sliders and their numbers, one question at a time, the newest wins; coarse while moving, fine at rest.
import { send } from "/static/js/base.js";

const root = document.querySelector("[data-ask]");
const form = root.querySelector("form");
const [coarse, fine] = root.dataset.draws.split(" ").map(Number);
const of = (name) => root.querySelector(`[data-${name}]`);
const told = of("told"), fault = of("fault");
let running = null, next = 0, rest = 0;

function pairs() {
  return [...form.querySelectorAll(".slide")].map((slide) => {
    const field = slide.closest("fieldset");
    return { slide, field, range: slide.querySelector("[type=range]"), number: slide.querySelector("[type=number]"), neutral: Number(field.dataset.neutral) };
  });
}
const all = pairs();

function changes() {
  const found = [];
  for (const { slide, field, number, neutral } of all) {
    const amount = Number(number.value);
    if (!number.checkValidity() || number.value === "" || amount === neutral) continue;
    found.push([field.dataset.kind, slide.dataset.side, `${amount}${slide.dataset.suffix ?? ""}`, field.dataset.options].filter(Boolean).join(" "));
  }
  const other = form.querySelector("#other").value.trim();
  if (other) found.push(other);
  return found;
}

const cell = (kind, text, label = "") => {
  const made = document.createElement(kind);
  if (kind === "th") made.scope = "row"; else made.className = "n";
  if (label) made.dataset.label = label;
  if (text instanceof Node) made.append(text); else made.textContent = text;
  return made;
};
const number = (value) => (Math.abs(value) >= 100 ? value.toFixed(0) : Math.abs(value) >= 10 ? value.toFixed(1) : value.toFixed(2)).replace("-", "−");
const between = (row) => `${number(row.low)} to ${number(row.high)}`;
const signed = (row) => `${row.value > 0 ? "+" : ""}${row.words}`;
const sided = (row) => `${row.name}${row.side === "left" || row.side === "right" ? `, ${row.side}` : ""}`;

function bar(share) {
  const name = "http://www.w3.org/2000/svg";
  const drawn = document.createElementNS(name, "svg");
  drawn.setAttribute("viewBox", "-50 0 100 10"); drawn.setAttribute("class", "share"); drawn.setAttribute("role", "img");
  drawn.setAttribute("aria-label", `${share > 0 ? "more" : "less"} by ${Math.abs(share)} %`);
  const rect = document.createElementNS(name, "rect");
  const wide = Math.min(Math.abs(share), 50);
  for (const [key, value] of Object.entries({ x: share > 0 ? 0 : -wide, y: 1, width: wide, height: 8, class: share > 0 ? "more" : "less" })) rect.setAttribute(key, value);
  const middle = document.createElementNS(name, "line");
  for (const [key, value] of Object.entries({ x1: 0, x2: 0, y1: 0, y2: 10 })) middle.setAttribute(key, value);
  drawn.append(rect, middle);
  return drawn;
}

function show(answer) {
  const isNow = !answer.changes.length;
  of("asked").textContent = answer.changes.join("   ");
  of("loads").replaceChildren(...answer.loads.map((row) => {
    const line = document.createElement("tr");
    if (!isNow && !row.is_sure) line.className = "unsure";
    line.append(cell("th", sided(row)), cell("td", row.before.words, "Now"), cell("td", isNow ? "" : `${row.after.words} (${between(row.after)})`, "With it"), cell("td", isNow ? "" : `${signed(row)} (${between(row)})`, "Change"), cell("td", isNow || row.share === null ? "" : bar(row.share)));
    return line;
  }));
  of("links").replaceChildren(...answer.links.map((row) => {
    const line = document.createElement("tr");
    if (!row.is_sure) line.className = "unsure";
    const way = cell("td", row.way, "Towards");
    way.className = "";
    line.append(cell("th", sided(row)), cell("td", `${signed(row)} (${between(row)})`, "By"), way);
    return line;
  }));
  const none = (place, words) => { if (!place.children.length) { const line = document.createElement("tr"); const only = cell("td", words); only.colSpan = 5; only.className = "muted"; line.append(only); place.append(line); } };
  none(of("loads"), "None changes by 1 % or more.");
  none(of("links"), isNow ? "Move a slider." : "None turns by 0.05° or more.");
  of("notes").replaceChildren(...answer.notes.map((words) => Object.assign(document.createElement("li"), { textContent: words })));
}

async function ask(draws) {
  running?.abort();
  const mine = (running = new AbortController());
  const question = ++next;
  const begun = performance.now();
  const slow = setTimeout(() => { told.textContent = "Computing"; of("loads").classList.add("is-old"); of("links").classList.add("is-old"); }, 400);
  try {
    const answer = await send(root.dataset.ask, { body: { changes: changes(), draws }, signal: mine.signal });
    if (question !== next) return;
    show(answer);
    fault.hidden = true;
    told.textContent = `${answer.draws} drawn people, ${((performance.now() - begun) / 1000).toFixed(2)} s${answer.has_recording ? "" : "; no standing trial: a typical upright posture"}`;
    root.dataset.answered = String(question);
  } catch (error) {
    if (error.name === "AbortError" || error.status === 409 || question !== next) return;
    fault.hidden = false;
    fault.querySelector("p").textContent = error.message;
    told.textContent = "";
  } finally {
    clearTimeout(slow);
    if (question === next) { of("loads").classList.remove("is-old"); of("links").classList.remove("is-old"); }
  }
}

let moving = 0;
function moved() {
  clearTimeout(moving); clearTimeout(rest);
  moving = setTimeout(() => ask(coarse), 60);
  rest = setTimeout(() => ask(fine), 900);
}
for (const { range, number: typed, field, neutral } of all) {
  const mark = () => field.classList.toggle("is-moved", [...field.querySelectorAll("[type=number]")].some((one) => Number(one.value) !== neutral));
  range.addEventListener("input", () => { typed.value = range.value; mark(); moved(); });
  typed.addEventListener("input", () => { if (typed.checkValidity() && typed.value !== "") { range.value = typed.value; typed.removeAttribute("aria-invalid"); mark(); moved(); } else typed.setAttribute("aria-invalid", "true"); });
}
form.querySelector("#other").addEventListener("change", moved);
form.addEventListener("submit", (event) => { event.preventDefault(); moved(); });
form.addEventListener("reset", () => setTimeout(() => { for (const field of form.querySelectorAll(".is-moved")) field.classList.remove("is-moved"); moved(); }));
// The person stands up for both numbers of draws before anything is moved, so that nothing has to wait for it later.
ask(coarse).then(() => { if (next === 1) ask(fine); });
