"""Successive halving (Jamieson and Talwalkar 2016) around the best candidate so far.

Many candidates are measured cheaply, the best third of them at more cost, the best of these against
the incumbent. Rounds follow until the time is over. Nothing here knows dbt.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Candidate = dict[str, Any]
KEPT = 3
"""One of so many candidates goes on to the next rung."""
LEAST_COVERAGE = 0.8
"""Of the start's coverage: a candidate that shows fewer products is not taken."""


class OutOfTimeError(Exception):
    """The budget does not allow another trial."""


@dataclass(frozen=True)
class Rung:
    """What one measurement costs.

    Attributes
    ----------
    users
        Users that are scored.
    is_served
        Whether the lists are those that would be published, by the ranker if there is one; else
        the hybrid's.
    """

    users: int
    is_served: bool


@dataclass(frozen=True)
class Scores:
    """Quality of one candidate's lists.

    Attributes
    ----------
    recall, ndcg : ndarray of float64, shape (users,)
        Of each user's first 20 places; users in the same order for every candidate of a rung.
    coverage : float
        Products in any of the lists.
    """

    recall: np.ndarray
    ndcg: np.ndarray
    coverage: float

    @property
    def each(self) -> np.ndarray:
        """Mean of recall and NDCG of each user, shape (users,)."""
        return (self.recall + self.ndcg) / 2

    @property
    def value(self) -> float:
        """What the search maximises: its mean over users."""
        return float(self.each.mean())


@dataclass(frozen=True)
class Gain:
    """A paired difference of means over users, with its 95 % interval."""

    before: float
    after: float
    low: float
    high: float

    @property
    def mean(self) -> float:
        """After minus before."""
        return self.after - self.before


def paired_gain(before: np.ndarray, after: np.ndarray) -> Gain:
    """Return the gain of the second over the first, user by user.

    Parameters
    ----------
    before, after : ndarray of float64, shape (users,)
        The same users in the same order.

    Raises
    ------
    ValueError
        If there are no users or their numbers differ.
    """
    if len(before) != len(after) or not len(before):
        raise ValueError(f"cannot pair {len(before)} users with {len(after)}")
    differences = after - before
    error = differences.std(ddof=1) / np.sqrt(len(differences)) if len(differences) > 1 else np.inf
    mean = differences.mean()
    return Gain(
        float(before.mean()),
        float(after.mean()),
        float(mean - 1.96 * error),
        float(mean + 1.96 * error),
    )


@dataclass
class Budget:
    """Seconds that a search may take.

    Attributes
    ----------
    seconds
        All of them.
    reserved
        Seconds at the end for the measurement of what was found.
    clock
        A monotonic clock, in seconds.
    """

    seconds: float
    reserved: float = 0.0
    clock: Callable[[], float] = time.monotonic
    begun: float = field(init=False)

    def __post_init__(self) -> None:
        self.begun = self.clock()

    @property
    def used(self) -> float:
        """Seconds since the beginning."""
        return self.clock() - self.begun

    @property
    def left(self) -> float:
        """Seconds before the reserve begins."""
        return self.seconds - self.reserved - self.used


def rungs_of(users: int, has_ranker: bool, fewest: int = 2000) -> tuple[Rung, ...]:
    """Return the rungs of a round, cheapest first.

    Parameters
    ----------
    users
        Users with targets.
    has_ranker
        Whether a ranker orders the published lists.
    fewest
        Users that the first rung is measured on, at least; with fewer than twice as many, on all.
    """
    rungs = [Rung(users, False)]
    if users >= 2 * fewest:
        rungs = [Rung(max(fewest, users // KEPT**2), False), *rungs]
    return (*rungs, *([Rung(users, True)] if has_ranker else []))


Measured = dict[Rung, list[tuple[Candidate, Scores]]]
"""Candidates of a round with their scores, by rung."""


def halve(
    candidates: Sequence[Candidate],
    rungs: Sequence[Rung],
    measure: Callable[[Candidate, Rung], Scores | None],
    floors: Mapping[Rung, float],
    measured: Measured,
) -> None:
    """Measure candidates on the first rung, the best third of them on the next, and so on.

    Parameters
    ----------
    candidates
        What to measure.
    rungs
        Cheapest first.
    measure
        Scores of a candidate on a rung; None if it cannot be built.
    floors
        Minimum coverage on each rung.
    measured
        Filled as it goes, so that a round without an end is not lost.

    Raises
    ------
    OutOfTimeError
        From `measure`.
    """
    for rung in rungs:
        for candidate in candidates:
            scores = measure(candidate, rung)
            if scores is not None and scores.coverage >= floors[rung]:
                measured.setdefault(rung, []).append((candidate, scores))
        ranked = sorted(measured.get(rung, []), key=lambda pair: -pair[1].value)
        candidates = [candidate for candidate, _ in ranked[: max(1, len(ranked) // KEPT)]]


def climb(
    rungs: Sequence[Rung],
    measure: Callable[[Candidate, Rung], Scores | None],
    propose: Callable[[Candidate], list[Candidate]],
    on_best: Callable[[Candidate, Scores], None] = lambda candidate, scores: None,
) -> Candidate:
    """Return the best candidate that rounds of halving find before the time is over.

    A round's winner is the best on the last rung that was reached. It replaces the incumbent if its
    paired gain there exceeds one standard error.

    Parameters
    ----------
    rungs
        Cheapest first.
    measure
        Scores of a candidate on a rung; None if it cannot be built. The start must be built.
    propose
        Candidates near the incumbent; none ends the search.
    on_best
        Told of the start and of each new incumbent, with its scores on the last rung reached.

    Raises
    ------
    OutOfTimeError
        If not even the start could be measured on every rung.
    ValueError
        If the start cannot be built.
    """
    best, of_best = {}, {}
    for rung in rungs:
        of_best[rung] = measure(best, rung)
        if of_best[rung] is None:
            raise ValueError("the vars to start from do not build")
    floors = {rung: LEAST_COVERAGE * scores.coverage for rung, scores in of_best.items()}
    on_best(best, of_best[rungs[-1]])
    is_over = False
    while not is_over and (candidates := propose(best)):
        measured: Measured = {}
        try:
            halve(candidates, rungs, measure, floors, measured)
        except OutOfTimeError:
            is_over = True
        if not measured:
            continue
        last = max(measured, key=rungs.index)
        winner, scores = max(measured[last], key=lambda pair: pair[1].value)
        gain = paired_gain(of_best[last].each, scores.each)
        if gain.mean > (gain.high - gain.mean) / 1.96:
            best = winner
            of_best |= {
                rung: found
                for rung, pairs in measured.items()
                for candidate, found in pairs
                if candidate == winner
            }
            on_best(best, scores)
    return best
