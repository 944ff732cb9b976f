"""The tables of `models/insights` in the published database."""

from pathlib import Path

import duckdb
import pytest

from longtail.build import database

ROOT = Path(__file__).resolve().parents[2]
TABLES = {file.stem for file in (ROOT / "models" / "insights").glob("*.sql")}
INSIGHTS = sorted(TABLES - {"build_diff"})
"""Those that are lists."""


def test_there_are_ten():
    assert len(INSIGHTS) == 10


@pytest.mark.parametrize("name", INSIGHTS)
def test_a_list_begins_with_its_first_row(demo, name):
    with duckdb.connect(str(demo.warehouse / "longtail.duckdb"), read_only=True) as connection:
        rows = connection.execute(f"from {name} limit 20").fetchall()
    assert rows
    assert [row[0] for row in rows] == list(range(1, len(rows) + 1))


def test_a_view_of_a_list_is_in_order_whatever_its_file_is(tmp_path):
    with database.connect(tmp_path / "longtail.duckdb") as connection:
        for name, columns in {"best": "rank, product", "places": "product, rank"}.items():
            connection.execute(
                f"copy (select {columns} from (values (3, 'c'), (1, 'a'), (2, 'b')) as rows "
                f"(rank, product)) to '{tmp_path}/{name}.parquet'"
            )
        database.create_views(connection, tmp_path, ["best", "places"], {})
        assert connection.execute("from best limit 2").fetchall() == [(1, "a"), (2, "b")]
        assert connection.execute("from places limit 1").fetchall() == [("c", 3)]
