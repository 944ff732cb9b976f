// Mouse, fingers, wheel and keys on the map.
//
// The page scrolls over the map until the user presses it: a plain wheel and a swipe up or
// down belong to the page, ctrl and wheel, two fingers and the buttons zoom at once. After a press
// on the map the wheel and single fingers move the map, until the pointer leaves or presses elsewhere.

class Gestures {
  constructor(map) {
    this.map = map;
    this.stage = byId("stage");
    this.pointers = new Map();
    this.lasso = null;
    this.moved = 0;
    const on = (kind, action, options) =>
      this.stage.addEventListener(kind, (event) => this.isMap(event) && action(event), options);
    on("pointerdown", (event) => this.down(event));
    on("pointermove", (event) => this.move(event));
    on("pointerup", (event) => this.up(event));
    on("pointercancel", (event) => this.up(event));
    this.stage.addEventListener("pointerleave", (event) => {
      this.hide();
      if (event.pointerType === "mouse") this.hold(false);
    });
    on("wheel", (event) => this.wheel(event), { passive: false });
    this.stage.addEventListener("keydown", (event) => this.key(event));
    this.stage.addEventListener("blur", () => this.hide());
    document.addEventListener("pointerdown", (event) => {
      if (!this.stage.contains(event.target)) this.hold(false);
    });
    document.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      this.disarm();
      if (map.chosen >= 0 || map.selected) map.choose(-1);
    });
  }

  isMap(event) {
    return !event.target.closest(".zoom");
  }

  place(event) {
    const box = this.stage.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  hold(held) {
    this.held = held;
    this.stage.classList.toggle("held", held);
  }

  down(event) {
    this.stage.setPointerCapture(event.pointerId);
    this.pointers.set(event.pointerId, this.place(event));
    this.moved = 0;
    if (this.armed || event.shiftKey) this.lasso = [this.place(event)];
    // A finger may want to scroll the page: it holds the map only once it has tapped it.
    else if (event.pointerType === "mouse") this.hold(true);
  }

  move(event) {
    const [x, y] = this.place(event);
    const before = this.pointers.get(event.pointerId);
    if (!before) {
      this.hover(x, y);
      return;
    }
    const [dx, dy] = [x - before[0], y - before[1]];
    const other = [...this.pointers].find(([id]) => id !== event.pointerId)?.[1];
    this.moved += Math.abs(dx) + Math.abs(dy);
    this.pointers.set(event.pointerId, [x, y]);
    if (this.lasso) {
      this.lasso.push([x, y]);
      this.map.redraw();
    } else if (other) {
      const was = Math.hypot(before[0] - other[0], before[1] - other[1]);
      this.map.zoom(Math.hypot(x - other[0], y - other[1]) / Math.max(1, was), ...other);
    } else this.map.drag(dx, this.held || event.pointerType === "mouse" ? dy : 0, !event.altKey);
    if (this.moved > 4) {
      this.stage.classList.add("dragging");
      this.hide();
    }
  }

  up(event) {
    const down = this.pointers.delete(event.pointerId);
    this.stage.classList.remove("dragging");
    if (!down || event.type !== "pointerup") {
      this.lasso = null;
      return;
    }
    if (this.lasso && this.moved > 4) this.take();
    else if (this.moved <= 4) {
      this.hold(true);
      this.map.choose(this.map.scene.pick(...this.place(event), 14));
    }
    this.lasso = null;
  }

  wheel(event) {
    if (!event.ctrlKey && !event.metaKey && !this.held) {
      this.say("Ctrl and wheel zoom the map, and so does the wheel after a click on it");
      return;
    }
    event.preventDefault();
    const speed = (event.deltaMode ? 0.05 : 0.0015) * (event.ctrlKey && !event.deltaMode ? 3 : 1);
    this.map.zoom(Math.exp(-event.deltaY * speed), ...this.place(event));
  }

  say(text) {
    const line = byId("map-say");
    line.textContent = text;
    line.classList.add("on");
    clearTimeout(this.silence);
    this.silence = setTimeout(() => line.classList.remove("on"), 1600);
  }

  // ---- lasso

  arm() {
    this.armed = !this.armed;
    this.stage.classList.toggle("armed", this.armed);
    byId("lasso").setAttribute("aria-pressed", String(this.armed));
  }

  disarm() {
    this.lasso = null;
    if (this.armed) this.arm();
  }

  take() {
    const inside = [];
    for (let at = 0; at < this.map.scene.count; at += 1) {
      if (isInside(this.map.at(at), this.lasso)) inside.push(at);
    }
    this.disarm();
    this.map.selectProducts(inside);
  }

  drawLasso() {
    if (!this.lasso) return;
    const { pen, ink } = this.map;
    pen.beginPath();
    this.lasso.forEach(([x, y], place) => (place ? pen.lineTo(x, y) : pen.moveTo(x, y)));
    pen.closePath();
    pen.fillStyle = `rgb(${ink.substitute.join(" ")} / .12)`;
    pen.fill();
    pen.strokeStyle = `rgb(${ink.substitute.join(" ")})`;
    pen.lineWidth = 1.5;
    pen.stroke();
  }

  // ---- keyboard: arrows go from dot to dot, shift and arrows move the map

  key(event) {
    if (event.target !== this.stage) return;
    const arrows = {
      ArrowLeft: [-1, 0],
      ArrowRight: [1, 0],
      ArrowUp: [0, -1],
      ArrowDown: [0, 1],
    };
    const way = arrows[event.key];
    if (way && event.shiftKey) this.map.drag(-60 * way[0], -60 * way[1], false);
    else if (way) this.step(way);
    else if (event.key === "+" || event.key === "=") this.map.zoom(1.5);
    else if (event.key === "-") this.map.zoom(1 / 1.5);
    else if (event.key === "0" || event.key === "Home") this.map.home();
    else if ((event.key === "Enter" || event.key === " ") && this.map.pointed >= 0)
      this.map.choose(this.map.pointed);
    else return;
    event.preventDefault();
  }

  // To the nearest dot in that direction, from the one pointed at or the middle of the stage.
  step([dx, dy]) {
    const { map } = this;
    const { width, height, count, isBehind } = map.scene;
    const [x, y] = map.pointed >= 0 ? map.at(map.pointed) : [width / 2, height / 2];
    let [best, least] = [-1, Infinity];
    for (let at = 0; at < count; at += 1) {
      if (isBehind[at] || at === map.pointed) continue;
      const [px, py] = map.at(at);
      const along = (px - x) * dx + (py - y) * dy;
      const aside = Math.abs((px - x) * dy) + Math.abs((py - y) * dx);
      if (along < 1 || aside > along) continue;
      if (along + 2 * aside < least) [best, least] = [at, along + 2 * aside];
    }
    if (best < 0) return;
    const [px, py] = map.at(best);
    const shift = (value, end) =>
      value < 40 ? 40 - value : value > end - 40 ? end - 40 - value : 0;
    const [sx, sy] = [shift(px, width), shift(py, height)];
    map.drag(sx, sy, false);
    map.point(best);
    this.tell(best, px + sx, py + sy);
  }

  // ---- what is under the pointer

  hover(x, y) {
    const at = this.map.scene.pick(x, y);
    this.stage.classList.toggle("pointing", at >= 0);
    if (at !== this.map.pointed) this.map.point(at);
    if (at < 0) byId("tooltip").style.display = "none";
    else this.tell(at, x, y);
  }

  tell(at, x, y) {
    const { catalogue, scene } = this.map;
    const tip = byId("tooltip");
    if (tip.dataset.product !== String(at)) {
      tip.dataset.product = at;
      tip.replaceChildren(
        element("b", {}, catalogue.title(at)),
        element("span", {}, catalogue.facts(at)),
        element("span", {}, counted(catalogue.columns.interactions[at], "interaction")),
      );
    }
    tip.style.display = "block";
    const below = y + 20 + tip.offsetHeight <= scene.height;
    tip.style.left = `${Math.max(6, Math.min(x + 14, scene.width - tip.offsetWidth - 6))}px`;
    tip.style.top = `${below ? y + 18 : y - tip.offsetHeight - 12}px`;
  }

  hide() {
    byId("tooltip").style.display = "none";
    if (this.map.pointed >= 0) this.map.point(-1);
  }
}

// Whether a point lies in a polygon: a ray from it crosses the outline an odd number of times.
function isInside([x, y], outline) {
  let inside = false;
  for (let i = 0, j = outline.length - 1; i < outline.length; j = i, i += 1) {
    const [[ax, ay], [bx, by]] = [outline[i], outline[j]];
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside;
  }
  return inside;
}
