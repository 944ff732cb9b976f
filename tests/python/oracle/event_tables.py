"""Tables of events, sessions, the graph and the catalogue."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import NamedTuple

from oracle import catalogue, events, graph
from oracle import sessions as stays
from oracle.arithmetic import exact_sum

Rows = list[dict]


class Given(NamedTuple):
    """Python models' results, which the oracle takes as given: product -> other -> score."""

    deepwalk: Mapping[str, Mapping[str, float]]
    node2vec: Mapping[str, Mapping[str, float]]
    successors: Mapping[str, Mapping[str, float]]
    vectors: Mapping[str, Sequence[float]]
    catalogue: Sequence[Mapping[str, str | None]] = ()


class EventTables:
    """A log and everything derived from it; `table_<name>` yields the rows of a table."""

    def __init__(self, rows: Iterable[Mapping], settings: Mapping, given: Given) -> None:
        self.settings, self.given = settings, given
        self.staged, self.rejected = events.typed_events(rows, settings)
        self.events = set(self.staged)
        self.products = catalogue.with_cold_products(
            events.first_seen(self.events, "product"), given.catalogue
        )
        self.users = events.first_seen(self.events, "user")
        self.robots = events.robots(self.events, settings)
        self.days = stays.log_days(self.events, settings)
        self.sessions = stays.cut_sessions(self.events, self.days, self.products, settings)
        self.clean = stays.clean_visits(self.sessions, self.robots, stays.log_end(self.days))
        self.timeline = stays.timeline(self.clean, self.days, settings)
        user_days = {(event.at.date(), event.user) for event in self.events}
        self.scales = stays.time_scales(user_days, self.timeline, settings)
        self.settings = {**settings, **self.scales}
        self.described_by = catalogue.described_by(self.events, self.timeline.end)
        self.catalogue = catalogue.in_catalogue(
            catalogue.catalogue(self.described_by), self.products, given.catalogue
        )
        self.shown = self.products.keys() - catalogue.not_available(given.catalogue)
        self.learned = [v for v in self.clean if v.event.at < self.timeline.cut]
        self.held_out = [v for v in self.clean if v.event.at >= self.timeline.cut]

    # ---- events and sessions -------------------------------------------------------------------

    def table_int_product_keys(self) -> Rows:
        days = events.first_days(self.events, "product")
        return [
            {"product_id": product, "first_date": days.get(product), "product_key": number}
            for product, number in self.products.items()
        ]

    def table_int_user_keys(self) -> Rows:
        return [{"user_id": u, "user_key": number} for u, number in self.users.items()]

    def table_int_user_days(self) -> Rows:
        staged = Counter((event.at.date(), event.user) for event in self.staged)
        return [
            {
                "event_date": day,
                "user_id": user,
                "staged_events": staged[day, user],
                **found._asdict(),
            }
            for (day, user), found in events.activity(self.events, self.settings).items()
        ]

    def table_int_log_days(self) -> Rows:
        return [{"event_date": day, **found._asdict()} for day, found in self.days.items()]

    def table_int_robots(self) -> Rows:
        return [
            {"user_id": user, "user_key": user, "most_clicks": clicks, "most_purchases": purchases}
            for user, (clicks, purchases) in self.robots.items()
        ]

    def table_int_events_flagged(self) -> Rows:
        return [
            {
                **self._visit(visit),
                "session_date": visit.session.day,
                "removed_as": visit.removed_as,
            }
            for session in self.sessions
            for visit in session.visits
        ]

    def table_int_interactions(self) -> Rows:
        return [
            {
                **self._visit(visit),
                "is_purchase": visit.event.type in self.settings["purchase_event_types"],
                "is_holdout": visit.event.at >= self.timeline.cut,
            }
            for visit in self.clean
        ]

    def _visit(self, visit: stays.Visit) -> dict:
        return {
            "user_key": visit.event.user,
            "product_key": visit.event.product,
            "session_id": visit.session.id,
            "event_at": visit.event.at,
            "event_type": visit.event.type,
            "event_weight": visit.weight,
        }

    def table_int_timeline(self) -> Rows:
        first, last, end, cut = self.timeline
        return [
            {
                "first_event_at": first,
                "last_event_at": last,
                "log_ends_at": end,
                "graph_cutoff_at": cut,
            }
        ]

    def table_int_time_scales(self) -> Rows:
        return [self.scales]

    def table_cleaning_report(self) -> Rows:
        users = defaultdict(list)
        for event, copies in Counter(self.staged).items():
            users["deduplicated", "exact duplicate"] += [event.user] * (copies - 1)
        for session in self.sessions:
            for visit in session.visits:
                rule = visit.removed_as
                if visit.event.at >= self.timeline.end:
                    rule = "after the log's end (clock)"
                if session.user in self.robots:
                    rule = "robot"
                users["cleaned" if rule else "kept", rule or "clean event"].append(session.user)
        rejected = [
            {"step": "rejected", "rule": reason, "events": count, "users": None}
            for reason, count in self.rejected.items()
        ]
        return rejected + [
            {"step": step, "rule": rule, "events": len(found), "users": len(set(found))}
            for (step, rule), found in users.items()
        ]

    # ---- from sessions to edges ----------------------------------------------------------------

    @cached_property
    def steps(self) -> list[tuple[stays.Session, list[stays.Step]]]:
        return [(session, stays.steps(session, self.timeline.cut)) for session in self.sessions]

    def table_int_session_steps(self) -> Rows:
        return [
            {
                "session_date": session.day,
                "session_id": session.id,
                "step": step.number,
                "user_key": session.user,
                "product_key": step.product,
                "step_weight": step.weight,
                "event_at": step.at,
            }
            for session, steps in self.steps
            for step in steps
        ]

    def pairs_of_days(self, wanted: Callable[[str], bool]) -> dict:
        """Return the pairs by day of the sessions of some users."""
        of_users = [(session.day, steps) for session, steps in self.steps if wanted(session.user)]
        return graph.pairs_of_days(of_users, self.products, self.settings)

    def table_int_daily_pairs(self) -> Rows:
        return self._daily_pairs(self.pairs_of_days(lambda user: True))

    def table_int_robot_pairs(self) -> Rows:
        return self._daily_pairs(self.pairs_of_days(self.robots.__contains__))

    def _daily_pairs(self, by_day: Mapping) -> Rows:
        return [
            {
                "session_date": day,
                "product_key_a": one,
                "product_key_b": other,
                "sessions_together": together.sessions,
                "pair_weight": together.weight,
            }
            for (day, (one, other)), together in by_day.items()
        ]

    @cached_property
    def pairs(self) -> dict[graph.Pair, graph.Together]:
        by_day = self.pairs_of_days(lambda user: user not in self.robots)
        return graph.pairs_of_log(by_day, self.timeline.cut, self.settings)

    def table_int_product_pairs(self) -> Rows:
        return [
            {
                "product_key_a": one,
                "product_key_b": other,
                "sessions_together": together.sessions,
                "pair_weight": together.weight,
            }
            for (one, other), together in self.pairs.items()
        ]

    @cached_property
    def edges(self) -> dict[graph.Pair, graph.Edge]:
        return graph.edges(self.pairs, self.products, self.settings)

    @cached_property
    def nodes(self) -> dict[str, int]:
        linked = {product for pair in self.edges for product in pair}
        in_order = sorted(linked, key=self.products.__getitem__)
        return {product: number for number, product in enumerate(in_order)}

    def table_product_nodes(self) -> Rows:
        edges_of = graph.pairs_of_products(self.edges)
        return [
            {
                "node_id": number,
                "product_id": product,
                "product_key": product,
                "degree": len(edges_of[product]),
                "weighted_degree": exact_sum(
                    (self.edges[pair].weight for pair in edges_of[product]), 1e9
                ),
            }
            for product, number in self.nodes.items()
        ]

    def table_product_edges(self) -> Rows:
        return [
            {
                "source_node_id": self.nodes[one],
                "target_node_id": self.nodes[other],
                "source_product_id": one,
                "target_product_id": other,
                "weight": edge.weight,
                "sessions_together": edge.sessions,
            }
            for (one, other), edge in self.edges.items()
        ]

    # ---- catalogue -----------------------------------------------------------------------------

    def table_products(self) -> Rows:
        rows = {row["product_id"]: row for row in self.given.catalogue}
        visits = defaultdict(list)
        for visit in self.clean:
            visits[visit.event.product].append(visit.event)
        buys = self.settings["purchase_event_types"]
        return [
            {
                "product_id": product,
                "product_key": product,
                **{
                    column: rows.get(product, {}).get(column)
                    for column in ("product_name", "url", "image_url", "currency")
                },
                "is_in_catalogue": product in rows,
                "category_id": found.category_id,
                "category_code": found.category_code,
                **{f"level_{n}": catalogue.level(found.category_code, n) for n in (1, 2, 3, 4)},
                "brand": found.brand,
                "price": found.price,
                "interactions": len(visits[product]),
                "purchases": sum(event.type in buys for event in visits[product]),
                "users": len({event.user for event in visits[product]}),
                "first_seen_at": min(self._seen_at(product), default=None),
                "last_seen_at": max(self._seen_at(product), default=None),
            }
            for product, found in self.catalogue.items()
        ]

    def _seen_at(self, product: str) -> list[datetime]:
        return [event.at for event in self.described_by.get(product, [])]

    def table_product_availability(self) -> Rows:
        return [
            {
                "product_id": product,
                "product_key": product,
                "is_shown": product in self.shown,
                "withheld_as": None if product in self.shown else "unavailable",
            }
            for product in self.products
        ]

    @cached_property
    def kinds(self) -> dict[str, catalogue.Kind]:
        return catalogue.kinds(self.catalogue)

    def table_int_product_leaves(self) -> Rows:
        return [{"product_key": p, **kind._asdict()} for p, kind in self.kinds.items()]
