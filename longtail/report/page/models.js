// Which model finds what users take next, what its lists are like, and who gets the places.

function models({ metrics, dial, overview: { served = "hybrid" } }) {
  const accuracy = metrics.filter((row) => row.metric in MEASURES);
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
  const redraw = () =>
    body.replaceChildren(
      ...[
        comparison(accuracy, metrics, dial, state, served),
        lists(metrics, state.k, served),
      ].filter(Boolean),
    );
  const pick = (name) => (value) => {
    state[name] = value;
    redraw();
  };
  const options = (name, say) => unique(name).map((value) => [value, say(value)]);
  const sentence = (text) => capital(spaced(text));
  show(
    "models-body",
    element(
      "div",
      { class: "row" },
      unique("task").length > 1 &&
        choice("Task", options("task", sentence), state.task, pick("task")),
      select("Users", options("segment", sentence), state.segment, pick("segment")),
      select("Measure", options("metric", spaced), state.metric, pick("metric")),
      element(
        "span",
        { class: "label" },
        "List of ",
        choice(
          "Length of the list",
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

function comparison(accuracy, metrics, dial, state, served) {
  const rows = accuracy
    .filter((row) => Object.keys(state).every((name) => row[name] === state[name]))
    .map((row) => ({
      ...row,
      name: spaced(row.model),
      hint: MODELS[row.model],
      strong: row.model === served,
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
  const reference = rows.find((row) => row.hollow)?.value;
  return element(
    "div",
    { class: "two" },
    element(
      "div",
      { class: "card" },
      element("h3", {}, capital(name)),
      rows.length
        ? responsive((width) =>
            dotPlot(rows, { reference, format: decimal, width, title: capital(name) }),
          )
        : missing("Nothing was measured for this choice."),
      note(
        `${capital(spaced(state.metric))}: ${MEASURES[state.metric]}.` +
          (users ? ` ${whole(users)} users.` : "") +
          (intervals ? " Bars: 95\u00a0% intervals by resampling users." : "") +
          (rows.some((row) => row.hollow) ? " Dotted line: popularity alone." : "") +
          ` In strong colour: ${spaced(served)}, whose lists are published.`,
      ),
    ),
    element(
      "div",
      { class: "card" },
      element("h3", {}, `${capital(name)} against coverage`),
      placed.length
        ? responsive((width) =>
            scatter(placed, {
              xTitle: "coverage",
              yTitle: name,
              dial: path,
              width,
              title: `${capital(name)} against coverage`,
            }),
          )
        : missing("There is no coverage in model_metrics for this length."),
      note(
        `Coverage: ${LISTS.coverage[1]}.` +
          (path.length
            ? " Orange line: the popularity dial of DeepWalk’s successors alone; each dot is a setting, point at it, or tap it, to read it."
            : ""),
      ),
    ),
  );
}

// Properties of each model's lists, over all users.
function lists(metrics, k, served) {
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
  const columns = [
    {
      title: "Model",
      value: (model) => model,
      cell: (model) =>
        element(
          "span",
          {},
          element(model === served ? "b" : "span", {}, spaced(model)),
          element("small", { class: "plain-word" }, MODELS[model] ?? ""),
        ),
    },
    ...names.map((name) => ({
      title: LISTS[name][0],
      hint: LISTS[name][1],
      number: true,
      value: (model) => value(model, name),
      cell: (model) => (value(model, name) === undefined ? "" : LISTS[name][2](value(model, name))),
    })),
  ];
  return element(
    "div",
    { class: "card below" },
    element("h3", {}, `What lists of ${k} are like`),
    table(columns, models, { name: `What lists of ${k} are like` }),
    note(names.map((name) => `${LISTS[name][0]}: ${LISTS[name][1]}.`).join(" ")),
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

function exposure({ exposure: rows, overview: { served = "hybrid" } }) {
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
      hint: MODELS[name],
      shares,
      strong: model === served && name !== "what users did",
      tail: rare(shares),
      note: percent(rare(shares), 1),
    };
  };
  const names = [...new Set(rows.map((row) => row.model))];
  const models = names
    .map((name) => strip(spaced(name), name, "share_of_slots"))
    .sort((a, b) => b.tail - a.tail);
  const habit = strip("what users did", names[0], "share_of_interactions");
  const head = ["", "bestsellers on the left, rarely seen products on the right", "rarer half"].map(
    (text) => element("div", { class: "head" }, text),
  );
  const chart = strips([{ ...habit, strong: true }, ...models]);
  chart.prepend(...head);
  show("exposure-body", chart);
}
