"""From raw rows to distinct events: types, duplicates, the order of ids, robots."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import NamedTuple


class Event(NamedTuple):
    """One usable event; two that are equal in all fields are one event.

    Rows with their own weight are all separate events: `row` tells them apart.
    """

    at: datetime
    type: str
    product: str
    category_id: str | None
    category_code: str | None
    brand: str | None
    price: float | None
    user: str
    shop_session: str | None
    own_weight: float | None = None
    row: int | None = None


def typed_events(
    rows: Iterable[Mapping[str, str | None]], settings: Mapping
) -> tuple[list[Event], Counter]:
    """Return the usable events of the rows, and counts of the rejections by reason."""
    events, rejected = [], Counter()
    for number, row in enumerate(rows):
        reason = why_unusable(row, settings)
        if reason:
            rejected[reason] += 1
        else:
            text = {
                name: None if stands_for_nothing(value, settings) else tidy(value)
                for name, value in row.items()
            }
            own_weight = read_number(text.get("event_weight"))
            events.append(
                Event(
                    read_time(text["event_time"]),
                    text["event_type"].lower(),
                    text["product_id"],
                    text["category_id"],
                    text["category_code"],
                    text["brand"],
                    read_number(text["price"]),
                    text["user_id"],
                    text["user_session"],
                    own_weight,
                    None if own_weight is None else number,
                )
            )
    return events, rejected


def why_unusable(row: Mapping[str, str | None], settings: Mapping) -> str | None:
    """Return the first reason to reject a row, or None."""
    text = {name: tidy(value) for name, value in row.items()}
    for name in ("product_id", "user_id"):
        if text[name] is None:
            return f"missing {name}"
        if stands_for_nothing(text[name], settings):
            return f"null text as {name} (null_texts)"
    if text["event_time"] is None:
        return "missing event_time"
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
    if text["price"] is not None and not stands_for_nothing(text["price"], settings):
        price = read_number(text["price"])
        if price is None or not math.isfinite(price):
            return "unreadable price"
        if price < 0:
            return "negative price"
    own_weight = text.get("event_weight")
    if own_weight is not None and not stands_for_nothing(own_weight, settings):
        number = read_number(own_weight)
        if number is None or not abs(number) <= 1e6:
            return "unreadable event_weight"
    return None


def weight_of(event: Event, settings: Mapping) -> float:
    """Return the weight of the event's type, times its own if it has one."""
    own = 1 if event.own_weight is None else event.own_weight
    return float(settings["event_weights"][event.type]) * own


def tidy(text: str | None) -> str | None:
    """Strip blanks; an empty text is None."""
    return (text or "").strip(" ") or None


def stands_for_nothing(text: str | None, settings: Mapping) -> bool:
    """Whether a text is one of `null_texts`, in upper or lower case."""
    return (tidy(text) or "").lower() in {
        known.strip(" ").lower() for known in settings["null_texts"]
    }


def read_time(text: str) -> datetime | None:
    """Read "2024-01-31 12:00:00 UTC", with or without the zone."""
    try:
        return datetime.strptime(text.removesuffix(" UTC"), "%Y-%m-%d %H:%M:%S")
    except ValueError:
        return None


def read_number(text: str | None) -> float | None:
    """Read a number."""
    try:
        return None if text is None else float(text)
    except ValueError:
        return None


def first_days(events: Iterable[Event], field: str) -> dict[str, date]:
    """Return the first day of each user or product."""
    found: dict[str, date] = {}
    for event in events:
        name, day = getattr(event, field), event.at.date()
        found[name] = min(found.get(name, day), day)
    return found


def first_seen(events: Iterable[Event], field: str) -> dict[str, int]:
    """Number the users or products, 0 and up, in the order of their first day, then of their id.

    Ties between products, or users, go to the smaller number. That order is not the order of ids: a
    product with a small id can come late.
    """
    days = first_days(events, field)
    in_order = sorted(days, key=lambda name: (days[name], name))
    return {name: number for number, name in enumerate(in_order)}


class Activity(NamedTuple):
    """A user's activity on a day."""

    events: int
    whole_minutes: int
    clicks: int
    purchases: int


def activity(events: Iterable[Event], settings: Mapping) -> dict[tuple[date, str], Activity]:
    """Count distinct events per day and user."""
    found = defaultdict(list)
    for event in events:
        found[event.at.date(), event.user].append(event)
    return {
        key: Activity(
            len(of_key),
            sum(event.at.second == event.at.microsecond == 0 for event in of_key),
            sum(event.type in settings["click_event_types"] for event in of_key),
            sum(event.type in settings["purchase_event_types"] for event in of_key),
        )
        for key, of_key in found.items()
    }


def robots(events: Iterable[Event], settings: Mapping) -> dict[str, tuple[int, int]]:
    """Return users who click or buy too much in `robot_days` days: most clicks, most purchases."""
    days_of_user = defaultdict(dict)
    for (day, user), done in activity(events, settings).items():
        days_of_user[user][day] = (done.clicks, done.purchases)
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
