// The player of one exercise: get ready, hold, rest, left and right, with sound, vibration and numbers that do not need either.
const REP_S = 3;

/** Return every step of an exercise, in order. */
export function stepsOf({ sets, repetitions, hold, sides, ready, rest }) {
  const steps = [];
  for (let set = 1; set <= sets; set += 1) {
    sides.forEach((side, place) => {
      steps.push({ kind: "ready", seconds: ready, side, set });
      for (let repetition = 1; repetition <= repetitions; repetition += 1) {
        steps.push({ kind: hold ? "hold" : "move", seconds: hold || REP_S, side, set, repetition });
        if (hold && repetition < repetitions) steps.push({ kind: "release", seconds: Math.min(3, ready), side, set, repetition });
      }
      const isLast = set === sets && place === sides.length - 1;
      if (!isLast && place === sides.length - 1) steps.push({ kind: "rest", seconds: rest, side, set });
    });
  }
  return steps;
}

const NAMES = { ready: "Get ready", hold: "Hold", move: "Move slowly", release: "Let go", rest: "Rest" };
const SIDES = { left: "Left side", right: "Right side", both: "" };

class Player {
  constructor(root) {
    this.root = root;
    this.find = (name) => root.querySelector(`[data-${name}]`);
    this.at = -1;
    this.steps = [];
    this.left = 0;
    this.ticking = 0;
    this.lock = null;
    this.audio = null;
    root.hidden = false;
    this.find("start").addEventListener("click", () => this.start());
    this.find("pause").addEventListener("click", () => (this.ticking ? this.pause() : this.go()));
    this.find("next").addEventListener("click", () => this.step());
    this.find("stop").addEventListener("click", () => this.end(false));
    try {
      this.find("sound").checked = localStorage.getItem("kinechain-sound") !== "off";
    } catch {
      // Without a store the sound is on at every start.
    }
    this.find("sound").addEventListener("change", (event) => {
      try {
        localStorage.setItem("kinechain-sound", event.target.checked ? "on" : "off");
      } catch {
        // Kept until the page is left.
      }
    });
    document.addEventListener("visibilitychange", () => this.ticking && document.visibilityState === "visible" && this.stayAwake());
  }

  get dose() {
    const { sets, repetitions, hold, sides, ready, rest } = this.root.dataset;
    const each = this.find("each");
    const order = each ? (each.checked ? ["left", "right"] : ["both"]) : sides.split(" ");
    return { sets: +sets, repetitions: +repetitions, hold: +hold, ready: +ready, rest: +rest, sides: order };
  }

  start() {
    this.audio ??= self.AudioContext ? new AudioContext() : null;
    this.audio?.resume();
    this.steps = stepsOf(this.dose);
    this.at = -1;
    this.find("start").hidden = true;
    for (const name of ["pause", "next", "stop"]) this.find(name).hidden = false;
    this.stayAwake();
    this.step();
  }

  step() {
    this.at += 1;
    const step = this.steps[this.at];
    if (!step) {
      this.end(true);
      return;
    }
    this.left = step.seconds;
    this.beep(step.kind === "hold" || step.kind === "move" ? 880 : 520, 0.16);
    navigator.vibrate?.(step.kind === "hold" || step.kind === "move" ? [120] : [60, 60, 60]);
    this.show();
    this.go();
  }

  go() {
    clearInterval(this.ticking);
    this.until = performance.now() + this.left * 1000;
    this.ticking = setInterval(() => this.tick(), 100);
    this.find("pause").textContent = "Pause";
  }

  pause() {
    clearInterval(this.ticking);
    this.ticking = 0;
    this.find("pause").textContent = "Go on";
  }

  tick() {
    const before = Math.ceil(this.left);
    this.left = Math.max(0, (this.until - performance.now()) / 1000);
    const now = Math.ceil(this.left);
    if (now !== before && now > 0 && now <= 3) this.beep(660, 0.07);
    this.count();
    if (this.left <= 0) this.step();
  }

  show() {
    const step = this.steps[this.at];
    const { sets, repetitions } = this.dose;
    this.find("what").textContent = NAMES[step.kind];
    this.find("side").textContent = SIDES[step.side];
    this.find("side").className = `player-side is-${step.side}`;
    const set = `Set ${step.set} of ${sets}`;
    const place = step.repetition ? `${step.repetition} of ${repetitions} · ${set}` : set;
    this.find("step").textContent = place;
    this.root.dataset.kind = step.kind;
    this.count();
  }

  count() {
    const step = this.steps[this.at];
    if (!step) return;
    this.find("count").textContent = String(Math.ceil(this.left));
    this.find("ring").setAttribute("stroke-dashoffset", String(100 * (1 - this.left / step.seconds)));
  }

  beep(pitch, seconds) {
    if (!this.audio || !this.find("sound").checked) return;
    const tone = this.audio.createOscillator();
    const volume = this.audio.createGain();
    const now = this.audio.currentTime;
    tone.frequency.value = pitch;
    volume.gain.setValueAtTime(0.0001, now);
    volume.gain.exponentialRampToValueAtTime(0.3, now + 0.01);
    volume.gain.exponentialRampToValueAtTime(0.0001, now + seconds);
    tone.connect(volume).connect(this.audio.destination);
    tone.start(now);
    tone.stop(now + seconds + 0.02);
  }

  async stayAwake() {
    try {
      this.lock = await navigator.wakeLock?.request("screen");
    } catch {
      this.lock = null;
    }
  }

  end(isDone) {
    clearInterval(this.ticking);
    this.ticking = 0;
    this.lock?.release();
    this.lock = null;
    this.find("start").hidden = false;
    this.find("start").textContent = isDone ? "Once more" : "Start";
    for (const name of ["pause", "next", "stop"]) this.find(name).hidden = true;
    this.find("what").textContent = isDone ? "Done" : "Stopped";
    this.find("side").textContent = "";
    this.find("step").textContent = isDone ? this.root.dataset.done : "";
    this.find("count").textContent = isDone ? "✓" : "–";
    this.find("ring").setAttribute("stroke-dashoffset", isDone ? "0" : "100");
    delete this.root.dataset.kind;
    if (!isDone) return;
    this.beep(520, 0.12);
    setTimeout(() => this.beep(780, 0.25), 160);
    document.getElementById("log")?.scrollIntoView({ block: "start" });
  }
}

for (const root of document.querySelectorAll("[data-player]")) new Player(root);
