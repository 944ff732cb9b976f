// Small helpers: elements, numbers, colours. Text always enters the page as text, never as markup.

const SVG = "http://www.w3.org/2000/svg";

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "style") Object.assign(node.style, value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  for (const child of children.flat()) {
    if (child !== null && child !== undefined && child !== false) node.append(child);
  }
  return node;
}

const element = (tag, attributes = {}, ...children) =>
  fill(document.createElement(tag), attributes, children);
const drawn = (tag, attributes = {}, ...children) =>
  fill(document.createElementNS(SVG, tag), attributes, children);
const byId = (id) => document.getElementById(id);
const show = (id, ...children) => byId(id).replaceChildren(...children.filter(Boolean));
const missing = (text) => element("p", { class: "missing" }, text);

const whole = (value) => (value ?? 0).toLocaleString("en");
const percent = (value, digits = 0) => `${(100 * value).toFixed(digits)}\u00a0%`;
const decimal = (value) => (value ?? 0).toFixed(Math.abs(value) < 0.1 ? 4 : 3);
const money = (value) =>
  value.toLocaleString("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const size = (bytes) =>
  bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
const day = (text) =>
  new Date(`${text.slice(0, 10)}T00:00Z`).toLocaleDateString("en-GB", {
    day: "numeric",
    month: "long",
    year: "numeric",
    timeZone: "UTC",
  });
const moment = (text) => `${text.slice(0, 10)} ${text.slice(11, 16)} UTC`;
const spaced = (text) => text.replaceAll("_", " ");
const lastPart = (code) => spaced(code.split(".").pop());

// A colour of the style sheet as [red, green, blue]; the browser resolves light-dark().
function colour(name) {
  const probe = element("i", { style: { color: `var(--${name})` } });
  document.body.append(probe);
  const numbers = getComputedStyle(probe)
    .color.match(/[\d.]+/g)
    .slice(0, 3)
    .map(Number);
  probe.remove();
  return numbers;
}

function choice(options, chosen, onChoose) {
  const buttons = options.map(([value, label]) =>
    element(
      "button",
      {
        type: "button",
        "aria-pressed": String(value === chosen),
        "data-value": value,
        onclick: () => {
          buttons.forEach((button) =>
            button.setAttribute("aria-pressed", String(button.dataset.value === String(value))),
          );
          onChoose(value);
        },
      },
      label,
    ),
  );
  return element("span", { class: "choice", role: "group" }, buttons);
}

function select(label, options, chosen, onChoose) {
  const list = element(
    "select",
    { onchange: (event) => onChoose(event.target.value) },
    options.map(([value, text]) => element("option", { value, selected: value === chosen }, text)),
  );
  return element("label", {}, label, list);
}

function table(columns, rows) {
  const head = columns.map((column) =>
    element("th", { class: column.number && "number" }, column.title),
  );
  const body = rows.map((row) =>
    element(
      "tr",
      {},
      columns.map((column) =>
        element("td", { class: column.number && "number" }, column.cell(row)),
      ),
    ),
  );
  return element(
    "div",
    { class: "scroll" },
    element("table", {}, element("thead", {}, element("tr", {}, head)), element("tbody", {}, body)),
  );
}

const meter = (share) =>
  element(
    "span",
    { class: "meter" },
    element("i", {}, element("b", { style: { width: `${100 * share}%` } })),
    percent(share),
  );

// What the other files ask of a product; its position in the file stands for it everywhere.
class Catalogue {
  constructor(columns) {
    this.columns = columns;
    this.count = columns.id.length;
    this.mapped = columns.x.findIndex((value) => value === null);
    if (this.mapped < 0) this.mapped = this.count;
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
  title(at) {
    const { name, id } = this.columns;
    if (name[at]) return name[at];
    const category = this.category(at);
    const known = [this.brand(at), category && lastPart(category)].filter(Boolean).join(" ");
    return category ? known : `${known || "product"} ${id[at]}`;
  }
  facts(at) {
    const { id, price } = this.columns;
    return [id[at], price[at] === null ? null : money(price[at]), this.category(at)]
      .filter(Boolean)
      .join(" · ");
  }
}
