"""make tune: successive halving, its budget, and the candidates that are proposed."""

import random

import numpy as np
import pytest

from longtail.build import settings
from longtail.tune import space
from longtail.tune.halving import (
    Budget,
    OutOfTimeError,
    Rung,
    Scores,
    climb,
    halve,
    paired_gain,
    rungs_of,
)

DEFAULTS = settings.load_defaults()
HYBRID, SERVED = Rung(4, False), Rung(4, True)


def scores(value: float, coverage: float = 100) -> Scores:
    """Equal scores of four users."""
    return Scores(np.full(4, value), np.full(4, value), coverage)


class TestHalving:
    def test_the_best_third_goes_on(self):
        measured = {}
        halve(
            [{"x": x} for x in (1, 5, 3, 9, 2, 4)],
            (HYBRID, SERVED),
            lambda candidate, rung: scores(candidate["x"] / 10),
            {HYBRID: 0, SERVED: 0},
            measured,
        )
        assert [candidate["x"] for candidate, _ in measured[HYBRID]] == [1, 5, 3, 9, 2, 4]
        assert [candidate["x"] for candidate, _ in measured[SERVED]] == [9, 5]

    def test_what_shows_few_products_or_does_not_build_is_left_out(self):
        found = {1: scores(0.1, 80), 2: scores(0.2, 79), 3: None}
        measured = {}
        halve(
            [{"x": x} for x in found],
            (HYBRID,),
            lambda candidate, rung: found[candidate["x"]],
            {HYBRID: 80},
            measured,
        )
        assert [candidate for candidate, _ in measured[HYBRID]] == [{"x": 1}]

    def test_climbs_until_the_time_is_over(self):
        now = [0.0]

        def measure(candidate, rung):
            now[0] += 10
            if now[0] > 120:
                raise OutOfTimeError
            return scores(sum(candidate.values()) / 100)

        best = climb(
            (HYBRID,), measure, lambda best: [{"x": best.get("x", 0) + step} for step in (1, 2, -1)]
        )
        # 12 trials: the start, three whole rounds, and two trials of a fourth, which count too.
        assert best == {"x": 8}

    def test_a_round_without_an_end_is_decided_where_it_ended(self):
        asked = []

        def measure(candidate, rung):
            asked.append(rung)
            if asked.count(HYBRID) > 3:
                raise OutOfTimeError
            return scores(candidate.get("x", 0) / 10)

        best = climb((HYBRID, SERVED), measure, lambda best: [{"x": 1}, {"x": 2}, {"x": 3}])
        assert best == {"x": 2}

    def test_a_gain_within_one_standard_error_is_not_taken(self):
        noise = np.array([0.5, -0.5, 0.5, -0.49])

        def measure(candidate, rung):
            recall = np.full(4, 0.5) + (noise if candidate else 0)
            return Scores(recall, recall, 100)

        proposals = iter([[{"x": 1}], []])
        best = climb((HYBRID,), measure, lambda best: next(proposals))
        assert best == {}

    def test_without_time_for_the_start_there_is_no_result(self):
        def measure(candidate, rung):
            raise OutOfTimeError

        with pytest.raises(OutOfTimeError):
            climb((HYBRID,), measure, lambda best: [])

    def test_rungs(self):
        assert rungs_of(500, False) == (Rung(500, False),)
        assert rungs_of(18000, True) == (
            Rung(2000, False),
            Rung(18000, False),
            Rung(18000, True),
        )

    def test_the_reserve_is_not_left(self):
        now = [5.0]
        budget = Budget(60, clock=lambda: now[0])
        now[0], budget.reserved = 25.0, 15.0
        assert (budget.used, budget.left) == (20.0, 25.0)


def test_paired_gain_of_known_differences():
    gain = paired_gain(np.array([0.1, 0.2, 0.3]), np.array([0.2, 0.4, 0.6]))
    assert gain.mean == pytest.approx(0.2)
    half = 1.96 * 0.1 / np.sqrt(3)  # differences .1, .2, .3: standard deviation .1
    assert (gain.low, gain.high) == pytest.approx((0.2 - half, 0.2 + half))
    with pytest.raises(ValueError, match="cannot pair 1 users with 2"):
        paired_gain(np.zeros(1), np.zeros(2))


class TestSpace:
    def test_every_value_is_allowed(self):
        for name, values in space.SPACE.items():
            for value in values:
                settings.check({name: value}, DEFAULTS)
        for kind in space.KINDS:
            settings.check(kind, DEFAULTS)

    def test_candidates_are_new_near_and_the_same_for_a_seed(self):
        best = {"window": 10}
        known = {space.key({}), space.key({"window": 10, "rp3_beta": 0.3})}
        found = [
            space.propose(best, DEFAULTS, known, 30, random.Random(7), {"exclude"})
            for _ in range(2)
        ]
        assert found[0] == found[1]
        keys = [space.key(candidate) for candidate in found[0]]
        assert len(set(keys)) == 30 and not set(keys) & known
        assert not any("exclude" in candidate for candidate in found[0])
        assert all(len(candidate) <= 5 for candidate in found[0])

    def test_idle_vars_are_dropped(self):
        candidate = {"blend": {"covisit": 1.0}, "rp3_beta": 0.1, "knn_groups": 50, "window": 3}
        assert space.effective(candidate, DEFAULTS) == {"blend": {"covisit": 1.0}, "window": 3}
        same = {"window": DEFAULTS["window"], "repeat_step_decay": 0.8}
        assert space.effective(same, DEFAULTS) == {"repeat_step_decay": 0.8}
        assert space.effective(same, DEFAULTS | {"repeat_weight": 0}) == {}

    def test_a_search_opens_with_kinds_of_shops(self):
        first = space.propose({}, DEFAULTS, {space.key({})}, 9, random.Random(1))
        assert first[: len(space.KINDS)] == [
            space.effective(kind, DEFAULTS) for kind in space.KINDS
        ]
