"""All tables from the raw rows, as lists of dicts with the tables' columns.

A column of numbers of products or users (`product_key`, `neighbour_key`, `user_key` ...) holds
their ids here, and a group's number (`group_key`) the user's id or the session's number.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cached_property

from oracle import metrics
from oracle.event_tables import Given, Rows
from oracle.list_tables import ListTables
from oracle.neighbour_tables import PARTS

__all__ = ["Given", "Log", "recompute"]
JUDGED_LENGTH = 20


def recompute(rows: Iterable[Mapping], settings: Mapping, given: Given) -> dict[str, Rows]:
    """Return every table that the oracle knows, by name."""
    log = Log(rows, settings, given)
    return {
        name.removeprefix("table_"): list(getattr(log, name)())
        for name in dir(log)
        if name.startswith("table_")
    }


class Log(ListTables):
    """A log and everything derived from it; `table_<name>` yields the rows of a table."""

    @cached_property
    def exposure(self) -> dict[str, metrics.Exposure]:
        return metrics.exposures(self.learned, self.products)

    def table_int_product_exposure(self) -> Rows:
        return [{"product_key": p, **found._asdict()} for p, found in self.exposure.items()]

    @cached_property
    def evaluated(self) -> dict[str, dict[str, list[str]]]:
        """Model -> user -> the products recommended as of the cut."""
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
