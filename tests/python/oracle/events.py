"""From raw rows to distinct events: types, duplicates, the order of ids, robots."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import NamedTuple


class Event(NamedTuple):
    """One usable event; two that are equal in all of this are one event."""

    at: datetime
    type: str
    product: str
    category_id: str | None
    category_code: str | None
    brand: str | None
    price: float | None
    user: str
    shop_session: str | None


def typed_events(
    rows: Iterable[Mapping[str, str | None]], settings: Mapping
) -> tuple[list[Event], Counter]:
    """Return the usable events of the rows, and the reasons why the others are not, counted."""
    events, rejected = [], Counter()
    for row in rows:
        reason = why_unusable(row, settings)
        if reason:
            rejected[reason] += 1
        else:
            text = {name: tidy(value) for name, value in row.items()}
            events.append(
                Event(
                    read_time(text["event_time"]),
                    text["event_type"].lower(),
                    text["product_id"],
                    text["category_id"],
                    text["category_code"],
                    text["brand"],
                    read_price(text["price"]),
                    text["user_id"],
                    text["user_session"],
                )
            )
    return events, rejected


def why_unusable(row: Mapping[str, str | None], settings: Mapping) -> str | None:
    """Return the first reason to reject a row, or None."""
    text = {name: tidy(value) for name, value in row.items()}
    for name in ("product_id", "user_id", "event_time"):
        if text[name] is None:
            return f"missing {name}"
    at = read_time(text["event_time"])
    if at is None:
        return "unreadable event_time"
    earliest, latest = (
        datetime.fromisoformat(str(settings[f"{name}_event_at"])) for name in ("earliest", "latest")
    )
    if not earliest <= at < latest:
        return "event_time out of range"
    if text["event_type"] is None:
        return "missing event_type"
    if text["event_type"].lower() not in settings["event_weights"]:
        return "unknown event_type"
    if text["price"] is not None:
        price = read_price(text["price"])
        if price is None or not math.isfinite(price):
            return "unreadable price"
        if price < 0:
            return "negative price"
    return None


def tidy(text: str | None) -> str | None:
    """Take blanks off; an empty text is none."""
    return (text or "").strip(" ") or None


def read_time(text: str) -> datetime | None:
    """Read "2024-01-31 12:00:00 UTC", with or without the zone."""
    try:
        return datetime.strptime(text.removesuffix(" UTC"), "%Y-%m-%d %H:%M:%S")
    except ValueError:
        return None


def read_price(text: str | None) -> float | None:
    """Read a number."""
    try:
        return None if text is None else float(text)
    except ValueError:
        return None


def first_seen(events: Iterable[Event], field: str) -> dict[str, int]:
    """Number the users or products, 0 and up, in the order of their first day, then of their id.

    A tie between products, or users, goes to the smaller number. The number has nothing to do with
    the order of the ids alone: a product with a small id can come late.
    """
    first_days: dict[str, date] = {}
    for event in events:
        name, day = getattr(event, field), event.at.date()
        first_days[name] = min(first_days.get(name, day), day)
    in_order = sorted(first_days, key=lambda name: (first_days[name], name))
    return {name: number for number, name in enumerate(in_order)}


def activity(events: Iterable[Event], settings: Mapping) -> dict[tuple[date, str], list[int]]:
    """Return clicks and purchases per day and user."""
    counts: dict[tuple[date, str], list[int]] = defaultdict(lambda: [0, 0])
    for event in events:
        count = counts[event.at.date(), event.user]
        count[0] += event.type in settings["click_event_types"]
        count[1] += event.type in settings["purchase_event_types"]
    return counts


def robots(events: Iterable[Event], settings: Mapping) -> dict[str, tuple[int, int]]:
    """Return users who click or buy too much in `robot_days` days: most clicks, most purchases."""
    days_of_user = defaultdict(dict)
    for (day, user), counts in activity(events, settings).items():
        days_of_user[user][day] = counts
    found = {}
    for user, days in days_of_user.items():
        most = [0, 0]
        for last in days:
            window = [last - timedelta(days=back) for back in range(settings["robot_days"])]
            for kind in (0, 1):
                most[kind] = max(most[kind], sum(days[d][kind] for d in window if d in days))
        if most[0] > settings["robot_clicks"] or most[1] > settings["robot_purchases"]:
            found[user] = (most[0], most[1])
    return found
