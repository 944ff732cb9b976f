// Reads the data and fills the sections.

const data = JSON.parse(byId("data").textContent);
const catalogue = new Catalogue(data.products);
let map = null;
if (catalogue.mapped > 0) map = new ProductMap(catalogue, data.similar, data.clusters);
else {
  byId("map-controls").remove();
  document
    .querySelector(".map-frame")
    .replaceWith(missing("No map: the table product_map is missing or empty."));
}

overview(data);
clusters(data, map);
models(data);
exposure(data);
users(data, catalogue, map);
quality(data);
build(data);

const dark = matchMedia("(prefers-color-scheme: dark)");
byId("theme").addEventListener("click", () => {
  const now = document.documentElement.dataset.theme ?? (dark.matches ? "dark" : "light");
  document.documentElement.dataset.theme = now === "dark" ? "light" : "dark";
  map?.recolour();
});
dark.addEventListener("change", () => map?.recolour());

// For the tests: the map, and a sign that everything has been drawn.
globalThis.longtail = { catalogue, map };
requestAnimationFrame(() =>
  requestAnimationFrame(() => {
    document.documentElement.dataset.ready = "yes";
  }),
);
