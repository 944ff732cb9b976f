"""Reach: a ranker with uniform lists is raised to the blend's reach, or reports its shortfall."""

import numpy as np
import pyarrow as pa
import pytest

from longtail.kernels.reach import KEPT, K, list_reach, placed, places_with_floor
from longtail.tables.reach import ListedCases, dial

USERS, HEAD, OWN = 300, 30, 20
SIZES = np.full(USERS, HEAD + OWN)
PRODUCTS = np.concatenate(
    [
        np.r_[0:HEAD, HEAD + OWN * (user % 50) + (np.arange(OWN) + 4 * (user // 50)) % OWN]
        for user in range(USERS)
    ]
)
"""Each user's candidates: 30 products that all have, and 20 that six users have, each user in
another order."""
IS_TAIL = PRODUCTS >= HEAD
RANKED = placed(~IS_TAIL * 1.0, SIZES)
"""The ranker shows what all have, the blend each user's own products."""
BLEND = placed(IS_TAIL * 1.0, SIZES)


def test_reach_is_counted_by_hand():
    assert list_reach(RANKED, PRODUCTS, IS_TAIL) == (0, K)
    assert list_reach(BLEND, PRODUCTS, IS_TAIL) == (1, 1000)


def test_a_floor_gives_every_product_of_the_blend_a_list():
    # Each of 1,000 products is in six lists of the blend and asks for one; it stands first of all
    # in one of five users' lists, four products in each: none has to give more than five places.
    places = places_with_floor(RANKED, BLEND, SIZES, PRODUCTS, 0.1)
    assert list_reach(places, PRODUCTS, IS_TAIL) == (1000 / (USERS * K), 1000 + K)
    assert (places[RANKED < KEPT] == RANKED[RANKED < KEPT]).all()


def test_a_list_gives_no_more_than_a_quarter_of_its_places():
    places = places_with_floor(RANKED, BLEND, SIZES, PRODUCTS, 1.0)
    granted = ((places < K) & IS_TAIL).reshape(USERS, -1).sum(axis=1)
    assert (granted == K - KEPT).all()


def test_a_product_is_listed_where_it_stands_best():
    """Product 40 is 18th in one list and 22nd in the other; only the blend shows it, in both."""
    products = np.r_[0:25, 0:25]
    products[[17, 25 + 21]] = 40
    places = np.r_[0:25, 0:25]
    blend = np.full(50, K)
    blend[[17, 25 + 21]] = 0
    moved = places_with_floor(places, blend, np.asarray([25, 25]), products, 0.5)
    assert moved[17] == KEPT and moved[25 + 21] == 21
    assert (moved[15:17] == places[15:17] + 1).all() and (moved[25:] == places[25:]).all()


def test_without_a_floor_nothing_moves():
    assert (places_with_floor(RANKED, BLEND, SIZES, PRODUCTS, 0) == RANKED).all()


def listed(lead: float) -> ListedCases:
    """Return the cases with a ranker that puts common products ahead by `lead`."""
    table = pa.table(
        {
            "relevance": (PRODUCTS == 0).astype(np.int64),
            "product_key": PRODUCTS,
            "is_tail": IS_TAIL,
            "blend_place": BLEND + 1,
        }
    )
    return ListedCases.of(table, SIZES, np.ones(USERS, bool), lead * ~IS_TAIL)


def share_of_head(places: np.ndarray) -> float:
    return float((places[~IS_TAIL] < K).mean())


def test_the_dial_stops_at_the_first_setting_that_reaches_enough():
    # The long tail passes what all have when its bonus is above the lead.
    setting, columns = dial(listed(0.42), 1.0, share_of_head)
    assert setting == (0.45, pytest.approx(0.1)) and columns["reach"] == pytest.approx(1.0)
    assert [row["tail_weight"] for row in columns["dial"]][:3] == [0, 0, 0.05]


def test_the_ranker_is_held_to_the_reach_of_the_whole_blend():
    """Vectors show a fifth more of the tail than what was counted: so does the ranker then."""
    random, cases, size = np.random.default_rng(9), 200, 60
    sizes = np.full(cases, size)
    products = np.concatenate([random.permutation(300)[:size] for _ in range(cases)])
    is_tail = products >= 150
    table = pa.table(
        {
            "relevance": np.zeros(len(products), np.int64),
            "product_key": products,
            "is_tail": is_tail,
            "blend_place": placed(random.random(len(products)), sizes) + 1,
        }
    )
    scores = random.random(len(products)) - 0.3 * is_tail
    cases_listed = ListedCases.of(table, sizes, np.ones(cases, bool), scores)
    blend_share, _ = list_reach(cases_listed.blend_places, products, is_tail)
    for lift in (1.0, 1.2):
        (bonus, floor), columns = dial(cases_listed, 1.0, lambda places: 0.0, (lift, 1.0))
        share, below = (
            list_reach(cases_listed.places((weight, floor)), products, is_tail)[0]
            for weight in (bonus, bonus - 0.05)
        )
        assert below < lift * blend_share <= share and columns["reach"] >= 1


def test_a_smaller_wish_costs_less():
    # By the floor alone the tail has a sixth of the places: enough for a wish of a sixth.
    setting, columns = dial(listed(5), 1 / 6, share_of_head)
    assert setting == (0, pytest.approx(1 / 60)) and columns["reach"] == pytest.approx(1 / 6)
    assert dial(listed(0.42), 0, share_of_head)[0] == (0, 0)


def test_what_no_setting_holds_is_said():
    setting, columns = dial(listed(5), 1.0, share_of_head)
    assert columns["reach"] == pytest.approx(1000 / (USERS * K))
    assert setting == (0, pytest.approx(0.1))
