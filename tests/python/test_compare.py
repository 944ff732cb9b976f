"""Differences between two builds: by hand on tiny tables, and in the table build_diff."""

from pathlib import Path

import duckdb
import pytest

from longtail.compare import compare, lines, main

BEFORE = """
create table user_recommendations as
select * from (values
    ('ann', 1, 'a'), ('ann', 2, 'b'), ('bob', 1, 'a'), ('cas', 1, 'a'), ('ann', 21, 'z')
) as columns (user_id, rank, product_id);
create table similar_products as
select * from (values
    ('a', 'substitute', 1, 'b'), ('a', 'complement', 1, 'c'), ('b', 'complement', 1, 'c')
) as columns (product_id, relation, rank, similar_product_id);
create table products as
select * from (values ('a', 9), ('b', 7), ('c', 5)) as columns (product_id, interactions);
create table model_metrics as
select * from (values
    ('hybrid', 'any', 'all', 'recall', 20, 0.20, 0.15, 0.25),
    ('covisit', 'any', 'all', 'recall', 20, 0.20, 0.15, 0.25),
    ('rp3beta', 'any', 'all', 'recall', 20, 0.20, 0.15, 0.25),
    ('hybrid', 'any', 'all', 'coverage', 20, 0.5, null, null),
    ('hybrid', 'any', 'all', 'recall', 10, 0.1, null, null),
    ('hybrid', 'any', 'new users', 'recall', 20, 0.1, null, null)
) as columns (model, task, segment, metric, k, value, lower, upper);
create table long_tail_exposure as
select * from (values
    (timestamp '2024-01-01', 'hybrid', 1, 0.9e0), (timestamp '2024-01-02', 'hybrid', 1, 0.6)
) as columns (built_at, model, decile, share_of_slots);
create table cleaning_report as
select * from (values ('kept', 'clean event', 60), ('cleaned', 'robot', 40))
    as columns (step, rule, events);
"""
AFTER = """
delete from user_recommendations where user_id = 'cas';
insert into user_recommendations values ('dan', 1, 'a'), ('ann', 3, 'c');
update user_recommendations set product_id = 'd' where user_id = 'ann' and rank = 2;
update user_recommendations set product_id = 'y' where rank = 21;
update similar_products set similar_product_id = 'd' where relation = 'substitute';
delete from products where product_id = 'b';
insert into products values ('d', 3), ('e', 0);
update products set interactions = 11 where product_id = 'a';
update model_metrics set value = 0.30, lower = 0.26, upper = 0.34 where model = 'hybrid' and k = 20
    and metric = 'recall' and segment = 'all';
update model_metrics set value = 0.22, lower = 0.17, upper = 0.27 where model = 'covisit';
update model_metrics set value = 0.10, lower = 0.06, upper = 0.14 where model = 'rp3beta';
update model_metrics set value = 0.4 where metric = 'coverage';
insert into long_tail_exposure values (timestamp '2024-01-03', 'hybrid', 1, 0.5);
update cleaning_report set events = 140 where step = 'kept';
insert into cleaning_report values ('rejected', 'missing user_id', 20);
"""


@pytest.fixture
def builds(tmp_path) -> tuple[Path, Path]:
    """Two builds; the first as a folder, the second as a database with an odd name."""
    first, second = tmp_path / "first", tmp_path / "it's second.duckdb"
    first.mkdir()
    for path, sql in ((first / "longtail.duckdb", BEFORE), (second, BEFORE + AFTER)):
        with duckdb.connect(str(path)) as connection:
            connection.execute(sql)
    return first, second


def figures(rows: list[dict], part: str) -> dict[tuple[str, str], tuple]:
    """The figures of a part: before, after and verdict, by subject and figure."""
    return {
        (row["subject"], row["figure"]): (row["before"], row["after"], row["verdict"])
        for row in rows
        if row["part"] == part
    }


def test_lists_are_compared_item_by_item_where_both_builds_have_them(builds):
    """Ann has a, b and then a, d, c: 1 of 4; place 21 is not looked at. Bob's list is the same."""
    same, overlap = "share of lists changed", "mean Jaccard index of the first 20"
    assert figures(compare(*builds), "lists") == {
        ("users", "lists compared"): (None, 2, None),
        ("users", overlap): (None, 0.625, None),
        ("users", same): (None, 0.5, None),
        ("substitutes", "lists compared"): (None, 1, None),
        ("substitutes", overlap): (None, 0, None),
        ("substitutes", same): (None, 1, None),
        ("complements", "lists compared"): (None, 2, None),
        ("complements", overlap): (None, 1, None),
        ("complements", same): (None, 0, None),
    }


def test_products_and_users_come_and_go(builds):
    assert figures(compare(*builds), "keys") == {
        ("products", "in the build"): (3, 4, None),
        ("products", "came"): (None, 2, None),
        ("products", "went"): (None, 1, None),
        ("users", "in the build"): (3, 3, None),
        ("users", "came"): (None, 1, None),
        ("users", "went"): (None, 1, None),
    }


def test_products_that_came_and_went_are_named(builds, capsys):
    assert figures(compare(*builds), "products") == {
        ("b", "went"): (7, None, None),
        ("d", "came"): (None, 3, None),
        ("e", "came"): (None, 0, None),
    }
    assert main([str(builds[0]), str(builds[1])]) == 0
    said = capsys.readouterr().out.splitlines()
    place = said.index("products")
    assert said[place + 1 : place + 4] == [
        "  b: went  7 -> none",
        "  d: came  none -> 3",
        "  e: came  none -> 0",
    ]


def test_the_hundred_with_most_interactions_are_named(builds):
    with duckdb.connect(str(builds[1])) as connection:
        connection.execute(
            "insert into products select 'new ' || i, i from range(1000, 1200) as numbers (i)"
        )
    found = {subject for subject, figure in figures(compare(*builds), "products")}
    assert found == {"b", *(f"new {number}" for number in range(1100, 1200))}


def test_a_metric_has_changed_when_its_intervals_part(builds):
    assert figures(compare(*builds), "metrics") == {
        ("hybrid, any", "recall"): (0.20, 0.30, "higher"),
        ("covisit, any", "recall"): (0.20, 0.22, "level"),
        ("rp3beta, any", "recall"): (0.20, 0.10, "lower"),
        ("hybrid, any", "coverage"): (0.5, 0.4, None),
    }


def test_exposure_is_that_of_the_last_build_and_cleaning_a_share_of_all_rows(builds):
    rows = compare(*builds)
    assert figures(rows, "exposure") == {("hybrid", "share of places, decile 1"): (0.6, 0.5, None)}
    assert figures(rows, "cleaning") == {
        ("kept", "share of rows, clean event"): (0.6, 0.7, None),
        ("cleaned", "share of rows, robot"): (0.4, 0.2, None),
        ("rejected", "share of rows, missing user_id"): (None, 0.1, None),
    }


def test_a_build_differs_from_itself_in_nothing(builds):
    rows = compare(builds[0], builds[0])
    assert all(row["change"] == 0 for row in rows if row["before"] is not None)
    assert lines(rows)[:4] == [
        "lists",
        "  complements: lists compared  2",
        "  complements: mean Jaccard index of the first 20  1.0000",
        "  complements: share of lists changed  0.0000",
    ]
    assert not set(lines(rows)) & {"keys", "metrics", "exposure", "cleaning"}


def test_the_command_says_what_changed(builds, capsys):
    assert main([str(builds[0]), str(builds[1])]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "lists"
    assert "  users: mean Jaccard index of the first 20  0.6250" in said
    assert "  products: in the build  3 -> 4" in said
    assert "  hybrid, any: recall  0.2000 -> 0.3000  (higher)" in said
    assert "  rejected: share of rows, missing user_id  none -> 0.1000" in said
    assert not any("users: in the build" in line for line in said)
    assert main([str(builds[0]), str(builds[1]), "--all"]) == 0
    assert "  users: in the build  3 -> 3" in capsys.readouterr().out.splitlines()


def test_what_is_no_build_is_said_in_a_line(builds, tmp_path, capsys):
    assert main([str(builds[0]), str(tmp_path / "nowhere")]) == 1
    assert capsys.readouterr().err.endswith("nowhere is not a published build\n")
    (tmp_path / "text.duckdb").write_text("no database, but a text that is long enough")
    assert main([str(builds[0]), str(tmp_path / "text.duckdb")]) == 1
    assert capsys.readouterr().err.startswith("No comparison: ")


def test_the_first_build_has_no_differences(demo):
    with duckdb.connect(str(demo.warehouse / "longtail.duckdb"), read_only=True) as connection:
        assert connection.execute("from build_diff").fetchall() == []


def test_build_diff_compares_with_the_build_that_was_published_before(shop, odd_build):
    assert shop.dbt("build", "--select", "build_diff").is_good
    rows = shop.rows("from build_diff")
    assert [row["rank"] for row in rows] == list(range(1, len(rows) + 1))
    overlap = {
        row["subject"]: row["after"]
        for row in rows
        if row["figure"] == "mean Jaccard index of the first 20"
    }
    assert overlap["users"] == 1
    assert {row["part"] for row in rows} >= {"lists", "keys", "cleaning"}
    assert all(row["change"] == 0 for row in rows if row["before"] is not None)
    newest = shop.warehouse / ".builds" / "current"
    found = compare(newest, shop.warehouse)
    assert [{**row, "rank": rank} for rank, row in enumerate(found, 1)] == [
        {name: row[name] for name in [*found[0], "rank"]} for row in rows
    ]
