"""The summary that a build prints at its end."""

from pathlib import Path

import duckdb
import pytest

from longtail.build.summary import summary

METRICS = """
    select
        'hybrid' as model, 'next interaction' as task, 'all' as segment, 'recall' as metric,
        20 as k, .25 as value, 12 as users
"""
GATES = """
    values
    ('recall against popularity', 'undecided', 'not enough to judge: 12 evaluated users'),
    ('recall against its best part', 'undecided', 'not enough to judge: 12 evaluated users'),
    ('coverage', 'passed', null)
"""


BUILD_INFO = """
    select
        timestamp '2024-01-01' + to_days(day) as built_at, 1150 as events_kept,
        100 * day as events_rejected, 800 as events_clean, 700 as events_learned,
        .5 as share_without_seconds, '{"ranker": "off"}' as settings, 5 as catalogue_products,
        1 as products_without_events, 2 as products_not_in_catalogue
    from (values (0), (1)) as days (day)
"""
CLEANING_REPORT = """
    from (values
        ('kept', 'clean event', 800, 90), ('cleaned', 'short stay', 340, 12),
        ('cleaned', 'robot', 10, 1), ('deduplicated', 'exact duplicate', 0, 0),
        ('rejected', 'missing user_id', 95, null), ('rejected', 'negative price', 5, null)
    ) as rules (step, rule, events, users)
"""


AVAILABILITY = """
    select range % 4 = 0 as is_shown, case range % 4
        when 1 then 'unavailable' when 2 then 'hidden' when 3 then 'unavailable'
    end as withheld_as
    from range(7)
"""
SERVING = "select 'covisit' as model, null::varchar as ranker, 'clearly better' as reason"


def make(path: Path, user: str = "u", settings: str = '{"ranker": "off"}') -> None:
    """Write a published database with the summary's inputs."""
    tables = {
        "build_info": BUILD_INFO,
        "cleaning_report": CLEANING_REPORT,
        "products": "from range(7)",
        "model_metrics": METRICS,
        "release_gates": f"from ({GATES}) as gates(gate, status, message)",
        "product_availability": AVAILABILITY,
        "rejected_products": "from range(3)",
        "internal.int_serving": SERVING,
    }
    with duckdb.connect(str(path)) as connection:
        connection.execute("create schema internal")
        for name, rows in tables.items():
            connection.execute(f"create table {name} as {rows}")
        connection.execute("update build_info set settings = ?", [settings])
        connection.execute(
            "create table user_recommendations as select ? as user_id, 'graph' as source", [user]
        )


@pytest.mark.parametrize(
    ("user", "shown"),
    [("u-1", "where user_id = 'u-1' order by rank"), ('it\'s "$(x)"', "from user_recommendations")],
)
def test_the_summary_counts_and_offers_a_query_that_a_shell_can_take(user, shown, tmp_path):
    path = tmp_path / "longtail.duckdb"
    make(path, user)
    lines = summary(path)
    assert lines[0] == f"Published {path}"
    assert lines[1:7] == [
        "  events           1,250 read: 1,150 kept, 100 rejected",
        "  clean            800, of which 700 were learned from",
        "  removed          short stay: 340 rows of 12 users, 27.2% of those read",
        "                   missing user_id: 95 rows, 7.6% of those read",
        "                   robot: 10 rows of 1 user, 0.8% of those read",
        "  clock            50% of the events are on days whose times show no seconds: no stay is "
        "called short there, and the order within a moment is unknown (window: 0 makes pairs "
        "without order)",
    ]
    assert lines[7:10] == [
        "  products         7",
        "  catalogue        5 products, 1 of them without events; 2 products of the log are not in "
        "it; rows rejected: 3",
        "  never shown      5 products: unavailable 3, hidden 2",
    ]
    assert "12 users, recall@20 of the hybrid 0.250" in lines[12]
    assert lines[13] == (
        "  undecided gates  recall against its best part, recall against popularity: "
        "not enough to judge: 12 evaluated users"
    )
    assert "coverage" not in "".join(lines)
    assert shown in lines[-1]
    assert "$(x)" not in lines[-1]


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        ('{"ranker": "trees"}', "recall@20 of the covisit 0.500"),
        ('{"ranker": false}', "recall@20 of the hybrid 0.250"),
        ("{}", "recall@20 of the hybrid 0.250"),
    ],
)
def test_the_summary_is_about_the_lists_that_are_published(settings, line, tmp_path):
    path = tmp_path / "longtail.duckdb"
    make(path, settings=settings)
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            "insert into model_metrics by name select 'ranked' as model, 0.5 as value,"
            " * exclude (model, value) from model_metrics where model = 'hybrid'"
        )
    lines = summary(path)
    assert line in "".join(lines)
    assert ("  ranker           clearly better" in lines) == ("covisit" in line)


def test_the_summary_of_a_shop_without_a_catalogue_does_not_speak_of_one(tmp_path):
    path = tmp_path / "longtail.duckdb"
    make(path)
    with duckdb.connect(str(path)) as connection:
        connection.execute("update build_info set catalogue_products = 0")
        connection.execute("delete from rejected_products")
        connection.execute("update product_availability set is_shown = true, withheld_as = null")
    assert "catalogue" not in "".join(summary(path))
    assert "never shown" not in "".join(summary(path))
