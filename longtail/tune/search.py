"""A search from beginning to end: slices, rounds of trials, verdict."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb

from longtail.build import settings
from longtail.tune import space
from longtail.tune.halving import Budget, Candidate, OutOfTimeError, Rung, Scores, climb, rungs_of
from longtail.tune.preset import Verdict, change, verdict_of
from longtail.tune.slices import Cut, Slice, cut_slices
from longtail.tune.trials import BuildError, Trials, run_dbt

ROUND = 9
"""Candidates of a round."""
RESERVE = 1.2
"""Seconds kept for the verdict, as a multiple of the start's measurement."""


@dataclass(frozen=True)
class Found:
    """What a search found.

    Attributes
    ----------
    candidate : dict
        Differences from the given vars; empty if nothing was better.
    verdict : Verdict or None
        Their gain on the slice that was not searched on; None without a difference.
    trials : int
        Candidates measured.
    points : list of (float, float, str)
        Seconds, value and candidate in words at each new best.
    """

    candidate: Candidate
    verdict: Verdict | None
    trials: int
    points: list[tuple[float, float, str]]


def fixed_vars(given: Mapping[str, Any]) -> set[str]:
    """Return the vars that a search leaves alone.

    `exclude` if it is given: it says what the lists are for. Otherwise every product that
    users took is a target, bought before or not, and `exclude` is searched too.
    """
    return {"exclude"} & set(given)


def cut_of(folder: Path, given: Mapping[str, Any]) -> Cut:
    """Return the cut of the evaluation, from a build's int_timeline.

    Parameters
    ----------
    folder
        Where int_timeline was built.
    given
        Vars that the user gave.
    """
    file = folder / "warehouse" / ".work" / "int_timeline.parquet"
    query = "select first_event_at, last_event_at, graph_cutoff_at from read_parquet($file)"
    with duckdb.connect() as shop:
        first, last, cutoff = shop.execute(query, {"file": str(file)}).fetchall()[0]
    asks_next = bool(given.get("targets"))
    if asks_next:
        days = given.get("holdout_days", settings.load_defaults()["holdout_days"])
        held_out = min(timedelta(days=days), (cutoff - first) / 5)
    else:
        held_out = last + timedelta(seconds=1) - cutoff
    return Cut(first, cutoff, held_out, asks_next)


def search(
    given: Mapping[str, Any], folder: Path, budget: Budget, say: Callable[[str], None]
) -> Found:
    """Search for better vars within a budget.

    Parameters
    ----------
    given
        Vars that the user gives, preset included.
    folder
        An empty folder for slices and warehouses.
    budget
        The time.
    say
        Prints a line.

    Raises
    ------
    ValueError
        If the log is too short, the start does not build, or the time does not allow a trial.
    """
    try:
        run_dbt(folder / "log", given, ("+int_timeline",), seconds=budget.left)
        events = str(folder / "log/warehouse/.work/stg_events.parquet/**/*.parquet")
        with duckdb.connect() as connection:
            parts = cut_slices(connection, events, cut_of(folder / "log", given), folder)
        return Search(given, folder, budget, say, *parts).run()
    except BuildError as error:
        raise ValueError(f"the vars to start from do not build:\n{error}") from error
    except OutOfTimeError as error:
        raise ValueError(
            f"{budget.seconds / 60:g} minutes do not allow a single trial on this log: "
            "give more (make: MINUTES=)"
        ) from error


@dataclass
class Search:
    """The state of a search.

    Attributes
    ----------
    given, folder, budget, say
        As in `search`.
    searched, judged : Slice
        What candidates are chosen on, and what the winner is measured on.
    """

    given: Mapping[str, Any]
    folder: Path
    budget: Budget
    say: Callable[[str], None]
    searched: Slice
    judged: Slice
    points: list[tuple[float, float, str]] = field(default_factory=list)
    known: set[str] = field(default_factory=lambda: {space.key({})})
    trials: int = 0

    def run(self) -> Found:
        """Search, then measure what was found.

        Raises
        ------
        ValueError
            If a slice holds out no user.
        """
        start = settings.load_defaults() | dict(self.given)
        fixed = fixed_vars(self.given)
        exclude = start["exclude"] if fixed else "none"
        judging = Trials(self.judged, self.given, self.folder / "verdict", self.budget)
        has_ranker = start["ranker"] not in ("off", False)
        rung = Rung(counted(judging.note_targets(exclude), self.judged), has_ranker)
        begun = self.budget.used
        before = judging.measure({}, rung)
        self.budget.reserved = RESERVE * (self.budget.used - begun)
        self.trying = Trials(self.searched, self.given, self.folder / "search", self.budget)
        users = counted(self.trying.note_targets(exclude), self.searched)
        rungs = rungs_of(users, has_ranker)
        draw = random.Random(start["seed"])

        def propose(best: Candidate) -> list[Candidate]:
            found = space.propose(best, start, self.known, ROUND, draw, fixed)
            self.known |= {space.key(candidate) for candidate in found}
            return found

        best = climb(rungs, self.measure, propose, self.note_best)
        verdict = None
        if best:
            self.say(f"measured on {days_of(self.judged)}: {change(best)}")
            after = judging.measure(best, rung, is_last=True)
            verdict = verdict_of(before, after, rung.users, days_of(self.judged))
        return Found(best, verdict, self.trials, self.points)

    def measure(self, candidate: Candidate, rung: Rung) -> Scores | None:
        """Scores of a candidate on a rung, of the lists that the rung is about."""
        try:
            scores = self.trying.measure(candidate, rung)
        except BuildError:
            self.say(f"{self.clock()}  does not build: {change(candidate)}")
            return None
        self.trials += 1
        found = scores["served" if rung.is_served else "hybrid"]
        kind = "served" if rung.is_served else "hybrid"
        self.say(f"{self.clock()}  {rung.users:6,} {kind}  {found.value:.4f}  {change(candidate)}")
        return found

    def note_best(self, candidate: Candidate, scores: Scores) -> None:
        """Remember a new best candidate and say so."""
        self.points.append((self.budget.used, scores.value, change(candidate)))
        if candidate:
            self.say(f"{self.clock()}  best so far: {change(candidate)}")

    def clock(self) -> str:
        """Minutes and seconds used."""
        minutes, seconds = divmod(int(self.budget.used), 60)
        return f"{minutes:4d}:{seconds:02d}"


def counted(users: int, part: Slice) -> int:
    """Return a number of users, or refuse a slice that holds out none."""
    if not users:
        raise ValueError(f"no user takes a product in {days_of(part)}: there is nothing to measure")
    return users


def days_of(part: Slice) -> str:
    """Return the time that a slice holds out, in words."""
    return f"{part.begins_at:%Y-%m-%d %H:%M} to {part.ends_at:%Y-%m-%d %H:%M}"
