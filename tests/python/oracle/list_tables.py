"""Tables of recommendations and similar products."""

import functools
from collections import Counter, defaultdict
from collections.abc import Mapping
from functools import cached_property
from typing import NamedTuple

from oracle import lists, neighbours, repurchases, similar
from oracle import sessions as stays
from oracle.event_tables import Rows
from oracle.neighbour_tables import NeighbourTables, Scope


class ListTables(NeighbourTables):
    """The lists of users and products."""

    # ---- recommendations -----------------------------------------------------------------------

    def recommended(self, model: str, user: str, scope: Scope, size: int) -> list[lists.Row]:
        """Return a model's list for a user: neighbours of the history, then the ladder."""
        history = scope.histories.get(user, [])

        withheld = set() if scope is not self.scopes["published"] else self.not_shown

        def is_allowed(product: str) -> bool:
            return product not in withheld and (user, product) not in scope.excluded

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

    @cached_property
    def not_shown(self) -> set[str]:
        return self.products.keys() - self.shown

    def of_shown(self, table: Mapping[str, Mapping]) -> dict[str, dict]:
        """Drop the neighbours that may not be shown."""
        return {
            product: {other: found for other, found in row.items() if other in self.shown}
            for product, row in table.items()
        }

    @cached_property
    def repurchases(self) -> dict[str, repurchases.Rate]:
        bought = [
            (visit.event.user, visit.event.product, visit.event.at.date())
            for visit in self.learned
            if visit.event.type in self.settings["purchase_event_types"]
        ]
        return repurchases.repurchases(bought, self.catalogue, self.settings["repurchase_prior"])

    def table_repurchases(self) -> Rows:
        return [
            {
                "category_code": category or None,
                **rate._asdict(),
                "is_bought_again": rate.share >= self.settings["repurchase_share"],
            }
            for category, rate in self.repurchases.items()
        ]

    def bought_again_days(self, product: str) -> float | None:
        """Return the days until products like this one are bought again, if they are."""
        rate = self.repurchases.get(self.catalogue[product].category_code or "")
        return rate.usual_days if rate else None

    def table_user_recommendations(self) -> Rows:
        scope, size = self.scopes["published"], self.settings["recommendations"]
        seen = {(event.user, event.product) for event in self.events}
        bought = {
            (event.user, event.product)
            for event in self.events
            if event.type in self.settings["purchase_event_types"]
        }
        rows = []
        for user in self.users:
            listed = self.recommended("hybrid", user, scope, size)
            event_types = {i.product: i.event_type for i in scope.histories.get(user, [])}
            causes = lists.causes_shown(listed)
            for rank, (row, because) in enumerate(zip(listed, causes, strict=True), 1):
                is_seen = (user, row.product) in seen
                is_bought = (user, row.product) in bought
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
                        "arm": None,  # experiments: tests/python/test_experiments.py
                        "bought_again_days": self.bought_again_days(row.product)
                        if is_bought
                        else None,
                    }
                )
        return rows

    def source(self, row: lists.Row, because: str | None, is_seen: bool) -> str:
        """Return the source of a recommendation, as in `user_recommendations`."""
        if row.source != "neighbour":
            return row.source
        if is_seen:
            return "seen before"
        return "graph" if because in self.nodes else "category and brand"

    # ---- similar products ----------------------------------------------------------------------

    @cached_property
    def teaching_sessions(self) -> dict[int, list[stays.Step]]:
        """Steps of the sessions of users other than robots."""
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
        """Relation -> product -> the rows with evidence."""
        size = self.settings["similar_products"]
        listed = similar.one_relation_per_pair(
            self.of_shown(self.substitutes), self.of_shown(self.complements), self.products, size
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
        popular = self.shown_popularity
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
