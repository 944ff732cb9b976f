// Where every row of the log went, and how the tables were built.

function quality({ cleaning, rejected }) {
  if (!cleaning.length) {
    show(
      "quality-body",
      missing("No row counts: the table cleaning_report is missing or empty."),
    );
    return;
  }
  const all = cleaning.reduce((sum, row) => sum + row.events, 0) || 1;
  const steps = [
    ["kept", "clean events", "accent"],
    ["cleaned", "removed by a cleaning rule", "grey"],
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
          "data-hint": `${text}: ${whole(sum(step))}`,
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
            {
              title: "Rule",
              cell: (row) =>
                element(
                  "span",
                  {},
                  row.rule,
                  element("small", { class: "plain-word" }, RULES[row.rule] ?? row.step),
                ),
            },
            {
              title: "Rows",
              number: true,
              value: (row) => row.events,
              cell: (row) => whole(row.events),
            },
            {
              title: "of all",
              number: true,
              value: (row) => row.events,
              cell: (row) => percent(row.events / all, 1),
            },
            {
              title: "Users",
              number: true,
              value: (row) => row.users,
              cell: (row) => (typeof row.users === "number" ? whole(row.users) : ""),
            },
            {
              title: "Size",
              cell: (row) =>
                element("span", {
                  class: "bar",
                  style: { width: `${Math.round((90 * row.events) / largest)}px` },
                }),
            },
          ],
          cleaning.filter((row) => row.step !== "kept" && row.events > 0),
          { name: "Rows by rule" },
        ),
      ),
      element(
        "div",
        {},
        element("h3", {}, "Rejected rows, one example per reason"),
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
                    element(
                      "code",
                      { class: "sample", "data-hint": row.example },
                      row.example ?? "",
                    ),
                },
              ],
              rejected,
              { name: "Rejected rows" },
            )
          : missing("No row was rejected."),
      ),
    ),
  );
}

function build({ build: builds, tables, gates, made_at: made }) {
  const newest = tables
    .map((row) => row.written_at)
    .sort()
    .at(-1);
  const { settings, ...noted } = builds[0] ?? {};
  const facts = [
    ["report made", moment(made)],
    newest && ["tables written", moment(newest)],
    ...Object.entries(noted).map(([name, value]) => [spaced(name), fact(name, value)]),
  ].filter(Boolean);
  const pairs = [
    { title: "What", cell: (row) => row[0] },
    { title: "Value", cell: (row) => row[1] },
  ];
  const fold = (title, content) => element("details", {}, element("summary", {}, title), content);
  const vars = Object.entries(parsed(settings)).map(([name, value]) => [
    name,
    element("code", {}, text(value)),
  ]);
  const earlier = builds.slice(1);
  const columns = Object.keys(noted).map((name) => ({
    title: spaced(name),
    cell: (row) => fact(name, row[name]),
  }));
  const rounded = (value) => (typeof value === "number" ? Number(value.toPrecision(4)) : "");
  const judged = [
    { title: "Gate", cell: (row) => row.gate },
    { title: "Status", value: (row) => row.status, cell: (row) => row.status },
    { title: "Value", number: true, cell: (row) => rounded(row.value) },
    { title: "Bound", number: true, cell: (row) => rounded(row.threshold) },
    { title: "Message", cell: (row) => row.message ?? "" },
  ];
  const files = [
    { title: "Table", value: (row) => row.name, cell: (row) => row.name },
    { title: "Rows", number: true, value: (row) => row.rows, cell: (row) => whole(row.rows) },
    { title: "File", number: true, value: (row) => row.bytes, cell: (row) => size(row.bytes) },
    { title: "Written", value: (row) => row.written_at, cell: (row) => moment(row.written_at) },
  ];
  show(
    "build-body",
    table(pairs, facts, { name: "This build", narrow: true }),
    gates.length > 0 && fold(`${gates.length} gates`, table(judged, gates, { name: "Gates" })),
    vars.length > 0 &&
      fold(`${vars.length} settings`, table(pairs, vars, { name: "Settings", narrow: true })),
    earlier.length > 0 &&
      fold(
        counted(earlier.length, "earlier build"),
        table(columns, earlier, { name: "Earlier builds" }),
      ),
    tables.length > 0
      ? fold(`${tables.length} tables`, table(files, tables, { name: "Tables" }))
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

// A value of build_info: numbers of rows in groups of three digits, times with their zone.
function fact(name, value) {
  if (Number.isInteger(value)) return whole(value);
  return value && name.endsWith("_at") ? moment(value) : text(value);
}

function text(value) {
  if (value === null || value === undefined) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
