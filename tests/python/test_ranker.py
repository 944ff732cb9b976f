"""The ranker: what it learns, when it does not serve, and that it sees nothing of the future."""

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from dbt_shop import Shop
from toy_ranker import CASES, LIFT, SETTINGS, examples, gains, learned

from longtail.kernels.reach import places_with_floor
from longtail.tables.ranker import SCORE_SCHEMA, ranker_table, score_table


@pytest.mark.parametrize("late", [0, 200])
def test_threads_change_nothing_in_the_table(late):
    tables = [
        ranker_table(
            examples(late=late),
            gains(counted=0.3, late=late),
            LIFT,
            kind="trees",
            linear_names=[],
            interactions_exponent=0,
            reach=1,
            min_cases=100,
            threads=threads,
            **SETTINGS,
        )
        for threads in (1, 2, 3)
    ]
    assert tables[0] == tables[1] == tables[2]


@pytest.mark.parametrize("kind", ["trees", "linear"])
def test_a_ranker_better_than_every_model_serves(kind):
    row = learned(examples(), kind)
    assert row["is_used"] and row["ndcg"] > 0.9 > row["fallback_ndcg"] == pytest.approx(0.3)
    weight = {entry["feature"]: entry["gain"] or entry["weight"] for entry in row["features"]}
    assert max(weight, key=lambda name: weight[name] or 0) == "what_decides"
    assert row["reason"].endswith(f"by counted: {kind} serves")


@pytest.mark.parametrize("kind", ["trees", "linear"])
def test_a_ranker_worse_than_a_model_steps_back_for_it(kind):
    row = learned(examples(), kind, compared=gains(counted=0.5, popularity=0.999))
    assert not row["is_used"] and 0.9 < row["ndcg"] < row["fallback_ndcg"]
    assert row["fallback"] == "popularity"
    assert row["reason"].endswith("by popularity: popularity serves")


def test_cases_whose_candidates_hold_no_answer_count_as_missed():
    """100 cases have an answer of their own among the candidates, 300 more have none."""
    few = learned(examples(100), compared=gains(100))
    many = learned(examples(100), compared=gains(400))
    assert many["ndcg"] == pytest.approx(few["ndcg"] / 4)
    assert few["is_used"] and not many["is_used"]


def test_gains_are_shares_of_what_the_ideal_list_gains():
    doubled = gains().set_column(5, "ideal_gain", pa.array(np.full(2 * CASES, 2.0)))
    assert learned(examples(), compared=doubled)["ndcg"] == pytest.approx(
        learned(examples())["ndcg"] / 2
    )


def test_a_model_serves_in_place_of_the_first_only_when_clearly_better():
    random = np.random.default_rng(7)

    def chosen(lift: float, cases: int) -> str:
        compared = gains(cases, counted=0.3, covisit=0.3 + lift)
        noise = np.r_[np.zeros(cases), random.normal(0, 0.2, cases)]
        ndcg = np.asarray(compared.column("ndcg")) + noise - noise[cases:].mean() * (noise != 0)
        compared = compared.set_column(6, "ndcg", pa.array(ndcg))
        return learned(examples(0), compared=compared)["fallback"]

    # The standard error is .2 / sqrt(cases): .02 of a hundred cases, .01 of four hundred.
    # Below the hundred that are needed it takes three errors, below ten none is chosen.
    assert [chosen(0.03, 100), chosen(0.05, 100)] == ["counted", "covisit"]
    assert [chosen(0.015, 400), chosen(0.025, 400)] == ["counted", "covisit"]
    assert [chosen(0.055, 99), chosen(0.065, 99)] == ["counted", "covisit"]
    assert [chosen(-0.1, 400), chosen(0.5, 9), chosen(0.5, 10)] == ["counted", "counted", "covisit"]


def test_what_changes_from_slice_to_slice_does_not_serve():
    """In the later half the taken candidate is the opposite of before: the last of twelve."""
    steady = learned(examples(), compared=gains(counted=0.5, late=200))
    turned = learned(examples(late=200), compared=gains(counted=0.5, late=200))
    assert steady["is_used"] and not turned["is_used"]
    assert turned["ndcg"] < 0.4 and "later" in turned["reason"]


@pytest.mark.parametrize("cases", [0, 1, 99])
def test_too_few_cases_are_said(cases):
    row = learned(examples(cases))
    assert not row["is_used"] and row["model"] is None
    assert row["reason"] == f"{cases} cases to learn from, of at least 100: counted serves"


def test_without_a_case_nothing_is_compared():
    row = learned(examples(0), compared=gains(0))
    assert not row["is_used"] and row["fallback"] is None and row["compared"] == []


def test_scores_come_batch_by_batch_and_only_when_the_ranker_is_used():
    table = examples()
    keys = pa.array(np.arange(len(table)), pa.int32())
    table = table.append_column("because_product_key", keys)
    table = table.append_column("scope", pa.array(["published"] * len(table)))
    for best, count in ((0.3, len(table)), (1.0, 0)):
        ranker = pa.Table.from_pylist([learned(examples(), compared=gains(counted=best))])
        batches = pa.RecordBatchReader.from_batches(table.schema, table.to_batches(1000))
        scored = score_table(batches, ranker, threads=1).read_all()
        assert scored.schema == SCORE_SCHEMA and len(scored) == count


def tables_of(shop: Shop) -> duckdb.DuckDBPyConnection:
    """Open the tables in progress, as views that a test may replace."""
    connection = duckdb.connect()
    connection.execute("attach ':memory:' as build; use build")
    for file in (shop.warehouse / ".work").glob("*.parquet"):
        files = f"{file}/*/*.parquet" if file.is_dir() else str(file)
        connection.read_parquet(files).create_view(file.stem)
    return connection


def leaks(shop: Shop, planted: str = "") -> set[str]:
    """Return the findings of the leak test after a change to the tables."""
    name = "assert_ranker_learns_nothing_from_the_future"
    compiled = shop.dbt("compile", "--select", name)
    assert compiled.is_good, compiled.text
    query = next(shop.target.glob(f"compiled/**/{name}.sql")).read_text(encoding="utf-8")
    with tables_of(shop) as connection:
        connection.execute(planted)
        found = connection.execute(f"select distinct place from ({query})").fetchall()
    return {place for (place,) in found}


def test_the_ranker_knows_nothing_of_the_future(ranked_shop):
    assert leaks(ranked_shop) == set()


@pytest.mark.parametrize(
    ("place", "planted"),
    [
        # As of the graph's cut instead of the ranker's: the days that are asked about are in.
        ("pair", "create or replace view int_learning_pairs as from int_product_pairs"),
        ("group", "create or replace view int_learning_groups as from int_group_products"),
        (
            "popularity",
            """create or replace table leaked as from int_product_activity;
            create or replace view int_product_activity as
            select * replace ('learned' as scope) from leaked where scope = 'evaluated'""",
        ),
        (
            "score",
            """create or replace table leaked as from int_popularity;
            create or replace view int_popularity as
            select * replace ('learned' as scope) from leaked where scope = 'published'""",
        ),
        (
            "repurchase",
            """create or replace table leaked as from int_repurchases;
            create or replace view int_repurchases as
            select * replace ('learning' as cut) from leaked where cut = 'serving'""",
        ),
        (
            "next product",
            """create or replace table leaked as from int_next_products;
            create or replace view int_next_products as
            select * replace ('learning' as cut) from leaked where cut = 'serving'""",
        ),
        (
            "history",
            """create or replace table leaked as from int_ranker_histories;
            create or replace view int_ranker_histories as
            select * replace ('learned' as scope) from leaked where scope = 'published'""",
        ),
        (
            "target",
            """create or replace table leaked as from int_ranker_cases;
            create or replace view int_ranker_cases as
            select * replace (ends_at + interval '1 day' as asked_at,
                ends_at + interval '2 days' as ends_at) from leaked""",
        ),
    ],
    ids=lambda value: value if " as " not in value else "",
)
def test_a_planted_leak_is_caught(ranked_shop, place, planted):
    assert place in leaks(ranked_shop, planted)


def test_features_are_those_of_a_recount(ranked_shop):
    """A case's history and popularity, counted in plain Python from the events before it."""
    with tables_of(ranked_shop) as connection:
        rows = connection.execute("""
            select user_key, product_key, repeat_place, interactions, history_length
            from int_ranker_features where scope = 'learned'""").fetchall()
        events = connection.execute("""
            select user_key, product_key, event_at from int_interactions
            where event_weight > 0 order by event_at""").fetchall()
        asked = dict(
            connection.execute("select user_key, asked_at from int_ranker_cases").fetchall()
        )
        (cut,) = connection.execute("select graph_cutoff_at from int_learning_timeline").fetchone()
    popularity: dict[int, int] = {}
    histories: dict[int, dict[int, int]] = {}
    for user, product, moment in events:
        if moment < cut:
            popularity[product] = popularity.get(product, 0) + 1
        if user in asked and moment < asked[user]:
            histories.setdefault(user, {})[product] = 1
    assert len(rows) > 500
    for user, product, place, interactions, length in rows:
        assert (interactions or 0) == popularity.get(product, 0)
        assert length <= len(histories[user])
        assert place is None or product in histories[user]


def test_lists_are_held_as_the_kernel_holds_them(ranked_shop):
    with tables_of(ranked_shop) as connection:
        floor, used = connection.execute(
            "select exposure_floor, is_used from int_ranker"
        ).fetchone()
        rows = connection.execute("""
            select user_key, product_key, place, blend_place from int_ranked_places
            where scope = 'evaluated' order by user_key, product_key""").fetchnumpy()
        found = connection.execute("""
            select user_key, product_key, row_number() over (
                partition by user_key order by step, score desc, product_key) as place
            from int_ranked_candidates where scope = 'evaluated'
            order by user_key, product_key""").fetchall()
    assert used and floor > 0
    _, sizes = np.unique(rows["user_key"], return_counts=True)
    places = places_with_floor(
        rows["place"] - 1, rows["blend_place"] - 1, sizes, rows["product_key"], floor
    )
    listed = places < 20
    expected = np.column_stack([rows["user_key"], rows["product_key"], places + 1])[listed]
    assert [tuple(map(int, row)) for row in expected] == found
    assert (places[listed] != rows["place"][listed] - 1).any(), "nothing was moved"


def test_the_same_seed_gives_the_same_ranker(ranked_shop):
    def state() -> list[tuple]:
        with tables_of(ranked_shop) as connection:
            return (
                connection.execute("from int_ranker").fetchall()
                + connection.execute("from int_ranked_candidates order by all").fetchall()
            )

    before = state()
    assert before[0][1], before[0][2]
    again = ranked_shop.dbt(
        "run", "--select", "path:models/ranking/ranker", "path:python_models/ranker"
    )
    assert again.is_good, again.text
    assert state() == before
