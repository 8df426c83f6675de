// Curves over the cycle: every stride, means, usual range; one cursor for each side that follows the replay.

export const percent = Array.from({ length: 101 }, (_, k) => k);

/** Return the name of a group in one word. */
export const shortTitle = (one) => one.title.replace("Pelvis, hip, knee, ankle", "Legs").replace("Thorax and lumbar spine", "Trunk").replace("Hindfoot, forefoot, hallux", "Foot").replace("Joint moments and powers", "Moments").replace("Ground reaction", "Ground");

/** Return a colour of the page as numbers the canvas takes. */
export function colours(place) {
  const probe = document.createElement("span");
  place.append(probe);
  const of = (name) => { probe.style.color = `var(${name})`; return getComputedStyle(probe).color; };
  const found = { left: of("--left"), right: of("--right"), band: of("--shade"), line: of("--line"), muted: of("--muted"), ink: of("--ink") };
  probe.remove();
  return found;
}

export const faint = (colour, share) => colour.replace(/^rgba?\(([^)]+)\)$/, (_, numbers) => `rgba(${numbers.split(",").slice(0, 3).join(",")}, ${share})`);
export const shown = (value, unit) => (value === null || value === undefined ? "–" : `${value.toFixed(Math.abs(value) < 3 && unit !== "°" ? 2 : 0)}${unit === "°" ? "°" : ""}`).replace("-", "−");
export const known = (values) => values.filter((value) => value !== null && value !== undefined);

export function range(panel, isEach) {
  const all = [...known(panel.left.mean), ...known(panel.right.mean), ...(panel.band ? [...known(panel.band.low), ...known(panel.band.high)] : [])];
  if (isEach) for (const side of ["left", "right"]) for (const row of panel[side].each) all.push(...known(row));
  return [Math.min(panel.low, ...all), Math.max(panel.high, ...all)];
}

function options(UPlot, panel, ink, size, isEach) {
  const series = [{}];
  const data = [percent];
  const bands = [];
  const add = (values, more) => { series.push({ points: { show: false }, spanGaps: false, ...more }); data.push(values); };
  if (panel.band) {
    add(panel.band.high, { stroke: "transparent" });
    add(panel.band.low, { stroke: "transparent" });
    bands.push({ series: [1, 2], fill: ink.band });
  }
  for (const side of ["left", "right"]) {
    const dash = side === "right" ? [5, 3] : undefined;
    if (isEach) for (const row of panel[side].each) add(row, { stroke: faint(ink[side], 0.35), width: 1, dash });
    if (panel[side].mean.length) add(panel[side].mean, { stroke: ink[side], width: 2.2, dash });
  }
  const axis = { stroke: ink.muted, grid: { stroke: ink.line, width: 1 }, ticks: { show: false }, font: "11px system-ui, sans-serif" };
  const limits = range(panel, isEach);
  const offs = (u) => {
    u.ctx.save();
    ["left", "right"].forEach((side, k) => {
      const off = panel.foot_off[k];
      if (off === null || !panel[side].mean.length) return;
      const x = u.valToPos(off, "x", true);
      u.ctx.strokeStyle = faint(ink[side], 0.6);
      u.ctx.setLineDash(k ? [3, 3] : []);
      u.ctx.beginPath(); u.ctx.moveTo(x, u.bbox.top); u.ctx.lineTo(x, u.bbox.top + u.bbox.height); u.ctx.stroke();
    });
    u.ctx.restore();
  };
  const made = {
    ...size, series, bands, legend: { show: false }, cursor: { show: false }, padding: [6, 14, 0, 0],
    scales: { x: { time: false, range: [0, 100] }, y: { range: limits } },
    axes: [{ ...axis, size: 22, space: 40, values: (_, ticks) => ticks.map((tick) => `${tick}`) }, { ...axis, size: 36, space: 24 }],
    hooks: { drawClear: [offs] },
  };
  return { made, data };
}

/** Draw the curves of a verdict; `pick` is told side and fraction of the cycle that somebody clicked. */
export async function mountCurves(board, pick) {
  const [{ default: UPlot }, answer] = await Promise.all([import(board.dataset.uplot), fetch(board.dataset.curves, { credentials: "same-origin", headers: { Accept: "application/json" } })]);
  if (!answer.ok) throw new Error("the curves did not come");
  const groups = (await answer.json()).curves;
  const charts = board.querySelector("[data-charts]");
  const choice = board.querySelector("[data-groups]");
  const isEach = board.querySelector('[data-do="each"]');
  let drawn = [];
  let group = groups[0];
  let phase = { left: null, right: null };
  const offs = groups[0]?.panels[0]?.foot_off ?? [null, null];
  const stances = { left: offs[0], right: offs[1] };

  groups.forEach((one) => {
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: shortTitle(one) });
    button.addEventListener("click", () => { group = one; draw(); });
    choice.append(button);
  });

  // What is drawn over the stance phase alone ends with it.
  const along = (panel, side) => {
    const at = phase[side];
    if (at === null || at === undefined) return null;
    if (group.percent_of !== "stance") return at;
    const stance = stances[side];
    return stance && at <= stance ? (100 * at) / stance : null;
  };

  function follow() {
    for (const { u, panel, lines, now } of drawn) {
      const words = [];
      ["left", "right"].forEach((side, k) => {
        const at = panel[side].mean.length ? along(panel, side) : null;
        lines[k].hidden = at === null;
        if (at === null) return;
        lines[k].style.transform = `translateX(${u.valToPos(at, "x")}px)`;
        words.push(`${side[0].toUpperCase()} ${shown(panel[side].mean[Math.round(at)], panel.unit)}`);
      });
      now.textContent = words.join("  ");
    }
  }

  function one(panel, ink, isShared) {
    const figure = Object.assign(document.createElement("figure"), { className: "chart" });
    const caption = document.createElement("figcaption");
    const now = Object.assign(document.createElement("span"), { className: "now" });
    caption.append(`${panel.title} (${panel.unit})`, now);
    const holder = document.createElement("div");
    holder.setAttribute("role", "img");
    const ends = (side) => { const values = known(panel[side].mean); return values.length ? `${side} from ${shown(Math.min(...values), panel.unit)} to ${shown(Math.max(...values), panel.unit)}` : `${side} not measured`; };
    holder.setAttribute("aria-label", `${panel.title}, ${panel.unit}, over the ${group.percent_of}: ${ends("left")}; ${ends("right")}${panel.band ? `; usual range of ${panel.band.cohort}` : "; no usual range"}.`);
    const ways = Object.assign(document.createElement("p"), { className: "ways" });
    ways.append(Object.assign(document.createElement("span"), { textContent: [panel.up && `↑ ${panel.up}`, panel.down && `↓ ${panel.down}`].filter(Boolean).join("  ") }), Object.assign(document.createElement("span"), { textContent: `% of ${group.percent_of}` }));
    figure.append(caption, holder, ways);
    // Whose range it is, is said once below where it is the same for all.
    const whose = panel.band && [isShared ? "" : panel.band.cohort, panel.band.note].filter(Boolean).join("; ");
    if (whose) figure.append(Object.assign(document.createElement("p"), { className: "ways", textContent: whose }));
    charts.append(figure);
    const { made, data } = options(UPlot, panel, ink, { width: Math.max(holder.clientWidth, 200), height: 150 }, isEach.checked);
    const u = new UPlot(made, data, holder);
    const lines = ["left", "right"].map((side) => {
      const line = Object.assign(document.createElement("div"), { className: `at ${side}`, hidden: true });
      u.over.append(line);
      return line;
    });
    u.over.addEventListener("click", (event) => {
      const box = u.over.getBoundingClientRect();
      const at = Math.min(100, Math.max(0, u.posToVal(event.clientX - box.left, "x")));
      const value = u.posToVal(event.clientY - box.top, "y");
      const far = (side) => { const there = panel[side].mean[Math.round(at)]; return there === null || there === undefined ? Infinity : Math.abs(there - value); };
      const side = far("right") < far("left") ? "right" : "left";
      const stance = stances[side] ?? 60;
      pick(side, (group.percent_of === "stance" ? (at * stance) / 100 : at) / 100);
    });
    return { u, panel, lines, now, holder };
  }

  function draw() {
    for (const { u } of drawn) u.destroy();
    charts.replaceChildren();
    [...choice.children].forEach((button, k) => button.setAttribute("aria-pressed", String(groups[k] === group)));
    const ink = colours(board);
    const cohorts = [...new Set(group.panels.filter((panel) => panel.band).map((panel) => panel.band.cohort))];
    drawn = group.panels.map((panel) => one(panel, ink, cohorts.length === 1));
    board.querySelector("[data-cohort]").textContent = cohorts.length === 1 ? `Usual range: ${cohorts[0]}.` : "";
    follow();
    table();
  }

  function table() {
    const made = document.createElement("table");
    made.className = "rows";
    made.innerHTML = "<thead><tr><th scope=col>Curve</th><th scope=col>Side</th><th scope=col class=n>At 0 %</th><th scope=col class=n>Lowest (at %)</th><th scope=col class=n>Highest (at %)</th><th scope=col class=n>Strides</th></tr></thead>";
    const body = document.createElement("tbody");
    for (const panel of group.panels) {
      ["left", "right"].forEach((side, k) => {
        const mean = panel[side].mean;
        const values = known(mean);
        if (!values.length) return;
        const line = document.createElement("tr");
        const low = Math.min(...values), high = Math.max(...values);
        const cells = [`${panel.title} (${panel.unit})`, side, shown(mean[0], panel.unit), `${shown(low, panel.unit)} (${mean.indexOf(low)})`, `${shown(high, panel.unit)} (${mean.indexOf(high)})`, String(panel.counts[k])];
        cells.forEach((text, place) => {
          const cell = Object.assign(document.createElement(place ? "td" : "th"), { textContent: text, className: place > 1 ? "n" : "" });
          if (!place) cell.scope = "row";
          line.append(cell);
        });
        body.append(line);
      });
    }
    made.append(body);
    board.querySelector("[data-table]").replaceChildren(made);
  }

  isEach.addEventListener("change", draw);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  new MutationObserver(draw).observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
  let wide = board.clientWidth;
  new ResizeObserver(() => { if (Math.abs(board.clientWidth - wide) > 8) { wide = board.clientWidth; draw(); } }).observe(board);
  draw();
  board.dataset.ready = "true";
  return { show(next) { phase = next; follow(); } };
}
