"""The oracle itself, against counts made by hand."""

import ast
import math
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from compiled_models import all_vars

from oracle import (
    arithmetic,
    events,
    graph,
    groups,
    histories,
    lists,
    metrics,
    neighbours,
    repurchases,
    similar,
)
from oracle import sessions as stays
from oracle.catalogue import Kind, Product, catalogue, described_by, kinds
from oracle.recompute import Given, Log
from oracle.sessions import Step

NOON = datetime(2024, 3, 1, 12)
NOTHING_GIVEN = Given({}, {}, {}, {})
VARS = all_vars()


def event(seconds=0, kind="view", product="p", user="u", session="s", **more) -> events.Event:
    at = NOON + timedelta(seconds=seconds)
    known = {"category_id": None, "category_code": None, "brand": None, "price": None, **more}
    return events.Event(at, kind, product, user=user, shop_session=session, **known)


def log(*found: events.Event, **given) -> Log:
    """Return the log of some events."""
    rows = [
        {
            "event_time": f"{e.at:%Y-%m-%d %H:%M:%S} UTC",
            "event_type": e.type,
            "product_id": e.product,
            "category_id": e.category_id,
            "category_code": e.category_code,
            "brand": e.brand,
            "price": None if e.price is None else str(e.price),
            "user_id": e.user,
            "user_session": e.shop_session,
        }
        for e in found
    ]
    return Log(rows, all_vars(**given), NOTHING_GIVEN)


def test_the_oracle_knows_neither_the_project_nor_a_database():
    """Files that compare may run the project; those that recompute may not."""
    own = {"compare.py", "logs.py"}
    for file in Path(__file__).parent.glob("*.py"):
        if file.name in own or file.name.startswith("test_"):
            continue
        tree = ast.parse(file.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            names = [alias.name for alias in getattr(node, "names", ())]
            module = getattr(node, "module", None)
            for name in [module] if isinstance(node, ast.ImportFrom) else names:
                if isinstance(node, ast.Import | ast.ImportFrom):
                    assert name.split(".")[0] in {"oracle", *STANDARD_LIBRARY}, (file.name, name)


STANDARD_LIBRARY = ("collections", "dataclasses", "datetime", "functools", "hashlib", "itertools")
STANDARD_LIBRARY += ("math", "typing")


def test_halves_are_rounded_away_from_zero():
    assert [arithmetic.rounded(x) for x in (0.5, 1.5, -0.5, 2.4, -2.6)] == [1, 2, -1, 2, -3]


def test_ageing_halves_at_each_half_life():
    assert [arithmetic.aged(age, 7) for age in (-1, 0, 7, 21)] == [1, 1, 0.5, 0.125]
    assert arithmetic.aged(1000, 0) == 1


@pytest.mark.parametrize(
    ("column", "text", "reason"),
    [
        ("product_id", " ", "missing product_id"),
        ("user_id", None, "missing user_id"),
        ("event_time", "", "missing event_time"),
        ("event_time", "2024-02-30 00:00:00 UTC", "unreadable event_time"),
        ("event_time", "1990-01-01 00:00:00 UTC", "event_time out of range"),
        ("event_type", None, "missing event_type"),
        ("event_type", "refund", "unknown event_type"),
        ("product_id", r"\n", "null text as product_id (null_texts)"),
        ("user_id", " nan ", "null text as user_id (null_texts)"),
        ("price", "NaN", None),
        ("price", "dear", "unreadable price"),
        ("price", "inf", "unreadable price"),
        ("price", "-1", "negative price"),
        ("price", "", None),
        ("event_type", " VIEW ", None),
    ],
)
def test_reasons_to_reject(column, text, reason):
    row = {
        "event_time": "2024-01-01 00:00:00 UTC",
        "event_type": "view",
        "product_id": "p",
        "category_id": None,
        "category_code": None,
        "brand": None,
        "price": "1",
        "user_id": "u",
        "user_session": None,
    }
    assert events.why_unusable(row | {column: text}, VARS) == reason


def test_ids_are_numbered_by_first_day_then_by_id():
    day = 86400
    found = [event(day, product="a"), event(1, product="z"), event(0, product="b")]
    assert events.first_seen(found, "product") == {"b": 0, "z": 1, "a": 2}


def test_robots_are_counted_in_a_sliding_window():
    day = 86400
    clicks = [event(day * n + s) for n in (0, 1, 2) for s in range(4)]
    found = events.robots(clicks, VARS | {"robot_days": 2, "robot_clicks": 7})
    assert found == {"u": (8, 0)}
    assert not events.robots(clicks, VARS | {"robot_days": 2, "robot_clicks": 8})


def test_a_session_ends_with_a_silence_longer_than_the_gap():
    found = log(event(0), event(3600, product="q"), event(7201, product="r"))
    assert [[v.event.product for v in s.visits] for s in found.sessions] == [["p", "q"], ["r"]]


def test_a_session_that_passes_midnight_belongs_to_the_day_of_its_start():
    found = log(event(43199), event(43200, product="q"))
    (session,) = found.sessions
    assert str(session.day) == "2024-03-01"
    assert session.id == 19783 * 2**32 + 1  # 19,783 days since 1970; the day's first event


def test_short_stays_and_repeats():
    found = log(
        event(0, product="a"),  # left at once: short
        event(0, product="b"),
        event(9, product="b"),  # again the same
        event(9, "cart", product="b"),  # another type
        event(10, product="b"),  # not a repeat of the cart
        event(11, product="c"),  # left for the same product: stays
        event(11, "purchase", product="c"),
    )
    (session,) = found.sessions
    assert [v.removed_as for v in session.visits] == [
        "short stay",
        None,
        "repeat",
        None,
        None,
        None,
        None,
    ]


def test_a_clock_without_seconds_knows_no_short_stay():
    found = log(event(0, product="a"), event(0, product="b"), event(60, product="c"))
    assert [visit.removed_as for visit in found.sessions[0].visits] == [None, None, None]


def test_the_log_ends_with_its_last_day_of_real_traffic():
    day = 86_400
    people = [event(day * n + 7, user=f"u{u}") for n in range(3) for u in range(4)]
    fast = event(900 * day + 7, "purchase", product="q", user="u1")
    found = log(*people, fast)
    assert [d.has_traffic for d in found.days.values()] == [True, True, True, False]
    assert found.timeline.end == datetime(2024, 3, 4)
    assert found.timeline.last == NOON + timedelta(days=2, seconds=7)
    assert ("u1", "q") in found.withheld  # bought, whenever that was
    assert "q" not in {visit.event.product for visit in found.clean}


def test_strays_do_not_move_the_typical_day():
    days = [datetime(2024, 1, n).date() for n in range(1, 8)]
    users = dict(zip(days, (1, 50, 60, 70, 1, 1, 1), strict=True))
    # 1.84 of 184 visits on each side: all of the first and last day, a part of the last but one.
    assert stays.without_strays(users, 0.01) == days[1:6]
    assert stays.median([4, 1, 3, 2]) == 3


def test_at_most_a_fifth_of_the_log_is_held_out():
    found = log(event(0), event(500, product="q"))
    assert found.timeline.cut == NOON + timedelta(seconds=401)
    month = log(event(0), event(30 * 86400, product="q"))
    assert month.timeline.cut == NOON + timedelta(days=29, seconds=1)


def test_steps_are_runs_on_one_product_without_steps_back():
    found = log(
        event(0, product="a"),
        event(5, "cart", product="a"),
        event(9, "remove_from_cart", product="b"),
        event(12, product="a"),
        event(20, product="b"),
        event(10_000, user="late"),
    )
    (steps,) = (steps for session, steps in found.steps if session.user == "u")
    assert steps == [Step(1, "a", 3.0, NOON), Step(2, "b", 1.0, NOON + timedelta(seconds=20))]


def test_pairs_by_window_decay_and_heaviest_occurrence():
    steps = [
        Step(n, product, weight, NOON)
        for n, (product, weight) in enumerate([("a", 1.0), ("b", 4.0), ("c", 1.0), ("a", 1.0)], 1)
    ]
    numbers = {"c": 0, "b": 1, "a": 2}
    found = graph.pairs_of_session(steps, numbers, VARS | {"window": 2, "window_decay": 0.5})
    # a-b twice: next to each other (1 * 2) and two apart (half of 2); c-a: 1, not 0.5.
    assert found == {("b", "a"): 2.0, ("c", "a"): 1.0, ("c", "b"): 2.0}
    unordered = graph.pairs_of_session(steps, numbers, VARS | {"window": 0, "rp3_group_size": 2})
    assert unordered == {("b", "a"): 2.0}


def test_pairs_age_by_midnights_and_count_a_session_once():
    numbers = {"a": 0, "b": 1}
    day = NOON.date()
    steps = [Step(1, "a", 1.0, NOON), Step(2, "b", 1.0, NOON), Step(3, "a", 1.0, NOON)]
    by_day = graph.pairs_of_days([(day, steps), (day, steps)], numbers, VARS)
    assert by_day == {(day, ("a", "b")): graph.Together(2, 2.0)}
    cut = NOON + timedelta(days=2)
    found = graph.pairs_of_log(by_day, cut, VARS | {"half_life_days": 1})
    assert found == {("a", "b"): graph.Together(2, 0.5)}


def test_edges_are_cosines_and_an_edge_of_either_end_stays():
    numbers = {"a": 0, "b": 1, "c": 2}
    pairs = {("a", "b"): graph.Together(3, 3.0), ("a", "c"): graph.Together(1, 1.0)}
    found = graph.edges(pairs, numbers, VARS | {"max_neighbours": 1})
    # a has 4 in all, b 3, c 1: 3 / sqrt(4 * 3) and 1 / sqrt(4 * 1). a keeps b alone, c keeps a.
    assert found[("a", "b")].weight == pytest.approx(math.sqrt(3) / 2)
    assert found[("a", "c")] == graph.Edge(1, 0.5)


def test_attributes_are_the_most_frequent_the_latest_on_ties():
    found = [
        event(0, brand="x", price=5.0, category_id="1", category_code="a.b"),
        event(1, brand="y", price=9.0, category_id="1", category_code="a.b"),
        event(2, category_id="2"),
        event(3),
    ]
    assert catalogue({"p": found}) == {"p": Product("1", "a.b", "y", 9.0)}


def test_events_after_the_end_describe_new_products_only():
    late, new, early = event(100), event(100, product="q"), event(0)
    found = described_by([late, new, early], NOON + timedelta(seconds=50))
    assert found == {"p": [early], "q": [new]}


def test_leaves_are_codes_or_the_usual_code_of_an_id_or_the_id():
    shop = {
        "a": Product("1", "x.y.z", None, None),
        "b": Product("1", None, None, None),
        "c": Product("2", None, None, None),
        "d": Product(None, None, None, None),
    }
    assert kinds(shop) == {"a": ("x.y.z", "x.y"), "b": ("x.y.z", "x.y"), "c": ("2", "2")}
    assert kinds({"a": shop["a"], "b": shop["b"]}) == {}  # one category is none


def test_covisit_rows_are_shares():
    pairs = {("a", "b"): graph.Together(3, 3.0), ("a", "c"): graph.Together(1, 1.0)}
    numbers = {"a": 0, "b": 1, "c": 2}
    found = neighbours.covisit(pairs, numbers, VARS)
    assert found == {"a": {"b": 0.75, "c": 0.25}, "b": {"a": 1.0}, "c": {"a": 1.0}}
    # Divided by degree(neighbour) ** beta: b has 3, c 1.
    held_back = neighbours.covisit(pairs, numbers, VARS | {"covisit_beta": 1})
    assert held_back["a"] == {"b": 0.5, "c": 0.5}


def test_rp3beta_walks_product_user_product():
    member = neighbours.Member
    found = neighbours.rp3beta(
        {
            "u": [member("a", "u", 0.5), member("b", "u", 0.5)],
            "v": [member(p, "v", 1 / 3) for p in "abc"],
        },
        {"a": 0, "b": 1, "c": 2},
        VARS | {"rp3_beta": 1},
    )
    # From a: to b (1/2 + 1/3) / 2 users = 5/12, to c (1/3) / 1 user = 4/12.
    assert found["a"] == {"b": pytest.approx(5 / 9), "c": pytest.approx(4 / 9)}


def test_groups_are_latest_products_and_one_product_is_no_group():
    found = log(
        event(0, product="a"),
        event(10, product="b"),
        event(20, product="c"),
        event(30, product="d", user="single"),
        event(10_000, user="late"),
        rp3_group_size=2,
        half_life_days=0,
    )
    assert found.members == {"u": [("c", "u", 0.5), ("b", "u", 0.5)]}


def test_rows_of_embeddings_become_shares_and_are_blended():
    settings = VARS | {"cosine_power": 1, "blend": {"covisit": 1, "deepwalk": 2, "successors": 4}}
    tables = {
        "covisit": {"a": {"b": 1.0}},
        "rp3beta": {},
        "deepwalk": {"a": {"b": 0.25, "c": 0.75, "d": -1.0}},
        "node2vec": {},
        "successors": {"a": {"c": 5.0, "b": 5.0 + math.log(3)}},
    }
    factors = {"a": 1.0, "b": 1.0, "c": 0.5}
    found = neighbours.all_neighbours(tables, factors, {"a": 0, "b": 1, "c": 2}, settings)
    assert found["successors"]["a"] == {"b": pytest.approx(0.75), "c": pytest.approx(0.125)}
    # b: 1 + 2 * .25 + 4 * .75; c: (2 * .75 + 4 * .25) * .5
    assert found["hybrid"]["a"] == {"b": pytest.approx(4.5), "c": pytest.approx(1.25)}


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
