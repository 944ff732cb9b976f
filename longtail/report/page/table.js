// Tables: sorted by a click on a heading, and one card per row on a phone.

// `narrow` tables have two short columns and stay tables on a phone. A column has a title, `cell` (what a row shows), and perhaps `value` (what it is sorted by),
// `number` (to the right), `hint` (what the title means).
function table(columns, rows, { name, narrow = false } = {}) {
  const body = element("tbody", { role: "rowgroup" });
  let order = null;
  const draw = () => {
    const sorted = order ? [...rows].sort(inOrder(order)) : rows;
    body.replaceChildren(
      ...sorted.map((row) =>
        element(
          "tr",
          { role: "row" },
          columns.map((column) => {
            const content = column.cell(row);
            return element(
              "td",
              { role: "cell", class: column.number && "number", "data-title": column.title },
              content === "" ? null : heading(column),
              content,
            );
          }),
        ),
      ),
    );
  };
  const heads = columns.map((column) => {
    const head = element(
      "th",
      { role: "columnheader", scope: "col", class: column.number && "number" },
      !column.value
        ? column.hint
          ? term(column.title, column.hint)
          : column.title
        : press(
            column.title,
            () => {
              const down = order?.column === column ? !order.down : Boolean(column.number);
              order = { column, down };
              for (const other of heads) other.removeAttribute("aria-sort");
              head.setAttribute("aria-sort", down ? "descending" : "ascending");
              draw();
            },
            { class: "sort", "data-hint": column.hint, "aria-description": column.hint },
          ),
    );
    return head;
  });
  draw();
  const frame = element(
    "div",
    { class: narrow ? "scroll narrow" : "scroll" },
    element(
      "table",
      { role: "table", "aria-label": name },
      element("thead", { role: "rowgroup" }, element("tr", { role: "row" }, heads)),
      body,
    ),
  );
  // What scrolls must be reached by the keyboard.
  new ResizeObserver(() => {
    const scrolls = frame.scrollWidth > frame.clientWidth + 1;
    for (const [attribute, value] of [
      ["tabindex", "0"],
      ["role", "region"],
      ["aria-label", name ?? "Table"],
    ]) {
      if (scrolls) frame.setAttribute(attribute, value);
      else frame.removeAttribute(attribute);
    }
  }).observe(frame);
  return frame;
}

// On a phone the head of the table is out of sight: a title with a hint stands in each card, to be
// tapped. Readers aloud have the head.
const heading = ({ title, hint }) =>
  hint
    ? element("span", {
        class: "heading",
        "data-title": title,
        "data-hint": hint,
        "aria-hidden": "true",
      })
    : null;

function inOrder({ column, down }) {
  const turn = down ? -1 : 1;
  return (a, b) => {
    const [x, y] = [column.value(a), column.value(b)];
    if (x === y) return 0;
    if (x === null || x === undefined) return 1;
    if (y === null || y === undefined) return -1;
    return (x < y ? -1 : 1) * turn;
  };
}
