"""The data test `every_row` finds each kind of fault, and nothing in a table that has none."""

import re

import duckdb
import jinja2
import pytest
from dbt_shop import ROOT

LISTS = "select * from (values {}) as lists (user_id, rank, product_id, score)"
GOOD = ("('a', 1, 'x', 3)", "('a', 2, 'y', 3)", "('a', 3, 'z', 1)", "('b', 1, 'x', 2)")
CLAIMS = {
    "satisfies": ["score > 0", "product_id != ''"],
    "key": ["user_id", "product_id"],
    "ranks_within": ["user_id"],
    "score": "score",
    "row_count": "select 4",
}


@pytest.fixture(scope="module")
def faults():
    """A function from rows and claims to the faults that the test finds."""
    source = (ROOT / "tests/generic/every_row.sql").read_text()
    source = source.replace("{% test ", "{% macro ").replace("{% endtest %}", "{% endmacro %}")
    source += (ROOT / "macros/build/sampled_by_key.sql").read_text()
    source += (
        "{% macro text_literal(text) -%} '{{ text | replace(\"'\", \"''\") }}' {%- endmacro %}"
    )
    template = jinja2.Environment(autoescape=False).from_string(source)  # SQL, not a page

    def find(rows, **claims) -> list[tuple]:
        with duckdb.connect() as connection:
            connection.execute(f"create table lists as {LISTS.format(', '.join(rows))}")
            sql = str(template.module.every_row("lists", **claims))
            return sorted(connection.execute(re.sub(r"\{#.*?#\}", "", sql)).fetchall())

    return find


def test_a_good_table_has_no_fault(faults):
    assert faults(GOOD, **CLAIMS) == []
    assert faults(GOOD, key=["user_id", "rank"]) == []
    assert faults(GOOD[:3], ranks_within=[]) == []


@pytest.mark.parametrize(
    ("rows", "found"),
    {
        "a condition is false": (
            [*GOOD[:3], "('b', 1, 'x', -2)"],
            [("score > 0", "b, x")],
        ),
        "a condition is null": (
            [*GOOD[:3], "('b', 1, 'x', null)"],
            [("score > 0", "b, x")],
        ),
        "a key is there twice": (
            [*GOOD[:2], "('a', 3, 'y', 1)", GOOD[3]],
            [("one row per user_id, product_id", "a, y")],
        ),
        "a part of a key is null": (
            [*GOOD[:3], "(null, 1, 'x', 2)"],
            [("one row per user_id, product_id", "x")],
        ),
        "a rank is missing": (
            [*GOOD[:2], "('a', 4, 'z', 1)", GOOD[3]],
            [("dense rank from 1", ", a")],
        ),
        "a rank is there twice": (
            [*GOOD[:2], "('a', 2, 'z', 3)", GOOD[3]],
            [("dense rank from 1", ", a")],
        ),
        "ranks start at 2": (
            [*GOOD[:3], "('b', 2, 'x', 2)"],
            [("dense rank from 1", ", b")],
        ),
        "a score is above the one before": (
            [*GOOD[:2], "('a', 3, 'z', 4)", GOOD[3]],
            [("score falls with rank", "a, 3")],
        ),
        "a row is missing": (GOOD[:3], [("select 4 rows", "3")]),
    }.values(),
)
def test_each_fault_is_found_and_placed(rows, found, faults):
    assert faults(rows, **CLAIMS) == found


def test_only_what_is_claimed_is_checked(faults):
    rows = ["('a', 7, 'x', -1)", "('a', 7, 'x', 5)", "(null, null, null, null)"]
    assert faults(rows) == []
    assert faults(rows, satisfies=["rank = 7"])[0][0] == "rank = 7"
    assert faults(rows, key=["user_id", "score"], nullable=["user_id", "score"]) == []


def test_ranks_may_be_of_the_whole_table_and_start_at_0(faults):
    rows = ["('a', 0, 'x', 1)", "('a', 1, 'y', 1)"]
    assert faults(rows, ranks_within=[], first=0) == []
    assert [fault for fault, _ in faults(rows, ranks_within=[])] == ["dense rank from 1"]
    assert faults(rows, ranks_within=[], rank="score")[0][0] == "dense score from 1"
