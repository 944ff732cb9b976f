// One user at a time: what they did, what they would be shown, and why.

class Explorer {
  constructor(people, catalogue, map) {
    Object.assign(this, { people, catalogue, map, current: 0, listeners: [] });
    const list = element(
      "datalist",
      { id: "user-ids" },
      people.map((user) => element("option", { value: user.id }, user.kind)),
    );
    this.body = element("div", { class: "explorer" });
    this.kind = element("span", { class: "share", role: "status" });
    this.input = element("input", {
      id: "user",
      list: "user-ids",
      "aria-label": "User id",
      onchange: () => this.open(this.placeOf(this.input.value)),
    });
    const counts = {};
    for (const user of people) counts[user.kind] = (counts[user.kind] ?? 0) + 1;
    const kinds = Object.entries(counts).map(([name, count]) => `${whole(count)} with ${name}`);
    const turn = (by) => () => this.open((this.current + people.length + by) % people.length);
    show(
      "users-body",
      element(
        "div",
        { class: "row" },
        element("label", {}, "User", this.input),
        list,
        press("Previous", turn(-1)),
        press("Next", turn(1), { id: "next-user" }),
        this.kind,
      ),
      this.body,
      note(`${whole(people.length)} users, chosen by hash: ${kinds.join(", ")}.`),
    );
    this.open(0, { quiet: true });
  }

  onOpen(listener) {
    this.listeners.push(listener);
  }

  placeOf(id) {
    return this.people.findIndex((user) => user.id === id);
  }

  // Open a user from anywhere on the page; false when this file does not hold them.
  visit(id) {
    const place = this.placeOf(id);
    if (place < 0) return false;
    this.open(place);
    byId("users").scrollIntoView();
    return true;
  }

  open(place, { quiet = false } = {}) {
    if (place < 0) {
      this.kind.textContent =
        "This file holds a sample of users; query longtail.duckdb for others.";
      return;
    }
    this.current = place;
    const user = this.people[place];
    this.input.value = user.id;
    this.kind.textContent = user.kind;
    const history = this.history(user.events);
    this.body.replaceChildren(
      element(
        "div",
        { class: "card" },
        element("h3", {}, "What they did, latest first"),
        user.events.length ? history : missing("No clean events."),
      ),
      element(
        "div",
        { class: "card" },
        element("h3", {}, "What we would show"),
        element("ol", { class: "recommended" }, this.recommended(user.recommendations, history)),
      ),
    );
    if (!quiet) for (const listener of this.listeners) listener(user.id);
  }

  history(rows) {
    const events = rows.map(([time, type, at]) => ({ time, type, at: Number(at) }));
    const items = events.flatMap((event, i) => [
      (i === 0 || events[i - 1].time.slice(0, 10) !== event.time.slice(0, 10)) &&
        element("li", { class: "day" }, day(event.time)),
      element(
        "li",
        { class: "event", "data-product": event.at },
        element("time", {}, event.time.slice(11)),
        element(
          "span",
          { class: `tag${["cart", "purchase"].includes(event.type) ? " strong" : ""}` },
          spaced(event.type),
        ),
        productLine(this.catalogue, this.map, event.at),
      ),
    ]);
    const lines = items.filter(Boolean);
    const first = onPhone() ? 10 : lines.length;
    const list = (some) => element("ul", { class: "events" }, some);
    return element(
      "div",
      {},
      list(lines.slice(0, first)),
      lines.length > first &&
        element("details", {}, element("summary", {}, "Earlier"), list(lines.slice(first))),
    );
  }

  recommended(rows, history) {
    const mark = (at) =>
      history
        .querySelectorAll(".event")
        .forEach((node) => node.classList.toggle("cause", node.dataset.product === String(at)));
    const named = (at) => `${this.catalogue.title(at)} (${this.catalogue.columns.id[at]})`;
    const reason = (source, because, type) =>
      because === null
        ? source === "ranked"
          ? "chosen by the ranker, not because of one product"
          : source
        : `because ${deed(type, named(Number(because)))}${["category and brand", "content"].includes(source) ? `, by ${source}` : ""}`;
    return rows.map(([at, source, because, type, seen], place) =>
      element(
        "li",
        {
          onpointerenter: () => mark(because),
          onpointerleave: (event) => event.pointerType === "mouse" && mark(null),
          onfocusin: () => mark(because),
          onfocusout: () => mark(null),
        },
        element("span", { class: "rank" }, String(place + 1)),
        element(
          "span",
          {},
          productLine(this.catalogue, this.map, Number(at)),
          element("small", {}, [seen, reason(source, because, type)].filter(Boolean).join(", ")),
        ),
      ),
    );
  }
}

function users({ users: people }, catalogue, map) {
  if (people.length) return new Explorer(people, catalogue, map);
  show("users-body", missing("No users: the table user_recommendations is missing or empty."));
  return null;
}
