// One function per section. Each says in a sentence what is missing when its table is empty.

const MEANINGS = {
  recall: "share of what the user took next that was in the list",
  ndcg: "the same, with more credit the higher up it stood",
  hit_rate: "share of users with at least one hit",
  mrr: "1 / place of the first hit, averaged",
  precision: "share of the list that the user took next",
};

function overview({ overview: figures, metrics }) {
  const { first_event_at: first, graph_cutoff_at: cut } = figures;
  show(
    "lead",
    first
      ? `Learned from ${whole(figures.events_learned)} events of ${whole(figures.users_learned)} people between ${day(first)} and ${day(cut)}. The log has ${whole(figures.events_read)} rows: ${whole(figures.events_kept)} were kept, ${whole(figures.events_clean)} are clean, and what came after the cut tests the models.`
      : "There are no cleaned events in this build.",
  );
  const metric = (model, name) =>
    metrics.find(
      (row) =>
        row.model === model &&
        row.metric === name &&
        row.segment === "all" &&
        row.k === 20 &&
        ["any", "next interaction"].includes(row.task),
    )?.value;
  const compared = (name, digits) => {
    const [ours, simple] = [metric("hybrid", name), metric("popularity", name)];
    return ours === undefined
      ? null
      : [
          percent(ours, digits),
          simple === undefined ? "" : `popularity alone: ${percent(simple, digits)}`,
        ];
  };
  const recall = compared("recall", 1);
  const coverage = compared("coverage", 0);
  const items = [
    [whole(figures.products), "products"],
    [whole(figures.edges), "links between products, seen in sessions"],
    [whole(figures.recommendations), "recommendations"],
    recall && [recall[0], `of next products foreseen in lists of 20; ${recall[1]}`],
    coverage && [coverage[0], `of the shop shown to somebody; ${coverage[1]}`],
  ].filter(Boolean);
  show(
    "figures",
    ...items.map(([value, text]) =>
      element("div", { class: "figure" }, element("b", {}, value), element("span", {}, text)),
    ),
  );
}

function clusters({ clusters: rows, whole_map: base }, map) {
  if (!rows.length) {
    show("clusters-body", missing("No clusters: the table product_map is missing or empty."));
    return;
  }
  const products = rows.reduce((sum, row) => sum + row.products, 0);
  const pure = (name) => rows.reduce((sum, row) => sum + row[name] * row.products, 0) / products;
  show(
    "clusters-lead",
    `${rows.length} clusters of products that are met together. The purity of a cluster is the share of its products that are
    of its largest category: ${percent(pure("level_1_purity"))} at the top level on average, where the whole shop in one cluster would have
    ${percent(base.level_1_purity)}; ${percent(pure("category_purity"))} against ${percent(base.category_purity)} for full categories. No category was given to the model.`,
  );
  const shares = (list) =>
    list.map(({ name, share }, place) => [
      place ? ", " : "",
      spaced(name.split(".").slice(-2).join(" / ")),
      element("span", { class: "share" }, ` ${percent(share)}`),
    ]);
  const look = (row) =>
    element(
      "button",
      {
        type: "button",
        class: "link",
        onclick: () => {
          map.choose(-1);
          map.way = "cluster";
          byId("map-controls").querySelector("select").value = "cluster";
          map.regroup();
          map.keep(row.label);
          byId("map").scrollIntoView();
        },
      },
      row.label.split(" · ").map(lastPart).join(" · "),
    );
  const columns = [
    { title: "Cluster", cell: (row) => (map ? look(row) : row.label) },
    { title: "Products", number: true, cell: (row) => whole(row.products) },
    { title: "Interactions", number: true, cell: (row) => whole(row.interactions) },
    { title: "Purity, level 1", cell: (row) => meter(row.level_1_purity) },
    { title: "Purity, category", cell: (row) => meter(row.category_purity) },
    {
      title: "Top categories",
      cell: (row) => element("span", {}, shares(row.categories ?? []).flat()),
    },
    { title: "Top brands", cell: (row) => element("span", {}, shares(row.brands ?? []).flat()) },
  ];
  const rest = rows.slice(10);
  show(
    "clusters-body",
    table(columns, rows.slice(0, 10)),
    rest.length > 0 &&
      element(
        "details",
        {},
        element("summary", {}, `${rest.length} more clusters`),
        table(columns, rest),
      ),
  );
}

function models({ metrics, dial }) {
  const accuracy = metrics.filter((row) => row.metric in MEANINGS);
  if (!accuracy.length) {
    show("models-body", missing("No comparison: the table model_metrics is missing or empty."));
    return;
  }
  const unique = (name) => [...new Set(accuracy.map((row) => row[name]))];
  const best = (options, wanted) => (options.includes(wanted) ? wanted : options[0]);
  const ks = unique("k").sort((a, b) => a - b);
  const state = {
    task: best(unique("task"), "next interaction"),
    segment: best(unique("segment"), "all"),
    metric: best(unique("metric"), "recall"),
    k: best(ks, 20),
  };
  const body = element("div");
  const redraw = () => {
    const rows = accuracy
      .filter((row) => Object.keys(state).every((name) => row[name] === state[name]))
      .map((row) => ({
        ...row,
        name: spaced(row.model),
        strong: row.model === "hybrid",
        hollow: row.model === "popularity",
      }))
      .sort((a, b) => b.value - a.value);
    const users = rows.find((row) => row.users)?.users;
    const intervals = rows.some((row) => typeof row.lower === "number");
    const covers = new Map(
      metrics
        .filter((row) => row.metric === "coverage" && row.k === state.k)
        .map((row) => [row.model, row.value]),
    );
    const placed = rows
      .filter((row) => covers.has(row.model))
      .map((row) => ({ ...row, x: covers.get(row.model), y: row.value }));
    const path = dialPath(dial, state);
    const name = `${spaced(state.metric)} at ${state.k}`;
    const cards = element(
      "div",
      { class: "two" },
      element(
        "div",
        { class: "card" },
        element("h3", {}, `${name[0].toUpperCase()}${name.slice(1)}`),
        rows.length
          ? dotPlot(rows, { reference: rows.find((row) => row.hollow)?.value, format: decimal })
          : missing("Nothing was measured for this choice."),
        element(
          "p",
          { class: "note" },
          `${spaced(state.metric)}: ${MEANINGS[state.metric]}.` +
            (users ? ` ${whole(users)} users.` : "") +
            (intervals ? " Bars: 95 % intervals by resampling users." : "") +
            (rows.some((row) => row.hollow) ? " Dotted line: popularity alone." : ""),
        ),
      ),
      element(
        "div",
        { class: "card" },
        element("h3", {}, `${name[0].toUpperCase()}${name.slice(1)} against coverage`),
        placed.length
          ? scatter(placed, { xTitle: "coverage", yTitle: name, dial: path })
          : missing("There is no coverage in model_metrics for this length."),
        element(
          "p",
          { class: "note" },
          "Coverage: share of all products that somebody was shown." +
            (path.length
              ? " Orange line: the popularity dial of DeepWalk’s successors alone; each dot is a setting, point at it to read it."
              : ""),
        ),
      ),
    );
    body.replaceChildren(...[cards, lists(metrics, state.k)].filter(Boolean));
  };
  const pick = (name) => (value) => {
    state[name] = value;
    redraw();
  };
  const sentence = (text) => text[0].toUpperCase() + spaced(text).slice(1);
  show(
    "models-body",
    element(
      "div",
      { class: "row" },
      unique("task").length > 1 &&
        choice(
          unique("task").map((task) => [task, sentence(task)]),
          state.task,
          pick("task"),
        ),
      select(
        "Users",
        unique("segment").map((segment) => [segment, sentence(segment)]),
        state.segment,
        pick("segment"),
      ),
      select(
        "Measure",
        unique("metric").map((metric) => [metric, spaced(metric)]),
        state.metric,
        pick("metric"),
      ),
      element(
        "label",
        {},
        "List of",
        choice(
          ks.map((k) => [k, String(k)]),
          state.k,
          pick("k"),
        ),
      ),
    ),
    body,
  );
  redraw();
}

const LISTS = {
  coverage: ["Coverage", "share of all products that somebody was shown", percent],
  long_tail_share: [
    "Long tail",
    "share of places for products outside the head of 80 % of interactions",
    percent,
  ],
  novelty: [
    "Novelty",
    "surprise at a product in bits: -log2 of the share of users who know it",
    (value) => value.toFixed(1),
  ],
  category_diversity: [
    "Diversity",
    "share of pairs in a list that are of different categories",
    percent,
  ],
  exposure_gini: [
    "Gini",
    "how unevenly places fall on products: 0 evenly, 1 all on one",
    (value) => value.toFixed(2),
  ],
};

// What the lists of each model are like, whoever they are for.
function lists(metrics, k) {
  const rows = metrics.filter(
    (row) => row.k === k && row.metric in LISTS && typeof row.value === "number",
  );
  const names = Object.keys(LISTS).filter((name) => rows.some((row) => row.metric === name));
  const value = (model, name) =>
    rows.find((row) => row.model === model && row.metric === name)?.value;
  const models = [...new Set(rows.map((row) => row.model))].sort(
    (a, b) => value(b, names[0]) - value(a, names[0]),
  );
  if (!models.length) return null;
  return element(
    "div",
    { class: "card below" },
    element("h3", {}, `What lists of ${k} are like`),
    table(
      [
        {
          title: "Model",
          cell: (model) => element(model === "hybrid" ? "b" : "span", {}, spaced(model)),
        },
        ...names.map((name) => ({
          title: element("span", { title: LISTS[name][1] }, LISTS[name][0]),
          number: true,
          cell: (model) =>
            value(model, name) === undefined ? "" : LISTS[name][2](value(model, name)),
        })),
      ],
      models,
    ),
    element(
      "p",
      { class: "note" },
      names.map((name) => `${LISTS[name][0]}: ${LISTS[name][1]}.`).join(" "),
    ),
  );
}

// Settings of the popularity dial as [coverage, recall, name]; it is measured as recall at 20.
function dialPath(dial, { task, segment, metric, k }) {
  if (task !== "next interaction" || segment !== "all" || metric !== "recall" || k !== 20)
    return [];
  return dial
    .filter((row) => typeof row.coverage === "number" && typeof row.recall === "number")
    .map((row) => [row.coverage, row.recall, `popularity ${row.popularity}`]);
}

function exposure({ exposure: rows }) {
  if (!rows.length) {
    show(
      "exposure-body",
      missing("No exposure: the table long_tail_exposure is missing or empty."),
    );
    return;
  }
  const rare = (shares) =>
    shares.slice(Math.ceil(shares.length / 2)).reduce((sum, share) => sum + share, 0);
  const strip = (name, model, column) => {
    const shares = rows
      .filter((row) => row.model === model)
      .sort((a, b) => a.decile - b.decile)
      .map((row) => row[column]);
    return {
      name,
      shares,
      strong: name === "hybrid",
      tail: rare(shares),
      note: percent(rare(shares), 1),
    };
  };
  const names = [...new Set(rows.map((row) => row.model))];
  const models = names
    .map((name) => strip(spaced(name), name, "share_of_slots"))
    .sort((a, b) => b.tail - a.tail);
  const habit = strip("what people did", names[0], "share_of_interactions");
  const head = ["", "bestsellers on the left, rarely seen products on the right", "rarer half"].map(
    (text) => element("div", { class: "head" }, text),
  );
  const chart = strips([{ ...habit, strong: true }, ...models]);
  chart.prepend(...head);
  show("exposure-body", chart);
}

function users({ users: people }, catalogue, map) {
  if (!people.length) {
    show("users-body", missing("No users: the table user_recommendations is missing or empty."));
    return;
  }
  const list = element(
    "datalist",
    { id: "user-ids" },
    people.map((user) => element("option", { value: user.id }, user.kind)),
  );
  const body = element("div", { class: "explorer" });
  const kind = element("span", { class: "share" });
  const input = element("input", {
    id: "user",
    list: "user-ids",
    "aria-label": "User id",
    onchange: () => open(people.findIndex((user) => user.id === input.value)),
  });
  const product = (at) =>
    element(
      "span",
      {},
      map && at < catalogue.mapped
        ? element(
            "button",
            {
              type: "button",
              class: "link",
              title: `See it on the map: ${catalogue.facts(at)}`,
              onclick: () => map.visit(at),
            },
            catalogue.title(at),
          )
        : catalogue.title(at),
      catalogue.category(at) && element("span", { class: "id" }, catalogue.columns.id[at]),
    );
  const counts = {};
  for (const user of people) counts[user.kind] = (counts[user.kind] ?? 0) + 1;
  const kinds = Object.entries(counts);
  let current = 0;
  const open = (place) => {
    if (place < 0) {
      kind.textContent =
        "This file holds a sample of users only; ask longtail.duckdb for any other.";
      return;
    }
    current = place;
    const user = people[place];
    input.value = user.id;
    kind.textContent = user.kind;
    const events = user.events.map(([time, type, at]) => ({ time, type, at: Number(at) }));
    const items = events.flatMap((event, i) => [
      (i === 0 || events[i - 1].time.slice(0, 10) !== event.time.slice(0, 10)) &&
        element("li", { class: "day" }, day(event.time)),
      element(
        "li",
        { class: "event", "data-product": event.at },
        element("time", {}, event.time.slice(11)),
        element(
          "span",
          { class: `tag${["cart", "purchase"].includes(event.type) ? " strong" : ""}` },
          spaced(event.type),
        ),
        element("span", {}, product(event.at)),
      ),
    ]);
    const history = element("ul", { class: "events" }, items.filter(Boolean));
    const mark = (at) =>
      history
        .querySelectorAll(".event")
        .forEach((node) => node.classList.toggle("cause", node.dataset.product === String(at)));
    const reason = (source, because, type) =>
      because === null
        ? source
        : `because of ${spaced(type ?? "")} of ${catalogue.title(Number(because))}${source === "category and brand" ? `, by ${source}` : ""}`;
    const recommendations = user.recommendations.map(([at, source, because, type, seen], place) =>
      element(
        "li",
        {
          onpointerenter: () => mark(because),
          onpointerleave: () => mark(null),
          onfocusin: () => mark(because),
          onfocusout: () => mark(null),
        },
        element("span", { class: "rank" }, String(place + 1)),
        element(
          "span",
          {},
          product(Number(at)),
          element(
            "small",
            {},
            [seen, reason(source, because, type)].filter(Boolean).join(", "),
          ),
        ),
      ),
    );
    body.replaceChildren(
      element(
        "div",
        { class: "card" },
        element("h3", {}, "What they did, latest first"),
        events.length ? history : missing("No clean events."),
      ),
      element(
        "div",
        { class: "card" },
        element("h3", {}, "What we would show"),
        element("ol", { class: "recommended" }, recommendations),
      ),
    );
  };
  show(
    "users-body",
    element(
      "div",
      { class: "row" },
      element("label", {}, "User", input),
      list,
      element(
        "button",
        { type: "button", onclick: () => open((current + people.length - 1) % people.length) },
        "Previous",
      ),
      element(
        "button",
        { type: "button", id: "next-user", onclick: () => open((current + 1) % people.length) },
        "Next",
      ),
      kind,
    ),
    body,
    element(
      "p",
      { class: "note" },
      `${whole(people.length)} users, chosen by hash: ${kinds.map(([name, count]) => `${whole(count)} with ${name}`).join(", ")}.`,
    ),
  );
  open(0);
}

function quality({ cleaning, rejected }) {
  if (!cleaning.length) {
    show(
      "quality-body",
      missing("No account of the rows: the table cleaning_report is missing or empty."),
    );
    return;
  }
  const all = cleaning.reduce((sum, row) => sum + row.events, 0) || 1;
  const steps = [
    ["kept", "clean events", "accent"],
    ["cleaned", "removed by a cleaning rule", "c4"],
    ["deduplicated", "exact duplicates", "c9"],
    ["rejected", "rejected: not usable", "second"],
  ];
  const sum = (step) =>
    cleaning.filter((row) => row.step === step).reduce((total, row) => total + row.events, 0);
  show(
    "quality-lead",
    `Of ${whole(all)} rows read, ${percent(sum("kept") / all, 1)} are clean events. Every other row is counted below under exactly one rule.`,
  );
  const shown = steps.filter(([step]) => sum(step) > 0);
  const largest = Math.max(
    ...cleaning.filter((row) => row.step !== "kept").map((row) => row.events),
    1,
  );
  show(
    "quality-body",
    element(
      "div",
      { class: "stack" },
      shown.map(([step, text, shade]) =>
        element("div", {
          title: `${text}: ${whole(sum(step))}`,
          style: { flexGrow: String(sum(step)), background: `var(--${shade})` },
        }),
      ),
    ),
    element(
      "div",
      { class: "keys" },
      shown.map(([step, text, shade]) =>
        element(
          "span",
          {},
          element("i", { class: "swatch", style: { background: `var(--${shade})` } }),
          `${text}: ${whole(sum(step))} (${percent(sum(step) / all, 1)})`,
        ),
      ),
    ),
    element(
      "div",
      { class: "two" },
      element(
        "div",
        {},
        element("h3", {}, "By rule"),
        table(
          [
            { title: "Step", cell: (row) => row.step },
            { title: "Rule", cell: (row) => row.rule },
            { title: "Rows", number: true, cell: (row) => whole(row.events) },
            {
              title: "Users",
              number: true,
              cell: (row) => (typeof row.users === "number" ? whole(row.users) : ""),
            },
            {
              title: "",
              cell: (row) =>
                element("span", {
                  class: "bar",
                  style: { width: `${Math.round((120 * row.events) / largest)}px` },
                }),
            },
          ],
          cleaning.filter((row) => row.step !== "kept" && row.events > 0),
        ),
      ),
      element(
        "div",
        {},
        element("h3", {}, "Rejected rows, one of each reason to look at"),
        rejected.length
          ? table(
              [
                {
                  title: "Reason",
                  cell: (row) =>
                    element(
                      "span",
                      {},
                      row.reason,
                      " ",
                      element("span", { class: "share" }, whole(row.events)),
                    ),
                },
                {
                  title: "For example",
                  cell: (row) =>
                    element("code", { class: "sample", title: row.example }, row.example ?? ""),
                },
              ],
              rejected,
            )
          : missing("No row was rejected."),
      ),
    ),
  );
}

function build({ build: builds, tables, made_at: made, overview: figures }) {
  const newest = tables
    .map((row) => row.written_at)
    .sort()
    .at(-1);
  const { settings, ...noted } = builds[0] ?? {};
  const facts = [
    ["report made", moment(made)],
    newest && ["tables written", moment(newest)],
    !noted.graph_cutoff_at &&
      figures.graph_cutoff_at && ["graph cutoff at", figures.graph_cutoff_at],
    ...Object.entries(noted).map(([name, value]) => [spaced(name), text(value)]),
  ].filter(Boolean);
  const pairs = [
    { title: "", cell: (row) => row[0] },
    { title: "", cell: (row) => row[1] },
  ];
  const fold = (title, content) => element("details", {}, element("summary", {}, title), content);
  const vars = Object.entries(parsed(settings)).map(([name, value]) => [
    name,
    element("code", {}, text(value)),
  ]);
  const earlier = builds.slice(1);
  const columns = Object.keys(noted).map((name) => ({
    title: spaced(name),
    cell: (row) => text(row[name]),
  }));
  const files = [
    { title: "Table", cell: (row) => row.name },
    { title: "Rows", number: true, cell: (row) => whole(row.rows) },
    { title: "File", number: true, cell: (row) => size(row.bytes) },
    { title: "Written", cell: (row) => moment(row.written_at) },
  ];
  show(
    "build-body",
    table(pairs, facts),
    vars.length > 0 && fold(`${vars.length} settings`, table(pairs, vars)),
    earlier.length > 0 && fold(`${earlier.length} earlier builds`, table(columns, earlier)),
    tables.length > 0
      ? fold(`${tables.length} tables`, table(files, tables))
      : missing("There are no published tables."),
  );
}

function parsed(settings) {
  try {
    return JSON.parse(settings) ?? {};
  } catch {
    return settings ? { settings } : {};
  }
}

function text(value) {
  if (value === null || value === undefined) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
