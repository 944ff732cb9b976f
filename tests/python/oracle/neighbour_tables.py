"""Tables of neighbours, histories, popularity and similar groups."""

from datetime import datetime
from functools import cached_property
from typing import NamedTuple

from oracle import groups, histories, lists, neighbours
from oracle.event_tables import EventTables, Rows

SQL_MODELS = ("covisit", "rp3beta")
PARTS = (*SQL_MODELS, "deepwalk", "node2vec", "successors")


class Scope(NamedTuple):
    """One of the two views of the same rules: up to the end of the log, or up to the cut."""

    histories: dict[str, list[histories.Interest]]
    excluded: set[tuple[str, str]]
    popularity: lists.Popularity
    likes: dict[str, list[groups.Like]]


class NeighbourTables(EventTables):
    """Neighbours, histories and groups, computed from the events."""

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

    @cached_property
    def shown_popularity(self) -> lists.Popularity:
        """Popularity among the products that may be shown."""
        score, shop, categories = self.scopes["published"].popularity
        of_categories = {
            code: shown
            for code, found in categories.items()
            if (shown := [product for product in found if product in self.shown])
        }
        return lists.Popularity(
            score, [product for product in shop if product in self.shown], of_categories
        )

    def table_popular_products(self) -> Rows:
        popular = self.shown_popularity
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
