// What to act on: a card per question, each a table of the database with a way to the map.

const SHORT = onPhone() ? 3 : 5;
const LONG = 20;

// `ids` are the columns with products; the cards' columns are made by `columnsOf`.
const CARDS = [
  {
    name: "hidden_winners",
    title: "Hidden winners",
    say: (rows) =>
      `Bought more often than usual (${percent(rows[0].shop_rate, 1)} purchases per visitor) by the few who see them. Give them a better place.`,
    ids: ["product_id"],
    columns: [
      { title: "Product", product: "product_id" },
      {
        title: "Bought",
        number: true,
        value: (row) => row.purchases,
        cell: (row) => `${whole(row.purchases)} × per ${counted(row.users, "visitor")}`,
      },
      {
        title: "Recommended to",
        number: true,
        value: (row) => row.users_recommended_to,
        cell: (row) => counted(row.users_recommended_to, "user"),
      },
    ],
  },
  {
    name: "products_nobody_finds",
    title: "Products nobody finds",
    say: () =>
      "Few users see them, though they can replace popular products. Show them beside these.",
    ids: ["product_id", "beside_product_id"],
    columns: [
      { title: "Product", product: "product_id" },
      {
        title: "Visitors",
        number: true,
        value: (row) => row.users,
        cell: (row) => whole(row.users),
      },
      { title: "Show it beside", product: "beside_product_id" },
    ],
  },
  {
    name: "top_movers",
    title: "Rising and falling",
    say: (rows, { first_event_at: first, last_event_at: last }) =>
      `${Date.parse(last) - Date.parse(first) < 14 * 864e5 ? "The second half of the log against its first" : "The last 7 days against the 7 before"}, and against what the whole shop did. Only changes that are unlikely to be chance.`,
    ids: ["product_id"],
    columns: [
      { title: "Product", product: "product_id" },
      {
        title: "Interactions",
        number: true,
        value: (row) => row.interactions_after,
        cell: (row) =>
          `${row.surprise > 0 ? "▲" : "▼"} ${whole(row.interactions_before)} → ${whole(row.interactions_after)}`,
      },
      {
        title: "Expected",
        number: true,
        hint: "as many of the product's interactions in both periods as the whole shop had in the later one",
        value: (row) => row.expected_after,
        cell: (row) => whole(Math.round(row.expected_after)),
      },
    ],
  },
  {
    name: "abandoned_carts",
    title: "Carts left behind",
    say: (rows) =>
      `Put in a cart and not bought afterwards: ${money(sumOf(rows, "value_left"))} in the ${counted(rows.length, "category", "categories")} of this list. Find out what stops buyers; the table users_about_to_buy lists whom to remind.`,
    ids: [],
    columns: [
      { title: "Category", category: "category_code" },
      {
        title: "Left behind",
        number: true,
        value: (row) => row.abandoned,
        cell: (row) => `${whole(row.abandoned)} of ${whole(row.carts)}`,
      },
      {
        title: "Worth",
        number: true,
        value: (row) => row.value_left,
        cell: (row) => (row.value_left === null ? "" : money(row.value_left)),
      },
    ],
  },
  {
    name: "cheaper_substitutes",
    title: "Cheaper substitutes",
    say: () =>
      "People look at both in the same sessions. Offer the cheaper one where the expensive one does not sell; beware that it may take its sales.",
    ids: ["product_id", "cheaper_product_id"],
    columns: [
      { title: "Product", product: "product_id" },
      { title: "Cheaper", product: "cheaper_product_id" },
      {
        title: "Saves",
        number: true,
        value: (row) => row.saved_share,
        cell: (row) => percent(row.saved_share),
      },
    ],
  },
  {
    name: "category_flow",
    title: "Categories that lead to each other",
    say: () => "Where a session goes next, far more often than chance. Link the shelves.",
    ids: [],
    columns: [
      { title: "From", category: "category_code" },
      { title: "To", category: "next_category_code" },
      {
        title: "Against chance",
        number: true,
        hint: "lift: how many times more often than if the next category did not depend on the one before",
        value: (row) => row.lift,
        cell: (row) => `${row.lift.toFixed(row.lift < 10 ? 1 : 0)} ×`,
      },
      {
        title: "Times",
        number: true,
        value: (row) => row.moves,
        cell: (row) => whole(row.moves),
      },
    ],
  },
  {
    name: "brand_flow",
    title: "Brands people switch to",
    say: (rows) =>
      `Looked at one brand and bought the other in the same session: sessions there less those the other way. ${beyondChance(rows)}`,
    ids: [],
    columns: [
      { title: "Category", category: "category_code" },
      { title: "Looked at", brand: "from_brand" },
      { title: "Bought", brand: "to_brand" },
      {
        title: "On balance",
        number: true,
        value: (row) => row.net_sessions,
        cell: (row) =>
          `${whole(row.net_sessions)} (${whole(row.sessions)} there, ${whole(row.sessions_back)} back)`,
      },
    ],
  },
  {
    name: "experiment_verdicts",
    title: "Experiments",
    say: () =>
      "Clicks on what was shown: each experiment's users against those of no experiment. Level: too close to tell from chance.",
    ids: [],
    columns: [
      { title: "Experiment", value: (row) => row.experiment, cell: (row) => row.experiment },
      {
        title: "Clicked",
        number: true,
        hint: "clicks per product shown (click-through rate): the experiment's users, then the others",
        value: (row) => row.share_clicked,
        cell: (row) => `${rate(row.share_clicked)}, else ${rate(row.control_share_clicked)}`,
      },
      {
        title: "Difference",
        number: true,
        hint: "in percentage points, with its 95\u00a0% interval; clicks of one user are not treated as independent",
        value: (row) => row.difference,
        cell: (row) =>
          typeof row.lower === "number"
            ? `${points(row.difference)} (${points(row.lower)} to ${points(row.upper)})`
            : "",
      },
      {
        title: "Verdict",
        hint: "split is off: more or fewer users were logged than the draw gave, so that nothing can be compared",
        value: (row) => row.verdict,
        cell: (row) => row.verdict,
      },
    ],
  },
];

const rate = (share) => (typeof share === "number" ? percent(share, 2) : "none");
const points = (share) => `${share < 0 ? "−" : "+"}${(100 * Math.abs(share)).toFixed(2)}`;

function beyondChance(rows) {
  const sure = rows.filter((row) => row.surprise >= 2).length;
  if (sure) return `${whole(sure)} of ${whole(rows.length)} pairs differ by more than chance.`;
  return "Counts are small, so each difference may be chance: check before you act.";
}

const sumOf = (rows, name) => rows.reduce((sum, row) => sum + (row[name] ?? 0), 0);

function week({ week: tables, since, overview: figures }, catalogue, map) {
  const cards = CARDS.filter(({ name }) => name in tables);
  if (!cards.length) {
    show("week-body", missing("Nothing to act on: the tables of models/insights are missing."));
    return;
  }
  show(
    "week-body",
    element(
      "div",
      { class: "cards" },
      cards.map((card) => weekCard(card, tables[card.name], figures, catalogue, map)),
      since.length > 0 && sinceCard(since),
    ),
  );
}

// What the latest build did to the figures; an interval tells a change from noise.
function sinceCard(rows) {
  const shown = ({ figure }, value) =>
    /share|coverage|recall|kept/.test(figure) ? percent(value, 1) : whole(Math.round(value));
  const changed = ({ value_now: now, value_before: before }) => {
    if (now === before) return "same";
    if (!before) return "";
    return `${now > before ? "+" : "−"}${percent(Math.abs(now / before - 1), 1)}`;
  };
  const apart = (row) => {
    if (typeof row.lower_now !== "number" || typeof row.lower_before !== "number") return "";
    const overlap = row.lower_now <= row.upper_before && row.lower_before <= row.upper_now;
    return overlap ? "within noise" : "beyond noise";
  };
  const columns = [
    { title: "Figure", cell: (row) => row.figure },
    { title: "Before", number: true, cell: (row) => shown(row, row.value_before) },
    { title: "Now", number: true, cell: (row) => shown(row, row.value_now) },
    {
      title: "Change",
      number: true,
      cell: changed,
    },
    { title: "Judged", hint: "whether the 95\u00a0% intervals of both overlap", cell: apart },
  ];
  return element(
    "article",
    { class: "card", "data-card": "since" },
    element("h3", {}, "Since the last build"),
    element(
      "p",
      { class: "say" },
      `The build of ${moment(rows[0].built_before)} against this one.`,
    ),
    table(columns, rows, { name: "Since the last build" }),
  );
}

function weekCard(card, rows, figures, catalogue, map) {
  const head = element("h3", {}, card.title);
  if (!rows.length)
    return element("article", { class: "card" }, head, missing("Nothing stands out."));
  const columns = card.columns.map((column) => columnOf(column, catalogue, map));
  const body = element("div");
  let many = SHORT;
  const draw = () =>
    body.replaceChildren(table(columns, rows.slice(0, many), { name: card.title }));
  draw();
  const positions = [
    ...new Set(
      rows.slice(0, LONG).flatMap((row) => card.ids.map((id) => catalogue.position(row[id]))),
    ),
  ].filter((at) => at >= 0 && at < catalogue.mapped);
  const total = rows[0].rows_in_all;
  const more = press(`Show ${Math.min(LONG, rows.length)}`, () => {
    many = many === SHORT ? LONG : SHORT;
    more.textContent = `Show ${many === SHORT ? Math.min(LONG, rows.length) : SHORT}`;
    draw();
  });
  return element(
    "article",
    { class: "card", "data-card": card.name },
    head,
    element("p", { class: "say" }, card.say(rows, figures)),
    body,
    element(
      "div",
      { class: "row below" },
      rows.length > SHORT && more,
      map &&
        positions.length > 0 &&
        press("See them on the map", () => map.showProducts(positions)),
      press("Download csv", () => download(`${card.name}.csv`, cardCsv(rows, catalogue))),
      element(
        "small",
        { class: "share" },
        total > rows.length
          ? `The csv has the first ${whole(rows.length)}, all ${whole(total)} are in `
          : `All ${whole(rows.length)} are in `,
        element("code", {}, card.name),
      ),
    ),
  );
}

// A column of a card: a product by name, id and price, a category or brand that leads to the map.
function columnOf(column, catalogue, map) {
  if (column.product) {
    const at = (row) => catalogue.position(row[column.product]);
    return {
      ...column,
      value: (row) => (at(row) < 0 ? row[column.product] : catalogue.title(at(row))),
      cell: (row) => (at(row) < 0 ? row[column.product] : productLine(catalogue, map, at(row))),
    };
  }
  const name = column.category ?? column.brand;
  if (!name) return column;
  const depth = (code) => Math.min(3, code.split(".").length);
  const open = (value) =>
    column.brand
      ? map.keepGroup("brand", value)
      : map.keepGroup(String(depth(value)), value.split(".").slice(0, 3).join("."));
  return {
    ...column,
    value: (row) => row[name],
    cell: (row) => {
      const value = row[name];
      if (value === null) return "no category";
      const text = column.brand ? value : lastPart(value);
      return map ? press(text, () => open(value), { class: "link", "data-hint": value }) : text;
    },
  };
}

function cardCsv(rows, catalogue) {
  const names = Object.keys(rows[0]).filter((name) => name !== "rows_in_all");
  const columns = names.flatMap((name) =>
    name.endsWith("product_id") ? [name, name.replace(/_id$/, "_name")] : [name],
  );
  const cells = (row) =>
    names.flatMap((name) => {
      if (!name.endsWith("product_id")) return [row[name]];
      const at = catalogue.position(row[name]);
      return [row[name], at < 0 ? null : catalogue.title(at)];
    });
  return csvText(columns, rows.map(cells));
}
