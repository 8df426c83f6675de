// The fitted body in motion, in three dimensions; it tells where in the cycle of each side it is.

const MISSING = -32768;
const VIEWS = { right: [-0.05, -1, 0.15], left: [-0.05, 1, 0.15], front: [1, 0.02, 0.15], back: [-1, 0.02, 0.15], top: [-0.01, 0, 1] };

function numbers(text) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  return new Int16Array(bytes.buffer);
}

function unpack(trial) {
  return {
    ...trial,
    points: numbers(trial.points), turns: numbers(trial.turns), markers: numbers(trial.markers),
    plates: trial.plates.map((plate) => ({ ...plate, force: numbers(plate.force), centre: numbers(plate.centre) })),
    unsolved: new Set(trial.unsolved),
  };
}

function colour(place, name) {
  const probe = document.createElement("span");
  probe.style.color = `var(${name})`;
  place.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}

/** Show a replay; `tell` is given the phase of each side, in % of its cycle, whenever the moment changes. */
export async function mountReplay(viewer, tell) {
  const [three, answer] = await Promise.all([import(viewer.dataset.three), fetch(viewer.dataset.replay, { credentials: "same-origin", headers: { Accept: "application/json" } })]);
  if (!answer.ok) throw new Error("the motion did not come");
  const data = await answer.json();
  const canvas = viewer.querySelector("canvas");
  const moment = viewer.querySelector("[data-moment]");
  const ui = (name) => viewer.querySelector(`[data-do="${name}"]`);
  let renderer;
  try {
    renderer = new three.WebGLRenderer({ canvas, antialias: true, alpha: true, preserveDrawingBuffer: true });
  } catch {
    canvas.hidden = true;
    throw new Error("this browser draws nothing in three dimensions here; the curves say the same");
  }
  renderer.setPixelRatio(Math.min(2, devicePixelRatio || 1));
  const scene = new three.Scene();
  const camera = new three.PerspectiveCamera(32, 1, 0.05, 60);
  camera.up.set(0, 0, 1);
  scene.add(new three.HemisphereLight(0xffffff, 0x8899a0, 2.2));
  const lamp = new three.DirectionalLight(0xffffff, 1.6);
  lamp.position.set(1.5, -2, 4);
  scene.add(lamp);
  const body = new three.Group();
  const ground = new three.Group();
  const dots = new three.Group();
  const arrows = new three.Group();
  scene.add(body, ground, dots, arrows);
  const controls = new three.OrbitControls(camera, canvas);
  controls.enablePan = false;
  controls.minDistance = 1;
  controls.maxDistance = 12;
  controls.enableDamping = false;

  const materials = ["middle", "left", "right", "marker", "force"].reduce((all, name) => ({ ...all, [name]: new three.MeshStandardMaterial({ roughness: 0.65, metalness: 0 }) }), {});
  const lineMaterial = new three.LineBasicMaterial();
  const plateMaterial = new three.MeshBasicMaterial({ transparent: true, opacity: 0.25, side: three.DoubleSide, depthWrite: false });
  function paint() {
    const of = (name) => new three.Color().setStyle(colour(viewer, name), three.SRGBColorSpace);
    materials.middle.color = of("--muted").lerp(of("--surface"), 0.35);
    materials.left.color = of("--left");
    materials.right.color = of("--right");
    materials.marker.color = of("--ink");
    materials.force.color = of("--good");
    lineMaterial.color = of("--line");
    plateMaterial.color = of("--muted");
  }

  // Bones: made once, each on the group of its segment.
  const segments = [];
  const up = new three.Vector3(0, 1, 0);
  function segment(index) {
    while (segments.length <= index) {
      const group = new three.Group();
      segments.push(group);
      body.add(group);
    }
    return segments[index];
  }
  for (const [index, kind, tone, ...rest] of data.solids) {
    const [a, b, radius] = [new three.Vector3(...rest.slice(0, 3)), new three.Vector3(...rest.slice(3, 6)), rest[6]];
    const material = materials[["middle", "left", "right"][tone]];
    let mesh;
    if (kind === 0) {
      const along = b.clone().sub(a);
      mesh = new three.Mesh(new three.CapsuleGeometry(radius, along.length(), 4, 12), material);
      mesh.position.copy(a).addScaledVector(along, 0.5);
      if (along.lengthSq() > 1e-12) mesh.quaternion.setFromUnitVectors(up, along.normalize());
    } else {
      mesh = new three.Mesh(new three.SphereGeometry(1, 24, 16), material);
      mesh.position.copy(a);
      mesh.scale.copy(b);
    }
    segment(index).add(mesh);
  }

  const state = { trial: null, frame: 0, isPlaying: false, speed: 0.5, isFollowing: true, isStale: true };
  const target = new three.Vector3();
  const [qa, qb, va] = [new three.Quaternion(), new three.Quaternion(), new three.Vector3()];

  function place(frame) {
    const { trial } = state;
    const [a, n] = [Math.min(Math.floor(frame), trial.frames - 1), trial.segments];
    const b = Math.min(a + 1, trial.frames - 1);
    const share = frame - a;
    for (let s = 0; s < segments.length; s += 1) {
      const [pa, pb, ta, tb] = [3 * (a * n + s), 3 * (b * n + s), 4 * (a * n + s), 4 * (b * n + s)];
      segments[s].position.set(...[0, 1, 2].map((k) => data.step * ((1 - share) * trial.points[pa + k] + share * trial.points[pb + k])));
      qa.set(trial.turns[ta + 1], trial.turns[ta + 2], trial.turns[ta + 3], trial.turns[ta]).normalize();
      qb.set(trial.turns[tb + 1], trial.turns[tb + 2], trial.turns[tb + 3], trial.turns[tb]).normalize();
      segments[s].quaternion.copy(qa.slerp(qb, share));
    }
    body.visible = !trial.unsolved.has(Math.round(frame));
    const at = Math.round(frame);
    dots.children.forEach((dot, k) => {
      const m = 3 * (at * trial.marker_count + k);
      dot.visible = trial.markers[m] !== MISSING;
      if (dot.visible) dot.position.set(trial.markers[m] * data.step, trial.markers[m + 1] * data.step, trial.markers[m + 2] * data.step);
    });
    arrows.children.forEach((arrow, k) => {
      const plate = trial.plates[k];
      const f = [0, 1, 2].map((axis) => plate.force[3 * at + axis]);
      const c = [0, 1, 2].map((axis) => plate.centre[3 * at + axis]);
      arrow.visible = f[2] >= 20 && !f.includes(MISSING) && !c.includes(MISSING);
      if (!arrow.visible) return;
      arrow.position.set(...c.map((value) => value * data.step));
      va.set(...f);
      const long = Math.max(va.length() * data.arrow, 0.05);
      arrow.quaternion.setFromUnitVectors(up, va.normalize());
      arrow.children[0].scale.y = long - 0.04;
      arrow.children[0].position.y = (long - 0.04) / 2;
      arrow.children[1].position.y = long - 0.03;
    });
    if (state.isFollowing && segments.length) {
      va.set(segments[0].position.x, segments[0].position.y, trial.floor + 0.88);
      camera.position.add(va.clone().sub(target));
      target.copy(va);
      controls.target.copy(target);
    }
  }

  function look(name) {
    const far = 3.2;
    camera.position.copy(controls.target).add(new three.Vector3(...VIEWS[name]).normalize().multiplyScalar(far));
    controls.update();
    refresh();
  }

  function furnish() {
    const { trial } = state;
    ground.clear(); dots.clear(); arrows.clear();
    const points = [];
    for (let k = -4; k <= 4; k += 1) points.push(k, -4, 0, k, 4, 0, -4, k, 0, 4, k, 0);
    const grid = new three.BufferGeometry();
    grid.setAttribute("position", new three.BufferAttribute(new Float32Array(points), 3));
    for (let k = 0; k < points.length / 6; k += 1) {
      const line = new three.Line(new three.BufferGeometry().setFromPoints([new three.Vector3(...points.slice(6 * k, 6 * k + 3)), new three.Vector3(...points.slice(6 * k + 3, 6 * k + 6))]), lineMaterial);
      line.position.z = trial.floor;
      ground.add(line);
    }
    for (const plate of trial.plates) {
      if (plate.corners.length === 4) {
        const corners = plate.corners.map((corner) => new three.Vector3(...corner));
        const flat = new three.BufferGeometry().setFromPoints([corners[0], corners[1], corners[2], corners[0], corners[2], corners[3]]);
        ground.add(new three.Mesh(flat, plateMaterial), new three.LineLoop(new three.BufferGeometry().setFromPoints(corners), lineMaterial));
      }
      const arrow = new three.Group();
      arrow.add(new three.Mesh(new three.CylinderGeometry(0.013, 0.013, 1, 12), materials.force), new three.Mesh(new three.ConeGeometry(0.036, 0.08, 16), materials.force));
      arrows.add(arrow);
    }
    const ball = new three.SphereGeometry(0.008, 10, 8);
    for (let k = 0; k < trial.marker_count; k += 1) dots.add(new three.Mesh(ball, materials.marker));
  }

  const seconds = () => state.trial.start + state.frame / state.trial.rate;
  function phases() {
    const found = {};
    for (const side of ["left", "right"]) {
      const cycle = state.trial.cycles.find(([of, begin, end]) => of === side && seconds() >= begin - 1e-6 && seconds() <= end + 1e-6);
      found[side] = cycle ? (100 * (seconds() - cycle[1])) / (cycle[2] - cycle[1]) : null;
    }
    return found;
  }
  function say(found) {
    const of = (side) => (found[side] === null ? `${side} foot: no whole stride here` : `${side} foot: ${Math.round(found[side])} % of its stride`);
    moment.textContent = state.trial.unsolved.has(Math.round(state.frame)) ? "The body could not be solved in this frame." : `${seconds().toFixed(2)} s; ${of("left")}; ${of("right")}.`;
  }
  function seek(frame) {
    state.frame = Math.max(0, Math.min(frame, state.trial.frames - 1));
    ui("time").value = String(Math.round(state.frame));
    viewer.querySelector('[data-show="time"]').textContent = `${seconds().toFixed(2)} s`;
    ui("time").setAttribute("aria-valuetext", `${seconds().toFixed(2)} seconds`);
    const found = phases();
    tell(found);
    say(found);
    refresh();
  }

  let isWaiting = false, before = 0;
  function refresh() {
    state.isStale = true;
    if (isWaiting) return;
    isWaiting = true;
    requestAnimationFrame(draw);
  }
  function draw(now) {
    isWaiting = false;
    if (state.isPlaying) {
      const next = state.frame + (before ? ((now - before) / 1000) * state.speed * state.trial.rate : 0);
      before = now;
      seek(next >= state.trial.frames - 1 ? 0 : next);
    }
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    if (!width || !height) return;
    const ratio = renderer.getPixelRatio();
    if (canvas.width !== Math.floor(width * ratio) || canvas.height !== Math.floor(height * ratio)) {
      renderer.setSize(width, height, false);
      camera.aspect = width / height;
      camera.updateProjectionMatrix();
    }
    place(state.frame);
    renderer.render(scene, camera);
    viewer.dataset.drawn = "true";
  }
  function play(isOn) {
    state.isPlaying = isOn;
    before = 0;
    ui("play").textContent = isOn ? "Pause" : "Play";
    ui("play").setAttribute("aria-pressed", String(isOn));
    refresh();
  }
  function choose(index) {
    state.trial = unpack(data.trials[index]);
    ui("time").max = String(state.trial.frames - 1);
    furnish();
    const first = state.trial.cycles[0];
    state.frame = first ? (first[1] - state.trial.start) * state.trial.rate : 0;
    place(state.frame);
    seek(state.frame);
  }
  const turn = (by, tilt) => {
    const offset = camera.position.clone().sub(controls.target);
    const far = offset.length();
    const yaw = Math.atan2(offset.y, offset.x) + by;
    const pitch = Math.max(-0.3, Math.min(1.5, Math.asin(offset.z / far) + tilt));
    camera.position.copy(controls.target).add(new three.Vector3(Math.cos(pitch) * Math.cos(yaw), Math.cos(pitch) * Math.sin(yaw), Math.sin(pitch)).multiplyScalar(far));
    controls.update();
  };
  const zoom = (factor) => { camera.position.sub(controls.target).multiplyScalar(factor).add(controls.target); controls.update(); refresh(); };
  canvas.addEventListener("keydown", (event) => {
    const does = {
      " ": () => play(!state.isPlaying), ",": () => { play(false); seek(Math.round(state.frame) - 1); }, ".": () => { play(false); seek(Math.round(state.frame) + 1); },
      ArrowLeft: () => turn(-0.12, 0), ArrowRight: () => turn(0.12, 0), ArrowUp: () => turn(0, 0.1), ArrowDown: () => turn(0, -0.1),
      "+": () => zoom(0.88), "=": () => zoom(0.88), "-": () => zoom(1.14),
    }[event.key];
    if (does) { event.preventDefault(); does(); refresh(); }
  });
  controls.addEventListener("change", refresh);
  ui("play").addEventListener("click", () => play(!state.isPlaying));
  ui("back").addEventListener("click", () => { play(false); seek(Math.round(state.frame) - 1); });
  ui("on").addEventListener("click", () => { play(false); seek(Math.round(state.frame) + 1); });
  ui("time").addEventListener("input", (event) => { play(false); seek(Number(event.target.value)); });
  ui("speed").addEventListener("change", (event) => { state.speed = Number(event.target.value); });
  ui("markers").addEventListener("change", (event) => { dots.visible = event.target.checked; refresh(); });
  ui("forces").addEventListener("change", (event) => { arrows.visible = event.target.checked; refresh(); });
  ui("follow").addEventListener("change", (event) => { state.isFollowing = event.target.checked; refresh(); });
  for (const button of viewer.querySelectorAll("[data-view]")) button.addEventListener("click", () => look(button.dataset.view));
  data.trials.forEach((trial, k) => ui("trial").append(new Option(trial.name, String(k))));
  viewer.querySelector("[data-trials]").hidden = data.trials.length < 2;
  ui("trial").addEventListener("change", (event) => choose(Number(event.target.value)));
  const repaint = () => { paint(); refresh(); };
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);
  new MutationObserver(repaint).observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
  new ResizeObserver(refresh).observe(canvas);
  document.addEventListener("visibilitychange", () => { if (document.hidden) play(false); });

  paint();
  choose(0);
  look("right");
  viewer.dataset.ready = "true";
  return {
    seekCycle(side, fraction) {
      const own = state.trial.cycles.filter(([of]) => of === side);
      const cycle = own.find(([, begin, end]) => seconds() >= begin && seconds() <= end) ?? own.sort((a, b) => Math.abs(a[1] - seconds()) - Math.abs(b[1] - seconds()))[0];
      if (!cycle) return;
      play(false);
      seek((cycle[1] + fraction * (cycle[2] - cycle[1]) - state.trial.start) * state.trial.rate);
    },
  };
}
