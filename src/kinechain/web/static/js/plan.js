// Keeps open what was open, and where one was, when a change draws the plan anew.

let open = [];
let scrolled = 0;
let place = "";

document.addEventListener("htmx:beforeRequest", (event) => {
  place = event.target.closest?.("article[id], details[id]")?.id ?? "";
});

document.addEventListener("htmx:beforeSwap", () => {
  open = [...document.querySelectorAll("#plan-editor details[open]")].map((details) => details.id);
  scrolled = document.querySelector(".paper")?.scrollTop ?? 0;
});

document.addEventListener("htmx:afterSwap", () => {
  const refusal = document.querySelector("#plan-editor > [role=alert]");
  for (const id of open) {
    const details = document.getElementById(id);
    // What was just done is shown as done; what was refused stays open to be corrected.
    if (details && (refusal || /^(why|group)-/.test(id))) details.open = true;
  }
  const paper = document.querySelector(".paper");
  if (paper) paper.scrollTop = scrolled;
  const there = document.getElementById(place);
  const target = refusal ?? there?.querySelector("summary") ?? document.querySelector("#plan-editor h2");
  if (!target) return;
  if (!target.matches("summary")) target.tabIndex = -1;
  target.focus({ preventScroll: true });
  if (refusal) refusal.scrollIntoView({ block: "nearest" });
});
