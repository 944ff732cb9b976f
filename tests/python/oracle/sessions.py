"""From distinct events to clean ones, the cut in time, and the steps of sessions."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby, pairwise
from typing import NamedTuple

from oracle.events import Event


@dataclass(eq=False)
class Visit:
    """An event in its session: its weight, and why it does not count (None: it does)."""

    event: Event
    weight: float
    session: "Session"
    removed_as: str | None = None


@dataclass(eq=False)
class Session:
    """A stay of one user: events in order, no silence longer than `session_gap_minutes`."""

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
    """Every event belongs to a robot: there is nobody to recommend to."""


class Timeline(NamedTuple):
    """First and last clean event, and the moment up to which the graph knows events."""

    first: datetime
    last: datetime
    cut: datetime


def cut_sessions(
    events: Collection[Event], products: Mapping[str, int], settings: Mapping
) -> list[Session]:
    """Cut the events of each user and shop's session where there is a silence."""
    gap = timedelta(minutes=settings["session_gap_minutes"])
    weights = settings["event_weights"]
    places = places_of_days(events)
    sessions = []

    def order(event: Event) -> tuple:
        return event.at, weights[event.type], event.type, products[event.product]

    by_stay = defaultdict(list)
    for event in events:
        by_stay[event.user, event.shop_session or ""].append(event)
    for (user, shop_session), stay in by_stay.items():
        last = None
        for event in sorted(stay, key=order):
            if last is None or event.at - last > gap:
                day = event.at.date()
                days = (day - date(1970, 1, 1)).days
                number = days * 2**32 + places[day][user, shop_session, event.at]
                sessions.append(Session(number, user, day, []))
            session = sessions[-1]
            session.visits.append(Visit(event, float(weights[event.type]), session))
            last = event.at
    for session in sessions:
        remove_short_stays(session.visits, settings)
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


def remove_short_stays(visits: list[Visit], settings: Mapping) -> None:
    """Mark each click that is left for another product within `min_stay_seconds`."""
    shortest = timedelta(seconds=settings["min_stay_seconds"])
    for visit, following in pairwise(visits):
        if (
            visit.event.type in settings["click_event_types"]
            and following.event.product != visit.event.product
            and following.event.at - visit.event.at < shortest
        ):
            visit.removed_as = "short stay"


def remove_repeats(visits: list[Visit]) -> None:
    """Mark each event of the type and on the product of the one before; short stays do not part."""
    counting = [visit for visit in visits if visit.removed_as is None]
    for before, visit in pairwise(counting):
        if (before.event.type, before.event.product) == (visit.event.type, visit.event.product):
            visit.removed_as = "repeat"


def clean_visits(sessions: Iterable[Session], robots: Collection[str]) -> list[Visit]:
    """Return what counts: events that no rule removed, of users who are no robots."""
    return [
        visit
        for session in sessions
        if session.user not in robots
        for visit in session.visits
        if visit.removed_as is None
    ]


def timeline(clean: Iterable[Visit], settings: Mapping) -> Timeline:
    """Hold out `holdout_days` before the end of the log, a moment after its last event.

    At most a fifth of the log is held out.
    """
    times = [visit.event.at for visit in clean]
    if not times:
        raise NothingCleanError
    first, last = min(times), max(times)
    if settings["graph_cutoff"]:
        return Timeline(first, last, datetime.fromisoformat(str(settings["graph_cutoff"])))
    held_out = min(timedelta(days=settings["holdout_days"]), (last - first) / 5)
    return Timeline(first, last, last + timedelta(seconds=1) - held_out)


def steps(session: Session, cut: datetime) -> list[Step]:
    """Return the session's runs of events on one product, of those that count before the cut.

    Steps back (a weight below 0) make no step.
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
