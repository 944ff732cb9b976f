"""The oracle itself, against counts made by hand: events, sessions, the graph, neighbours."""

import ast
import math
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from oracle import (
    arithmetic,
    events,
    graph,
    neighbours,
)
from oracle import sessions as stays
from oracle.by_hand import NOON, VARS, event, log
from oracle.catalogue import Product, catalogue, described_by, kinds
from oracle.sessions import Step


def test_the_oracle_knows_neither_the_project_nor_a_database():
    """Files that compare may run the project; those that recompute may not."""
    own = {"by_hand.py", "compare.py", "logs.py"}
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
        ("event_weight", "much", "unreadable event_weight"),
        ("event_weight", "1000001", "unreadable event_weight"),
        ("event_weight", "-0.5", None),
        ("event_weight", "nan", None),
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


def test_an_event_with_a_weight_of_its_own_repeats_nothing_and_is_no_duplicate():
    line = event(0, "purchase", own_weight=2)
    found = log(line, line, event(1, "purchase"), event(1, "purchase"), event(2, "purchase"))
    assert [(v.weight, v.removed_as) for v in found.sessions[0].visits] == [
        (10, None),
        (10, None),
        (5, "repeat"),  # one of two equal rows
        (5, "repeat"),
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
