"""The whole build, with its data tests, over extreme logs."""

import duckdb
import pytest
from odd_log import ODD_IDS, odd_events


def bare_events() -> list[tuple]:
    """Views only, without category, brand, price or session, all in one second."""
    return [
        ("2024-01-01 10:00:00 UTC", "view", f"p{step % 7}", "", "", "", "", f"u{step % 5}", "")
        for step in range(60)
    ]


def unlike_users() -> list[tuple]:
    """One event; only purchases; a thousand events; and a product in no category among others."""
    once = [("2024-01-09 10:00:00", "view", "p3", "c", "a.b", "", 1, "once", "")]
    buyer = [
        (f"2024-01-0{day} 11:00:00", "purchase", f"p{day}", "c", "a.b", "", 1, "buyer", day)
        for day in range(1, 9)
    ]
    thousand = [
        (
            f"2024-01-{1 + step // 100:02d} {step % 100 // 10:02d}:{5 * (step % 10):02d}:00",
            "view",
            f"p{step * step % 37}",
            "",
            "" if step % 37 == 0 else "a.b",
            "",
            1,
            "thousand",
            "",
        )
        for step in range(1000)
    ]
    return once + buyer + thousand


EDGE_CASES = {
    # The buyer is a robot to cleaning. 26 of the thousand views repeat the one before; 97 others
    # and the single event lie after the cut.
    "users of one event, of purchases like a robot's, of a thousand events": (
        unlike_users(),
        {"recommendations": 5, "robot_purchases": 5},
        {
            **{"users": 3, "recommended": 3 * 5, "bought_again": 0},
            **{"clean": 1000 - 26 + 1, "learned": 1000 - 26 - 97},
        },
    ),
    "views only, no category, no session, one second, and nobody came after the cut": (
        bare_events(),
        {"graph_cutoff": "2030-01-01"},
        {"users": 5, "recommended": 5 * 7, "evaluated": 0, "metrics": 0},
    ),
    "all who came after the cut are new": (
        [
            (f"2024-01-0{day} {row[0][11:]}", *row[1:7], f"{day}{row[7]}", "")
            for day in (1, 2)
            for row in bare_events()
        ],
        {"graph_cutoff": "2024-01-02"},
        {"users": 10, "recommended": 10 * 7, "evaluated": 5},
    ),
    "one user, one product, one session": (
        [("2024-01-01 10:00:00 UTC", "view", "p", "c", "a.b", "br", 1, "u", "s")],
        {"gate_recommendations": 0, "gate_graph_share": 0},
        # The only product was viewed, not bought.
        {"users": 1, "products": 1, "edges": 0, "recommended": 1},
    ),
    "DeepWalk over users and products": (
        odd_events(),
        {"deepwalk_graph": "users"},
        {"users": len(ODD_IDS), "products": len(ODD_IDS)},
    ),
    "everybody has bought everything": (
        [
            (f"2024-01-0{day} 10:00:0{place}", "purchase", f"p{place}", "", "", "", 1, user, day)
            for user in ("u", "v")
            for day in (1, 2)
            for place in range(4)
        ],
        {"gate_recommendations": 0},
        {"users": 0, "products": 4, "recommended": 0},
    ),
}


# First: the shop is still that of the odd build.
def test_a_warm_start_begins_with_the_published_vectors_each_time(shop, odd_build):
    for model in ("embeddings_deepwalk", "embeddings_node2vec"):
        file = shop.warehouse / ".work" / f"{model}.parquet"
        for _ in range(2):  # the second time too, though nothing else has changed
            before = file.stat().st_mtime_ns
            trained = shop.dbt("run", "--select", model, warm_start=True, warm_walks_per_node=1)
            assert trained.is_good, trained.text
            assert file.stat().st_mtime_ns > before
        steps = "select sum(frequency) from "
        assert 0 < shop.query(f"{steps} '{file}'")[0][0] < 0.7 * shop.query(steps + model)[0][0]


def test_deepwalk_over_users_without_an_edge_gives_empty_tables(shop, odd_build):
    """Those that a graph of products without an edge gives: one of the cases above."""
    shop.write(odd_events())
    vars = {"deepwalk_graph": "users", "graph_cutoff": "2023-12-31"}
    built = shop.build(
        *("--select", "+neighbours_deepwalk", "successors_deepwalk"),
        *("--indirect-selection", "cautious"),  # other tables are still those of the last build
        **vars,
    )
    assert built.is_good, built.text
    rows = {
        table: duckdb.sql(f"from '{shop.warehouse}/.work/{table}.parquet'").shape[0]
        for table in ("int_user_product_edges", "walks_deepwalk", "neighbours_deepwalk")
    }
    assert rows == {"int_user_product_edges": 0, "walks_deepwalk": 0, "neighbours_deepwalk": 0}


@pytest.mark.parametrize("case", EDGE_CASES)
def test_an_edge_case_is_built_tested_and_published(case, shop, odd_build):
    rows, overrides, expected = EDGE_CASES[case]
    shop.write(rows)
    built = shop.build(**overrides)
    assert built.is_good, built.text
    counts = shop.query(
        """
        select
            (select count(distinct user_id) from user_recommendations) as users,
            (select count(*) from products) as products,
            (select count(*) from product_edges) as edges,
            (select count(*) from user_recommendations) as recommended,
            (select count(*) from stg_events) as events,
            (select count(distinct user_key) from internal.int_targets) as evaluated,
            (select count(*) from model_metrics) as metrics,
            (select events_clean from build_info order by built_at desc limit 1) as clean,
            (select events_learned from build_info order by built_at desc limit 1) as learned,
            (
                select count(*) from user_recommendations as listed
                semi join stg_events as bought
                    on listed.user_id = bought.user_id and listed.product_id = bought.product_id
                    and bought.event_type = 'purchase'
            ) as bought_again
        """
    )[0]
    names = (
        *("users", "products", "edges", "recommended", "events", "evaluated", "metrics"),
        *("clean", "learned", "bought_again"),
    )
    found = dict(zip(names, counts, strict=True))
    assert found == found | expected | {"events": len(rows)}


def test_a_build_that_recommends_nothing_to_anyone_is_not_published(shop, odd_build):
    rows, _, _ = EDGE_CASES["everybody has bought everything"]
    before = shop.published()
    shop.write(rows)
    refused = shop.build()
    assert not refused.is_good
    lines = [line.strip() for line in refused.lines]
    assert (
        "rows of user_recommendations: user_recommendations has no row: nothing is left to "
        "recommend to anyone: exclude (none leaves out nothing), hidden and allowed decide what is "
        "left out; gate_recommendations: 0 publishes it empty"
    ) in lines
    assert shop.published() == before


def test_odd_ids_come_through_unchanged(shop, odd_build):
    ids = {row[0] for row in odd_build["embeddings_node2vec"]}
    assert ids == set(ODD_IDS)
    assert {row[0] for row in odd_build["user_recommendations"]} <= set(ODD_IDS)
    assert {row[0] for row in odd_build["similar_products"]} == set(ODD_IDS)


def test_the_same_seed_gives_the_same_tables_in_many_batches_whatever_a_fast_clock_says(
    shop, odd_build
):
    fast = ("2038-01-19 03:14:07 UTC", "view", *odd_events(1)[0][2:])
    shop.write([*odd_events(), fast])
    # What would come out the same is learned again.
    built = shop.build("--full-refresh", terms_per_batch=1_000)
    assert built.is_good, built.text
    assert "after the log's end (clock): 1 row" in built.text
    assert "user_recommendations: batch 2 of" in built.text
    assert {row[0] for row in odd_build["user_recommendations"]} == set(ODD_IDS)
    assert shop.query("select count(*) > 0 from internal.int_similar_groups")[0][0]
    assert shop.learned() == odd_build
