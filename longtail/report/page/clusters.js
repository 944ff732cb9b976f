// The clusters of the map: how large, how pure, and of what.

function clusters({ clusters: rows, whole_map: base }, map) {
  if (!rows.length) {
    show("clusters-body", missing("No clusters: the table product_map is missing or empty."));
    return;
  }
  const products = rows.reduce((sum, row) => sum + row.products, 0);
  const pure = (name) => rows.reduce((sum, row) => sum + row[name] * row.products, 0) / products;
  show(
    "clusters-lead",
    `${rows.length} clusters of products that are seen together. The model was given no categories; still ${percent(pure("level_1_purity"))} of a cluster’s products are of one top category on average (the whole shop in one cluster: ${percent(base.level_1_purity)}), ${percent(pure("category_purity"))} of one full category (${percent(base.category_purity)}). That share is called `,
    term("purity", PURITY),
    ".",
  );
  const shares = (list) =>
    element(
      "span",
      {},
      (list ?? []).flatMap(({ name, share }, place) => [
        place ? ", " : "",
        spaced(name.split(".").slice(-2).join(" / ")),
        element("span", { class: "share" }, ` ${percent(share)}`),
      ]),
    );
  const look = (row) =>
    press(clusterName(row.label), () => map.keepGroup("cluster", String(row.cluster_id)), {
      class: "link",
    });
  const columns = [
    { title: "Cluster", value: (row) => row.label, cell: (row) => (map ? look(row) : row.label) },
    {
      title: "Products",
      number: true,
      value: (row) => row.products,
      cell: (row) => whole(row.products),
    },
    {
      title: "Interactions",
      number: true,
      value: (row) => row.interactions,
      cell: (row) => whole(row.interactions),
    },
    {
      title: "Of one top category",
      hint: `${PURITY}, at the top level`,
      value: (row) => row.level_1_purity,
      cell: (row) => meter(row.level_1_purity),
    },
    {
      title: "Of one category",
      hint: PURITY,
      value: (row) => row.category_purity,
      cell: (row) => meter(row.category_purity),
    },
    { title: "Top categories", cell: (row) => shares(row.categories) },
    { title: "Top brands", cell: (row) => shares(row.brands) },
  ];
  const first = onPhone() ? 4 : 10;
  const rest = rows.slice(first);
  show(
    "clusters-body",
    table(columns, rows.slice(0, first), { name: "The largest clusters" }),
    rest.length > 0 &&
      element(
        "details",
        {},
        element("summary", {}, `${rest.length} more clusters`),
        table(columns, rest, { name: "More clusters" }),
      ),
  );
}
