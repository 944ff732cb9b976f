"""The project's vars and the values they may take.

`dbt_project.yml` holds the defaults, this module the ranges. A build asks `check` first, so that
a mistake costs a second and not half an hour.
"""

from __future__ import annotations

import difflib
import functools
import math
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import yaml

Rule = Callable[[Any], str | None]
"""Takes a value; returns what is wrong with it, or None."""

PROJECT = Path(__file__).resolve().parents[2]
"""Folder of dbt_project.yml."""
EXCLUDE_CHOICES = ("purchased", "seen", "none")


def is_encoding(name: Any) -> bool:
    """Whether Python can decode text by an encoding of that name."""
    try:
        return "a".encode(name).decode(name) == "a"
    except (LookupError, UnicodeError, TypeError):
        return False


def _is_header(value: Any) -> bool:
    if not isinstance(value, list):
        return isinstance(value, bool)
    names = [name.strip().lower() for name in value if isinstance(name, str)]
    return bool(value) and all(names) and len(set(names)) == len(value)


CSV_OPTIONS: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "delim": (
        "1 to 4 characters",
        lambda text: isinstance(text, str) and 1 <= len(text.encode()) <= 4,
    ),
    **dict.fromkeys(
        ("quote", "escape"),
        (
            "one character, or '' for none",
            lambda text: isinstance(text, str) and len(text.encode()) <= 1,
        ),
    ),
    "encoding": ("an encoding that Python knows, such as cp1252 or utf-16", is_encoding),
    "header": ("true, false or a list of different names", _is_header),
    "skip": (
        "the number of lines before the header, up to 1000",
        lambda lines: isinstance(lines, int) and not isinstance(lines, bool) and 0 <= lines <= 1000,
    ),
}
SALT_FORM = re.compile(r"[A-Za-z0-9_.+/=-]{16,200}")
TIME_FORM = re.compile(r"\d{4}-\d\d-\d\d([ T]\d\d:\d\d(:\d\d(\.\d{1,6})?)?)?")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def whole(low: int, high: int) -> Rule:
    """Rule: a whole number from `low` to `high`, both included."""

    def rule(value: Any) -> str | None:
        if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
            return None
        return f"must be a whole number from {low} to {high}"

    return rule


def number(low: float, high: float, *, above: bool = False) -> Rule:
    """Rule: a finite number from `low` (not included when `above`) to `high`."""

    def rule(value: Any) -> str | None:
        if _is_number(value) and value <= high and (value > low if above else value >= low):
            return None
        return f"must be a number {'above' if above else 'from'} {low:g} up to {high:g}"

    return rule


def text(value: Any) -> str | None:
    """Rule: any text."""
    return None if isinstance(value, str) else "must be text"


def salt(value: Any) -> str | None:
    """Rule: text that cannot be guessed and needs no quoting anywhere; '' for none."""
    if isinstance(value, str) and (value == "" or SALT_FORM.fullmatch(value)):
        return None
    return "must be 16 to 200 letters, digits or _.+/=- (or '' to keep user ids as they are)"


def one_of(*choices: str) -> Rule:
    """Rule: one of the given words."""

    def rule(value: Any) -> str | None:
        return None if value in choices else f"must be one of {', '.join(choices)}"

    return rule


def switch(value: Any) -> str | None:
    """Rule: true or false."""
    return None if isinstance(value, bool) else "must be true or false"


def timestamp(*, empty: bool) -> Rule:
    """Rule: an ISO date or timestamp; '' too when `empty`."""

    def rule(value: Any) -> str | None:
        if empty and value == "":
            return None
        try:
            if TIME_FORM.fullmatch(str(value)):
                datetime.fromisoformat(str(value))
                return None
        except ValueError:
            pass  # the 31st of February
        return "must be a date or time such as 2024-01-31 or 2024-01-31 12:00:00, in UTC"

    return rule


def time_zone(value: Any) -> str | None:
    """Rule: the name of a time zone that DuckDB knows."""
    is_known = isinstance(value, str) and value in _time_zones()
    return None if is_known else "must be a time zone such as UTC or Europe/Berlin"


@functools.cache
def _time_zones() -> frozenset[str]:
    with duckdb.connect() as connection:
        rows = connection.execute("select name from pg_timezone_names()").fetchall()
    return frozenset(name for (name,) in rows)


def event_types(value: Any) -> str | None:
    """Rule: a list of event types."""
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return None
    return "must be a list of event types, such as [view, search]"


def texts(value: Any) -> str | None:
    """Rule: a list of texts, each of more than blanks."""
    if isinstance(value, list) and all(isinstance(item, str) and item.strip() for item in value):
        return None
    return "must be a list of texts in quotes, such as ['NULL', '-']"


def numbers(value: Any) -> str | None:
    """Rule: a list of numbers, not empty."""
    if isinstance(value, list) and value and all(_is_number(item) for item in value):
        return None
    return "must be a list of numbers"


def text_by_name(*allowed: str) -> Rule:
    """Rule: a mapping from a name (one of `allowed`, when given) to text."""

    def rule(value: Any) -> str | None:
        if not isinstance(value, Mapping):
            return "must be a mapping, such as {name: text}"
        for key, item in value.items():
            if not isinstance(key, str) or (allowed and key not in allowed):
                return f"has no entry {key!r}; it takes {', '.join(allowed) or 'text names'}"
            if not isinstance(item, str) or not item.strip():
                return f"needs text for {key!r}, not {item!r}"
        return None

    return rule


def csv_options(value: Any) -> str | None:
    """Rule: a mapping from a name of `CSV_OPTIONS` to what it takes."""
    if not isinstance(value, Mapping):
        return "must be a mapping, such as {delim: ';'}"
    for key, item in value.items():
        if key not in CSV_OPTIONS:
            return f"has no entry {key!r}; it takes {', '.join(CSV_OPTIONS)}"
        wanted, is_allowed = CSV_OPTIONS[key]
        if not is_allowed(item):
            return f"takes {wanted} as {key!r}, not {item!r}"
    return None


def weights(value: Any) -> str | None:
    """Rule: a mapping from event type to its weight, at least one of them positive."""
    if not isinstance(value, Mapping) or not value:
        return "must be a mapping from event type to weight, such as {view: 1, purchase: 5}"
    for key, item in value.items():
        if not isinstance(key, str) or key != key.strip().lower() or not key:
            return f"must name event types as lower-case text; it has {key!r}"
        if not _is_number(item) or abs(item) > 1_000_000:
            return f"needs a number as the weight of {key!r}, not {item!r}"
    if max(value.values()) <= 0:
        return "needs at least one event type with a weight above 0"
    return None


def names(value: Any) -> str | None:
    """Rule: a list of names of columns, not empty."""
    if (
        isinstance(value, list)
        and value
        and all(re.fullmatch("[a-z0-9_]+", str(item)) for item in value)
    ):
        return None
    return "must be a list of features, such as [covisit_sum, next_share]"


RANKERS = ("trees", "linear", "off")


def ranker(value: Any) -> str | None:
    """Rule: a kind of ranker; YAML takes off without quotes for false."""
    return None if value is False else one_of(*RANKERS)(value)


def blend(value: Any) -> str | None:
    """Rule: a weight for each part of the hybrid, of one that has neighbours above 0."""
    if not isinstance(value, Mapping):
        return "must be a mapping from a part of the hybrid to its weight"
    if not all(_is_number(weight) and weight >= 0 for weight in value.values()):
        return "needs numbers from 0 up as weights"
    if not any(weight > 0 for part, weight in value.items() if part != "group_knn"):
        return "needs at least one weight above 0, of another part than group_knn"
    return None


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
"""Those that a file or the var columns must give; of the others, what is not given is null."""
OPTIONAL_EVENT_COLUMNS = ("product_name", "event_weight")
NO_TIME = "none"
"""In place of a column of times: the log has none."""

RULES: dict[str, Rule] = {
    "events": text,
    "columns": text_by_name(*EVENT_COLUMNS, *OPTIONAL_EVENT_COLUMNS),
    "reject_when": text_by_name(),
    "csv_options": csv_options,
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
    "warm_start": switch,
    "warm_walks_per_node": whole(1, 1000),
    "warm_learning_rate": number(0, 1, above=True),
    "neighbours": whole(1, 1000),
    "popularity": number(-10, 10),
    "popularity_dial": numbers,
    "exact_search_below": whole(0, 1_000_000_000),
    "map_products": whole(0, 100_000),
    "map_neighbours": whole(2, 200),
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
    "history_half_life_days": number(0, 36_500, above=True),
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
    "popularity_weight": number(-5, 5),
    "trend_weight": number(0, 5),
    "trend_half_life_days": number(0, 36_500, above=True),
    "repeat_weight": number(0, 1000),
    "repeat_step_decay": number(0, 1, above=True),
    "blend": blend,
    "category_cap": whole(0, 1000),
    "terms_per_batch": whole(1_000, 1_000_000_000),
    "exclude": one_of(*EXCLUDE_CHOICES),
    "ranker": ranker,
    "ranker_days": number(0, 3650, above=True),
    "ranker_cases": whole(1, 1_000_000_000),
    "ranker_min_cases": whole(1, 1_000_000_000),
    "ranker_active_days": whole(1, 36_500),
    "ranker_history": whole(1, 10_000),
    "ranker_candidates": whole(1, 1000),
    "ranker_popular": whole(0, 1000),
    "ranker_tail": number(0, 100),
    "ranker_tail_cost": number(0, 1),
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
    "gate_recommendations": whole(1, 1_000_000_000),
    "evaluation_users": whole(1, 1_000_000_000),
}


NOT_OF_TABLES = ("append_events", "lookback_days", "terms_per_batch")
"""Vars that say how a build goes about it; with those of gates, they change no table's meaning."""


def different(values: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the vars of which some settings have another value than others, by name.

    Those that change no table's meaning are left out; the gates' are in `release_gates`.
    """
    texts = [{name: repr(value) for name, value in settings.items()} for settings in values]
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
    return yaml.safe_load(Path(project_file).read_text(encoding="utf-8"))["vars"]


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
        Name to value, for every var of the project.

    Raises
    ------
    ValueError
        If a name is unknown or a value is out of range; the message names the var.
    """
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
    if earliest >= latest:
        raise ValueError("var 'earliest_event_at' must lie before 'latest_event_at'")
    if settings["demo"] and settings["events"]:
        raise ValueError("var 'demo' asks for demo events and 'events' names files: give only one")
    return settings


def only_event_type(settings: Mapping[str, Any]) -> str:
    """Return the type of all events of a log without event types: view where it has a weight."""
    known = settings["event_weights"]
    return "view" if "view" in known else next(name for name in known if known[name] > 0)
