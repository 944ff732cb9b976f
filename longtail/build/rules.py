"""Validation rules of the project's vars: functions that say what is wrong with a value."""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import duckdb

Rule = Callable[[Any], str | None]
"""A function from a value to what is wrong with it, or None."""
EXCLUDE_CHOICES = ("purchased", "seen", "auto", "none")


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
    "sheet": ("the name of a workbook's sheet", lambda name: isinstance(name, str) and name != ""),
}
SALT_FORM = re.compile(r"[A-Za-z0-9_.+/=-]{16,200}")
ARM_FORM = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
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
    """Rule: text that cannot be guessed and never needs quoting; '' for none."""
    if isinstance(value, str) and (value == "" or SALT_FORM.fullmatch(value)):
        return None
    return "must be 16 to 200 letters, digits or _.+/=- (or '' to keep user ids as they are)"


def one_of(*choices: str) -> Rule:
    """Rule: one of the given words."""

    def rule(value: Any) -> str | None:
        return None if value in choices else f"must be one of {', '.join(choices)}"

    return rule


def auto_or(rule: Rule) -> Rule:
    """Rule: the word auto, or what another rule allows."""

    def either(value: Any) -> str | None:
        problem = None if value == "auto" else rule(value)
        return problem and f"{problem}, or auto"

    return either


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
    """Rule: a list of texts, none of them blank."""
    if isinstance(value, list) and all(isinstance(item, str) and item.strip() for item in value):
        return None
    return "must be a list of texts in quotes, such as ['NULL', '-']"


def columns(value: Any) -> str | None:
    """Rule: a list of different columns or SQL expressions."""
    if texts(value) is None and len({item.strip() for item in value}) == len(value):
        return None
    return "must be a list of different columns or SQL expressions, such as [material, author]"


def numbers(value: Any) -> str | None:
    """Rule: a non-empty list of numbers."""
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
    """Rule: a mapping from a name of `CSV_OPTIONS` to a valid value of it."""
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
    if len(value) > 256:
        return f"may name at most 256 event types, not {len(value)}"
    for key, item in value.items():
        if not isinstance(key, str) or key != key.strip().lower() or not key:
            return f"must name event types as lower-case text; it has {key!r}"
        if not _is_number(item) or abs(item) > 1_000_000:
            return f"needs a number as the weight of {key!r}, not {item!r}"
    if max(value.values()) <= 0:
        return "needs at least one event type with a weight above 0"
    return None


def names(value: Any) -> str | None:
    """Rule: a non-empty list of column names."""
    if (
        isinstance(value, list)
        and value
        and all(re.fullmatch("[a-z0-9_]+", str(item)) for item in value)
    ):
        return None
    return "must be a list of features, such as [covisit_sum, next_share]"


RANKERS = ("trees", "linear", "off")


def ranker(value: Any) -> str | None:
    """Rule: a kind of ranker; YAML reads an unquoted off as false."""
    return None if value is False else one_of(*RANKERS)(value)


def experiments(value: Any) -> str | None:
    """Rule: a list of mappings with name, share, and, where lists differ, vars."""
    form = "must be a list such as [{name: tail, share: 0.5, vars: {interactions_exponent: -0.3}}]"
    if not isinstance(value, list) or not all(isinstance(entry, Mapping) for entry in value):
        return form
    for entry in value:
        if not {"name", "share"} <= entry.keys() <= {"name", "share", "vars"}:
            return form
        if not isinstance(entry["name"], str) or not ARM_FORM.fullmatch(entry["name"]):
            return "needs names of small letters, digits, _ and -"
        if not _is_number(entry["share"]) or not 0 < entry["share"] < 1:
            return "needs shares above 0 and below 1"
        if not isinstance(entry.get("vars", {}), Mapping):
            return form
    names = [entry["name"] for entry in value]
    if len({*names, "control"}) <= len(names):
        return "needs different names, none of them control"
    return None


def blend(value: Any) -> str | None:
    """Rule: a weight for each part of the hybrid, above 0 for at least one with neighbours."""
    if not isinstance(value, Mapping):
        return "must be a mapping from a part of the hybrid to its weight"
    if not all(_is_number(weight) and weight >= 0 for weight in value.values()):
        return "needs numbers from 0 up as weights"
    if not any(weight > 0 for part, weight in value.items() if part != "group_knn"):
        return "needs at least one weight above 0, of another part than group_knn"
    return None
