// Names on the map: of large clusters from afar, of all of them nearer, of products from close by.

const ALL_CLUSTERS_AT = 1.8;
const PRODUCTS_AT = 5;

class Labels {
  constructor(map) {
    this.map = map;
    this.places = [];
  }

  // Each cluster is called by what most of its products are, beside its middle.
  place() {
    const { map } = this;
    const { cluster } = map.catalogue.columns;
    const members = new Map();
    for (let at = 0; at < map.scene.count; at += 1) {
      if (!members.has(cluster[at])) members.set(cluster[at], []);
      members.get(cluster[at]).push(at);
    }
    this.places = [...members.values()]
      .sort((a, b) => b.length - a.length)
      .map((list) => ({ ...this.called(list), anchor: this.middle(list) }));
  }

  called(list) {
    const { map } = this;
    if (map.way === "popularity") {
      const label = map.names.get(String(map.catalogue.columns.cluster[list[0]]));
      return { value: null, text: label ? clusterName(label) : "" };
    }
    const counts = new Map();
    for (const at of list) counts.set(map.values[at], (counts.get(map.values[at]) ?? 0) + 1);
    const [value] = [...counts].reduce((best, next) => (next[1] > best[1] ? next : best));
    if (!value) return { value, text: "" };
    return { value, text: map.way === "brand" ? value : lastNames(map.nameOf(value)) };
  }

  middle(list) {
    const { flat } = this.map.scene;
    const median = (axis) => {
      const sorted = list.map((at) => flat[2 * at + axis]).sort((a, b) => a - b);
      return sorted[sorted.length >> 1];
    };
    const [x, y] = [median(0), median(1)];
    const away = (at) => (flat[2 * at] - x) ** 2 + (flat[2 * at + 1] - y) ** 2;
    return list.reduce((best, at) => (away(at) < away(best) ? at : best), list[0]);
  }

  // The labels that this view has room for: [text, anchor], the important ones first.
  wanted() {
    const { map } = this;
    const { zoom } = map.scene.view;
    const clusters = this.places.filter(
      ({ text, value }) => text && (map.kept === null || value === map.kept),
    );
    const room = Math.ceil((map.scene.width * map.scene.height) / 30_000);
    const some = zoom < ALL_CLUSTERS_AT ? clusters.slice(0, room) : clusters;
    const products = [];
    if (zoom >= PRODUCTS_AT) {
      for (let at = 0; at < map.scene.count && products.length < 40; at += 1) {
        if (!map.scene.isBehind[at] && map.isInView(at))
          products.push({ text: map.catalogue.title(at), anchor: at, isProduct: true });
      }
    }
    return [...some, ...products];
  }

  draw() {
    const { pen, scene, ink } = this.map;
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    pen.lineJoin = "round";
    const taken = [];
    this.shown = [];
    for (const { text, anchor, isProduct } of this.wanted()) {
      pen.font = `${isProduct ? "400 11px" : "600 12px"} Inter, system-ui, sans-serif`;
      const [x, middle] = this.map.at(anchor);
      const y = middle - scene.radius(anchor) - 9;
      const half = pen.measureText(text).width / 2 + 5;
      const box = [x - half, y - 11, x + half, y + 11];
      if (box[0] < 0 || box[1] < 0 || box[2] > scene.width || box[3] > scene.height) continue;
      const clash = taken.some(
        ([other, b]) =>
          (other === text && Math.hypot(x - (b[0] + b[2]) / 2, y - (b[1] + b[3]) / 2) < 130) ||
          (box[0] < b[2] && box[2] > b[0] && box[1] < b[3] && box[3] > b[1]),
      );
      if (clash) continue;
      taken.push([text, box]);
      this.shown.push(text);
      pen.strokeStyle = `rgb(${ink.card.join(" ")} / .86)`;
      pen.lineWidth = 4;
      pen.strokeText(text, x, y);
      pen.fillStyle = `rgb(${(isProduct ? ink.quiet : ink.strong).join(" ")})`;
      pen.fillText(text, x, y);
    }
  }
}

const lastNames = (name) => name.split(" / ").pop();
