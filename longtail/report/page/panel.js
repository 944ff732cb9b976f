// Beside the map: the legend, a product, or a selection; below it, the products shown as a table.

class Panel {
  constructor(map) {
    this.map = map;
    this.seen = null;
    this.rows = 50;
    byId("map-table").addEventListener("toggle", () => this.listProducts());
  }

  // Rebuild the panel at the next update, though it shows the same thing.
  forget() {
    this.seen = null;
  }

  update() {
    const { map } = this;
    const now = map.chosen >= 0 ? map.chosen : (map.selected ?? "legend");
    const focused = byId("side").contains(document.activeElement);
    if (now !== this.seen) {
      this.seen = now;
      if (map.chosen >= 0) this.showProduct();
      else if (map.selected) this.showSelection();
      else this.showLegend();
      byId("side").scrollTop = 0;
      if (focused) (byId("chosen") ?? byId("side").querySelector("button"))?.focus();
    }
    for (const button of byId("side").querySelectorAll(".legend button"))
      button.setAttribute("aria-pressed", String(button.dataset.value === map.kept));
    this.rows = 50;
    this.listProducts();
  }

  back() {
    return press("← all products", () => this.map.choose(-1), { class: "link", id: "unchoose" });
  }

  showLegend() {
    const { map } = this;
    if (map.way === "popularity") {
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
          element("span", {}, whole(Math.max(0, ...map.values))),
        ),
        note(
          "Logarithmic scale. Larger dots are more popular products, whatever the colours show.",
        ),
      );
      return;
    }
    const items = map.groups.slice(0, 60).map(([value, count]) => {
      const hue = map.hueOf(value);
      return element(
        "li",
        {},
        element(
          "button",
          {
            type: "button",
            "data-value": value,
            "data-hint": value,
            onclick: () => map.keep(value),
          },
          element("span", {
            class: "swatch",
            style: { background: hue ? `var(--c${hue})` : "var(--grey)" },
          }),
          element("span", { class: "name" }, map.nameOf(value)),
          element("span", { class: "count" }, whole(count)),
        ),
      );
    });
    const more = map.groups.length - items.length;
    show(
      "side",
      element("h3", {}, WAYS.find(([way]) => way === map.way)[1]),
      element("ul", { class: "legend" }, items),
      more > 0 && note(`and ${whole(more)} more`),
      note(
        map.way === "cluster"
          ? "Neighbouring clusters differ in colour; distant ones may share a colour. Choose one to see it alone."
          : `The ${HUES} largest have a colour, the others are grey. Choose one to see it alone.`,
      ),
    );
  }

  showProduct() {
    const { map } = this;
    const { catalogue, chosen } = map;
    const { interactions, purchases } = catalogue.columns;
    show(
      "side",
      this.back(),
      element(
        "div",
        { class: "product-title", id: "chosen", tabindex: "-1" },
        catalogue.title(chosen),
      ),
      element("div", { class: "facts" }, catalogue.facts(chosen)),
      element("div", { class: "facts" }, catalogue.link(chosen)),
      element(
        "div",
        { class: "facts" },
        `${counted(interactions[chosen], "interaction")}, ${counted(purchases[chosen], "purchase")}`,
      ),
      ...this.similar("substitute", "Can replace it"),
      ...this.similar("complement", "Goes with it"),
      note(
        "× counts the sessions that had both. Pairs without a count were never seen together: the graph infers them.",
      ),
    );
  }

  similar(relation, title) {
    const { map } = this;
    const found = map.similarTo(relation);
    const heading = element("h3", {}, title);
    if (!found.length) return [heading, note("No evidence yet among the products in this file.")];
    const shade = relation === "substitute" ? "accent" : "second";
    const items = found.map(({ at, together }) =>
      element(
        "li",
        {},
        element(
          "button",
          {
            type: "button",
            onclick: () => map.choose(at, { fly: !map.isInView(at) }),
            onpointerenter: () => map.point(at),
            onpointerleave: () => map.point(-1),
          },
          element("span", { class: "swatch", style: { background: `var(--${shade})` } }),
          element(
            "span",
            {},
            map.catalogue.title(at),
            " ",
            element("span", { class: "id" }, map.catalogue.tag(at)),
          ),
          element("small", {}, together ? `${whole(together)} ×` : ""),
        ),
      ),
    );
    return [heading, element("ul", { class: "similar", "data-relation": relation }, items)];
  }

  showSelection() {
    const { map } = this;
    const ids = map.selected.map((at) => map.catalogue.columns.id[at]);
    const list = element(
      "textarea",
      {
        id: "selected-ids",
        readonly: true,
        rows: "8",
        "aria-label": "Ids of the selected products",
      },
      ids.join("\n"),
    );
    const copy = press("Copy ids", () => {
      list.select();
      navigator.clipboard?.writeText(list.value).catch(() => {});
      copy.textContent = "Copied";
    });
    show(
      "side",
      this.back(),
      element(
        "div",
        { class: "product-title", id: "chosen", tabindex: "-1" },
        `${counted(ids.length, "product")} selected`,
      ),
      list,
      element("div", { class: "row" }, copy, this.csv(map.selected)),
      element(
        "ul",
        { class: "plain" },
        map.selected
          .slice(0, 12)
          .map((at) => element("li", {}, productLine(map.catalogue, map, at))),
      ),
      ids.length > 12 && note(`and ${whole(ids.length - 12)} more, in the table below the map`),
    );
  }

  csv(positions) {
    const { catalogue, names } = this.map;
    const { id, price, interactions, purchases, cluster } = catalogue.columns;
    const row = (at) => [
      id[at],
      catalogue.title(at),
      price[at],
      catalogue.category(at),
      catalogue.brand(at),
      interactions[at],
      purchases[at],
      names.get(String(cluster[at])),
    ];
    const columns = "product_id,name,price,category_code,brand,interactions,purchases,cluster";
    return press("Download csv", () =>
      download("products.csv", csvText(columns.split(","), positions.map(row))),
    );
  }

  // The products that stand out, or all of them: what the map shows, for those who cannot see it.
  listProducts() {
    const { map } = this;
    const frame = byId("map-table");
    const standing = map.standing();
    const positions =
      map.chosen >= 0
        ? [map.chosen, ...new Set(map.similarOnMap())]
        : (standing ?? Array.from({ length: map.scene.count }, (_, at) => at));
    const what =
      map.chosen >= 0
        ? "The chosen product and those similar to it"
        : map.selected
          ? "The selected products"
          : standing
            ? `The products of ${map.nameOf(map.kept)}`
            : "The products of the map";
    frame.querySelector("summary").textContent = `${what} as a table (${whole(positions.length)})`;
    if (!frame.open) return;
    const { catalogue } = map;
    const { id, price, interactions, purchases, cluster } = catalogue.columns;
    const columns = [
      {
        title: "Product",
        value: (at) => catalogue.title(at),
        cell: (at) => press(catalogue.title(at), () => map.visit(at), { class: "link" }),
      },
      { title: "Id", value: (at) => id[at], cell: (at) => id[at] },
      {
        title: "Price",
        number: true,
        value: (at) => price[at],
        cell: (at) => catalogue.price(at) ?? "",
      },
      {
        title: "Category",
        value: (at) => catalogue.category(at),
        cell: (at) => catalogue.category(at) ?? "",
      },
      {
        title: "Interactions",
        number: true,
        value: (at) => interactions[at],
        cell: (at) => whole(interactions[at]),
      },
      {
        title: "Purchases",
        number: true,
        value: (at) => purchases[at],
        cell: (at) => whole(purchases[at]),
      },
      {
        title: "Cluster",
        value: (at) => cluster[at],
        cell: (at) => clusterName(map.names.get(String(cluster[at])) ?? ""),
      },
    ];
    const more = positions.length - this.rows;
    frame.querySelector("div").replaceChildren(
      table(columns, positions.slice(0, this.rows), { name: what }),
      element(
        "div",
        { class: "row below" },
        more > 0 &&
          press(`Show ${Math.min(more, 50)} more`, () => {
            this.rows += 50;
            this.listProducts();
          }),
        this.csv(positions),
      ),
    );
  }
}
