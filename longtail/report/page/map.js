// The map: what is on it, in which colours, and what is chosen, kept or selected.

const HUES = 9;
const RAMP = [
  [0, 34, 78],
  [62, 77, 111],
  [125, 124, 120],
  [189, 174, 109],
  [254, 232, 56],
]; // cividis
const WAYS = [
  ["1", "Category"],
  ["2", "Category, level 2"],
  ["3", "Category, level 3"],
  ["brand", "Brand"],
  ["cluster", "Cluster"],
  ["popularity", "Popularity"],
];

class ProductMap {
  constructor(catalogue, similar, clusters) {
    Object.assign(this, { catalogue, similar, clusters });
    this.names = new Map(clusters.map((row) => [String(row.cluster_id), row.label]));
    const { x, y, x3, y3, z3, interactions } = catalogue.columns;
    const count = catalogue.mapped;
    const small = Math.min(1, Math.max(0.35, Math.sqrt(2500 / count)));
    const flat = new Float32Array(2 * count);
    const deep = new Float32Array(3 * count);
    const radii = new Float32Array(count);
    for (let i = 0; i < count; i += 1) {
      flat.set([x[i] / 5000, y[i] / 5000], 2 * i);
      deep.set([x3[i] / 5000, y3[i] / 5000, z3[i] / 5000], 3 * i);
      radii[i] = small * (1.5 + 0.9 * Math.log10(1 + interactions[i]));
    }
    this.scene = new Scene(byId("points"), flat, deep, radii);
    this.overlay = byId("overlay");
    this.pen = this.overlay.getContext("2d");
    this.way = "1";
    this.kept = null; // a group of the legend, seen alone
    this.selected = null; // positions inside a lasso
    this.chosen = -1;
    this.pointed = -1;
    this.listeners = [];
    this.labels = new Labels(this);
    this.panel = new Panel(this);
    this.gestures = new Gestures(this);
    this.controls();
    this.regroup();
    this.fit();
    new ResizeObserver(() => this.fit()).observe(byId("stage"));
  }

  // Call `listener` after every change of what is chosen, kept or selected.
  onChange(listener) {
    this.listeners.push(listener);
  }

  changed() {
    this.recolour();
    this.panel.update();
    for (const listener of this.listeners) listener();
  }

  // ---- groups and colours

  valueOf(at) {
    if (this.way === "brand") return this.catalogue.brand(at);
    if (this.way === "cluster") return String(this.catalogue.columns.cluster[at]);
    if (this.way === "popularity") return this.catalogue.columns.interactions[at];
    return this.catalogue.level(at, Number(this.way));
  }

  // The name of a group as a reader says it.
  nameOf(value) {
    if (this.way === "brand") return value;
    if (this.way === "cluster") return clusterName(this.names.get(value) ?? value);
    return value.split(".").slice(-2).map(spaced).join(" / ");
  }

  regroup() {
    this.kept = null;
    this.values = Array.from({ length: this.scene.count }, (_, at) => this.valueOf(at));
    const counts = new Map();
    if (this.way !== "popularity") {
      for (const value of this.values) if (value) counts.set(value, (counts.get(value) ?? 0) + 1);
    }
    this.groups = [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
    this.hues = new Map(this.groups.map(([value], place) => [value, place]));
    this.labels.place();
    byId("way").value = this.way;
    this.panel.forget();
    this.changed();
  }

  // The hue of a group: nine of them, the rest grey. Clusters are many and apart: they take turns.
  hueOf(value) {
    const place = this.hues.get(value);
    if (place === undefined) return 0;
    if (this.way === "cluster") return (place % HUES) + 1;
    return place < HUES ? place + 1 : 0;
  }

  // Positions that stand out: the selected ones or the kept group; null when nothing does.
  standing() {
    if (this.selected) return this.selected;
    if (this.kept === null) return null;
    return Array.from(this.values.keys()).filter((at) => this.values[at] === this.kept);
  }

  recolour() {
    this.palette = ["grey", "c1", "c2", "c3", "c4", "c5", "c6", "c7", "c8", "c9"].map(colour);
    this.ink = {
      strong: colour("ink"),
      quiet: colour("quiet"),
      card: colour("card"),
      flat: colour("grey-wash"),
      substitute: colour("accent"),
      complement: colour("second"),
    };
    const most = Math.log(
      1 + Math.max(1, ...this.catalogue.columns.interactions.slice(0, this.scene.count)),
    );
    const { colours } = this.scene;
    const standing = this.standing();
    const apart = new Set(standing ?? []);
    this.scene.rim = this.ink.card;
    for (let at = 0; at < this.scene.count; at += 1) {
      const value = this.values[at];
      const own =
        this.way === "popularity"
          ? between(RAMP, Math.log(1 + value) / most)
          : this.palette[this.hueOf(value)];
      const shade = !standing ? own : apart.has(at) ? this.ink.substitute : this.ink.flat;
      colours.set(shade, 4 * at);
      colours[4 * at + 3] = standing && !apart.has(at) ? 255 : this.chosen >= 0 ? 70 : 225;
    }
    this.scene.layer((at) => !standing || apart.has(at));
    this.scene.recolour();
    this.redraw();
  }

  // ---- what stands out

  keep(value) {
    this.kept = this.kept === value ? null : value;
    this.selected = null;
    this.chosen = -1;
    this.changed();
    if (this.kept === null) this.home();
    else this.flyTo(this.standing());
  }

  // Colour by `way` and show one group alone, from anywhere on the page.
  keepGroup(way, value) {
    this.way = way;
    this.selected = null;
    this.chosen = -1;
    this.regroup();
    if (!this.hues.has(value)) return false;
    this.keep(value);
    byId("map").scrollIntoView();
    return true;
  }

  selectProducts(positions) {
    this.selected = positions.length ? positions : null;
    this.kept = null;
    this.chosen = -1;
    this.changed();
  }

  // Show products alone, from anywhere on the page.
  showProducts(positions) {
    this.selectProducts(positions);
    this.flyTo(this.selected);
    byId("map").scrollIntoView();
  }

  choose(position, { fly = false } = {}) {
    this.chosen = position;
    this.kept = null;
    this.selected = null;
    this.changed();
    if (fly && position >= 0) this.flyTo([position, ...this.similarOnMap()]);
  }

  // Bring a product into view, from anywhere on the page.
  visit(position) {
    if (position < 0 || position >= this.scene.count) return false;
    this.choose(position, { fly: true });
    byId("map").scrollIntoView();
    return true;
  }

  point(position) {
    this.pointed = position < this.scene.count ? position : -1;
    this.redraw();
  }

  similarTo(relation) {
    const [positions, together] = this.similar[relation]?.[this.chosen] ?? [[], []];
    return positions.map((at, place) => ({ at, together: together[place] }));
  }

  similarOnMap() {
    return ["substitute", "complement"]
      .flatMap((relation) => this.similarTo(relation))
      .map(({ at }) => at)
      .filter((at) => at < this.scene.count);
  }

  isInView(at) {
    const [x, y] = this.at(at);
    return x >= 0 && y >= 0 && x <= this.scene.width && y <= this.scene.height;
  }

  // ---- drawing

  at(position) {
    const { screen } = this.scene;
    return [screen[3 * position], screen[3 * position + 1]];
  }

  fit() {
    this.scene.resize();
    const { width, height, ratio } = this.scene;
    this.overlay.width = Math.round(width * ratio);
    this.overlay.height = Math.round(height * ratio);
    this.redraw();
  }

  redraw() {
    if (this.waiting) return;
    this.waiting = requestAnimationFrame(() => {
      this.waiting = null;
      this.scene.draw();
      this.pen.setTransform(this.scene.ratio, 0, 0, this.scene.ratio, 0, 0);
      this.pen.clearRect(0, 0, this.scene.width, this.scene.height);
      if (this.chosen < 0) this.labels.draw();
      else this.drawChosen();
      this.gestures.drawLasso();
      if (this.pointed >= 0) this.ring(this.pointed, this.ink.strong, 3, 1.5);
    });
  }

  ring(position, shade, wider, line) {
    const [x, y] = this.at(position);
    this.pen.beginPath();
    this.pen.arc(x, y, this.scene.radius(position) + wider, 0, 2 * Math.PI);
    this.pen.strokeStyle = `rgb(${shade.join(" ")})`;
    this.pen.lineWidth = line;
    this.pen.stroke();
  }

  drawChosen() {
    const { pen } = this;
    const [x, y] = this.at(this.chosen);
    for (const relation of ["complement", "substitute"]) {
      const shade = this.ink[relation];
      for (const found of this.similarTo(relation)) {
        if (found.at >= this.scene.count) continue;
        const [ex, ey] = this.at(found.at);
        pen.beginPath();
        pen.moveTo(x, y);
        pen.lineTo(ex, ey);
        pen.strokeStyle = `rgb(${shade.join(" ")} / .45)`;
        pen.lineWidth = 1.2;
        pen.stroke();
        pen.beginPath();
        pen.arc(ex, ey, Math.max(4, this.scene.radius(found.at)) + 1, 0, 2 * Math.PI);
        pen.fillStyle = `rgb(${shade.join(" ")})`;
        pen.fill();
        pen.strokeStyle = `rgb(${this.ink.card.join(" ")})`;
        pen.stroke();
      }
    }
    pen.beginPath();
    pen.arc(x, y, Math.max(4, this.scene.radius(this.chosen)) + 2, 0, 2 * Math.PI);
    pen.fillStyle = `rgb(${this.ink.strong.join(" ")})`;
    pen.fill();
    this.ring(this.chosen, this.ink.card, 4, 2);
    this.ring(this.chosen, this.ink.strong, 7, 1.5);
  }

  // ---- moving

  drag(dx, dy, turn = true) {
    this.land();
    const { view, scale } = this.scene;
    if (view.depth > 0.5 && turn) {
      view.yaw += dx / 160;
      view.pitch = Math.max(-1.5, Math.min(1.5, view.pitch + dy / 160));
    } else {
      view.x += dx / scale;
      view.y -= dy / scale;
    }
    this.redraw();
  }

  zoom(factor, x = this.scene.width / 2, y = this.scene.height / 2) {
    this.land();
    const { view, scale, width, height } = this.scene;
    const zoom = Math.max(0.6, Math.min(40, view.zoom * factor));
    const [cx, cy] = [(x - width / 2) / scale, (height / 2 - y) / scale];
    view.x = cx - (cx - view.x) * (zoom / view.zoom);
    view.y = cy - (cy - view.y) * (zoom / view.zoom);
    view.zoom = zoom;
    this.redraw();
  }

  home() {
    this.animate(HOME);
  }

  // Frame these products, not closer than helps.
  flyTo(positions) {
    if (!positions?.length) return;
    const { width, height, scale } = this.scene;
    const [left, bottom, right, top] = this.scene.box(positions);
    const fits = (length, extent) => (0.78 * length) / (scale * Math.max(extent, 1e-6));
    const zoom = Math.max(0.8, Math.min(8, fits(width, right - left), fits(height, top - bottom)));
    this.animate({ zoom, x: (-zoom * (left + right)) / 2, y: (-zoom * (bottom + top)) / 2 });
  }

  // From flat to deep and back.
  deepen(goal) {
    this.animate({ depth: goal });
  }

  // To another view in half a second; at once for those who want no motion. Goals of two calls
  // add up, so that going home does not stop the change to 3D.
  animate(goal) {
    const { view } = this.scene;
    this.goal = { ...(this.flying ? this.goal : {}), ...goal };
    this.flying = true;
    const start = { ...view };
    const began = performance.now();
    const own = (this.flight = (this.flight ?? 0) + 1);
    const step = (now) => {
      if (own !== this.flight) return;
      const share = still() ? 1 : Math.max(0, Math.min(1, (now - began) / 500));
      const eased = share * share * (3 - 2 * share);
      for (const [name, end] of Object.entries(this.goal))
        view[name] = share === 1 ? end : start[name] + (end - start[name]) * eased;
      this.redraw();
      if (share < 1) requestAnimationFrame(step);
      else this.flying = false;
    };
    requestAnimationFrame(step);
  }

  // A hand on the map ends a flight over it.
  land() {
    if (this.flying) for (const name of ["x", "y", "zoom"]) delete this.goal[name];
  }

  controls() {
    const dimensions = choice(
      "Dimensions",
      [
        [2, "2D"],
        [3, "3D"],
      ],
      2,
      (number) => this.deepen(number === 3 ? 1 : 0),
    );
    dimensions.id = "dimensions";
    const ways = select("Colour by", WAYS, this.way, (way) => {
      this.way = way;
      this.selected = null;
      this.regroup();
    });
    ways.querySelector("select").id = "way";
    const lasso = press("Lasso", () => this.gestures.arm(), {
      id: "lasso",
      "aria-pressed": "false",
      "data-hint": byFinger()
        ? "Draw around products with a finger to list their ids"
        : "Draw around products to list their ids (or hold shift and drag)",
    });
    show("map-controls", ways, dimensions, lasso, searchBox(this));
    byId("stage").append(
      element(
        "div",
        { class: "zoom", role: "group", "aria-label": "View of the map" },
        press("+", () => this.zoom(1.5), { "aria-label": "Zoom in" }),
        press("−", () => this.zoom(1 / 1.5), { "aria-label": "Zoom out" }),
        press("⌂", () => this.home(), { "aria-label": "Whole map", id: "home" }),
      ),
    );
  }
}

// "food.drinks.coffee + home.kitchen.cups · brand" without what stands above the last names.
const clusterName = (label) =>
  label
    .split(" · ")
    .map((part) => part.split(" + ").map(lastPart).join(" + "))
    .join(" · ");

function between(ramp, share) {
  const place = Math.max(0, Math.min(0.9999, share)) * (ramp.length - 1);
  const low = Math.floor(place);
  return ramp[low].map((value, i) =>
    Math.round(value + (ramp[low + 1][i] - value) * (place - low)),
  );
}
