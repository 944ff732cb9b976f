// The few charts of the report, as SVG.

// Round numbers from 0 to at least `most`, about `count` of them.
function ticks(most, count = 5) {
  const rough = most / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((value) => value >= rough);
  return Array.from({ length: Math.ceil(most / step - 1e-9) + 1 }, (_, i) => i * step);
}

// A mark's value with as many decimals as the step between marks needs.
function label(value, step) {
  const decimals =
    [0, 1, 2, 3].find((n) => Math.abs(Math.round(step * 10 ** n) / 10 ** n - step) < 1e-9) ?? 4;
  return value.toFixed(decimals);
}

// One line per model: a dot, its interval, its value. `reference` draws a line to compare with.
function dotPlot(rows, { reference, format, width, title }) {
  const [left, right, line] = [130, 54, 34];
  const height = rows.length * line + 34;
  const most = Math.max(...rows.map((row) => row.upper ?? row.value), 1e-9);
  const marks = ticks(most, width < 420 ? 3 : 5);
  const x = (value) => left + (value / marks.at(-1)) * (width - left - right);
  const children = marks.map((mark) => [
    drawn("line", { class: "axis", x1: x(mark), x2: x(mark), y1: 0, y2: height - 26 }),
    drawn("text", { x: x(mark), y: height - 8, "text-anchor": "middle" }, label(mark, marks[1])),
  ]);
  if (reference !== undefined) {
    children.push(
      drawn("line", { class: "rule", x1: x(reference), x2: x(reference), y1: 0, y2: height - 26 }),
    );
  }
  rows.forEach((row, place) => {
    const y = place * line + line / 2;
    const strong = row.strong ? " strong" : "";
    children.push(
      drawn(
        "text",
        {
          class: strong,
          x: left - 12,
          y: y + 4,
          "text-anchor": "end",
          "data-hint": row.hint ? `${row.name}: ${row.hint}` : null,
        },
        row.name,
      ),
    );
    if (typeof row.lower === "number" && typeof row.upper === "number") {
      children.push(
        drawn("line", {
          class: `interval${strong}`,
          x1: x(row.lower),
          x2: x(row.upper),
          y1: y,
          y2: y,
          "data-hint": `95 % interval ${format(row.lower)} to ${format(row.upper)}`,
        }),
      );
    }
    children.push(
      drawn("circle", {
        class: `dot${strong}${row.hollow ? " hollow" : ""}`,
        cx: x(row.value),
        cy: y,
        r: 6,
        "data-hint": interval(row, format),
      }),
    );
    children.push(
      drawn("text", { class: strong, x: width, y: y + 4, "text-anchor": "end" }, format(row.value)),
    );
  });
  const said = rows.map((row) => interval(row, format)).join("; ");
  return picture(width, height, `${title}. ${said}`, children.flat());
}

const interval = (row, format) =>
  `${row.name} ${format(row.value)}` +
  (typeof row.lower === "number" && typeof row.upper === "number"
    ? ` (${format(row.lower)} to ${format(row.upper)})`
    : "");

const picture = (width, height, name, children) =>
  drawn(
    "svg",
    { width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": name },
    children,
  );

// Dots with names; `dial` is a path of [x, y, name] through settings of one model.
function scatter(rows, { xTitle, yTitle, dial = [], width, title }) {
  const [height, left, bottom, top, right] = [340, 44, 44, 24, 84];
  const points = [...rows.map((row) => [row.x, row.y]), ...dial];
  const across = ticks(Math.max(...points.map((point) => point[0]), 1e-9), width < 420 ? 4 : 5);
  const up = ticks(Math.max(...points.map((point) => point[1]), 1e-9));
  const x = (value) => left + (value / across.at(-1)) * (width - left - right);
  const y = (value) => height - bottom - (value / up.at(-1)) * (height - bottom - top);
  const children = [
    ...across.flatMap((mark) => [
      drawn("line", { class: "axis", x1: x(mark), x2: x(mark), y1: top, y2: height - bottom }),
      drawn(
        "text",
        { x: x(mark), y: height - bottom + 18, "text-anchor": "middle" },
        percent(mark),
      ),
    ]),
    ...up.flatMap((mark) => [
      drawn("line", { class: "axis", x1: left, x2: width - right, y1: y(mark), y2: y(mark) }),
      drawn("text", { x: left - 8, y: y(mark) + 4, "text-anchor": "end" }, label(mark, up[1])),
    ]),
    drawn("text", { x: width - right + 16, y: height - 6, "text-anchor": "end" }, `${xTitle} →`),
    drawn("text", { x: 0, y: 10 }, `↑ ${yTitle}`),
  ];
  if (dial.length) {
    children.push(
      drawn("polyline", {
        class: "dial",
        points: dial.map((point) => `${x(point[0])},${y(point[1])}`).join(" "),
      }),
    );
    for (const point of dial) {
      children.push(
        drawn("circle", {
          class: "dial-dot",
          cx: x(point[0]),
          cy: y(point[1]),
          r: 3.5,
          "data-hint": `${point[2]}: ${xTitle} ${percent(point[0])}, ${yTitle} ${decimal(point[1])}`,
        }),
      );
    }
  }
  const placeOf = (row) =>
    `${row.name}: ${xTitle} ${percent(row.x, 1)}, ${yTitle} ${decimal(row.y)}`;
  const taken = [];
  for (const row of [...rows].sort(
    (a, b) => Number(b.strong ?? 0) - Number(a.strong ?? 0) || b.y - a.y,
  )) {
    const [cx, cy] = [x(row.x), y(row.y)];
    const wide = 6.6 * row.name.length;
    const near = [0, -14, 14, -28, 28, -42, 42].flatMap((up) => [
      [cx + 11, cy + 4 + up, "start"],
      [cx - 11, cy + 4 + up, "end"],
      [cx, cy - 12 + up, "middle"],
    ]);
    const options = near.map(([tx, ty, anchor]) => {
      const start = anchor === "start" ? tx : anchor === "end" ? tx - wide : tx - wide / 2;
      return { tx, ty, anchor, box: [start, ty - 11, start + wide, ty + 3] };
    });
    const dots = rows
      .filter((other) => other !== row)
      .map((other) => [x(other.x) - 7, y(other.y) - 7, x(other.x) + 7, y(other.y) + 7]);
    const inside = ({ box }) =>
      box[0] >= left && box[2] <= width && box[1] >= 0 && box[3] <= height - bottom;
    const free = ({ box }) =>
      ![...taken, ...dots].some(
        (b) => box[0] < b[2] && box[2] > b[0] && box[1] < b[3] && box[3] > b[1],
      );
    const kept = options.filter(inside);
    const spot = kept.find(free) ?? kept[0] ?? options[0];
    taken.push(spot.box);
    if (Math.abs(spot.ty - 4 - cy) > 22)
      children.push(drawn("line", { class: "lead", x1: cx, y1: cy, x2: spot.tx, y2: spot.ty - 4 }));
    children.push(
      drawn("circle", {
        class: `dot${row.strong ? " strong" : ""}${row.hollow ? " hollow" : ""}`,
        cx,
        cy,
        r: row.strong ? 8 : 6,
        "data-hint": placeOf(row),
      }),
      drawn(
        "text",
        { class: row.strong ? "strong" : "", x: spot.tx, y: spot.ty, "text-anchor": spot.anchor },
        row.name,
      ),
    );
  }
  return picture(width, height, `${title}. ${rows.map(placeOf).join("; ")}`, children);
}

// One strip per model, cut into ten parts; the stronger the colour, the rarer the products. The
// shades leave out the middle, on which no text can be read.
function strips(rows) {
  return element(
    "div",
    { class: "strips" },
    rows.flatMap(({ name, hint, shares, strong, note }) => [
      element("div", { class: strong ? "name strong" : "name" }, term(name, hint)),
      element(
        "div",
        { class: "stack" },
        shares.map((share, place) =>
          element(
            "div",
            {
              class: "part",
              "data-hint": `${name}, group ${place + 1} of 10: ${percent(share, 1)}`,
              style: {
                flexGrow: String(Math.max(share, 1e-6)),
                background: `color-mix(in oklab, var(--accent) ${place < 5 ? 4 + 7 * place : 62 + 4 * place}%, var(--grey-wash))`,
                color: place < 5 ? "var(--ink)" : "var(--paper)",
              },
            },
            share >= 0.035 ? percent(share) : "",
          ),
        ),
      ),
      element("div", { class: strong ? "strong" : "" }, note),
    ]),
  );
}
