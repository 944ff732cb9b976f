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
          "data-hint": `95\u00a0% interval ${format(row.lower)} to ${format(row.upper)}`,
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

// A name further from its dot has a line that leads to it.
const NEAR = 16;

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
  const dots = rows.map((row) => ({ ...row, cx: x(row.x), cy: y(row.y), r: row.strong ? 8 : 6 }));
  const area = [left, 14, width, height - bottom];
  const spots = besideDots(
    dots,
    dial.map((point) => [x(point[0]), y(point[1])]),
    area,
  );
  children.push(
    ...dots.map((dot, at) => {
      const { distance, end } = spots[at];
      return (
        distance > NEAR &&
        drawn("line", { class: "lead", x1: dot.cx, y1: dot.cy, x2: end[0], y2: end[1] })
      );
    }),
    ...dots.map((dot) =>
      drawn("circle", {
        class: `dot${dot.strong ? " strong" : ""}${dot.hollow ? " hollow" : ""}`,
        cx: dot.cx,
        cy: dot.cy,
        r: dot.r,
        "data-hint": placeOf(dot),
      }),
    ),
    ...dots.map((dot, at) =>
      drawn(
        "text",
        { class: dot.strong ? "strong" : "", x: spots[at].box[0], y: spots[at].box[3] - 3 },
        dot.name,
      ),
    ),
  );
  return picture(width, height, `${title}. ${rows.map(placeOf).join("; ")}`, children);
}

// A place for the name of each dot: the nearest one that covers no other name, no dot, no point of
// `others` and no line that leads from a dot to its name, nor lies nearer to another dot. Names
// move twice more, since the first ones were placed without knowing the last.
function besideDots(dots, others, [left, top, right, bottom]) {
  const pen = element("canvas").getContext("2d");
  const wide = ({ name, strong }) => {
    pen.font = `${strong ? 600 : 400} 12px Inter, system-ui, sans-serif`;
    return pen.measureText(name).width;
  };
  const points = [
    ...dots.map(({ cx, cy, r }) => [cx - r, cy - r, cx + r, cy + r]),
    ...others.map(([cx, cy]) => [cx - 4, cy - 4, cx + 4, cy + 4]),
  ];
  const meets = (a, b) => a[0] < b[2] && a[2] > b[0] && a[1] < b[3] && a[3] > b[1];
  const gap = ({ cx, cy }, [x0, y0, x1, y1]) =>
    Math.hypot(Math.max(x0 - cx, cx - x1, 0), Math.max(y0 - cy, cy - y1, 0));
  const around = dots.map((dot, own) => {
    const [half, high] = [wide(dot) / 2, 7];
    const spots = [];
    for (let distance = dot.r + 4; distance < 150; distance += 9) {
      for (let turn = 0; turn < 16; turn += 1) {
        const [dx, dy] = [Math.cos((turn * Math.PI) / 8), Math.sin((turn * Math.PI) / 8)];
        const end = [dot.cx + distance * dx, dot.cy + distance * dy];
        const [mx, my] = [end[0] + half * dx, end[1] + high * dy];
        const box = [mx - half, my - high, mx + half, my + high];
        if (box[0] < left || box[1] < top || box[2] > right || box[3] > bottom) continue;
        const along = [0.3, 0.5, 0.7, 0.9].map((share) => [
          dot.cx + share * distance * dx,
          dot.cy + share * distance * dy,
        ]);
        const lead = distance > NEAR ? along.map(([px, py]) => [px - 1, py - 1, px + 1, py + 1]) : [];
        const covered = points.filter(
          (point, at) => at !== own && [box, ...lead].some((part) => meets(part, point)),
        ).length;
        const nearer = dots.filter((other, at) => at !== own && gap(other, box) < gap(dot, box));
        spots.push({
          box,
          end,
          lead,
          distance,
          cost: distance + 100 * covered + 30 * nearer.length,
        });
      }
    }
    const [cx, cy] = [dot.cx + dot.r + 4, dot.cy];
    const beside = [cx, cy - high, cx + 2 * half, cy + high];
    return spots.length ? spots : [{ box: beside, end: [cx, cy], lead: [], distance: 0, cost: 0 }];
  });
  const chosen = [];
  const clash = (a, b) =>
    meets(a.box, b.box) ||
    a.lead.some((point) => meets(point, b.box)) ||
    b.lead.some((point) => meets(point, a.box));
  for (let round = 0; round < 3; round += 1) {
    around.forEach((spots, own) => {
      const rest = chosen.filter((spot, at) => at !== own);
      const costs = spots.map(
        (spot) => spot.cost + 1000 * rest.filter((other) => clash(spot, other)).length,
      );
      chosen[own] = spots[costs.indexOf(Math.min(...costs))];
    });
  }
  return chosen;
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
