"""Queries are split exactly at the boundaries of their CTEs, whatever they contain."""

from collections import Counter

import duckdb
import test_ranked_arms
from dbt_shop import parsed_for

from longtail.spark.shared_ctes import Cte, join, split

QUERY = """-- depends_on: a table
with first as (
    select ')' as text, (1 + 2) as three -- it's here :)
    from t /* ( */
),

second as (
    with inner_one as (select 'it\\'s (' as x) select * from first where true /* computed once */
)

select * from second"""


def test_a_query_is_split_at_its_ctes():
    ctes, rest = split(QUERY)
    assert [cte.name for cte in ctes] == ["first", "second"]
    assert "from t" in ctes[0].query and "computed once" not in ctes[0].query
    assert ctes[1].query.strip().startswith("with inner_one")
    assert rest.strip() == "select * from second"


def test_a_split_query_joined_is_the_query():
    ctes, rest = split(QUERY)
    assert split(join(ctes, rest))[0] == [Cte(name, f"\n{query}\n") for name, query in ctes]


def test_a_query_with_ctes_of_its_own_may_follow_others():
    own = "-- why\nwith second as (select x + 1 as y from first) select y from second"
    with duckdb.connect() as connection:
        assert connection.sql(join([Cte("first", "select 1 as x")], own)).fetchall() == [(2,)]


def test_a_query_without_ctes_or_with_recursive_ones_stays_whole():
    for query in (
        "select * from (with a as (select 1) select * from a)",
        "with recursive a as (select 1) select * from a",
    ):
        assert split(query) == ([], query)


def test_a_query_reads_an_unmarked_ephemeral_model_in_three_ways_at_most(shop):
    """Spark computes it once for each way, and one below a marked model once for that model."""
    vars = {**test_ranked_arms.VARS, "experiments": test_ranked_arms.EXPERIMENTS}
    nodes = parsed_for(vars, shop.options).nodes  # as other tests parse
    models = {
        name: node
        for name, node in nodes.items()
        if node.resource_type == "model" and node.language == "sql"
    }
    ephemeral = {name for name in models if models[name].config.materialized == "ephemeral"}
    marked = {name for name in ephemeral if "computed_once()" in models[name].raw_code}
    assert "model.longtail.int_ranker_case_histories" in ephemeral

    def ways(reader: str, stored: set[str]) -> Counter[str]:
        found: Counter[str] = Counter()
        for parent in ephemeral.intersection(models[reader].depends_on.nodes) - stored:
            stored |= marked & {parent}
            found += Counter({parent}) + ways(parent, stored)
        return found

    often = {
        (reader, name): count
        for reader in models.keys() - ephemeral
        for name, count in ways(reader, set()).items()
        if count > 3
    }
    assert often == {}
