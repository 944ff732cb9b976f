// What the other files ask of a product; its position in the file stands for it everywhere.

class Catalogue {
  constructor(columns) {
    const none = { id: [], name: [], price: [], interactions: [], purchases: [], cluster: [] };
    this.columns = { ...none, x: [], y: [], x3: [], y3: [], z3: [], ...columns };
    this.count = this.columns.id.length;
    this.mapped = this.columns.x.findIndex((value) => value === null);
    if (this.mapped < 0) this.mapped = this.columns.x.length;
  }
  category(at) {
    return this.columns.category.values[this.columns.category.places[at]] ?? null;
  }
  brand(at) {
    return this.columns.brand.values[this.columns.brand.places[at]] ?? null;
  }
  level(at, depth) {
    return this.category(at)?.split(".").slice(0, depth).join(".") ?? null;
  }
  position(id) {
    this.positions ??= new Map(this.columns.id.map((own, at) => [own, at]));
    return this.positions.get(id) ?? -1;
  }
  title(at) {
    if (this.columns.name[at]) return this.columns.name[at];
    const category = this.category(at);
    const known = [this.brand(at), category && lastPart(category)].filter(Boolean).join(" ");
    return known || "product";
  }
  price(at) {
    return this.columns.price[at] === null ? null : money(this.columns.price[at]);
  }
  // Many products have the same brand and category: the id and the price tell them apart.
  tag(at) {
    return [this.columns.id[at], this.price(at)].filter(Boolean).join(" · ");
  }
  // A link to the product's page in the shop, where the catalogue has one.
  link(at) {
    const url = this.columns.url?.[at];
    const way = { href: url, target: "_blank", rel: "noopener noreferrer" };
    return url && element("a", way, "Its page in the shop ↗");
  }
  facts(at) {
    return [this.tag(at), this.category(at)].filter(Boolean).join(" · ");
  }
}

// A product in a line of text: its name (a way to the map, where it is on it), id and price.
function productLine(catalogue, map, at) {
  const title = catalogue.title(at);
  const seen = map && at < catalogue.mapped;
  return element(
    "span",
    { class: "product" },
    seen
      ? press(title, () => map.visit(at), {
          class: "link",
          "data-hint": `See it on the map: ${catalogue.facts(at)}`,
        })
      : element("span", {}, title),
    " ",
    element("span", { class: "id" }, catalogue.tag(at)),
  );
}

// Words to products. A word of the search matches the beginning of a word of the product, so a
// sorted list of all words answers by bisection; only if none begins so, words that contain it.
class SearchIndex {
  constructor(catalogue, count) {
    const found = new Map();
    for (let at = 0; at < count; at += 1) {
      const text = `${catalogue.title(at)} ${catalogue.columns.id[at]} ${catalogue.category(at) ?? ""} ${catalogue.brand(at) ?? ""}`;
      for (const word of new Set(SearchIndex.words(text))) {
        const list = found.get(word);
        if (list) list.push(at);
        else found.set(word, [at]);
      }
    }
    this.count = count;
    this.words = [...found.keys()].sort();
    this.products = this.words.map((word) => found.get(word));
  }

  static words(text) {
    return text
      .toLowerCase()
      .split(/[^\p{L}\p{N}]+/u)
      .filter(Boolean);
  }

  // Positions of products with every word of `text`, the most popular first.
  find(text, limit) {
    const wanted = SearchIndex.words(text);
    if (!wanted.length) return [];
    const hits = new Uint8Array(this.count);
    wanted.forEach((word, place) => {
      for (const list of this.lists(word)) {
        for (const at of list) if (hits[at] === place) hits[at] = place + 1;
      }
    });
    const found = [];
    for (let at = 0; at < this.count && found.length < limit; at += 1) {
      if (hits[at] === wanted.length) found.push(at);
    }
    return found;
  }

  lists(word) {
    let [low, high] = [0, this.words.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.words[middle] < word) low = middle + 1;
      else high = middle;
    }
    let end = low;
    while (end < this.words.length && this.words[end].startsWith(word)) end += 1;
    if (end > low) return this.products.slice(low, end);
    return this.products.filter((_, place) => this.words[place].includes(word));
  }
}
