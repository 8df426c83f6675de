// Curves of two visits, one over the other.
import { colours, faint, known, percent, range, shortTitle, shown } from "/static/js/curves.js";

const board = document.querySelector("[data-pair]");
const charts = board.querySelector("[data-charts]");
const choice = board.querySelector("[data-groups]");

function chart(UPlot, before, after, ink) {
  const panel = after ?? before;
  const figure = Object.assign(document.createElement("figure"), { className: "chart" });
  const caption = document.createElement("figcaption");
  caption.textContent = `${panel.title} (${panel.unit})`;
  const holder = document.createElement("div");
  holder.setAttribute("role", "img");
  const ends = (one, side) => { const values = one ? known(one[side].mean) : []; return values.length ? `${shown(Math.min(...values), panel.unit)} to ${shown(Math.max(...values), panel.unit)}` : "not measured"; };
  holder.setAttribute("aria-label", `${panel.title}: left before ${ends(before, "left")}, after ${ends(after, "left")}; right before ${ends(before, "right")}, after ${ends(after, "right")}.`);
  const ways = Object.assign(document.createElement("p"), { className: "ways", textContent: [panel.up && `↑ ${panel.up}`, panel.down && `↓ ${panel.down}`].filter(Boolean).join("  ") });
  figure.append(caption, holder, ways);
  charts.append(figure);
  const series = [{}], data = [percent], bands = [];
  const add = (values, more) => { series.push({ points: { show: false }, ...more }); data.push(values); };
  if (panel.band) { add(panel.band.high, { stroke: "transparent" }); add(panel.band.low, { stroke: "transparent" }); bands.push({ series: [1, 2], fill: ink.band }); }
  for (const [one, share, width] of [[before, 0.5, 1.4], [after, 1, 2.4]]) {
    for (const side of ["left", "right"]) if (one?.[side].mean.length) add(one[side].mean, { stroke: faint(ink[side], share), width, dash: side === "right" ? [5, 3] : undefined });
  }
  const limits = [before, after].filter(Boolean).map((one) => range(one, false));
  const axis = { stroke: ink.muted, grid: { stroke: ink.line, width: 1 }, ticks: { show: false }, font: "11px system-ui, sans-serif" };
  return new UPlot({
    width: Math.max(holder.clientWidth, 200), height: 150, series, bands, legend: { show: false }, cursor: { show: false }, padding: [6, 14, 0, 0],
    scales: { x: { time: false, range: [0, 100] }, y: { range: [Math.min(...limits.map((l) => l[0])), Math.max(...limits.map((l) => l[1]))] } },
    axes: [{ ...axis, size: 22, space: 40 }, { ...axis, size: 36, space: 24 }],
  }, data, holder);
}

async function mount() {
  const [{ default: UPlot }, answer] = await Promise.all([import(board.dataset.uplot), fetch(board.dataset.pair, { credentials: "same-origin", headers: { Accept: "application/json" } })]);
  if (!answer.ok) throw new Error("the curves did not come");
  const { before, after } = await answer.json();
  const titles = [...new Set([...after, ...before].map((group) => group.title))];
  if (!titles.length) { charts.replaceChildren(Object.assign(document.createElement("p"), { className: "muted", textContent: "Nobody walked at these visits, or their analyses are no longer kept." })); return; }
  let chosen = titles[0], drawn = [];
  const draw = () => {
    for (const one of drawn) one.destroy();
    charts.replaceChildren();
    [...choice.children].forEach((button, k) => button.setAttribute("aria-pressed", String(titles[k] === chosen)));
    const panels = (groups) => new Map((groups.find((group) => group.title === chosen)?.panels ?? []).map((panel) => [panel.key, panel]));
    const [old, fresh] = [panels(before), panels(after)];
    const ink = colours(board);
    drawn = [...new Set([...fresh.keys(), ...old.keys()])].map((key) => chart(UPlot, old.get(key), fresh.get(key), ink));
  };
  for (const title of titles) {
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: shortTitle({ title }) });
    button.addEventListener("click", () => { chosen = title; draw(); });
    choice.append(button);
  }
  draw();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  new MutationObserver(draw).observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
  let wide = board.clientWidth;
  new ResizeObserver(() => { if (Math.abs(board.clientWidth - wide) > 8) { wide = board.clientWidth; draw(); } }).observe(board);
  board.dataset.ready = "true";
}
mount().catch((error) => { charts.textContent = `This could not be shown: ${error.message}`; });
