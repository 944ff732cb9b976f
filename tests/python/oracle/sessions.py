"""From distinct events to clean ones, the cut in time, and the steps of sessions."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import groupby, pairwise
from math import floor
from typing import NamedTuple

from oracle.events import Event, weight_of


@dataclass(eq=False)
class Visit:
    """An event in its session: its weight, and why it is removed (None if it is not)."""

    event: Event
    weight: float
    session: "Session"
    removed_as: str | None = None


@dataclass(eq=False)
class Session:
    """One user's events in order, without a gap longer than `session_gap_minutes`."""

    id: int
    user: str
    day: date
    visits: list[Visit]


class Step(NamedTuple):
    """A run of events on one product, with the largest of their weights."""

    number: int
    product: str
    weight: float
    at: datetime


class NothingCleanError(ValueError):
    """Every event belongs to a robot: no user is left to recommend to."""


class Day(NamedTuple):
    """A day of the log: its size, the resolution of its clock, and whether it has traffic."""

    events: int
    users: int
    has_seconds: bool
    has_traffic: bool


class Timeline(NamedTuple):
    """First and last clean event, the log's end, and the graph's cut."""

    first: datetime
    last: datetime
    end: datetime
    cut: datetime


def log_days(events: Iterable[Event], settings: Mapping) -> dict[date, Day]:
    """Decide for each day whether its clock shows seconds and whether it has real traffic.

    A clock shows seconds when at most half of the events are at whole minutes. A day has traffic
    when it has at least `day_share` of a typical day's users, and two users, or events, where a
    typical day has three.
    """
    of_days = defaultdict(list)
    for event in events:
        of_days[event.at.date()].append(event)
    if not of_days:
        raise NothingCleanError
    users = {day: len({event.user for event in found}) for day, found in of_days.items()}
    core = without_strays(users, settings["day_share"])
    typical_users = median(users[day] for day in core)
    typical_events = median(len(of_days[day]) for day in core)
    share = settings["day_share"]
    return {
        day: Day(
            len(found),
            users[day],
            2 * sum(event.at.second == event.at.microsecond == 0 for event in found) <= len(found),
            not share
            or (
                users[day] >= share * typical_users
                and users[day] >= (2 if typical_users >= 3 else 1)
                and len(found) >= (2 if typical_events >= 3 else 1)
            ),
        )
        for day, found in sorted(of_days.items())
    }


def without_strays(users: Mapping[date, int], share: float) -> list[date]:
    """Return the days without those of the first and the last `share` of all visits."""
    total, before, core = sum(users.values()), 0, []
    for day in sorted(users):
        if before + users[day] > share * total and before < (1 - share) * total:
            core.append(day)
        before += users[day]
    return core


def median(values: Iterable[int]) -> int:
    """Return the median, the larger of the middle two."""
    values = sorted(values)
    return values[len(values) // 2]


def cut_sessions(
    events: Collection[Event],
    days: Mapping[date, Day],
    products: Mapping[str, int],
    settings: Mapping,
) -> list[Session]:
    """Split the events of each user and shop session at gaps."""
    gap = timedelta(minutes=settings["session_gap_minutes"])
    places = places_of_days(events)
    sessions = []

    def order(event: Event) -> tuple:
        has_own = event.own_weight is not None
        weight = weight_of(event, settings)
        return event.at, weight, event.type, products[event.product], has_own

    by_stay = defaultdict(list)
    for event in events:
        by_stay[event.user, event.shop_session or ""].append(event)
    for (user, shop_session), stay in by_stay.items():
        last = None
        for event in sorted(stay, key=order):
            if last is None or event.at - last > gap:
                day = event.at.date()
                day_number = (day - date(1970, 1, 1)).days
                number = day_number * 2**32 + places[day][user, shop_session, event.at]
                sessions.append(Session(number, user, day, []))
            session = sessions[-1]
            session.visits.append(Visit(event, weight_of(event, settings), session))
            last = event.at
    for session in sessions:
        remove_short_stays(session.visits, days, settings)
        remove_repeats(session.visits)
    return sessions


def places_of_days(events: Iterable[Event]) -> dict[date, dict[tuple, int]]:
    """Rank a day's events by user, shop's session and time; equal ones share the first place."""
    moments = defaultdict(list)
    for event in events:
        moment = (event.user, event.shop_session or "", event.at)
        moments[event.at.date()].append(moment)
    return {
        day: {moment: place for place, moment in reversed(list(enumerate(sorted(found), 1)))}
        for day, found in moments.items()
    }


def remove_short_stays(visits: list[Visit], days: Mapping[date, Day], settings: Mapping) -> None:
    """Mark each click followed by another product within `min_stay_seconds`.

    Not possible on a clock without seconds.
    """
    shortest = timedelta(seconds=settings["min_stay_seconds"])
    for visit, following in pairwise(visits):
        if (
            visit.event.type in settings["click_event_types"]
            and days[visit.event.at.date()].has_seconds
            and following.event.product != visit.event.product
            and following.event.at - visit.event.at < shortest
        ):
            visit.removed_as = "short stay"


def remove_repeats(visits: list[Visit]) -> None:
    """Mark each event with the previous one's type and product, ignoring short stays between.

    An event with its own weight is never a repeat.
    """
    counting = [visit for visit in visits if visit.removed_as is None]
    for before, visit in pairwise(counting):
        same = (before.event.type, before.event.product) == (visit.event.type, visit.event.product)
        if same and visit.event.own_weight is None:
            visit.removed_as = "repeat"


def clean_visits(
    sessions: Iterable[Session], robots: Collection[str], end: datetime
) -> list[Visit]:
    """Return the events up to the log's end that no rule removed, without robots."""
    return [
        visit
        for session in sessions
        if session.user not in robots
        for visit in session.visits
        if visit.removed_as is None and visit.event.at < end
    ]


def log_end(days: Mapping[date, Day]) -> datetime:
    """Return the midnight after the last day of real traffic."""
    last = max(day for day, found in days.items() if found.has_traffic)
    return datetime.combine(last + timedelta(days=1), time.min)


def timeline(clean: Iterable[Visit], days: Mapping[date, Day], settings: Mapping) -> Timeline:
    """Hold out `holdout_days` before the end of the log, a moment after its last event.

    At most a fifth of the log is held out. It begins with the first day of real traffic. No cut
    lies after the end.
    """
    times = [visit.event.at for visit in clean]
    if not times:
        raise NothingCleanError
    first_day = min(day for day, found in days.items() if found.has_traffic)
    first = min((at for at in times if at.date() >= first_day), default=min(times))
    last, end = max(times), log_end(days)
    held_out = min(timedelta(days=settings["holdout_days"]), (last - first) / 5)
    cut = last + timedelta(seconds=1) - held_out
    if settings["graph_cutoff"]:
        cut = datetime.fromisoformat(str(settings["graph_cutoff"]))
    return Timeline(first, last, end, min(cut, end, last + timedelta(seconds=1)))


def time_scales(
    user_days: Iterable[tuple[date, str]], found: Timeline, settings: Mapping
) -> dict[str, float]:
    """Return `history_half_life_days` and `trend_weight`, measured where the vars say auto.

    A history is halved per median gap between a user's days in the first four fifths of the time up
    to the cut, at least 7 days. A time of 90 days has a trend.
    """
    start, cut = (moment.replace(microsecond=0) for moment in (found.first, found.cut))
    seconds = (cut - start).total_seconds()
    end = (found.first + timedelta(seconds=floor(0.8 * seconds))).date()
    of_users = defaultdict(list)
    for day, user in sorted(user_days):
        if found.first.date() <= day < end:
            of_users[user].append(day)
    gaps = sorted((b - a).days for days in of_users.values() for a, b in pairwise(days))
    median = (gaps[len(gaps) // 2] + gaps[(len(gaps) - 1) // 2]) / 2 if gaps else 0
    measured = {
        "history_half_life_days": max(7, median),
        "trend_weight": 0.2 if seconds >= 90 * 86400 else 0,
    }
    return {
        name: value if settings[name] == "auto" else settings[name]
        for name, value in measured.items()
    }


def steps(session: Session, cut: datetime) -> list[Step]:
    """Return the session's runs of events on one product, from clean events before the cut.

    Events with a weight below 0 make no step.
    """
    teaching = [
        visit
        for visit in session.visits
        if visit.removed_as is None and visit.weight > 0 and visit.event.at < cut
    ]
    runs = groupby(teaching, key=lambda visit: visit.event.product)
    return [
        Step(number, product, max(v.weight for v in run), min(v.event.at for v in run))
        for number, (product, run) in enumerate(((p, list(r)) for p, r in runs), 1)
    ]
