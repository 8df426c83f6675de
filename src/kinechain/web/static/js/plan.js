// Keeps open what was open, and where one was, when a change draws the plan anew.

let open = [];
let scrolled = 0;

document.addEventListener("htmx:beforeSwap", () => {
  open = [...document.querySelectorAll("#plan-editor details[open]")].map((details) => details.id);
  scrolled = document.querySelector(".paper")?.scrollTop ?? 0;
});

document.addEventListener("htmx:afterSwap", () => {
  const isRefused = Boolean(document.querySelector("#plan-editor > [role=alert]"));
  for (const id of open) {
    const details = document.getElementById(id);
    // What was just done is shown as done; what was refused stays open to be corrected.
    if (details && (isRefused || id.startsWith("why-"))) details.open = true;
  }
  const paper = document.querySelector(".paper");
  if (paper) paper.scrollTop = scrolled;
  if (isRefused) document.querySelector("#plan-editor > [role=alert]").scrollIntoView({ block: "nearest" });
});
