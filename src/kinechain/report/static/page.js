// The time cursor on the average curves: each side on its own cycle; a click on a curve moves the replay there.
(() => {
  "use strict";
  const plots = [...document.querySelectorAll("svg[data-cursor]")].map((svg) => {
    const [x0, x1, y0, y1] = svg.dataset.cursor.split(" ").map(Number);
    const lines = {};
    for (const side of ["left", "right"]) {
      const line = document.createElementNS("http://www.w3.org/2000/svg", "line");
      line.setAttribute("class", `cursor ${side}`); line.setAttribute("y1", y0); line.setAttribute("y2", y1); line.setAttribute("visibility", "hidden");
      svg.append(line); lines[side] = line;
    }
    svg.addEventListener("click", (event) => {
      const box = svg.getBoundingClientRect(), x = (event.clientX - box.left) / box.width * svg.viewBox.baseVal.width;
      const fraction = Math.max(0, Math.min(1, (x - x0) / (x1 - x0)));
      document.dispatchEvent(new CustomEvent("kinechain:seek", { detail: { fraction } }));
    });
    return { x0, x1, lines };
  });
  document.addEventListener("kinechain:time", (event) => {
    const { time, cycles } = event.detail;
    for (const side of ["left", "right"]) {
      const cycle = cycles.find((c) => c[0] === side && time >= c[1] && time <= c[2]);
      for (const plot of plots) {
        const line = plot.lines[side];
        if (!cycle) { line.setAttribute("visibility", "hidden"); continue; }
        const x = plot.x0 + (plot.x1 - plot.x0) * (time - cycle[1]) / (cycle[2] - cycle[1]);
        line.setAttribute("x1", x); line.setAttribute("x2", x); line.setAttribute("visibility", "visible");
      }
    }
  });
})();
