// The search box over the map: a combobox, whose list the arrow keys walk.

function searchBox(map) {
  const list = element("ul", { role: "listbox", id: "results", "aria-label": "Products found" });
  let found = [];
  let active = -1;
  let index = null;
  const close = () => {
    found = [];
    active = -1;
    list.replaceChildren();
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };
  const take = (at) => {
    close();
    input.value = "";
    map.choose(at, { fly: true });
  };
  const mark = (place) => {
    active = place;
    [...list.children].forEach((option, own) =>
      option.setAttribute("aria-selected", String(own === place)),
    );
    if (place < 0) input.removeAttribute("aria-activedescendant");
    else input.setAttribute("aria-activedescendant", list.children[place].id);
    list.children[place]?.scrollIntoView({ block: "nearest" });
  };
  const find = () => {
    index ??= new SearchIndex(map.catalogue, map.scene.count);
    const text = input.value.trim();
    close();
    if (!text) return;
    found = index.find(text, 10);
    list.replaceChildren(
      ...found.map((at, place) =>
        element(
          "li",
          {
            role: "option",
            id: `result-${place}`,
            "aria-selected": "false",
            onclick: () => take(at),
          },
          map.catalogue.title(at),
          " ",
          element("span", { class: "id" }, map.catalogue.facts(at)),
        ),
      ),
    );
    if (!found.length)
      list.append(element("li", { role: "option", "aria-disabled": "true" }, "Nothing found"));
    input.setAttribute("aria-expanded", "true");
  };
  const input = element("input", {
    type: "search",
    id: "search",
    role: "combobox",
    autocomplete: "off",
    placeholder: "Find a product: name, brand, category or id",
    "aria-label": "Find a product",
    "aria-autocomplete": "list",
    "aria-controls": "results",
    "aria-expanded": "false",
    oninput: find,
    // Reading all texts takes a moment: do it before the first letter.
    onfocus: () => setTimeout(() => (index ??= new SearchIndex(map.catalogue, map.scene.count))),
    onblur: close,
    onkeydown: (event) => {
      const steps = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (steps && found.length)
        mark((active + steps + found.length + (active < 0 && steps < 0 ? 1 : 0)) % found.length);
      else if (event.key === "Enter" && found.length) take(found[Math.max(active, 0)]);
      else if (event.key === "Escape" && list.children.length) {
        close();
        event.stopPropagation();
      } else return;
      event.preventDefault();
    },
  });
  // A press on the list must not take the focus from the input, whose blur closes the list.
  list.addEventListener("pointerdown", (event) => event.preventDefault());
  list.addEventListener("mousedown", (event) => event.preventDefault());
  return element("div", { class: "search" }, input, list);
}
