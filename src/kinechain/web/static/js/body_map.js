// The picture of the body drives the list of checkboxes beside it: the list is what the form sends.
// Every [data-body-map="edit"] of the page is brought to life; it sends `bodymap:change` with detail.marks.

const SVG = "http://www.w3.org/2000/svg";
const WORDS = { pain: "Pain", numbness: "Numbness", tingling: "Tingling" };
const NEAR = 9; // units of the picture: a press this near to a point takes it away

export function attach(root) {
  if (root.dataset.attached) return;
  root.dataset.attached = "yes";
  const map = new BodyMap(root);
  map.refresh();
}

class BodyMap {
  constructor(root) {
    this.root = root;
    this.points = root.querySelector("[data-points]");
    this.marked = root.querySelector("[data-marked]");
    this.exact = root.querySelector("[data-exact]");
    root.querySelector("[data-tools]").hidden = false;
    root.classList.add("is-live");
    for (const radio of root.querySelectorAll("[data-kind-choice]")) {
      radio.name = `kind-choice-${Math.abs(root.offsetTop)}`;
      radio.addEventListener("change", () => this.chooseKind(radio.value));
    }
    for (const svg of root.querySelectorAll("svg[data-view]")) this.wake(svg);
    root.querySelector(".body-list").addEventListener("change", () => this.changed());
  }

  get kind() {
    return this.root.dataset.kind;
  }

  chooseKind(kind) {
    this.root.dataset.kind = kind;
    this.refresh();
  }

  wake(svg) {
    svg.removeAttribute("aria-hidden");
    svg.setAttribute("role", "group");
    svg.setAttribute("aria-label", svg.closest("figure").querySelector("figcaption").textContent);
    const places = [...svg.querySelectorAll(".place")];
    for (const [number, place] of places.entries()) {
      place.setAttribute("role", "checkbox");
      place.setAttribute("tabindex", number ? "-1" : "0");
    }
    svg.addEventListener("click", (event) => {
      const place = event.target.closest(".place");
      if (event.target.closest(".point")) this.removePoint(event.target.closest(".point").dataset.value);
      else if (place) this.press(svg, place, event);
    });
    svg.addEventListener("keydown", (event) => this.key(places, event));
  }

  press(svg, place, event) {
    this.focus(svg, place);
    if (!this.exact.checked) return this.toggle(place.dataset.code);
    const box = svg.viewBox.baseVal;
    const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
    const near = [...svg.querySelectorAll(".point")].find(
      (point) => Math.hypot(point.cx.baseVal.value - at.x, point.cy.baseVal.value - at.y) < NEAR,
    );
    if (near) return this.removePoint(near.dataset.value);
    const [x, y] = [at.x / box.width, at.y / box.height].map((v) => Math.min(1, Math.max(0, v)).toFixed(3));
    const field = document.createElement("input");
    Object.assign(field, { type: "hidden", name: "mark" });
    field.value = `${this.kind}:${place.dataset.code}:${svg.dataset.view}:${x}:${y}`;
    this.points.append(field);
    this.changed();
  }

  focus(svg, place) {
    for (const other of svg.querySelectorAll(".place")) other.setAttribute("tabindex", other === place ? "0" : "-1");
  }

  key(places, event) {
    const here = places.indexOf(document.activeElement);
    if (here < 0) return;
    const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
    const goal = { Home: 0, End: places.length - 1 }[event.key] ?? (step && (here + step + places.length) % places.length);
    if (goal !== undefined) {
      this.focus(places[goal].ownerSVGElement, places[goal]);
      places[goal].focus();
    } else if (event.key === " " || event.key === "Enter") this.toggle(places[here].dataset.code);
    else return;
    event.preventDefault();
  }

  boxes(kind) {
    return [...this.root.querySelectorAll(`[data-list="${kind}"] input[name="mark"]`)];
  }

  toggle(code) {
    const box = this.boxes(this.kind).find((found) => found.value === `${this.kind}:${code}`);
    box.checked = !box.checked;
    this.changed();
  }

  removePoint(value) {
    for (const field of this.points.querySelectorAll("input")) if (field.value === value) field.remove();
    this.changed();
  }

  marks() {
    const checked = [...this.root.querySelectorAll('.body-list input[name="mark"]:checked')];
    return [...checked, ...this.points.querySelectorAll("input")].map((field) => field.value);
  }

  changed() {
    this.refresh();
    this.root.dispatchEvent(new CustomEvent("bodymap:change", { bubbles: true, detail: { marks: this.marks() } }));
  }

  refresh() {
    const marks = this.marks();
    const whole = new Set(marks.filter((mark) => mark.split(":").length === 2));
    for (const place of this.root.querySelectorAll(".place")) {
      const code = place.dataset.code;
      const base = code.replace(/_(left|right)$/, "");
      for (const kind of Object.keys(WORDS)) {
        const on = whole.has(`${kind}:${code}`) || whole.has(`${kind}:${base}`);
        place.toggleAttribute(`data-${kind}`, on);
        if (kind === this.kind) place.setAttribute("aria-checked", String(on));
      }
      place.setAttribute("aria-label", `${WORDS[this.kind]}: ${place.dataset.name}`);
    }
    this.drawPoints(marks.map((mark) => mark.split(":")).filter((parts) => parts.length === 5));
    this.listMarks(marks);
  }

  drawPoints(points) {
    for (const group of this.root.querySelectorAll("svg .points")) group.replaceChildren();
    for (const [kind, region, view, x, y] of points) {
      const svg = this.root.querySelector(`svg[data-view="${CSS.escape(view)}"]`);
      if (!svg) continue;
      const point = document.createElementNS(SVG, "circle");
      point.setAttribute("class", `point point-${kind}`);
      point.setAttribute("cx", x * svg.viewBox.baseVal.width);
      point.setAttribute("cy", y * svg.viewBox.baseVal.height);
      point.setAttribute("r", 5);
      point.dataset.value = [kind, region, view, x, y].join(":");
      svg.querySelector(".points").append(point);
    }
  }

  nameOf(code) {
    const place = this.root.querySelector(`.place[data-code="${CSS.escape(code)}"]`);
    if (place) return place.dataset.name;
    const left = this.root.querySelector(`.place[data-code="${CSS.escape(`${code}_left`)}"]`);
    return left ? left.dataset.name.replace(/^left /, "") : code;
  }

  listMarks(marks) {
    const list = document.createElement("ul");
    for (const mark of marks) {
      const [kind, code, view] = mark.split(":");
      const item = document.createElement("li");
      const swatch = document.createElement("span");
      swatch.className = `swatch swatch-${kind}`;
      swatch.setAttribute("aria-hidden", "true");
      const words = `${WORDS[kind]}: ${this.nameOf(code)}${view ? ` (${this.root.dataset.point})` : ""}`;
      const remove = document.createElement("button");
      Object.assign(remove, { type: "button", className: "quiet body-remove", textContent: "✕" });
      remove.setAttribute("aria-label", `${this.root.dataset.take} ${words}`);
      remove.addEventListener("click", () => this.take(mark));
      item.append(swatch, words, remove);
      list.append(item);
    }
    const none = document.createElement("p");
    none.className = "muted";
    none.textContent = this.root.dataset.none;
    this.marked.replaceChildren(marks.length ? list : none);
  }

  take(mark) {
    const box = [...this.root.querySelectorAll('.body-list input[name="mark"]')].find((found) => found.value === mark);
    if (!box) return this.removePoint(mark);
    box.checked = false;
    this.changed();
  }
}

for (const root of document.querySelectorAll('[data-body-map="edit"]')) attach(root);
