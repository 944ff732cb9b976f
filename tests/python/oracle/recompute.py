"""All tables from the raw rows, as lists of dicts with the tables' columns.

A column of numbers of products or users (`product_key`, `neighbour_key`, `user_key` ...) holds
their ids here, and a group's number (`group_key`) the user's id or the session's number.
"""

import functools
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import NamedTuple

from oracle import catalogue, events, graph, groups, histories, lists, metrics, neighbours, similar
from oracle import sessions as stays
from oracle.arithmetic import exact_sum

Rows = list[dict]
SQL_MODELS = ("covisit", "rp3beta")
PARTS = (*SQL_MODELS, "deepwalk", "node2vec", "successors")
JUDGED_LENGTH = 20


class Given(NamedTuple):
    """What Python models made and the oracle takes as it is: product -> other product -> score."""

    deepwalk: Mapping[str, Mapping[str, float]]
    node2vec: Mapping[str, Mapping[str, float]]
    successors: Mapping[str, Mapping[str, float]]
    vectors: Mapping[str, Sequence[float]]


class Scope(NamedTuple):
    """One of the two views of the same rules: up to the end of the log, or up to the cut."""

    histories: dict[str, list[histories.Interest]]
    excluded: set[tuple[str, str]]
    popularity: lists.Popularity
    likes: dict[str, list[groups.Like]]


def recompute(rows: Iterable[Mapping], settings: Mapping, given: Given) -> dict[str, Rows]:
    """Return every table that the oracle knows, by name."""
    log = Log(rows, settings, given)
    return {
        name.removeprefix("table_"): list(getattr(log, name)())
        for name in dir(log)
        if name.startswith("table_")
    }


class Log:
    """A log and all that follows from it; `table_<name>` yields the rows of a table."""

    def __init__(self, rows: Iterable[Mapping], settings: Mapping, given: Given) -> None:
        self.settings, self.given = settings, given
        self.staged, self.rejected = events.typed_events(rows, settings)
        self.events = set(self.staged)
        self.products = events.first_seen(self.events, "product")
        self.users = events.first_seen(self.events, "user")
        self.robots = events.robots(self.events, settings)
        self.days = stays.log_days(self.events, settings)
        self.sessions = stays.cut_sessions(self.events, self.days, self.products, settings)
        self.clean = stays.clean_visits(self.sessions, self.robots, stays.log_end(self.days))
        self.timeline = stays.timeline(self.clean, self.days, settings)
        self.described_by = catalogue.described_by(self.events, self.timeline.end)
        self.catalogue = catalogue.catalogue(self.described_by)
        self.learned = [v for v in self.clean if v.event.at < self.timeline.cut]
        self.held_out = [v for v in self.clean if v.event.at >= self.timeline.cut]

    # ---- events and sessions -------------------------------------------------------------------

    def table_int_product_keys(self) -> Rows:
        days = events.first_days(self.events, "product")
        return [
            {"product_id": product, "first_date": days[product], "product_key": number}
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
        visits = defaultdict(list)
        for visit in self.clean:
            visits[visit.event.product].append(visit.event)
        buys = self.settings["purchase_event_types"]
        return [
            {
                "product_id": product,
                "product_key": product,
                "product_name": None,
                "category_id": found.category_id,
                "category_code": found.category_code,
                **{f"level_{n}": catalogue.level(found.category_code, n) for n in (1, 2, 3, 4)},
                "brand": found.brand,
                "price": found.price,
                "interactions": len(visits[product]),
                "purchases": sum(event.type in buys for event in visits[product]),
                "users": len({event.user for event in visits[product]}),
                "first_seen_at": min(event.at for event in self.described_by[product]),
                "last_seen_at": max(event.at for event in self.described_by[product]),
            }
            for product, found in self.catalogue.items()
        ]

    @cached_property
    def kinds(self) -> dict[str, catalogue.Kind]:
        return catalogue.kinds(self.catalogue)

    def table_int_product_leaves(self) -> Rows:
        return [{"product_key": p, **kind._asdict()} for p, kind in self.kinds.items()]

    # ---- neighbours ----------------------------------------------------------------------------

    @cached_property
    def members(self) -> dict[str | int, list[neighbours.Member]]:
        return neighbours.groups(self.learned, self.timeline.cut, self.products, self.settings)

    def table_int_group_products(self) -> Rows:
        return [
            {
                "group_key": group,
                "product_key": member.product,
                "user_key": member.user,
                "group_weight": member.weight,
            }
            for group, members in self.members.items()
            for member in members
        ]

    @cached_property
    def tables_of_neighbours(self) -> dict[str, neighbours.Scores]:
        return {
            "covisit": neighbours.covisit(self.pairs, self.products, self.settings),
            "rp3beta": neighbours.rp3beta(self.members, self.products, self.settings),
            "deepwalk": self.given.deepwalk,
            "node2vec": self.given.node2vec,
            "successors": self.given.successors,
        }

    def table_neighbours_covisit(self) -> Rows:
        return self._neighbours("covisit")

    def table_neighbours_rp3beta(self) -> Rows:
        return self._neighbours("rp3beta")

    def _neighbours(self, model: str) -> Rows:
        return [
            {"product_id": product, "neighbour_product_id": other, "rank": rank, "score": score}
            for product, row in self.tables_of_neighbours[model].items()
            for rank, (other, score) in enumerate(row.items(), 1)
        ]

    @cached_property
    def factors(self) -> dict[str, float]:
        return neighbours.product_factors(self.learned, self.timeline.cut, self.settings)

    def table_int_product_factors(self) -> Rows:
        return [{"product_key": p, "factor": factor} for p, factor in self.factors.items()]

    @cached_property
    def models(self) -> dict[str, neighbours.Scores]:
        return neighbours.all_neighbours(
            self.tables_of_neighbours, self.factors, self.products, self.settings
        )

    def table_int_neighbours(self) -> Rows:
        return [
            {
                "model": model,
                "product_key": product,
                "neighbour_key": other,
                "rank": rank,
                "score": score,
            }
            for model, rows in self.models.items()
            for product, row in rows.items()
            for rank, (other, score) in enumerate(row.items(), 1)
        ]

    # ---- histories, popularity and groups, in both scopes --------------------------------------

    @cached_property
    def withheld(self) -> dict[tuple[str, str], datetime]:
        return histories.withheld(self.events, self.settings)

    def table_int_withheld_products(self) -> Rows:
        return [
            {"user_key": user, "product_key": product, "first_event_at": at}
            for (user, product), at in self.withheld.items()
        ]

    @cached_property
    def withheld_at_cut(self) -> set[tuple[str, str]]:
        return {key for key, at in self.withheld.items() if at < self.timeline.cut}

    @cached_property
    def targets(self) -> dict[str, dict[str, bool]]:
        return histories.targets(self.held_out, self.withheld_at_cut, self.settings)

    @cached_property
    def scopes(self) -> dict[str, Scope]:
        asked = [visit for visit in self.learned if visit.event.user in self.targets]
        excluded = {key for key in self.withheld_at_cut if key[0] in self.targets}
        return {
            "published": self._scope(self.clean, self.clean, self.timeline.last, {*self.withheld}),
            "evaluated": self._scope(asked, self.learned, self.timeline.cut, excluded),
        }

    def _scope(self, of_users: list, of_shop: list, end: datetime, excluded: set) -> Scope:
        settings, products = self.settings, self.products
        found = histories.histories(of_users, products, settings)
        weights = ((v.event.product, v.weight, v.event.at) for v in of_shop)
        popular = lists.popularity(weights, end, self.catalogue, products, settings)
        likes = {}
        if self.uses_groups:
            likes = {
                user: groups.groups_like(
                    user, history, self.groups_of_products, self.group_numbers, settings
                )
                for user, history in found.items()
            }
        return Scope(found, excluded, popular, likes)

    @cached_property
    def uses_groups(self) -> bool:
        return self.settings["blend"].get("group_knn", 0) > 0

    @cached_property
    def group_numbers(self) -> dict[str | int, int]:
        """Numbers by which ties between groups are broken."""
        if self.settings["rp3_groups"] == "users":
            return self.users
        return {session.id: session.id for session in self.sessions}

    @cached_property
    def groups_of_products(self) -> dict[str, list[groups.Membership]]:
        if not self.uses_groups:
            return {}
        return groups.groups_of_products(self.members, self.group_numbers, self.settings)

    def table_int_strongest_groups(self) -> Rows:
        return [
            {
                "product_key": product,
                "group_key": found.group,
                "user_key": found.user,
                "group_size": found.size,
                "degree": found.degree,
                "weight": found.weight,
            }
            for product, of_product in self.groups_of_products.items()
            for found in of_product
        ]

    def table_int_similar_groups(self) -> Rows:
        return [
            {
                "scope": name,
                "user_key": user,
                "rank": rank,
                "group_key": like.group,
                "because_product_key": like.because,
                "because_place": like.because_place,
                "weight": like.weight,
            }
            for name, scope in self.scopes.items()
            for user, likes in scope.likes.items()
            for rank, like in enumerate(likes, 1)
        ]

    def table_int_targets(self) -> Rows:
        return [
            {"user_key": user, "product_key": product, "is_purchase": is_purchase}
            for user, found in self.targets.items()
            for product, is_purchase in found.items()
        ]

    def table_int_user_histories(self) -> Rows:
        return [
            {
                "scope": name,
                "user_key": user,
                "place": interest.place,
                "product_key": interest.product,
                "event_type": interest.event_type,
                "last_event_at": interest.last_event_at,
                "interest": interest.interest,
                "repeat_interest": interest.repeat_interest,
            }
            for name, scope in self.scopes.items()
            for user, history in scope.histories.items()
            for interest in history
        ]

    def table_int_excluded_products(self) -> Rows:
        return [
            {"scope": name, "user_key": user, "product_key": product}
            for name, scope in self.scopes.items()
            for user, product in scope.excluded
        ]

    def table_int_popularity(self) -> Rows:
        return [
            {
                "scope": name,
                "category_code": category,
                "product_key": product,
                "score": scope.popularity.score[product],
                "shop_rank": scope.popularity.shop.index(product) + 1,
                "category_rank": rank,
            }
            for name, scope in self.scopes.items()
            for category, found in scope.popularity.categories.items()
            for rank, product in enumerate(found, 1)
        ]

    def table_popular_products(self) -> Rows:
        popular = self.scopes["published"].popularity
        by_category = {code: found for code, found in popular.categories.items() if code}
        return [
            {
                "category_code": category,
                "rank": rank,
                "product_id": product,
                "score": popular.score[product],
            }
            for category, found in [(None, popular.shop), *by_category.items()]
            for rank, product in enumerate(found[: self.settings["popular_products"]], 1)
        ]

    # ---- recommendations -----------------------------------------------------------------------

    def recommended(self, model: str, user: str, scope: Scope, size: int) -> list[lists.Row]:
        """Return the list that a model gives a user: neighbours of the history, then the ladder."""
        history = scope.histories.get(user, [])
        is_allowed = lambda product: (user, product) not in scope.excluded  # noqa: E731
        terms = defaultdict(list)
        if self.models.get(model) or model in ("hybrid", "group_knn"):
            near = self.models.get(model, {})
            terms.update(lists.terms_of_history(history, near, self.settings))
        if self.uses_groups and model in ("hybrid", "group_knn"):
            likes = scope.likes.get(user, [])
            if model == "group_knn":
                share = self.settings["blend"]["group_knn"]
                likes = [like._replace(weight=like.weight / share) for like in likes]
            more = lists.terms_of_groups(history, likes, self.members, self.factors)
            for product, found in more.items():
                terms[product].extend(found)
        rows = lists.best_candidates(
            terms,
            is_allowed,
            self.catalogue,
            self.products,
            size,
            self.settings["category_cap"],
        )
        popular, steps = scope.popularity, []
        category = lists.first_category(history, self.catalogue)
        if model != "popularity" and category is not None:
            steps.append(("popular in category", popular.categories[category]))
        steps.append(("popular in shop", popular.shop))
        return lists.filled_up(rows, steps, popular.score, is_allowed, size)

    def table_user_recommendations(self) -> Rows:
        scope, size = self.scopes["published"], self.settings["recommendations"]
        seen = {(event.user, event.product) for event in self.events}
        rows = []
        for user in self.users:
            listed = self.recommended("hybrid", user, scope, size)
            event_types = {i.product: i.event_type for i in scope.histories.get(user, [])}
            causes = lists.causes_shown(listed)
            for rank, (row, because) in enumerate(zip(listed, causes, strict=True), 1):
                is_seen = (user, row.product) in seen
                rows.append(
                    {
                        "user_id": user,
                        "rank": rank,
                        "product_id": row.product,
                        "score": row.score,
                        "source": self.source(row, because, is_seen),
                        "because_product_id": because,
                        "because_event_type": event_types.get(because),
                        "is_seen": is_seen,
                    }
                )
        return rows

    def source(self, row: lists.Row, because: str | None, is_seen: bool) -> str:
        """Say where a recommendation comes from, in the words of `user_recommendations`."""
        if row.source != "neighbour":
            return row.source
        if is_seen:
            return "seen before"
        return "graph" if because in self.nodes else "category and brand"

    # ---- similar products ----------------------------------------------------------------------

    @cached_property
    def teaching_sessions(self) -> dict[int, list[stays.Step]]:
        """Steps of the sessions of users who are no robots."""
        return {s.id: steps for s, steps in self.steps if steps and s.user not in self.robots}

    @cached_property
    def looks(self) -> Counter:
        return Counter(step.product for steps in self.teaching_sessions.values() for step in steps)

    def table_int_product_looks(self) -> Rows:
        return [{"product_key": product, "looks": looks} for product, looks in self.looks.items()]

    @cached_property
    def substitutes(self) -> dict[str, dict[str, float]]:
        cosines = similar.mean_cosines(self.given.deepwalk, self.given.node2vec)
        return similar.substitutes(cosines, self.kinds, self.looks, self.nodes, self.settings)

    def table_int_substitutes(self) -> Rows:
        return [
            {"product_key": product, "neighbour_key": other, "score": row[other], "rank": rank}
            for product, row in self.substitutes.items()
            for rank, other in enumerate(neighbours.best_first(row, self.products), 1)
        ]

    @cached_property
    def wanting_sessions(self) -> dict[int, list[similar.Wish]]:
        return similar.wanting_sessions(self.teaching_sessions, self.settings)

    def table_int_wanting_sessions(self) -> Rows:
        return [
            {
                "session_id": session,
                "product_key": wish.product,
                "first_step": wish.first_step,
                "wanted_step": wish.wanted_step,
                "wanted_at": wish.wanted_at,
                "place": wish.place,
            }
            for session, wishes in self.wanting_sessions.items()
            for wish in wishes
        ]

    @cached_property
    def bought_after(self) -> dict[str, dict[str, similar.After]]:
        return similar.bought_after(self.wanting_sessions.values(), self.settings)

    def table_int_bought_after(self) -> Rows:
        return self._pairs(self.bought_after)

    @cached_property
    def evidence(self) -> dict[str, dict[str, similar.Evidence]]:
        return similar.complement_evidence(
            self.bought_after, self.kinds, self.products, self.settings
        )

    def table_int_complement_evidence(self) -> Rows:
        return self._pairs(self.evidence)

    @cached_property
    def borrowed(self) -> dict[str, dict[str, similar.Borrowed]]:
        return similar.borrowed_evidence(
            self.substitutes, self.bought_after, self.evidence, self.kinds, self.products
        )

    def table_int_borrowed_evidence(self) -> Rows:
        return self._pairs(self.borrowed)

    @cached_property
    def complements(self) -> dict[str, dict[str, similar.Complement]]:
        return similar.complements(self.evidence, self.borrowed, self.settings)

    def table_int_complements(self) -> Rows:
        ranks = {
            (product, other): rank
            for product, row in self.complements.items()
            for rank, other in enumerate(
                neighbours.best_first({p: c.score for p, c in row.items()}, self.products), 1
            )
        }
        return [
            {**row, "rank": ranks[row["product_key"], row["neighbour_key"]]}
            for row in self._pairs(self.complements)
        ]

    def _pairs(self, table: Mapping[str, Mapping[str, NamedTuple]]) -> Rows:
        return [
            {"product_key": product, "neighbour_key": other, **found._asdict()}
            for product, row in table.items()
            for other, found in row.items()
        ]

    @cached_property
    def listed_similar(self) -> dict[str, dict[str, list[similar.Similar]]]:
        """Relation -> product -> the rows that have evidence."""
        size = self.settings["similar_products"]
        listed = similar.one_relation_per_pair(
            self.substitutes, self.complements, self.products, size
        )
        found = {relation: {} for relation in similar.RELATIONS}
        for product in self.products:
            source = "graph" if product in self.nodes else "category and brand"
            found["substitute"][product] = [
                similar.Similar(other, self.substitutes[product][other], source)
                for other in listed["substitute"].get(product, [])
            ]
            found["complement"][product] = []
            for other in listed["complement"].get(product, []):
                c = self.complements[product][other]
                is_borrowed = source == "graph" and c.sessions_after == 0
                row = similar.Similar(
                    other,
                    c.score,
                    "substitutes" if is_borrowed else source,
                    c.sessions_after,
                    c.lift,
                )
                found["complement"][product].append(row)
        return found

    def table_similar_products(self) -> Rows:
        size = self.settings["similar_products"]
        together = {frozenset(pair): found.sessions for pair, found in self.pairs.items()}
        popular = self.scopes["published"].popularity
        fitting = similar.fitting_leaves(self.evidence, self.kinds)
        shelf = functools.cache(
            lambda leaf, relation: [
                (product, source, popular.score[product])
                for product, source in similar.shelf(
                    leaf, relation, fitting, popular, self.kinds, 3 * size
                )
            ]
        )
        rows = []
        for relation, in_other in (similar.RELATIONS, similar.RELATIONS[::-1]):
            for product in self.products:
                leaf = similar.leaf_of(self.kinds, product)
                found = similar.filled(
                    product,
                    self.listed_similar[relation][product],
                    (row.product for row in self.listed_similar[in_other][product]),
                    shelf(leaf, relation),
                    size,
                )
                rows += [
                    {
                        "product_id": product,
                        "relation": relation,
                        "rank": rank,
                        "similar_product_id": row.product,
                        "score": row.score,
                        "source": row.source,
                        "sessions_together": together.get(frozenset((product, row.product)), 0),
                        "sessions_after": row.sessions_after,
                        "lift": row.lift,
                    }
                    for rank, row in enumerate(found, 1)
                ]
        return rows

    # ---- evaluation ----------------------------------------------------------------------------

    @cached_property
    def exposure(self) -> dict[str, metrics.Exposure]:
        return metrics.exposures(self.learned, self.products)

    def table_int_product_exposure(self) -> Rows:
        return [{"product_key": p, **found._asdict()} for p, found in self.exposure.items()]

    @cached_property
    def evaluated(self) -> dict[str, dict[str, list[str]]]:
        """Model -> user -> the products that it would have recommended at the cut."""
        models = ["hybrid", *PARTS, *(["group_knn"] if self.uses_groups else [])]
        scope = self.scopes["evaluated"]
        return {
            model: {
                user: [row.product for row in self.recommended(model, user, scope, JUDGED_LENGTH)]
                for user in self.targets
            }
            for model in [*models, "popularity", "popular in category"]
        }

    def table_int_evaluated_recommendations(self) -> Rows:
        return [
            {"model": model, "user_key": user, "rank": rank, "product_key": product}
            for model, of_users in self.evaluated.items()
            for user, listed in of_users.items()
            for rank, product in enumerate(listed, 1)
        ]

    @cached_property
    def tasks(self) -> dict[tuple[str, str], dict[str, set[str]]]:
        return metrics.tasks(self.targets, self.exposure)

    def table_int_task_targets(self) -> Rows:
        return [
            {"task": task, "target_group": group, "user_key": user, "product_key": product}
            for (task, group), asked in self.tasks.items()
            for user, wanted in asked.items()
            for product in wanted
        ]

    @cached_property
    def user_metrics(self) -> dict[tuple[str, str, str, int, str], dict[str, float]]:
        """(model, task, group of targets, k, metric) -> user -> value."""
        found = defaultdict(dict)
        for (task, group), asked in self.tasks.items():
            for model, of_users in self.evaluated.items():
                for user, wanted in asked.items():
                    for k in metrics.CUTOFFS:
                        values = metrics.user_metrics(of_users[user], wanted, k)
                        for metric, value in values.items():
                            found[model, task, group, k, metric][user] = value
        return found

    def table_int_user_metrics(self) -> Rows:
        return [
            {
                "model": model,
                "task": task,
                "target_group": group,
                "user_key": user,
                "k": k,
                "metric": metric,
                "value": value,
            }
            for (model, task, group, k, metric), values in self.user_metrics.items()
            for user, value in values.items()
        ]

    @cached_property
    def segments(self) -> dict[str, str]:
        histories = self.scopes["evaluated"].histories
        return {user: metrics.segment(len(histories.get(user, []))) for user in self.targets}

    def table_int_evaluated_users(self) -> Rows:
        return [
            {"user_key": user, "segment": segment}
            for user, own in self.segments.items()
            for segment in ("all", own)
        ]

    @cached_property
    def bootstrap(self) -> dict[str, dict[int, int]]:
        samples = self.settings["bootstrap_samples"]
        return {user: metrics.bootstrap_weights(user, samples) for user in self.targets}

    def table_int_bootstrap_weights(self) -> Rows:
        return [
            {"user_key": user, "sample_id": sample, "weight": weight}
            for user, weights in self.bootstrap.items()
            for sample, weight in weights.items()
        ]

    @cached_property
    def list_metrics(self) -> dict[tuple[str, int], dict[str, float]]:
        users = len({visit.event.user for visit in self.learned})
        categories = {product: found.category_code for product, found in self.catalogue.items()}
        return {
            (model, k): metrics.list_metrics(
                of_users, k, self.exposure, users, categories, self.given.vectors
            )
            for model, of_users in self.evaluated.items()
            for k in metrics.CUTOFFS
        }

    def table_int_list_metrics(self) -> Rows:
        return [
            {"model": model, "k": k, "metric": metric, "value": value}
            for (model, k), values in self.list_metrics.items()
            for metric, value in values.items()
        ]

    def table_model_metrics(self) -> Rows:
        rows = []
        for (model, task, group, k, metric), values in self.user_metrics.items():
            of_segments = {group: values}
            if group == "all":
                for name in set(self.segments.values()):
                    within = {u: v for u, v in values.items() if self.segments[u] == name}
                    if within:
                        of_segments[name] = within
            for name, found in of_segments.items():
                interval = metrics.bootstrap_interval(found, self.bootstrap) if k == 20 else None
                lower, upper = interval or (None, None)
                value, users = metrics.mean(found.values()), len(found)
                rows.append(_metric(model, task, name, metric, k, value, lower, upper, users))
        for (model, k), values in self.list_metrics.items():
            rows += [_metric(model, "any", "all", metric, k, v) for metric, v in values.items()]
        return rows

    def table_long_tail_exposure(self) -> Rows:
        columns = ("decile", "share_of_products", "share_of_interactions", "share_of_slots")
        return [
            {"model": model, **dict(zip(columns, shares, strict=True))}
            for model, of_users in self.evaluated.items()
            if of_users
            for shares in metrics.shares_by_decile(of_users.values(), self.exposure)
        ]


def _metric(model, task, segment, metric, k, value, lower=None, upper=None, users=None) -> dict:
    return {
        "model": model,
        "task": task,
        "segment": segment,
        "metric": metric,
        "k": k,
        "value": value,
        "lower": lower,
        "upper": upper,
        "users": users,
    }
