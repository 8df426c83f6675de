// The verdict: one picture of the chain at a time, and replay and curves that show the same moment.
const starts = document.querySelector("[data-starts]");
if (starts) {
  const show = (id) => {
    for (const button of starts.querySelectorAll("button")) button.setAttribute("aria-pressed", String(button.dataset.start === id));
    for (const picture of document.querySelectorAll("[data-start-of]")) picture.hidden = picture.dataset.startOf !== id;
  };
  if (matchMedia("(max-width: 75rem)").matches) {
    starts.hidden = false;
    show(starts.querySelector("button").dataset.start);
    starts.addEventListener("click", (event) => { if (event.target.dataset.start) show(event.target.dataset.start); });
  }
}

// A part that is linked to is opened, also where the link is followed a second time.
function unfold() {
  const target = document.getElementById(location.hash.slice(1));
  for (let at = target; at; at = at.parentElement) if (at.localName === "details") at.open = true;
  target?.scrollIntoView();
}
addEventListener("hashchange", unfold);
for (const link of document.querySelectorAll(".jump a")) link.addEventListener("click", () => { if (link.hash === location.hash) unfold(); });
unfold();

const viewer = document.querySelector("[data-replay]");
const board = document.querySelector("[data-curves]");

// Loaded when they come near: a verdict is read from the top.
async function load() {
  const [{ mountReplay }, { mountCurves }] = await Promise.all([import("/static/js/replay.js"), import("/static/js/curves.js")]);
  let replay = null;
  const curves = board ? await mountCurves(board, (side, fraction) => replay?.seekCycle(side, fraction)).catch(told(board, "[data-charts]")) : null;
  replay = viewer ? await mountReplay(viewer, (phase) => curves?.show(phase)).catch(told(viewer, "[data-moment]")) : null;
}

function told(place, where) {
  return (error) => {
    place.querySelector(where).textContent = `This could not be shown: ${error.message}`;
    return null;
  };
}

const place = document.getElementById("motion");
if (place) {
  const watcher = new IntersectionObserver((entries) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    watcher.disconnect();
    load();
  }, { rootMargin: "600px" });
  watcher.observe(place);
}
