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
const note = (...parts) => element("p", { class: "note" }, ...parts);
const press = (text, onclick, attributes = {}) =>
  element("button", { type: "button", onclick, ...attributes }, text);

const whole = (value) => (value ?? 0).toLocaleString("en");
const percent = (value, digits = 0) => `${(100 * value).toFixed(digits)}\u00a0%`;
const decimal = (value) => (value ?? 0).toFixed(Math.abs(value) < 0.1 ? 4 : 3);
const counted = (count, one, many = `${one}s`) => `${whole(count)} ${count === 1 ? one : many}`;
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
const capital = (text) => text[0].toUpperCase() + text.slice(1);
const onPhone = () => matchMedia("(max-width: 620px)").matches;
const byFinger = () => matchMedia("(hover: none) and (pointer: coarse)").matches;
const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

// A price has the shop's currency where the build knows it, and no sign otherwise.
let currency = null;
function money(value) {
  const digits = { minimumFractionDigits: 2, maximumFractionDigits: 2 };
  const bare = value.toLocaleString("en", digits);
  if (!currency) return bare;
  if (!/^[A-Z]{3}$/.test(currency)) return `${bare}\u00a0${currency}`;
  return value.toLocaleString("en", { style: "currency", currency });
}

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

function choice(name, options, chosen, onChoose) {
  const buttons = options.map(([value, label]) =>
    press(
      label,
      () => {
        buttons.forEach((button) =>
          button.setAttribute("aria-pressed", String(button.dataset.value === String(value))),
        );
        onChoose(value);
      },
      { "aria-pressed": String(value === chosen), "data-value": value },
    ),
  );
  return element("span", { class: "choice", role: "group", "aria-label": name }, buttons);
}

function select(label, options, chosen, onChoose) {
  const list = element(
    "select",
    { onchange: (event) => onChoose(event.target.value) },
    options.map(([value, text]) => element("option", { value, selected: value === chosen }, text)),
  );
  return element("label", {}, label, list);
}

const meter = (share) =>
  element(
    "span",
    { class: "meter" },
    element("i", {}, element("b", { style: { width: `${100 * share}%` } })),
    percent(share),
  );

// Anything with data-hint explains itself to a mouse, a finger and the keyboard alike.
function listenForHints() {
  const bubble = element("div", { id: "hint", role: "tooltip" });
  document.body.append(bubble);
  const hide = () => bubble.classList.remove("on");
  const tell = (event) => {
    const owner = event.target.closest?.("[data-hint]");
    if (!owner) {
      hide();
      return;
    }
    bubble.textContent = owner.dataset.hint;
    bubble.classList.add("on");
    const box = owner.getBoundingClientRect();
    const left = Math.min(box.left, innerWidth - bubble.offsetWidth - 8);
    const below = box.bottom + bubble.offsetHeight + 8 < innerHeight;
    bubble.style.left = `${Math.max(8, left)}px`;
    bubble.style.top = `${below ? box.bottom + 6 : box.top - bubble.offsetHeight - 6}px`;
  };
  for (const kind of ["pointerover", "focusin", "click"]) document.addEventListener(kind, tell);
  document.addEventListener("focusout", hide);
  document.addEventListener("scroll", hide, { passive: true });
  document.addEventListener("keydown", (event) => event.key === "Escape" && hide());
}

const term = (text, hint) =>
  hint
    ? press(text, () => {}, { class: "term", "data-hint": hint, "aria-description": hint })
    : element("span", {}, text);

// Draw again whenever the width changes, so that letters keep their size on every screen.
function responsive(draw) {
  const box = element("div", { class: "chart" });
  let width = 0;
  new ResizeObserver(() => {
    const now = Math.round(box.clientWidth);
    if (!now || now === width) return;
    width = now;
    box.replaceChildren(draw(Math.max(280, width)));
  }).observe(box);
  return box;
}

// Texts that a spreadsheet would run as a formula stay texts.
function csvText(columns, rows) {
  const cell = (value) => {
    if (value === null || value === undefined) return "";
    const risky = typeof value === "string" && /^[=+\-@\t\r]/.test(value);
    const text = risky ? `'${value}` : String(value);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const lines = [columns, ...rows].map((row) => row.map(cell).join(","));
  return `${lines.join("\r\n")}\r\n`;
}

function download(name, text) {
  const url = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  element("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
