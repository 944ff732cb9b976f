// The map: colours, legend, labels, search, and what happens when somebody points or clicks.

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
    this.labels = new Map(clusters.map((cluster) => [cluster.cluster_id, cluster.label]));
    const { x, y, x3, y3, z3, interactions } = catalogue.columns;
    const count = catalogue.mapped;
    const small = Math.min(1, Math.max(0.5, Math.sqrt(5000 / count)));
    const flat = new Float32Array(2 * count);
    const deep = new Float32Array(3 * count);
    const radii = new Float32Array(count);
    for (let i = 0; i < count; i += 1) {
      flat.set([x[i] / 5000, y[i] / 5000], 2 * i);
      deep.set([x3[i] / 5000, y3[i] / 5000, z3[i] / 5000], 3 * i);
      radii[i] = small * (2.7 + 1.2 * Math.log10(1 + interactions[i]));
    }
    this.scene = new Scene(byId("points"), flat, deep, radii);
    this.overlay = byId("overlay");
    this.pen = this.overlay.getContext("2d");
    this.way = "1";
    this.kept = null;
    this.chosen = -1;
    this.pointed = -1;
    this.listen();
    this.controls();
    this.regroup();
    this.fit();
    new ResizeObserver(() => this.fit()).observe(byId("stage"));
  }

  // ---- colours and legend

  valueOf(at) {
    if (this.way === "brand") return this.catalogue.brand(at);
    if (this.way === "cluster") return this.labels.get(this.catalogue.columns.cluster[at]);
    if (this.way === "popularity") return this.catalogue.columns.interactions[at];
    return this.catalogue.level(at, Number(this.way));
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
    this.placeLabels();
    this.recolour();
    if (this.chosen < 0) this.showLegend();
  }

  // The hue of a group: nine of them, the rest grey. Clusters are many and apart: they take turns.
  hueOf(value) {
    const place = this.hues.get(value);
    if (place === undefined) return 0;
    if (this.way === "cluster") return (place % HUES) + 1;
    return place < HUES ? place + 1 : 0;
  }

  recolour() {
    this.palette = ["grey", "c1", "c2", "c3", "c4", "c5", "c6", "c7", "c8", "c9"].map(colour);
    this.ink = {
      strong: colour("ink"),
      quiet: colour("quiet"),
      card: colour("card"),
      substitute: colour("accent"),
      complement: colour("second"),
    };
    const most = Math.log(
      1 + Math.max(1, ...this.catalogue.columns.interactions.slice(0, this.scene.count)),
    );
    const { colours } = this.scene;
    this.scene.rim = this.ink.card;
    for (let at = 0; at < this.scene.count; at += 1) {
      const value = this.values[at];
      const shade =
        this.way === "popularity"
          ? between(RAMP, Math.log(1 + value) / most)
          : this.palette[this.hueOf(value)];
      colours.set(shade, 4 * at);
      const apart = this.kept !== null && value !== this.kept;
      colours[4 * at + 3] = apart ? 16 : this.chosen >= 0 ? 70 : 225;
    }
    this.scene.recolour();
    this.redraw();
  }

  keep(value) {
    this.kept = this.kept === value ? null : value;
    this.recolour();
    if (this.chosen < 0) this.showLegend();
  }

  showLegend() {
    if (this.way === "popularity") {
      const stops = RAMP.map((shade) => `rgb(${shade.join(" ")})`).join(",");
      show(
        "side",
        element("h3", {}, "Interactions, all time"),
        element("div", {
          class: "ramp",
          style: { background: `linear-gradient(90deg, ${stops})` },
        }),
        element(
          "div",
          { class: "ends" },
          element("span", {}, "0"),
          element("span", {}, whole(Math.max(0, ...this.values))),
        ),
        element(
          "p",
          { class: "note" },
          "On a logarithmic scale. Larger dots are more popular, whatever the colours stand for.",
        ),
      );
      return;
    }
    const title = WAYS.find(([way]) => way === this.way)[1];
    const items = this.groups.slice(0, 60).map(([value, count]) =>
      element(
        "li",
        {},
        element(
          "button",
          {
            type: "button",
            "aria-pressed": String(this.kept === value),
            title: value,
            onclick: () => this.keep(value),
          },
          element("span", {
            class: "swatch",
            style: { background: `rgb(${this.palette[this.hueOf(value)].join(" ")})` },
          }),
          element("span", { class: "name" }, this.short(value)),
          element("span", { class: "count" }, whole(count)),
        ),
      ),
    );
    const more = this.groups.length - items.length;
    show(
      "side",
      element("h3", {}, title),
      element("ul", { class: "legend" }, items),
      more > 0 && element("p", { class: "note" }, `and ${whole(more)} more`),
      element(
        "p",
        { class: "note" },
        this.way === "cluster"
          ? "Neighbouring clusters differ in colour; far ones may share one. Click to see one alone."
          : `The ${HUES} largest have a colour, the others are grey. Click one to see it alone.`,
      ),
    );
  }

  short(value) {
    if (this.way === "brand") return value;
    if (this.way === "cluster")
      return value
        .split(" · ")
        .map((part) => lastPart(part))
        .join(" · ");
    return value.split(".").slice(-2).map(spaced).join(" / ");
  }

  // ---- labels: each cluster is called by what most of its products are, where they fit

  placeLabels() {
    const members = new Map();
    for (let at = 0; at < this.scene.count; at += 1) {
      const cluster = this.catalogue.columns.cluster[at];
      if (!members.has(cluster)) members.set(cluster, []);
      members.get(cluster).push(at);
    }
    const own = (at) =>
      this.way === "popularity"
        ? this.labels.get(this.catalogue.columns.cluster[at])
        : this.values[at];
    this.places = [...members.values()]
      .sort((a, b) => b.length - a.length)
      .map((list) => {
        const counts = new Map();
        for (const at of list) counts.set(own(at), (counts.get(own(at)) ?? 0) + 1);
        const [value] = [...counts].reduce((best, next) => (next[1] > best[1] ? next : best));
        const text = value
          ? this.way === "brand"
            ? value
            : value.split(" · ").map(lastPart).join(" · ")
          : "";
        const middle = (from, width, place) => {
          const sorted = list.map((at) => from[width * at + place]).sort((a, b) => a - b);
          return sorted[sorted.length >> 1];
        };
        const nearest = [middle(this.scene.flat, 2, 0), middle(this.scene.flat, 2, 1)];
        const anchor = list.reduce(
          (best, at) => {
            const away =
              (this.scene.flat[2 * at] - nearest[0]) ** 2 +
              (this.scene.flat[2 * at + 1] - nearest[1]) ** 2;
            return away < best[1] ? [at, away] : best;
          },
          [list[0], Infinity],
        )[0];
        return { text, value, anchor };
      });
  }

  drawLabels() {
    const { pen } = this;
    pen.font = "600 11.5px Inter, system-ui, sans-serif";
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    pen.lineJoin = "round";
    const taken = [];
    for (const { text, value, anchor } of this.places) {
      if (!text || (this.kept !== null && value !== this.kept)) continue;
      const [x, middle] = this.at(anchor);
      const y = middle - this.scene.radii[anchor] - 9;
      const half = pen.measureText(text).width / 2 + 5;
      const box = [x - half, y - 11, x + half, y + 11];
      if (box[0] < 0 || box[1] < 0 || box[2] > this.scene.width || box[3] > this.scene.height)
        continue;
      const clash = taken.some(
        ([other, b]) =>
          (other === text && Math.hypot(x - (b[0] + b[2]) / 2, y - (b[1] + b[3]) / 2) < 130) ||
          (box[0] < b[2] && box[2] > b[0] && box[1] < b[3] && box[3] > b[1]),
      );
      if (clash) continue;
      taken.push([text, box]);
      pen.strokeStyle = `rgb(${this.ink.card.join(" ")} / .86)`;
      pen.lineWidth = 4;
      pen.strokeText(text, x, y);
      pen.fillStyle = `rgb(${this.ink.strong.join(" ")})`;
      pen.fillText(text, x, y);
    }
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
      if (this.chosen < 0) this.drawLabels();
      else this.drawChosen();
      if (this.pointed >= 0) this.ring(this.pointed, this.ink.strong, 3, 1.5);
    });
  }

  ring(position, shade, wider, line) {
    const [x, y] = this.at(position);
    this.pen.beginPath();
    this.pen.arc(x, y, this.scene.radii[position] + wider, 0, 2 * Math.PI);
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
        pen.arc(ex, ey, this.scene.radii[found.at] + 1.5, 0, 2 * Math.PI);
        pen.fillStyle = `rgb(${shade.join(" ")})`;
        pen.fill();
        this.ring(found.at, this.ink.card, 1.5, 1.5);
      }
    }
    pen.beginPath();
    pen.arc(x, y, this.scene.radii[this.chosen] + 3, 0, 2 * Math.PI);
    pen.fillStyle = `rgb(${this.ink.strong.join(" ")})`;
    pen.fill();
    this.ring(this.chosen, this.ink.card, 3, 2);
    this.ring(this.chosen, this.ink.strong, 6, 1.5);
  }

  // ---- the chosen product

  similarTo(relation) {
    const [positions, together] = this.similar[relation]?.[this.chosen] ?? [[], []];
    return positions.map((at, place) => ({ at, together: together[place] }));
  }

  choose(position) {
    this.chosen = position;
    this.kept = null;
    this.recolour();
    if (position < 0) {
      this.showLegend();
      return;
    }
    const { interactions, purchases } = this.catalogue.columns;
    const list = (relation, title) => {
      const found = this.similarTo(relation);
      const shade = this.ink[relation].join(" ");
      return [
        element("h3", {}, title),
        found.length
          ? element(
              "ul",
              { class: "similar", "data-relation": relation },
              found.map(({ at, together }) =>
                element(
                  "li",
                  {},
                  element(
                    "button",
                    {
                      type: "button",
                      onclick: () => this.choose(at),
                      onpointerenter: () => this.point(at),
                      onpointerleave: () => this.point(-1),
                    },
                    element("span", { class: "swatch", style: { background: `rgb(${shade})` } }),
                    element("span", { title: this.catalogue.facts(at) }, this.catalogue.title(at)),
                    element(
                      "small",
                      { title: "sessions with both products" },
                      together ? `${whole(together)} ×` : "",
                    ),
                  ),
                ),
              ),
            )
          : element("p", { class: "note" }, "No evidence yet among the products in this file."),
      ];
    };
    show(
      "side",
      element(
        "button",
        { type: "button", class: "link", id: "unchoose", onclick: () => this.choose(-1) },
        "← all products",
      ),
      element("div", { class: "product-title", id: "chosen" }, this.catalogue.title(position)),
      element("div", { class: "facts" }, this.catalogue.facts(position)),
      element(
        "div",
        { class: "facts" },
        `${whole(interactions[position])} interactions, ${whole(purchases[position])} purchases`,
      ),
      ...list("substitute", "Can stand in for it"),
      ...list("complement", "Goes with it"),
      element(
        "p",
        { class: "note" },
        "× counts the sessions that had both. Pairs without a count were never seen together: the graph infers them.",
      ),
    );
    byId("side").scrollTop = 0;
  }

  point(position) {
    this.pointed = position < this.scene.count ? position : -1;
    this.redraw();
  }

  // Bring a product into view, from anywhere on the page.
  visit(position) {
    if (position >= this.scene.count) return;
    this.choose(position);
    byId("map").scrollIntoView();
  }

  // ---- pointer, search, controls

  listen() {
    const stage = byId("stage");
    const pointers = new Map();
    let moved = 0;
    const place = (event) => {
      const box = stage.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top];
    };
    stage.addEventListener("pointerdown", (event) => {
      stage.setPointerCapture(event.pointerId);
      pointers.set(event.pointerId, place(event));
      moved = 0;
    });
    stage.addEventListener("pointermove", (event) => {
      const [x, y] = place(event);
      const before = pointers.get(event.pointerId);
      if (!before) {
        this.hover(x, y);
        return;
      }
      const [dx, dy] = [x - before[0], y - before[1]];
      const other = [...pointers].find(([id]) => id !== event.pointerId)?.[1];
      if (other) {
        this.zoom(
          Math.hypot(x - other[0], y - other[1]) /
            Math.max(1, Math.hypot(before[0] - other[0], before[1] - other[1])),
          other[0],
          other[1],
        );
      } else this.drag(dx, dy, event.shiftKey);
      moved += Math.abs(dx) + Math.abs(dy);
      if (moved > 4) {
        stage.classList.add("dragging");
        this.hide();
      }
      pointers.set(event.pointerId, [x, y]);
    });
    const release = (event) => {
      const down = pointers.delete(event.pointerId);
      stage.classList.remove("dragging");
      if (down && event.type === "pointerup" && moved <= 4)
        this.choose(this.scene.pick(...place(event), 14));
    };
    stage.addEventListener("pointerup", release);
    stage.addEventListener("pointercancel", release);
    stage.addEventListener("pointerleave", () => this.hide());
    stage.addEventListener(
      "wheel",
      (event) => {
        event.preventDefault();
        this.zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0015)), ...place(event));
      },
      { passive: false },
    );
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && this.chosen >= 0) this.choose(-1);
    });
  }

  drag(dx, dy, shift) {
    const { view, scale } = this.scene;
    if (view.depth > 0.5 && !shift) {
      view.yaw += dx / 160;
      view.pitch = Math.max(-1.5, Math.min(1.5, view.pitch + dy / 160));
    } else {
      view.x += dx / scale;
      view.y -= dy / scale;
    }
    this.redraw();
  }

  zoom(factor, x, y) {
    const { view, scale, width, height } = this.scene;
    const zoom = Math.max(0.6, Math.min(40, view.zoom * factor));
    const [cx, cy] = [(x - width / 2) / scale, (height / 2 - y) / scale];
    view.x = cx - (cx - view.x) * (zoom / view.zoom);
    view.y = cy - (cy - view.y) * (zoom / view.zoom);
    view.zoom = zoom;
    this.redraw();
  }

  hover(x, y) {
    const at = this.scene.pick(x, y);
    byId("stage").classList.toggle("pointing", at >= 0);
    if (at !== this.pointed) this.point(at);
    const tip = byId("tooltip");
    tip.style.display = at < 0 ? "none" : "block";
    if (at < 0) return;
    tip.replaceChildren(
      element("b", {}, this.catalogue.title(at)),
      element("span", {}, this.catalogue.facts(at)),
      element("span", {}, `${whole(this.catalogue.columns.interactions[at])} interactions`),
    );
    tip.style.left = `${Math.min(x + 14, this.scene.width - tip.offsetWidth - 6)}px`;
    tip.style.top = `${y + 20 + tip.offsetHeight > this.scene.height ? y - tip.offsetHeight - 12 : y + 18}px`;
  }

  hide() {
    byId("tooltip").style.display = "none";
    if (this.pointed >= 0) this.point(-1);
  }

  controls() {
    const results = element("div", { class: "results", id: "results" });
    const input = element("input", {
      type: "search",
      id: "search",
      placeholder: "Find a product: brand, category or id",
      "aria-label": "Find a product",
      oninput: () => this.find(input.value, results, input),
      onkeydown: (event) => {
        if (event.key === "Enter") results.querySelector("button")?.click();
        if (event.key === "Escape") results.replaceChildren();
      },
    });
    const dimensions = choice(
      [
        [2, "2D"],
        [3, "3D"],
      ],
      2,
      (number) => this.deepen(number === 3 ? 1 : 0),
    );
    dimensions.id = "dimensions";
    show(
      "map-controls",
      select("Colour by", WAYS, this.way, (way) => {
        this.way = way;
        this.regroup();
      }),
      dimensions,
      element(
        "button",
        {
          type: "button",
          onclick: () => {
            this.scene.home();
            this.redraw();
          },
        },
        "Reset view",
      ),
      element("div", { class: "search" }, input, results),
    );
    document.addEventListener("click", (event) => {
      if (!event.target.closest?.(".search")) results.replaceChildren();
    });
  }

  find(text, results, input) {
    const words = text.toLowerCase().split(/\s+/).filter(Boolean);
    const found = [];
    for (let at = 0; words.length && at < this.scene.count && found.length < 10; at += 1) {
      const all =
        `${this.catalogue.title(at)} ${this.catalogue.facts(at)} ${this.catalogue.brand(at)}`.toLowerCase();
      if (words.every((word) => all.includes(word) || spaced(all).includes(word))) found.push(at);
    }
    results.replaceChildren(
      ...found.map((at) =>
        element(
          "button",
          {
            type: "button",
            onclick: () => {
              results.replaceChildren();
              input.value = "";
              this.choose(at);
            },
          },
          `${this.catalogue.title(at)} · ${this.catalogue.facts(at)}`,
        ),
      ),
    );
    if (words.length && !found.length)
      results.append(element("button", { type: "button", disabled: true }, "Nothing found"));
  }

  // From flat to deep and back, in half a second; at once for those who want no motion.
  deepen(goal) {
    const start = this.scene.view.depth;
    const began = performance.now();
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const step = (now) => {
      const share = still ? 1 : Math.min(1, (now - began) / 500);
      this.scene.view.depth = start + (goal - start) * share * share * (3 - 2 * share);
      this.redraw();
      if (share < 1) requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
  }
}

function between(ramp, share) {
  const place = Math.max(0, Math.min(0.9999, share)) * (ramp.length - 1);
  const low = Math.floor(place);
  return ramp[low].map((value, i) =>
    Math.round(value + (ramp[low + 1][i] - value) * (place - low)),
  );
}
