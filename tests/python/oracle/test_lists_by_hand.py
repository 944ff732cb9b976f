"""The oracle itself, against counts made by hand: histories, lists, similar products, metrics."""

import math
from datetime import date, timedelta

import pytest

from oracle import (
    groups,
    histories,
    lists,
    metrics,
    repurchases,
    similar,
)
from oracle.by_hand import NOON, VARS, event, log
from oracle.catalogue import Kind, Product


def test_histories_halve_from_the_users_own_last_event():
    found = log(
        event(0, product="a"),
        event(30, "purchase", product="a"),
        event(86_430, product="b"),
        event(86_440, "remove_from_cart", product="c"),
        event(40 * 86_400, user="late"),
        history_half_life_days=1,
    )
    b, a = found.scopes["published"].histories["u"]
    assert (b.place, b.product, b.event_type) == (1, "b", "view")
    assert (a.place, a.product, a.event_type) == (2, "a", "purchase")
    assert a.interest == pytest.approx(3, abs=1e-3)  # (1 + 5) / 2, seconds aside


def test_targets_are_new_to_the_user():
    found = log(
        event(0, "purchase", product="a"),
        event(10, product="b"),
        event(990, "purchase", product="a"),
        event(995, "purchase", product="b"),
        event(1000, "remove_from_cart", product="c"),
    )
    assert found.targets == {"u": {"b": True}}


def test_what_a_robot_bought_is_withheld_from_it():
    buys = [event(10 * n, "purchase", product=f"p{n}", user="buyer") for n in range(4)]
    found = log(*buys, event(0), event(10_000), robot_purchases=3)
    assert set(found.robots) == {"buyer"}
    rows = [row for row in found.table_user_recommendations() if row["user_id"] == "buyer"]
    assert [row["product_id"] for row in rows] == ["p"]


def test_groups_like_a_history():
    membership = groups.Membership
    history = [
        histories.Interest(1, "a", "view", NOON, 2.0, 2.0),
        histories.Interest(2, "b", "view", NOON, 1.0, 1.0),
    ]
    groups_of = {
        "a": [membership("v", "v", 3, 1, 0.5), membership("u", "u", 2, 1, 9.0)],
        "b": [membership("v", "v", 3, 2, 1.0), membership("w", "w", 2, 2, 1.0)],
    }
    numbers = {"u": 0, "v": 1, "w": 2}
    settings = VARS | {"blend": {"group_knn": 0.5}, "rp3_alpha": 1}
    v, w = groups.groups_like("u", history, groups_of, numbers, settings)
    # v: 2 * .5 + 1 * 1 = 2 with 3 products, w: 1 with 2. They share .5 * (2 + 1): 1.5 / 8 each.
    assert v == ("v", pytest.approx(0.375), "a", 1)  # both products say 1: the more recent
    assert w == ("w", pytest.approx(0.1875), "b", 2)


def test_candidates_are_sums_of_terms_capped_by_category():
    term = lists.Term
    terms = {
        "x": [term(1.0, 1, "a"), term(2.0, 2, "b")],
        "y": [term(2.5, 2, "b"), term(2.5, 1, "a")],
        "z": [term(9.0, 1, "a")],
        "w": [term(0.5, 1, "a")],
    }
    categories = {"x": "one", "y": "one", "z": "one", "w": None}
    shop = {product: Product(None, code, None, None) for product, code in categories.items()}
    numbers = {product: n for n, product in enumerate("xyzw")}
    found = lists.best_candidates(terms, lambda p: p != "z", shop, numbers, 3, 1)
    assert found == [
        lists.Row("y", 5.0, "neighbour", ("a", "b")),
        lists.Row("w", 0.5, "neighbour", ("a",)),
    ]


def test_a_cause_is_not_listed_above_its_row_where_there_is_another():
    causes = {"a": ("b",), "c": ("a", "d"), "b": ("a",), "e": ()}
    rows = [lists.Row(product, 1.0, "neighbour", found) for product, found in causes.items()]
    assert lists.causes_shown(rows) == ["b", "d", "a", None]


def test_the_ladder_skips_what_is_listed_or_not_allowed():
    rows = [lists.Row("a", 1.0, "neighbour", ("h",))]
    steps = [("popular in category", ["a", "b"]), ("popular in shop", ["b", "c", "d", "e"])]
    scores = {product: 0.0 for product in "abcde"}
    found = lists.filled_up(rows, steps, scores, lambda p: p != "c", 3)
    assert [(row.product, row.source) for row in found] == [
        ("a", "neighbour"),
        ("b", "popular in category"),
        ("d", "popular in shop"),
    ]


def test_popularity_ranks_products_without_events_last():
    shop = {p: Product(None, "c" if p != "z" else None, None, None) for p in "xyz"}
    found = lists.popularity(
        [("y", 5.0, NOON), ("x", 3.0, NOON + timedelta(days=1))],
        NOON + timedelta(days=1),
        shop,
        {"z": 0, "x": 1, "y": 2},
        VARS | {"half_life_days": 1},
    )
    assert found.score == {"z": 0.0, "x": 3.0, "y": 2.5}
    assert found.categories == {"c": ["x", "y"], None: ["z"]}


def test_repurchases_are_shrunk_towards_the_category_above():
    products = {name: Product(None, code, None, None) for name, code in (("p", "a.b"), ("q", None))}
    bought = [("u", "p", date(2024, 1, day)) for day in (1, 1, 3, 7)]
    bought += [("v", "p", date(2024, 1, 1)), ("u", "q", date(2024, 1, 1))]
    found = repurchases.repurchases(bought, products, prior=2)
    assert found == {
        "": (3, 1, 1 / 3, 3, 2.1),
        "a": (2, 1, (1 + 2 / 3) / 4, 3, 2.1),
        "a.b": (2, 1, (1 + 2 * (1 + 2 / 3) / 4) / 4, 3, pytest.approx(2.1)),
    }


def test_bought_after_needs_a_wish_before():
    found = log(
        event(0, product="seen"),
        event(5, product="wanted"),
        event(10, "cart", product="wanted"),
        event(20, product="next"),
        event(30, product="later"),
        event(40, "purchase", product="seen"),
        event(9999, user="late"),
        complement_decay=0.5,
    )
    # Steps: seen 1, wanted 2, next 3, later 4, seen 5 (wanted).
    after = similar.After
    assert found.bought_after == {
        "wanted": {"seen": after(1, 1, 1.0), "next": after(1, 0, 1.0), "later": after(1, 0, 0.5)}
    }


def test_in_a_log_of_clicks_a_look_is_a_want():
    found = log(event(0, product="a"), event(5, product="b"), event(9999, user="late"))
    assert found.bought_after == {"a": {"b": (1, 0, 1.0)}}


def test_evidence_is_relative_to_chance():
    after = {
        "a": {"x": similar.After(3, 0, 3.0), "y": similar.After(1, 0, 1.0)},
        "b": {"x": similar.After(2, 0, 2.0), "y": similar.After(2, 2, 2.0)},
    }
    numbers = {"a": 0, "b": 1, "x": 2, "y": 3}
    found = similar.complement_evidence(after, {}, numbers, VARS)
    # Of 8 in all, 4 follow a and 5 go to x: by chance 4 * 5 / 8 = 2.5.
    assert found == {"a": {"x": (3, 3.0, 2.5, False)}, "b": {"y": (2, 2.0, 1.5, False)}}
    same = {product: Kind("c", "c") for product in "abxy"}
    settings = VARS | {"same_category_sessions": 2}
    together = similar.complement_evidence(after, same, numbers, settings)
    assert together == {"a": {}, "b": {"y": (2, 2.0, 1.5, True)}}


def test_evidence_is_borrowed_from_substitutes_by_cosine():
    after = {"s": {"x": similar.After(4, 0, 4.0)}, "t": {"z": similar.After(4, 0, 4.0)}}
    evidence = {"s": {"x": similar.Evidence(4, 4.0, 1.0, False)}}
    numbers = {product: n for n, product in enumerate("pstxz")}
    found = similar.borrowed_evidence(
        {"p": {"s": 0.75, "t": 0.25, "z": 0.5}}, after, evidence, {}, numbers
    )
    assert found == {"p": {"x": (3.0, 0.75, 0.75)}}  # 3 of .75 * 4 + .25 * 4


def test_complements_end_at_half_of_a_weak_best():
    evidence = {
        "p": {
            "a": similar.Evidence(2, 2.0, 3.0, False),  # 2 / 4
            "b": similar.Evidence(1, 1.0, 2.0, False),  # 1 / 3
            "c": similar.Evidence(1, 0.5, 1.5, False),  # .5 / 2.5 is below the floor
        }
    }
    borrowed = {"p": {"a": similar.Borrowed(2.0, 1.0, 0.5)}}  # + 2 * .5 / 4
    found = similar.complements(evidence, borrowed, VARS)
    assert found == {"p": {"a": (0.75, 1.0, 2, False)}}


def test_substitutes_are_shrunk_to_their_category():
    cosines = similar.mean_cosines({"p": {"a": 0.5, "b": 1.0}}, {"p": {"a": 0.5}})
    assert cosines == {"p": {"a": 0.5, "b": 0.5}}
    row = {"p": {"a": 0.9, "b": 0.5, "c": 0.9}}
    shop = {p: Kind("x.y", "x.y") for p in "pab"} | {"c": Kind("z", "z")}
    settings = VARS | {"substitute_prior": 5, "other_branch_cosine": 0.95}
    found = similar.substitutes(row, shop, {"a": 5}, {"p"}, settings)
    # a: half its own .9, half the category's .7; b was never looked at; c is of another branch.
    assert found == {"p": {"a": pytest.approx(0.8), "b": pytest.approx(0.7)}}
    # As near as can be across branches: evidence of a walked product, of another one it is none.
    for walked, listed in (({"p"}, {"p": {"c": 1.0}}), (set(), {"p": {}})):
        assert similar.substitutes({"p": {"c": 1.0}}, shop, {}, walked, settings) == listed


def test_a_pair_has_one_relation():
    complement = similar.Complement
    found = similar.one_relation_per_pair(
        {"p": {"a": 0.9, "b": 0.8}, "q": {"p": 0.9}},
        {
            "p": {"a": complement(2.0, 1.0, 2, True), "b": complement(1.0, 1.0, 1, False)},
            "a": {"q": complement(1.0, 1.0, 1, False)},
        },
        {"p": 0, "q": 1, "a": 2, "b": 3},
        5,
    )
    assert found == {
        "substitute": {"p": ["b"], "q": ["p"]},
        "complement": {"p": ["a"], "a": ["q"]},
    }


def test_shelves_take_turns_and_end_with_the_shop():
    shop = list("abcdefgh")
    kinds_of = {p: Kind("one", "one") for p in "abcde"} | {"f": Kind("two", "two")}
    popular = lists.Popularity({p: 0.0 for p in shop}, shop, {})
    fitting = {"two": ["one"]}
    complements = similar.shelf("two", "complement", fitting, popular, kinds_of, 4)
    assert complements == [(p, "popular in related category") for p in "abcd"]
    substitutes = similar.shelf("two", "substitute", fitting, popular, kinds_of, 4)
    # The top of the shop is a, b, c, d; with three of each category first: a, b, c, f.
    assert substitutes == [
        ("f", "popular in category"),
        *((p, "popular in shop") for p in "abc"),
    ]
    own_last = similar.shelf("one", "complement", {}, popular, kinds_of, 8)
    assert [p for p, _ in own_last] == list("fghabcde")


def test_a_list_is_filled_with_what_the_other_relation_does_not_have():
    listed = [similar.Similar("a", 0.9, "graph")]
    shelf = [(p, "popular in shop", 1.0) for p in "pabcd"]
    found = similar.filled("p", listed, ["b"], shelf, 3)
    assert [row.product for row in found] == ["a", "c", "d"]


def test_metrics_of_a_list():
    found = metrics.user_metrics(["a", "x", "b", "y", "z", "c"], {"a", "b", "c", "d"}, 5)
    # Hits at places 1 and 3: gain 1 + 1/2. The best list of 5 has hits at 1, 2, 3, 4.
    ideal = 1 + 1 / math.log2(3) + 1 / 2 + 1 / math.log2(5)
    assert found == {
        "recall": 0.5,
        "ndcg": pytest.approx(1.5 / ideal),
        "hit_rate": 1.0,
        "mrr": 1.0,
    }
    assert set(metrics.user_metrics(["x"], {"a"}, 5).values()) == {0.0}
    assert metrics.user_metrics(["x", "a"], {"a"}, 5)["mrr"] == 0.5


def test_gini():
    assert metrics.gini([3, 3, 3]) == 0
    assert metrics.gini([0, 0, 0, 8]) == 0.75  # one of four has all: 1 - 1/4
    assert metrics.gini([1, 3]) == 0.25  # half the mean difference (0, 2, 2, 0) over the mean 2


def test_figures_of_all_lists():
    exposure = {
        "a": metrics.Exposure(8, 4, 1, False),
        "b": metrics.Exposure(2, 1, 5, True),
        "c": metrics.Exposure(0, 0, 9, True),
        "d": metrics.Exposure(0, 0, 10, True),
    }
    vectors = {"a": [1.0, 0.0], "b": [0.0, 1.0]}
    categories = {"a": "x", "b": "y", "c": "x", "d": None}
    found = metrics.list_metrics(
        {"u": ["a", "b"], "v": ["a", "c"]}, 10, exposure, 8, categories, vectors
    )
    assert found == {
        "coverage": 0.75,
        "exposure_gini": 0.375,  # 0, 1, 1, 2: (-3*0 - 1 + 1 + 3*2) / (4 * 4)
        "novelty": (1 + 3 + 1 + 3) / 4,  # a is known to half, b and c to an eighth at least
        "long_tail_share": 0.5,
        "category_diversity": 0.5,
        "embedding_diversity": 1.0,
    }


def test_head_and_deciles():
    found = log(
        *(event(10 * n, product=product) for n, product in enumerate("ababababac")),
        event(110, product="d"),
        session_gap_minutes=60,
    )
    exposure = metrics.exposures(found.clean, found.products)
    # a 5, b 4, c 1, d 1 of 11: a and b hold 9 > .8 * 11 = 8.8; c starts beyond it.
    assert [exposure[p].is_long_tail for p in "abcd"] == [False, False, True, True]
    assert [exposure[p].decile for p in "abcd"] == [1, 2, 3, 4]
    assert [exposure[p].interactions for p in "abcd"] == [5, 4, 1, 1]


def test_quantiles_and_intervals():
    assert metrics.quantile([0.0, 1.0, 3.0], 0.75) == 2.0
    assert (
        metrics.bootstrap_interval({"u": 1.0, "v": 0.0}, {"u": {1: 3}, "v": {1: 1}}) == (0.75,) * 2
    )
    assert metrics.bootstrap_interval({"u": 1.0}, {"u": {}}) is None


def test_segments():
    assert [metrics.segment(n) for n in (0, 1, 4, 5)] == [
        "new users",
        "light users",
        "light users",
        "heavy users",
    ]


def test_every_row_of_a_small_shop():
    """Two users, three products: each number by hand."""
    found = log(
        event(0, product="z", user="u"),
        event(10, "purchase", product="y", user="u"),
        event(20, product="z", user="v", session="t"),
        event(100, product="z", user="w"),
        half_life_days=0,
        repeat_weight=0,
    )
    assert found.timeline.cut == NOON + timedelta(seconds=81)
    assert found.edges == {("y", "z"): (1, 1.0)}
    assert found.tables_of_neighbours["covisit"] == {"y": {"z": 1.0}, "z": {"y": 1.0}}
    # v looked at z alone: y by covisit (1) and half of rp3beta's 1, because of z.
    rows = [row for row in found.table_user_recommendations() if row["user_id"] == "v"]
    assert [(r["product_id"], r["score"], r["source"]) for r in rows] == [
        ("y", 1.5, "graph"),
        ("z", 3.0, "popular in shop"),
    ]
    assert [(r["because_product_id"], r["because_event_type"]) for r in rows] == [
        ("z", "view"),
        (None, None),
    ]
    together = {
        (row["product_id"], row["similar_product_id"]): row["sessions_together"]
        for row in found.table_similar_products()
    }
    assert together == {("y", "z"): 1, ("z", "y"): 1}
