"""The project's vars and the values they may take.

`dbt_project.yml` holds the defaults, this module the ranges. A build calls `check` first, so that a
mistake costs a second and not half an hour.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from copy import deepcopy
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from longtail.build.rules import (
    EXCLUDE_CHOICES,
    Rule,
    auto_or,
    blend,
    columns,
    csv_options,
    event_types,
    experiments,
    names,
    number,
    numbers,
    one_of,
    ranker,
    salt,
    switch,
    text,
    text_by_name,
    texts,
    time_zone,
    timestamp,
    weights,
    whole,
)

PROJECT = Path(__file__).resolve().parents[2]
"""Folder of dbt_project.yml."""


EVENT_COLUMNS = (
    "event_time",
    "event_type",
    "product_id",
    "category_id",
    "category_code",
    "brand",
    "price",
    "user_id",
    "user_session",
)
REQUIRED_EVENT_COLUMNS = ("event_time", "product_id", "user_id")
"""Those that a file or the var `columns` must provide; the others are null if missing."""
OPTIONAL_EVENT_COLUMNS = ("product_name", "event_weight")
NO_TIME = "none"
"""Instead of a column of times: the log has none."""

CATALOGUE_COLUMNS = (
    *("product_id", "product_name", "url", "image_url", "price", "currency"),
    *("category_id", "category_code", "brand"),
    *("is_available", "stock", "available_from", "available_until"),
)
"""Of a product catalogue; only product_id is required."""
IMPRESSION_COLUMNS = ("user_id", "product_id", "rank", "shown_at", "clicked", "model")
"""Of impressions; all but model are required."""
NO_CATALOGUE = "none"
"""Instead of a path: no catalogue, not even the demo's own."""

RULES: dict[str, Rule] = {
    "events": text,
    "columns": text_by_name(*EVENT_COLUMNS, *OPTIONAL_EVENT_COLUMNS),
    "reject_when": text_by_name(),
    "events_sql": text,
    "event_tables": text_by_name(),
    "csv_options": csv_options,
    "catalogue": text,
    "catalogue_columns": text_by_name(*CATALOGUE_COLUMNS),
    "catalogue_sql": text,
    "catalogue_tables": text_by_name(),
    "catalogue_csv_options": csv_options,
    "catalogue_features": columns,
    "catalogue_vector": text,
    "experiments": experiments,
    "impressions": text,
    "impression_columns": text_by_name(*IMPRESSION_COLUMNS),
    "impression_csv_options": csv_options,
    "hidden": text,
    "allowed": text,
    "shown_at": timestamp(empty=True),
    "hash_user_ids": salt,
    "null_texts": texts,
    "timezone": time_zone,
    "earliest_event_at": timestamp(empty=False),
    "latest_event_at": timestamp(empty=False),
    "append_events": switch,
    "lookback_days": whole(0, 100_000),
    "day_share": number(0, 0.25),
    "demo": switch,
    "demo_events": whole(10_000, 60_000_000),
    "demo_days": whole(2, 3650),
    "demo_start": timestamp(empty=False),
    "demo_seed": whole(0, 2**31 - 1),
    "seed": whole(0, 2**31 - 1),
    "event_weights": weights,
    "click_event_types": event_types,
    "purchase_event_types": event_types,
    "robot_days": whole(1, 366),
    "robot_clicks": whole(1, 1_000_000_000),
    "robot_purchases": whole(1, 1_000_000_000),
    "min_stay_seconds": number(0, 3600),
    "session_gap_minutes": number(0, 525_600, above=True),
    "holdout_days": number(0, 3650),
    "graph_cutoff": timestamp(empty=True),
    "targets": text,
    "window": whole(0, 100),
    "window_decay": number(0, 1, above=True),
    "half_life_days": number(0, 36_500),
    "max_neighbours": whole(1, 1000),
    "deepwalk_graph": one_of("products", "users"),
    "walks_per_node": whole(1, 1000),
    "walk_length": whole(2, 1000),
    "p": number(0, 1e6, above=True),
    "q": number(0, 1e6, above=True),
    "dimensions": whole(2, 1024),
    "embedding_window": whole(1, 100),
    "learning_rate": number(0, 1, above=True),
    "negative_samples": whole(1, 100),
    "ns_exponent": number(-2, 2),
    "epochs": whole(1, 1000),
    "trainer": one_of("auto", "gensim", "numba"),
    "warm_start": switch,
    "warm_walks_per_node": whole(1, 1000),
    "warm_learning_rate": number(0, 1, above=True),
    "neighbours": whole(1, 1000),
    "log_frequency_weight": number(-10, 10),
    "log_frequency_weights": numbers,
    "exact_search_below": whole(0, 1_000_000_000),
    "map_products": whole(0, 100_000),
    "map_neighbours": whole(2, 200),
    "currency": text,
    "recommendations": whole(1, 1000),
    "similar_products": whole(1, 1000),
    "substitute_prior": number(0, 1e6, above=True),
    "other_branch_cosine": number(0, 1),
    "complement_decay": number(0, 1),
    "complement_prior": number(0, 1e6),
    "complement_floor": number(0, 1e6),
    "same_category_sessions": whole(1, 1_000_000_000),
    "popular_products": whole(1, 100_000),
    "history_length": whole(1, 10_000),
    "history_half_life_days": auto_or(number(0, 36_500, above=True)),
    "history_step_decay": number(0, 1, above=True),
    "rp3_beta": number(0, 2),
    "covisit_beta": number(0, 2),
    "rp3_groups": one_of("users", "sessions"),
    "rp3_group_size": whole(2, 100_000),
    "rp3_group_exponent": number(0, 5),
    "rp3_alpha": number(0, 10, above=True),
    "knn_groups": whole(1, 10_000),
    "knn_product_groups": whole(1, 1_000_000),
    "row_exponent": number(0, 5),
    "cosine_power": number(0, 100, above=True),
    "interactions_exponent": number(-5, 5),
    "trend_weight": auto_or(number(0, 5)),
    "trend_half_life_days": number(0, 36_500, above=True),
    "repeat_weight": number(0, 1000),
    "repeat_step_decay": number(0, 1, above=True),
    "blend": blend,
    "category_cap": whole(0, 1000),
    "terms_per_batch": whole(1_000, 1_000_000_000),
    "exclude": one_of(*EXCLUDE_CHOICES),
    "repurchase_share": number(0, 1),
    "repurchase_prior": number(0, 1_000_000, above=True),
    "ranker": ranker,
    "ranker_days": number(0, 3650, above=True),
    "ranker_cases": whole(1, 1_000_000_000),
    "ranker_min_cases": whole(1, 1_000_000_000),
    "ranker_active_days": whole(1, 36_500),
    "ranker_users": whole(1, 1_000_000_000),
    "ranker_history": whole(1, 10_000),
    "ranker_candidates": whole(1, 1000),
    "ranker_popular": whole(0, 1000),
    "ranker_reach": number(0, 10),
    "ranker_explained": whole(0, 1000),
    "ranker_trees": whole(1, 10_000),
    "ranker_leaves": whole(2, 1000),
    "ranker_learning_rate": number(0, 1, above=True),
    "ranker_linear": names,
    "ranker_purchase_weight": number(0, 1000, above=True),
    "bootstrap_samples": whole(2, 10_000),
    "gate_recall_over_popularity": number(0, 100),
    "gate_recall_over_best_part": number(0, 100),
    "gate_coverage": number(0, 1),
    "gate_graph_share": number(0, 1),
    "gate_cleaning_share": number(0, 1),
    "gate_fall": number(0, 1),
    "gate_recall_fall": number(0, 1),
    "gate_users": whole(1, 1_000_000_000),
    "gate_edges": whole(0, 1_000_000_000),
    "gate_recommendations": whole(0, 1_000_000_000),
    "evaluation_users": whole(1, 1_000_000_000),
}


RENAMED = {
    "popularity": "log_frequency_weight",
    "popularity_dial": "log_frequency_weights",
    "popularity_weight": "interactions_exponent",
}
"""Old name of a var, which still works, to its new name; models read a var by both."""
NOT_OF_TABLES = ("append_events", "lookback_days", "terms_per_batch")
"""Vars about how a build runs; like those of gates, they change no table's meaning."""


def different(values: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the names of vars whose values differ between settings.

    Vars that change no table's meaning are ignored; the gates' are in `release_gates`.
    """
    texts = [
        {name: repr(value) for name, value in by_new_names(settings).items()} for settings in values
    ]
    names = sorted(set().union(*texts))
    return [
        name
        for name in names
        if name not in NOT_OF_TABLES
        and not name.startswith("gate_")
        and len({settings.get(name) for settings in texts}) > 1
    ]


def load_defaults(project_file: Path | str = PROJECT / "dbt_project.yml") -> dict[str, Any]:
    """Return the vars of a dbt project file, name to default value."""
    return deepcopy(_vars_of(Path(project_file).read_text(encoding="utf-8")))


@lru_cache(maxsize=8)  # each Python model asks
def _vars_of(project: str) -> dict[str, Any]:
    return yaml.safe_load(project)["vars"]


def by_new_names(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return vars by their new names.

    Raises
    ------
    ValueError
        If a var is given under both its names.
    """
    for old, new in RENAMED.items():
        if old in given and new in given:
            raise ValueError(f"var '{old}' is '{new}' now: give only the latter")
    return {RENAMED.get(name, name): value for name, value in given.items()}


def renamed(given: Iterable[str]) -> list[str]:
    """Return a line with the new name of each var given under its old name."""
    return [
        f"The var '{old}' is '{new}' now; the old name still works."
        for old, new in RENAMED.items()
        if old in given
    ]


def check(given: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """Merge the vars given for a run with the defaults and check each.

    Parameters
    ----------
    given
        What the user passed by ``--vars``.
    defaults
        What `load_defaults` returns.

    Returns
    -------
    dict
        New name to value, for every var of the project.

    Raises
    ------
    ValueError
        If a name is unknown or a value is out of range; the message names the var.
    """
    given = by_new_names(given)
    for name in given:
        if name not in defaults:
            close = difflib.get_close_matches(str(name), defaults, n=1)
            hint = f"did you mean '{close[0]}'?" if close else "dbt_project.yml lists them all"
            raise ValueError(f"there is no var '{name}': {hint}")
    settings = {**defaults, **given}
    for name, value in settings.items():
        problem = RULES[name](value)
        if problem:
            raise ValueError(f"var '{name}' {problem}; it is {value!r}")
    if unknown := settings["blend"].keys() - defaults["blend"].keys():
        raise ValueError(
            f"var 'blend' has no part {min(unknown)!r}; it takes {', '.join(defaults['blend'])}"
        )
    _check_experiments(settings, defaults)
    known = settings["event_weights"]
    for name in ("click_event_types", "purchase_event_types"):
        for event_type in settings[name]:
            if event_type not in known:
                raise ValueError(
                    f"var '{name}' names '{event_type}', which has no weight in 'event_weights' "
                    f"({', '.join(known)})"
                )
    earliest, latest = (
        datetime.fromisoformat(str(settings[f"{name}_event_at"])) for name in ("earliest", "latest")
    )
    for tables, query in (("event_tables", "events_sql"), ("catalogue_tables", "catalogue_sql")):
        if settings[tables] and not settings[query]:
            raise ValueError(f"var '{tables}' names files for the query '{query}', which is empty")
    if earliest >= latest:
        raise ValueError("var 'earliest_event_at' must lie before 'latest_event_at'")
    if settings["events_sql"] and settings["hash_user_ids"]:
        raise ValueError(
            "var 'hash_user_ids' cannot see what a query makes of user ids: give it or 'events_sql'"
        )
    if settings["demo"] and settings["events"]:
        raise ValueError("var 'demo' asks for demo events and 'events' names files: give only one")
    return settings


UNRANKED_ARM_VARS = ("blend", "interactions_exponent", "trend_weight", "exclude")
"""Vars that may differ for the users of an arm, but change what the ranker learns from."""
ARM_VARS = ("ranker", "category_cap", *UNRANKED_ARM_VARS)
"""Vars that may differ for the users of an arm."""


def _check_experiments(settings: Mapping[str, Any], defaults: Mapping[str, Any]) -> None:
    """Refuse an arm whose lists could differ from those of a whole build with its vars."""
    is_off = settings["ranker"] in ("off", False)
    for experiment in settings["experiments"]:
        arm = f"var 'experiments', {experiment['name']!r}"
        given = experiment.get("vars", {})
        if others := sorted(given.keys() - set(ARM_VARS)):
            raise ValueError(
                f"{arm}: the vars of an arm may be {', '.join(ARM_VARS)}, not {others[0]!r}"
            )
        for name, value in given.items():
            if problem := RULES[name](value):
                raise ValueError(f"{arm}: {name!r} {problem}; it is {value!r}")
        ranker = given.get("ranker", settings["ranker"])
        if ranker not in ("off", False):
            if ranker != settings["ranker"]:
                raise ValueError(
                    f"{arm}: ranker: {ranker!r} is not trained in this build, whose ranker is "
                    f"{'off' if is_off else settings['ranker']!r}: an arm's may be that or 'off'"
                )
            if touched := [name for name in UNRANKED_ARM_VARS if name in given]:
                raise ValueError(
                    f"{arm}: {touched[0]!r} changes what the ranker learns from, and an arm has no "
                    "ranker of its own: write ranker: 'off' among the arm's vars, or build with it"
                )
        if given.get("exclude") == "auto":
            raise ValueError(f"{arm}: exclude: auto is for the whole build, not for an arm")
        blend = given.get("blend", settings["blend"])
        if unknown := blend.keys() - defaults["blend"].keys():
            raise ValueError(f"{arm}: 'blend' has no part {min(unknown)!r}")
        if given and (blend.get("group_knn") or settings["blend"].get("group_knn")):
            raise ValueError(f"{arm}: an arm with vars may not use group_knn in 'blend'")


def only_event_type(settings: Mapping[str, Any]) -> str:
    """Return the event type for a log without any: view if it has a weight."""
    known = settings["event_weights"]
    return "view" if "view" in known else next(name for name in known if known[name] > 0)
