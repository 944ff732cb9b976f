// Links into the page: #product=, #user= and #cluster= open what they name, and the address
// follows what is open.

function listenForLinks(map, explorer) {
  const open = () => {
    const [, kind, text] = /^#(product|user|cluster)=(.*)$/.exec(location.hash) ?? [];
    if (!kind) return;
    const id = decoded(text);
    const done =
      kind === "product"
        ? map?.visit(map.catalogue.position(id))
        : kind === "cluster"
          ? map?.keepGroup("cluster", id)
          : explorer?.visit(id);
    if (!done) tellMissing(kind, id);
  };
  const write = (hash) => {
    if (location.hash !== hash) history.replaceState(null, "", hash || " ");
  };
  map?.onChange(() => {
    if (map.chosen >= 0) write(`#product=${encoded(map.catalogue.columns.id[map.chosen])}`);
    else if (map.way === "cluster" && map.kept !== null) write(`#cluster=${encoded(map.kept)}`);
    else if (/^#(product|cluster)=/.test(location.hash)) write("#map");
  });
  explorer?.onOpen((id) => write(`#user=${encoded(id)}`));
  addEventListener("hashchange", open);
  open();
}

const encoded = encodeURIComponent;

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function tellMissing(kind, id) {
  byId("link-missing")?.remove();
  const text = `This report does not hold ${kind} ${id}.`;
  const line = element("p", { class: "warning", role: "status", id: "link-missing" }, text);
  byId("top").prepend(line);
}
