// An analysis while it runs: its step every second, and the verdict as soon as it is there.
const card = document.querySelector("[data-job]");
const step = card.querySelector("[data-step]");
const steps = card.querySelector("[data-steps]");
const title = card.querySelector("h2");
const clock = card.querySelector("[data-clock]");
const began = Date.now() - 1000 * Number(card.dataset.waited);
const bar = card.querySelector("[data-bar]");
const told = [];
// In the order in which an analysis tells them; a step that is none of these moves the bar no further.
const ORDER = ["Loading", "Asking the danger signs", "Reading the recordings", "Fitting the body", "Solving the motion", "Judging the measures",
  "Computing loads", "Standing the body up", "Following changes along the chain", "Asking which link carries load", "Writing the report"];
bar.max = ORDER.length + 1;
bar.value = 0;

function tell(words) {
  if (!words || told.at(-1) === words) return;
  told.push(words);
  bar.value = Math.max(bar.value, ORDER.findIndex((step) => words.startsWith(step)) + 1);
  step.textContent = words;
  steps.replaceChildren(...told.map((text, place) => {
    const item = Object.assign(document.createElement("li"), { textContent: text });
    if (place < told.length - 1) item.className = "done";
    else item.setAttribute("aria-current", "step");
    return item;
  }));
}

async function look() {
  try {
    const answer = await fetch(card.dataset.work, { credentials: "same-origin", headers: { Accept: "application/json" } });
    if (answer.status === 401 || answer.status === 404) { location.reload(); return; }
    const { jobs } = await answer.json();
    const mine = jobs.find((job) => job.id === card.dataset.job);
    if (!mine) { location.reload(); return; }
    if (mine.state === "done") { location.replace(card.dataset.then); return; }
    if (mine.state === "failed" || mine.state === "cancelled") { location.reload(); return; }
    title.textContent = mine.state === "running" ? "Analysis runs" : "Analysis waits for a worker";
    if (mine.state === "running") tell(mine.step || "Starting");
  } catch {
    step.textContent = "The workspace does not answer; trying again";
  }
  clock.textContent = `${Math.round((Date.now() - began) / 1000)} s`;
  setTimeout(look, document.hidden ? 4000 : 700);
}
look();
