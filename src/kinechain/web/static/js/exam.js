// The examination sheet: each value is kept as it is entered; nothing is lost on the way, and nothing is overwritten.

import { csrf } from "./base.js";

const WAIT = 600; // ms after the last key before a number is kept
const RETRY = [1000, 3000, 8000, 15000];

const sheet = document.querySelector("[data-exam]");
const status = sheet.querySelector("[data-status]");
const undoButton = sheet.querySelector("[data-undo]");
const waiting = new Map(); // field -> timer
const unsaved = new Set();
const undos = [];
let line = Promise.resolve(); // one value after the other

// ---- what a field says

function part(field, name) {
  return field.querySelector(name);
}

function read(field) {
  if (field.dataset.kind === "words") {
    const word = part(field, "select.words")?.value ?? part(field, "input:checked")?.value ?? "";
    return { answer: part(field, ".absent")?.value || word, unit: "" };
  }
  const absent = part(field, ".absent").value;
  return { answer: absent || part(field, ".measure").value.trim(), unit: unitOf(field) };
}

function unitOf(field) {
  const unit = part(field, ".unit");
  return unit.value ?? unit.textContent;
}

function show(field, text) {
  const isAbsent = text === "skipped" || text === "unknown";
  const absent = part(field, ".absent");
  if (absent) absent.value = isAbsent ? text : "";
  if (field.dataset.kind === "words") {
    const select = part(field, "select.words");
    if (select) select.value = isAbsent ? "" : text;
    for (const radio of field.querySelectorAll("input[type=radio]")) radio.checked = radio.value === text;
    return;
  }
  const [, number = "", unit = ""] = isAbsent ? [] : (text.match(/^(\S+)\s*(.*)$/) ?? []);
  part(field, ".measure").value = number;
  const select = part(field, "select.unit");
  if (select && unit) select.value = unit;
  limits(field);
}

function unitData(field) {
  const unit = part(field, ".unit");
  return (unit.selectedOptions ? unit.selectedOptions[0] : unit).dataset;
}

function limits(field) {
  const shown = part(field, "[data-limits]");
  if (!shown) return;
  const { low, high } = unitData(field);
  shown.textContent = `${low} to ${high}`;
}

/** Why a field cannot be kept as it is, before anybody is asked; "" if it can. The server has the last word. */
function refused(field, { answer, unit }) {
  if (field.dataset.kind === "words" || !answer || answer === "skipped" || answer === "unknown") return "";
  const plain = answer.replace(/\s/g, "").replace(",", ".").replace("−", "-");
  if (!/^[+-]?(\d{1,7}(\.\d{0,6})?|\.\d{1,6})$/.test(plain)) return "That is no number; write it like 7 or 7.5.";
  const { low, high } = unitData(field);
  if (Number(plain) < Number(low) || Number(plain) > Number(high)) return `Not possible here: write ${low} to ${high} ${unit}.`;
  return "";
}

function say(field, state, words = "") {
  field.dataset.state = state;
  const said = part(field, "[data-said]");
  said.textContent = words;
  const input = part(field, ".measure");
  if (input) input.setAttribute("aria-invalid", String(state === "failed" || state === "conflict"));
}

function tell(words, state = "") {
  status.textContent = words;
  status.className = `saved ${state}`;
}

// ---- keeping

function later(field, wait = WAIT) {
  unsaved.add(field);
  clearTimeout(waiting.get(field));
  tell("Not saved yet");
  waiting.set(field, setTimeout(() => keep(field), wait));
}

function keep(field) {
  clearTimeout(waiting.get(field));
  waiting.delete(field);
  line = line.then(() => save(field));
  return line;
}

async function save(field, { isUndo = false, tries = 0 } = {}) {
  const { answer, unit } = read(field);
  const before = field.dataset.before;
  if (same(field, answer, before)) {
    unsaved.delete(field);
    if (field.dataset.state !== "saved") say(field, "");
    return settled();
  }
  const fault = refused(field, { answer, unit });
  if (fault) {
    say(field, "failed", fault);
    return tell(`Not saved: ${field.dataset.label}`, "is-failed");
  }
  say(field, "saving", "Saving …");
  tell("Saving …");
  const body = new URLSearchParams({
    item: field.dataset.item,
    part: field.dataset.part,
    side: field.dataset.side,
    kind: field.dataset.kind,
    answer,
    unit,
    before,
    day: sheet.querySelector("[data-day]").value,
    examiner: sheet.querySelector("[data-examiner]").value,
    method: field.closest("[data-test]").querySelector("[data-method]").value,
  });
  let reply;
  try {
    reply = await fetch(sheet.dataset.address, {
      method: "POST",
      body,
      headers: { "X-CSRF-Token": csrf(), Accept: "application/json" },
    });
    if (reply.status >= 500) throw new Error("server");
  } catch {
    return again(field, isUndo, tries);
  }
  const told = (reply.headers.get("content-type") ?? "").includes("json") ? await reply.json() : {};
  if (reply.status === 409) return conflict(field, told);
  if (!reply.ok) {
    say(field, "failed", told.error ?? "Not saved.");
    tell(`Not saved: ${field.dataset.label}`, "is-failed");
    return;
  }
  if (!isUndo) undos.push({ field, text: before });
  undoButton.disabled = !undos.length;
  field.dataset.before = told.text;
  if (same(field, read(field).answer, told.text)) unsaved.delete(field);
  say(field, "saved");
  progress(field, told);
  settled();
}

/** Whether what a field shows is what is kept; 80 mm are 8 cm. */
function same(field, answer, text) {
  if (!answer) return !text;
  if (answer === text) return true;
  if (field.dataset.kind === "words" || text === "skipped" || text === "unknown" || answer === "skipped" || answer === "unknown") return false;
  const plain = answer.replace(/\s/g, "").replace(",", ".").replace("−", "-");
  const [number, ...rest] = text.split(" ");
  const { factor, kept } = unitData(field);
  return number !== "" && kept === rest.join(" ") && Math.abs(Number(plain) * Number(factor) - Number(number)) < 1e-6;
}

function settled() {
  if (waiting.size) return;
  if (unsaved.size) return tell(`Not saved: ${[...unsaved][0].dataset.label}`, "is-failed");
  const time = new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  tell(`Saved ${time}`, "is-saved");
}

function again(field, isUndo, tries) {
  const wait = RETRY[Math.min(tries, RETRY.length - 1)];
  say(field, "failed", "Not saved: the workspace cannot be reached. It is tried again by itself.");
  tell("Not saved: trying again", "is-failed");
  waiting.set(
    field,
    setTimeout(() => {
      waiting.delete(field);
      line = line.then(() => save(field, { isUndo, tries: tries + 1 }));
    }, wait),
  );
}

function conflict(field, told) {
  const there = told.there || "nothing";
  const { answer, unit } = read(field);
  say(field, "conflict", `Somebody else wrote ${there} in between. Yours: ${answer || "nothing"} ${answer && unit}.`);
  tell(`Somebody else changed ${field.dataset.label}`, "is-failed");
  const box = document.createElement("span");
  box.className = "conflict";
  part(field, "[data-said]").append(" ");
  const choose = (words, then) => {
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: words });
    button.addEventListener("click", () => {
      say(field, "");
      field.dataset.before = told.there;
      then();
    });
    box.append(button);
  };
  choose(`Keep ${there}`, () => {
    show(field, told.there);
    unsaved.delete(field);
    settled();
  });
  choose("Write mine", () => keep(field));
  part(field, "[data-said]").append(box);
}

function progress(field, told) {
  sheet.querySelector("[data-done]").textContent = told.done;
  sheet.querySelector("[data-today]").textContent = told.today;
  sheet.querySelector(".exam-progress progress").value = told.done;
  const test = field.closest("[data-test]");
  test.classList.toggle("is-done", told.is_done);
  test.querySelector("[data-tick]").hidden = !told.is_done;
  for (const [number, done] of told.groups.entries()) {
    const shown = sheet.querySelector(`[data-group="${number}"]`);
    shown.textContent = `${done}/${shown.textContent.split("/")[1]}`;
  }
}

// ---- undo, repeats, method

function undo() {
  const last = undos.pop();
  undoButton.disabled = !undos.length;
  if (!last) return;
  show(last.field, last.text);
  unsaved.add(last.field);
  last.field.scrollIntoView({ block: "nearest" });
  part(last.field, "input, select").focus();
  line = line.then(() => save(last.field, { isUndo: true }));
}

function measureAgain(field) {
  const column = field.closest("[data-column]");
  const used = [...column.querySelectorAll("[data-field]")].map((f) => Number(/^repeat (\d)$/.exec(f.dataset.part)?.[1] ?? 1));
  const number = Math.max(...used) + 1;
  if (number > 9) return;
  const copy = field.cloneNode(true);
  copy.dataset.part = `repeat ${number}`;
  copy.dataset.before = "";
  copy.dataset.label = `${field.dataset.label}, repeat ${number}`;
  const input = part(copy, ".measure");
  input.id = `${input.id}-again-${number}`;
  input.setAttribute("aria-describedby", "");
  part(copy, "label").htmlFor = input.id;
  part(copy, "label").textContent = `Repeat ${number}`;
  for (const other of copy.querySelectorAll("[id]")) if (other !== input) other.removeAttribute("id");
  part(copy, ".earlier")?.remove();
  const last = [...column.querySelectorAll("[data-field]")].filter((f) => /^(repeat \d)?$/.test(f.dataset.part) && f.dataset.kind === "number").pop();
  last.after(copy);
  show(copy, "");
  say(copy, "");
  input.focus();
}

function rewrite(test) {
  // A method belongs to each value: those that stand are written again with it.
  for (const field of test.querySelectorAll("[data-field]")) {
    if (!field.dataset.before) continue;
    line = line.then(() => writeMethod(field));
  }
}

async function writeMethod(field) {
  const text = field.dataset.before;
  const isAbsent = text === "skipped" || text === "unknown";
  const [, number = "", unit = ""] = text.match(/^(\S+)\s*(.*)$/) ?? [];
  const isNumber = field.dataset.kind === "number" && !isAbsent;
  tell("Saving …");
  const body = new URLSearchParams({
    item: field.dataset.item,
    part: field.dataset.part,
    side: field.dataset.side,
    kind: field.dataset.kind,
    answer: isNumber ? number : text,
    unit: isNumber ? unit : "",
    before: text,
    day: sheet.querySelector("[data-day]").value,
    examiner: sheet.querySelector("[data-examiner]").value,
    method: field.closest("[data-test]").querySelector("[data-method]").value,
  });
  try {
    const headers = { "X-CSRF-Token": csrf(), Accept: "application/json" };
    const reply = await fetch(sheet.dataset.address, { method: "POST", body, headers });
    if (reply.status === 409) {
      unsaved.add(field);
      return conflict(field, await reply.json());
    }
    if (!reply.ok) throw new Error("refused");
    settled();
  } catch {
    tell("The method was not saved: change it again", "is-failed");
  }
}

// ---- moving about

function fields() {
  return [...sheet.querySelectorAll("[data-field]")];
}

function step(field, by) {
  const all = fields();
  const next = all[all.indexOf(field) + by];
  if (!next) return;
  const goal = part(next, ".measure") ?? part(next, "input:checked") ?? part(next, "input, select");
  goal.focus();
  goal.select?.();
  next.scrollIntoView({ block: "nearest" });
}

function setAnswer(field, answer) {
  show(field, answer);
  later(field, 0);
}

sheet.addEventListener("input", (event) => {
  const field = event.target.closest("[data-field]");
  if (!field || !event.target.matches(".measure")) return;
  part(field, ".absent").value = "";
  later(field);
});

sheet.addEventListener("change", (event) => {
  const field = event.target.closest("[data-field]");
  if (event.target.matches("[data-method]")) return rewrite(event.target.closest("[data-test]"));
  if (event.target.matches("[data-examiner]")) return remember(event.target.value);
  if (!field) return;
  if (event.target.matches(".unit")) {
    limits(field);
    if (!part(field, ".measure").value.trim()) return;
  }
  if (event.target.matches(".absent")) show(field, event.target.value);
  else if (!event.target.matches(".unit, .measure") && part(field, ".absent")) part(field, ".absent").value = "";
  later(field, 0);
});

sheet.addEventListener("keydown", (event) => {
  const field = event.target.closest("[data-field]");
  if (event.altKey && event.key.toLowerCase() === "z") {
    event.preventDefault();
    return undo();
  }
  if (!field) return;
  if (event.key === "Enter" && !event.target.closest("button")) {
    event.preventDefault();
    if (waiting.has(field)) keep(field);
    step(field, event.shiftKey ? -1 : 1);
  } else if (event.altKey && "su".includes(event.key.toLowerCase())) {
    event.preventDefault();
    if (part(field, ".absent")) setAnswer(field, event.key.toLowerCase() === "s" ? "skipped" : "unknown");
  } else if ((event.key === "Delete" || event.key === "Backspace") && event.target.matches("input[type=radio]")) {
    event.preventDefault();
    setAnswer(field, "");
  }
});

sheet.addEventListener("click", (event) => {
  if (event.target.closest("[data-undo]")) return undo();
  const again = event.target.closest("[data-again]");
  if (again) return measureAgain(again.closest("[data-field]"));
  // Pressing the answer that is chosen takes it away.
  // (An arrow key sends a click too, without a detail.)
  if (!event.target.matches(".words-row input")) return;
  const wasChosen = event.detail > 0 && event.target.dataset.was === "yes";
  event.target.dataset.was = "";
  if (wasChosen) setAnswer(event.target.closest("[data-field]"), "");
});
sheet.addEventListener("pointerdown", (event) => {
  const radio = event.target.closest(".words-row label")?.querySelector("input");
  if (radio) radio.dataset.was = radio.checked ? "yes" : "";
});
sheet.addEventListener("focusout", (event) => {
  const field = event.target.closest("[data-field]");
  if (field && waiting.has(field) && field.dataset.state !== "failed") keep(field);
});

window.addEventListener("beforeunload", (event) => {
  if (unsaved.size) event.preventDefault();
});

// The examiner's code is remembered on this device.
const examiner = sheet.querySelector("[data-examiner]");
function remember(code) {
  try {
    localStorage.setItem("kinechain-examiner", code);
  } catch {
    // Kept until the page is left.
  }
}
try {
  examiner.value = localStorage.getItem("kinechain-examiner") ?? examiner.value;
} catch {
  // The initials stand.
}
for (const field of fields()) limits(field);
