// Replay of the fitted body: solids on segments, drawn far to near on a plain canvas. No dependencies, no network.
(() => {
  "use strict";
  const holder = document.getElementById("replay-data");
  const viewer = document.querySelector("[data-viewer]");
  if (!holder || !viewer) return;
  const canvas = viewer.querySelector("canvas");
  const paint = canvas.getContext && canvas.getContext("2d");
  if (!paint) return; // the still picture stays
  const scene = JSON.parse(holder.textContent);
  const MISSING = -32768;

  const integers = (text) => {
    const raw = atob(text);
    const bytes = new Uint8Array(raw.length);
    for (let i = 0; i < raw.length; i++) bytes[i] = raw.charCodeAt(i);
    const view = new DataView(bytes.buffer);
    const out = new Int16Array(bytes.length >> 1);
    for (let i = 0; i < out.length; i++) out[i] = view.getInt16(2 * i, true);
    return out;
  };
  const unpack = (trial) => {
    if (trial.ready) return trial;
    trial.ready = { points: integers(trial.points), turns: integers(trial.turns), markers: integers(trial.markers),
      plates: trial.plates.map((p) => ({ corners: p.corners, force: integers(p.force), centre: integers(p.centre) })) };
    return trial;
  };

  const state = { trial: unpack(scene.trials[0]), frame: 0, playing: false, speed: 0.5, yaw: -0.85, pitch: 0.14, distance: 3.5,
    follow: true, markers: true, forces: true, stale: true };
  const presets = { front: [0, 0.05], back: [Math.PI, 0.05], right: [-Math.PI / 2, 0.05], left: [Math.PI / 2, 0.05], top: [-Math.PI / 2, 1.5] };

  // ---- colours from the page, so that dark screens and settings hold here too
  let ink = {};
  const readColours = () => {
    const style = getComputedStyle(document.documentElement);
    const of = (name) => style.getPropertyValue(name).trim();
    const resolve = (name) => { const probe = document.createElement("i"); probe.style.color = `var(${name})`; document.body.append(probe);
      const colour = getComputedStyle(probe).color; probe.remove(); return colour.match(/[\d.]+/g).slice(0, 3).map(Number); };
    const dark = matchMedia("(prefers-color-scheme: dark)").matches;
    const bone = dark ? [214, 207, 192] : [216, 207, 188], tint = (c) => c.map((v, k) => 0.62 * v + 0.38 * bone[k]);
    ink = { tones: [bone, tint(resolve("--l")), tint(resolve("--r"))], grid: of("--line"), muted: of("--muted"),
      marker: dark ? "#f5d76e" : "#2f3a46", force: dark ? "#7ee2a8" : "#0b7a3b", dark };
    state.stale = true;
  };
  const shade = (c, k) => `rgb(${c.map((v) => Math.round(k < 1 ? v * k : v + (255 - v) * (k - 1))).join(",")})`;

  // ---- pose of a segment at a (fractional) frame
  const pose = (frame) => {
    const { points, turns } = state.trial.ready, n = state.trial.segments, last = state.trial.frames - 1;
    const a = Math.min(Math.floor(frame), last), b = Math.min(a + 1, last), w = frame - a;
    const out = new Array(n);
    for (let s = 0; s < n; s++) {
      const pa = 3 * (a * n + s), pb = 3 * (b * n + s), qa = 4 * (a * n + s), qb = 4 * (b * n + s);
      let dot = 0; for (let k = 0; k < 4; k++) dot += turns[qa + k] * turns[qb + k];
      const sign = dot < 0 ? -1 : 1, q = [0, 0, 0, 0]; let norm = 0;
      for (let k = 0; k < 4; k++) { q[k] = (1 - w) * turns[qa + k] + w * sign * turns[qb + k]; norm += q[k] * q[k]; }
      norm = Math.sqrt(norm) || 1;
      const [c, x, y, z] = q.map((v) => v / norm);
      out[s] = { p: [0, 1, 2].map((k) => scene.step * ((1 - w) * points[pa + k] + w * points[pb + k])),
        r: [1 - 2 * (y * y + z * z), 2 * (x * y - c * z), 2 * (x * z + c * y), 2 * (x * y + c * z), 1 - 2 * (x * x + z * z), 2 * (y * z - c * x),
          2 * (x * z - c * y), 2 * (y * z + c * x), 1 - 2 * (x * x + y * y)] };
    }
    return out;
  };
  const place = (m, v) => [m.p[0] + m.r[0] * v[0] + m.r[1] * v[1] + m.r[2] * v[2], m.p[1] + m.r[3] * v[0] + m.r[4] * v[1] + m.r[5] * v[2],
    m.p[2] + m.r[6] * v[0] + m.r[7] * v[1] + m.r[8] * v[2]];

  // ---- camera
  let width = 0, height = 0, ratio = 1, eye;
  const look = (target) => {
    const cp = Math.cos(state.pitch), sp = Math.sin(state.pitch), cy = Math.cos(state.yaw), sy = Math.sin(state.yaw);
    eye = { target, near: [cp * cy, cp * sy, sp], right: [-sy, cy, 0], up: [-sp * cy, -sp * sy, cp], focal: 1.5 * Math.min(height, width * 1.1) };
  };
  const project = (v) => {
    const d = [v[0] - eye.target[0], v[1] - eye.target[1], v[2] - eye.target[2]];
    const dot = (a) => a[0] * d[0] + a[1] * d[1] + a[2] * d[2];
    const depth = Math.max(0.2, state.distance - dot(eye.near)), k = eye.focal / depth;
    return { x: width / 2 + k * dot(eye.right), y: height / 2 - k * dot(eye.up), k, depth };
  };

  // ---- solids
  const capsule = (a, b, radius, tone) => {
    const ra = Math.max(1, radius * a.k), rb = Math.max(1, radius * b.k);
    const dx = b.x - a.x, dy = b.y - a.y, len = Math.hypot(dx, dy);
    const colour = ink.tones[tone];
    if (len < 1) { ball(a, ra, colour); return; }
    const nx = -dy / len, ny = dx / len, waist = 0.78;
    const lit = nx * -0.5 + ny * -0.86 > 0 ? 1 : -1;
    const fill = paint.createLinearGradient(a.x + lit * nx * ra, a.y + lit * ny * ra, a.x - lit * nx * ra, a.y - lit * ny * ra);
    fill.addColorStop(0, shade(colour, 1.15)); fill.addColorStop(0.3, shade(colour, 1.35)); fill.addColorStop(0.65, shade(colour, 0.9)); fill.addColorStop(1, shade(colour, 0.55));
    const turn = Math.atan2(ny, nx), mx = (a.x + b.x) / 2, my = (a.y + b.y) / 2, rm = waist * (ra + rb) / 2;
    paint.beginPath();
    paint.arc(a.x, a.y, ra, turn, turn + Math.PI);
    paint.quadraticCurveTo(mx - nx * (2 * rm - (ra + rb) / 2), my - ny * (2 * rm - (ra + rb) / 2), b.x - nx * rb, b.y - ny * rb);
    paint.arc(b.x, b.y, rb, turn + Math.PI, turn + 2 * Math.PI);
    paint.quadraticCurveTo(mx + nx * (2 * rm - (ra + rb) / 2), my + ny * (2 * rm - (ra + rb) / 2), a.x + nx * ra, a.y + ny * ra);
    paint.fillStyle = fill; paint.fill();
  };
  const ball = (c, r, colour) => {
    const fill = paint.createRadialGradient(c.x - 0.35 * r, c.y - 0.45 * r, 0.1 * r, c.x, c.y, r);
    fill.addColorStop(0, shade(colour, 1.45)); fill.addColorStop(1, shade(colour, 0.6));
    paint.fillStyle = fill; paint.beginPath(); paint.arc(c.x, c.y, r, 0, 7); paint.fill();
  };
  const ellipsoid = (m, c, radii, tone) => {
    // the outline of an ellipsoid, seen from afar, is the ellipse of its projected axes
    let xx = 0, xy = 0, yy = 0;
    for (let k = 0; k < 3; k++) {
      const axis = [m.r[k] * radii[k], m.r[3 + k] * radii[k], m.r[6 + k] * radii[k]];
      const u = axis[0] * eye.right[0] + axis[1] * eye.right[1], v = -(axis[0] * eye.up[0] + axis[1] * eye.up[1] + axis[2] * eye.up[2]);
      xx += u * u; xy += u * v; yy += v * v;
    }
    const mean = (xx + yy) / 2, gap = Math.hypot((xx - yy) / 2, xy);
    const big = c.k * Math.sqrt(mean + gap), small = c.k * Math.sqrt(Math.max(mean - gap, 1e-9)), turn = 0.5 * Math.atan2(2 * xy, xx - yy);
    const colour = ink.tones[tone];
    paint.save(); paint.translate(c.x, c.y); paint.rotate(turn); paint.scale(big, small);
    const fill = paint.createRadialGradient(-0.3, -0.4, 0.05, 0, 0, 1);
    fill.addColorStop(0, shade(colour, 1.5)); fill.addColorStop(0.7, shade(colour, 1)); fill.addColorStop(1, shade(colour, 0.62));
    paint.globalAlpha = 0.82; paint.fillStyle = fill; paint.beginPath(); paint.arc(0, 0, 1, 0, 7); paint.fill(); paint.restore();
  };

  // ---- ground
  const segment = (a, b) => { const p = project(a), q = project(b); paint.moveTo(p.x, p.y); paint.lineTo(q.x, q.y); };
  const ground = (floor) => {
    const cx = Math.round(eye.target[0] * 2) / 2, cy = Math.round(eye.target[1] * 2) / 2;
    paint.strokeStyle = ink.grid; paint.lineWidth = 1; paint.beginPath();
    for (let k = -3; k <= 3; k++) { segment([cx + k / 2, cy - 1.5, floor], [cx + k / 2, cy + 1.5, floor]); segment([cx - 1.5, cy + k / 2, floor], [cx + 1.5, cy + k / 2, floor]); }
    paint.stroke();
    for (const plate of state.trial.ready.plates) {
      if (!plate.corners.length) continue;
      paint.beginPath();
      plate.corners.forEach((c, k) => { const p = project(c); if (k) paint.lineTo(p.x, p.y); else paint.moveTo(p.x, p.y); });
      paint.closePath(); paint.globalAlpha = 0.18; paint.fillStyle = ink.muted; paint.fill(); paint.globalAlpha = 1; paint.strokeStyle = ink.muted; paint.stroke();
    }
  };
  const shadow = document.createElement("canvas");
  const shadows = (items, floor) => {
    shadow.width = canvas.width; shadow.height = canvas.height;
    const dim = shadow.getContext("2d");
    dim.setTransform(ratio, 0, 0, ratio, 0, 0); dim.lineCap = "round"; dim.strokeStyle = dim.fillStyle = "#000";
    for (const item of items) {
      const a = project([item.a[0], item.a[1], floor]), b = project([item.b[0], item.b[1], floor]);
      dim.lineWidth = Math.max(2, 2 * item.wide * a.k * (item.wide > 0.06 ? 0.7 : 1));
      dim.beginPath(); dim.moveTo(a.x, a.y); dim.lineTo(b.x + 0.01, b.y); dim.stroke();
    }
    paint.save(); paint.globalAlpha = ink.dark ? 0.4 : 0.13; paint.setTransform(1, 0, 0, 1, 0, 0);
    if ("filter" in paint) paint.filter = `blur(${3 * ratio}px)`;
    paint.drawImage(shadow, 0, 0); paint.restore();
  };

  const arrows = () => {
    const frame = Math.round(state.frame);
    for (const plate of state.trial.ready.plates) {
      const f = [0, 1, 2].map((k) => plate.force[3 * frame + k]), c = [0, 1, 2].map((k) => plate.centre[3 * frame + k]);
      if (f[2] < 20 || c.includes(MISSING) || f.includes(MISSING)) continue;
      const foot = c.map((v) => v * scene.step), head = foot.map((v, k) => v + f[k] * scene.arrow);
      const p = project(foot), q = project(head), turn = Math.atan2(q.y - p.y, q.x - p.x), wide = Math.max(6, 0.025 * q.k);
      paint.strokeStyle = paint.fillStyle = ink.force; paint.lineWidth = 3; paint.lineCap = "round";
      paint.beginPath(); paint.moveTo(p.x, p.y); paint.lineTo(q.x - wide * Math.cos(turn), q.y - wide * Math.sin(turn)); paint.stroke();
      paint.beginPath(); paint.moveTo(q.x, q.y);
      for (const s of [-0.45, 0.45]) paint.lineTo(q.x - 1.6 * wide * Math.cos(turn + s), q.y - 1.6 * wide * Math.sin(turn + s));
      paint.closePath(); paint.fill();
    }
  };
  const dots = () => {
    const frame = Math.round(state.frame), n = state.trial.marker_count, m = state.trial.ready.markers;
    paint.fillStyle = ink.marker;
    for (let k = 0; k < n; k++) {
      const at = 3 * (frame * n + k);
      if (m[at] === MISSING) continue;
      const p = project([m[at] * scene.step, m[at + 1] * scene.step, m[at + 2] * scene.step]);
      paint.beginPath(); paint.arc(p.x, p.y, Math.max(1.5, 0.0055 * p.k), 0, 7); paint.fill();
    }
  };

  const draw = () => {
    const box = canvas.getBoundingClientRect();
    ratio = Math.min(2, window.devicePixelRatio || 1); width = box.width; height = box.height;
    if (!width) return;
    if (canvas.width !== Math.round(width * ratio)) canvas.width = Math.round(width * ratio);
    if (canvas.height !== Math.round(height * ratio)) canvas.height = Math.round(height * ratio);
    paint.setTransform(ratio, 0, 0, ratio, 0, 0); paint.clearRect(0, 0, width, height);
    const floor = state.trial.floor, poses = pose(state.frame), pelvis = poses[0].p;
    look(state.follow ? [pelvis[0], pelvis[1], floor + 0.84] : [0, 0, floor + 0.84]);
    const items = scene.solids.map((s) => {
      const m = poses[s[0]], a = place(m, s.slice(3, 6));
      const round = s[1] === 1, b = round ? a : place(m, s.slice(6, 9));
      const pa = project(a), pb = round ? pa : project(b);
      return { s, m, a, b, pa, pb, round, wide: round ? Math.max(s[6], s[7]) : s[9], depth: (pa.depth + pb.depth) / 2 + (round ? 0.03 : 0) };
    }).sort((p, q) => q.depth - p.depth);
    const seen = !state.trial.unsolved.includes(Math.round(state.frame));
    ground(floor);
    if (seen) shadows(items, floor);
    else { paint.fillStyle = ink.muted; paint.font = "14px system-ui, sans-serif"; paint.fillText("The body could not be solved in this frame.", 12, 24); }
    if (seen) for (const i of items) { if (i.round) ellipsoid(i.m, i.pa, i.s.slice(6, 9), i.s[2]); else capsule(i.pa, i.pb, i.s[9], i.s[2]); }
    if (state.markers) dots();
    if (state.forces) arrows();
  };

  // ---- time
  const ui = (name) => viewer.querySelector(`[data-do="${name}"]`);
  const clock = viewer.querySelector('[data-show="time"]');
  const seconds = () => state.trial.start + state.frame / state.trial.rate;
  const seek = (frame) => {
    state.frame = Math.max(0, Math.min(frame, state.trial.frames - 1)); state.stale = true;
    ui("time").value = String(Math.round(state.frame)); clock.textContent = `${seconds().toFixed(2)} s`;
    ui("time").setAttribute("aria-valuetext", clock.textContent);
    document.dispatchEvent(new CustomEvent("kinechain:time", { detail: { time: seconds(), cycles: state.trial.cycles } }));
  };
  const play = (on) => { state.playing = on; ui("play").textContent = on ? "Pause" : "Play"; ui("play").setAttribute("aria-pressed", String(on)); if (on) tick(); };
  let before = 0, waiting = false;
  const tick = (now) => {
    if (now === undefined) { if (!waiting) { waiting = true; before = 0; requestAnimationFrame(tick); } return; }
    if (state.playing && before) { const next = state.frame + (now - before) / 1000 * state.speed * state.trial.rate; seek(next >= state.trial.frames - 1 ? 0 : next); }
    before = now;
    if (state.stale) { state.stale = false; draw(); }
    waiting = state.playing;
    if (state.playing) requestAnimationFrame(tick);
  };
  const touch = () => { state.stale = true; tick(); };
  const choose = (k) => { state.trial = unpack(scene.trials[k]); ui("time").max = String(state.trial.frames - 1);
    const first = state.trial.cycles.length ? Math.round((state.trial.cycles[0][1] - state.trial.start) * state.trial.rate) : 0; seek(first); touch(); };

  // ---- hands
  const pointers = new Map(); let pinch = 0;
  canvas.addEventListener("pointerdown", (e) => { pointers.set(e.pointerId, [e.clientX, e.clientY]); canvas.setPointerCapture(e.pointerId); });
  canvas.addEventListener("pointermove", (e) => {
    const was = pointers.get(e.pointerId); if (!was) return;
    pointers.set(e.pointerId, [e.clientX, e.clientY]);
    if (pointers.size === 2) {
      const [p, q] = [...pointers.values()], gap = Math.hypot(p[0] - q[0], p[1] - q[1]);
      if (pinch) zoom(pinch / gap); pinch = gap; return;
    }
    turn((was[0] - e.clientX) * 0.008, (e.clientY - was[1]) * 0.008);
  });
  for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, (e) => { pointers.delete(e.pointerId); pinch = 0; });
  const turn = (yaw, pitch) => { state.yaw += yaw; state.pitch = Math.max(-0.2, Math.min(1.55, state.pitch + pitch)); touch(); };
  const zoom = (factor) => { state.distance = Math.max(1.2, Math.min(9, state.distance * factor)); touch(); };
  canvas.addEventListener("wheel", (e) => { if (document.activeElement === canvas) { e.preventDefault(); zoom(Math.exp(e.deltaY * 0.001)); } }, { passive: false });
  canvas.addEventListener("keydown", (e) => {
    const does = { ArrowLeft: () => turn(-0.1, 0), ArrowRight: () => turn(0.1, 0), ArrowUp: () => turn(0, 0.08), ArrowDown: () => turn(0, -0.08),
      " ": () => play(!state.playing), "+": () => zoom(0.9), "=": () => zoom(0.9), "-": () => zoom(1.1),
      ",": () => { seek(Math.round(state.frame) - 1); touch(); }, ".": () => { seek(Math.round(state.frame) + 1); touch(); } }[e.key];
    if (does) { e.preventDefault(); does(); }
  });
  ui("play").addEventListener("click", () => play(!state.playing));
  ui("time").addEventListener("input", (e) => { play(false); seek(Number(e.target.value)); touch(); });
  ui("speed").addEventListener("change", (e) => { state.speed = Number(e.target.value); });
  ui("in").addEventListener("click", () => zoom(0.85)); ui("out").addEventListener("click", () => zoom(1.18));
  for (const name of ["follow", "markers", "forces"]) ui(name).addEventListener("change", (e) => { state[name] = e.target.checked; touch(); });
  for (const button of viewer.querySelectorAll("[data-view]")) button.addEventListener("click", () => { [state.yaw, state.pitch] = presets[button.dataset.view]; touch(); });
  const list = ui("trial");
  scene.trials.forEach((t, k) => list.append(new Option(t.name, String(k))));
  list.closest("label").hidden = scene.trials.length < 2;
  list.addEventListener("change", () => choose(Number(list.value)));
  document.addEventListener("kinechain:seek", (e) => {
    const cycle = state.trial.cycles.find((c) => seconds() >= c[1] && seconds() <= c[2]) || state.trial.cycles[0];
    if (cycle) { play(false); seek((cycle[1] + e.detail.fraction * (cycle[2] - cycle[1]) - state.trial.start) * state.trial.rate); touch(); }
  });
  if (scene.left_out) { const words = viewer.querySelector('[data-show="left-out"]'); words.hidden = false;
    words.textContent = `${scene.left_out} further ${scene.left_out === 1 ? "recording is" : "recordings are"} left out of the replay to keep this file small.`; }
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { readColours(); touch(); });
  new ResizeObserver(touch).observe(canvas);
  viewer.classList.add("on");
  readColours(); choose(0);
})();
