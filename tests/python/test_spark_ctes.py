"""Queries are split exactly at the boundaries of their CTEs, whatever they contain."""

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


def test_a_query_without_ctes_or_with_recursive_ones_stays_whole():
    for query in (
        "select * from (with a as (select 1) select * from a)",
        "with recursive a as (select 1) select * from a",
    ):
        assert split(query) == ([], query)
