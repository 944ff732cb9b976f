// The top of the page: how fresh it is, what it comes to in a sentence, and a few figures.

const SILENT_DAYS = 2;
const OLD_DAYS = 8;

function overview({ overview: figures, metrics, gates, made_at: made }) {
  const { first_event_at: first, graph_cutoff_at: cut } = figures;
  show(
    "lead",
    first
      ? `Learned from ${whole(figures.events_learned)} events of ${whole(figures.users_learned)} people between ${day(first)} and ${day(cut)}. The log has ${whole(figures.events_read)} rows: ${whole(figures.events_kept)} were kept, ${whole(figures.events_clean)} are clean, and what came after the cut tests the models.`
      : "There are no cleaned events in this build.",
  );
  show("fresh", ...freshness(figures, gates, made));
  show("verdict", ...verdict(metrics, figures.served ?? "hybrid"));
  const items = [
    [figures.products, "products"],
    [figures.product_edges, "links between products, seen in sessions"],
    [figures.users_learned, "users learned from"],
    [figures.user_recommendations, "recommendations"],
  ].filter(([value]) => typeof value === "number");
  show(
    "figures",
    ...items.map(([value, text]) =>
      element(
        "div",
        { class: "figure" },
        element("b", {}, whole(value)),
        element("span", {}, text),
      ),
    ),
  );
}

// Last event, build and gates; a warning when the log has stopped or the page is old.
function freshness(figures, gates, made) {
  if (!figures.built_at) return [];
  const count = (status) => gates.filter((gate) => gate.status === status).length;
  const counts = ["passed", "undecided", "closed"]
    .filter((status) => count(status))
    .map((status) => `${count(status)} ${status}`);
  const facts = [
    figures.last_event_at && ["Last event", moment(figures.last_event_at)],
    ["Built", moment(figures.built_at)],
    gates.length > 0 && ["Gates", counts.join(", ")],
  ].filter(Boolean);
  const line = element(
    "dl",
    { class: "facts-line" },
    facts.map(([name, value]) =>
      element(
        "div",
        {},
        element("dt", {}, name === "Gates" ? term(name, GATES) : name),
        element("dd", {}, value),
      ),
    ),
  );
  const warnings = [];
  const silent = figures.days_behind ?? 0;
  const age = Math.floor((Date.now() - Date.parse(made)) / 864e5);
  if (figures.is_demo) warnings.push("These are the made-up events of the demo, not a shop.");
  else if (silent >= SILENT_DAYS)
    warnings.push(
      `The log stopped ${counted(silent, "day")} before this build: everything below is about the days up to ${day(figures.last_event_at)}. Check that new event files arrive.`,
    );
  if (age >= OLD_DAYS)
    warnings.push(`This page was written ${counted(age, "day")} ago; there may be a newer one.`);
  for (const gate of gates.filter(({ status }) => status !== "passed"))
    warnings.push(
      `Gate “${gate.gate}” is ${gate.status}${gate.message ? `: ${gate.message}` : "."}`,
    );
  return [line, ...warnings.map((text) => element("p", { class: "warning", role: "note" }, text))];
}

// Whether the published lists find more than the best other ones, and how much of the shop they show.
function verdict(metrics, served) {
  const [recalls, covers] = [byModel(metrics, "recall"), byModel(metrics, "coverage")];
  const own = recalls.get(served);
  const rival = [...recalls.values()]
    .filter((row) => row.model !== served)
    .sort((a, b) => b.value - a.value)[0];
  if (!own || !rival) return [];
  const bounded = [own, rival].every((row) => typeof row.lower === "number");
  const level = bounded && own.lower <= rival.upper && rival.lower <= own.upper;
  const [first, second] = own.value >= rival.value || level ? [own, rival] : [rival, own];
  const sure = level ? " (the 95\u00a0% intervals overlap)" : " (the 95\u00a0% intervals lie apart)";
  const parts = [
    ...named(first.model, true),
    level ? " and " : " finds more than ",
    ...named(second.model),
    level ? " are level: " : second === own ? ", whose lists are published: " : ": ",
    `lists of 20 held ${percent(first.value, 1)} and ${percent(second.value, 1)} of what users took next`,
    `${bounded ? sure : ""}.`,
  ];
  if (covers.has(served) && covers.has(rival.model)) {
    const shown = (model) => percent(covers.get(model).value);
    parts.push(
      ` ${capital(spaced(served))} shows ${shown(served)} of the products, ${spaced(rival.model)} ${shown(rival.model)}.`,
    );
  }
  const simple = recalls.get("popularity");
  if (simple && simple !== rival)
    parts.push(` The same bestsellers for every user find ${percent(simple.value, 1)}.`);
  return [element("p", {}, ...parts)];
}

// Model to its row of a metric: lists of 20, all users, the next interaction where it is asked.
function byModel(metrics, metric) {
  const rows = metrics.filter(
    (row) =>
      row.metric === metric &&
      row.segment === "all" &&
      row.k === 20 &&
      typeof row.value === "number" &&
      ["any", "next interaction"].includes(row.task),
  );
  return new Map(rows.sort((a, b) => (a.task < b.task ? -1 : 1)).map((row) => [row.model, row]));
}

// A model by its name, with a plain word beside it.
const named = (model, start = false) => [
  term(start ? capital(spaced(model)) : spaced(model), MODELS[model]),
  MODELS[model] ? ` (${MODELS[model]})` : "",
];
