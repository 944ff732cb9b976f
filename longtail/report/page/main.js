// Reads the data and fills the sections.

const root = document.documentElement;
const dark = matchMedia("(prefers-color-scheme: dark)");
const theme = remembered("longtail-theme");
if (theme.value === "light" || theme.value === "dark") root.dataset.theme = theme.value;

const data = JSON.parse(byId("data").textContent);
currency = data.overview.currency ?? null;
const catalogue = new Catalogue(data.products);
let map = null;
if (catalogue.mapped > 0) map = new ProductMap(catalogue, data.similar, data.clusters);
else {
  byId("map-controls").remove();
  byId("map-table").remove();
  document
    .querySelector(".map-frame")
    .replaceWith(missing("No map: the table product_map is missing or empty."));
}

overview(data);
week(data, catalogue, map);
clusters(data, map);
models(data);
exposure(data);
const explorer = users(data, catalogue, map);
quality(data);
build(data);
listenForHints();
listenForLinks(map, explorer);

byId("theme").addEventListener("click", () => {
  const now = root.dataset.theme ?? (dark.matches ? "dark" : "light");
  root.dataset.theme = now === "dark" ? "light" : "dark";
  theme.keep(root.dataset.theme);
  map?.recolour();
});
dark.addEventListener("change", () => map?.recolour());

// A value that outlives the page, where the browser allows it.
function remembered(name) {
  const quietly = (action) => {
    try {
      return action();
    } catch {
      return null; // storage is switched off
    }
  };
  return {
    value: quietly(() => localStorage.getItem(name)),
    keep: (value) => quietly(() => localStorage.setItem(name, value)),
  };
}

// For the tests: the map, and a sign that everything has been drawn.
globalThis.longtail = { catalogue, map, explorer };
requestAnimationFrame(() =>
  requestAnimationFrame(() => {
    root.dataset.ready = "yes";
  }),
);
