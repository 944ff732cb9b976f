"""Event files are staged in parts that give the whole, and a part may be staged twice."""

import json
from dataclasses import asdict

import duckdb
import pyarrow as pa
import pytest

pytest.importorskip("pyspark", reason="no pyspark: make test-spark")

from longtail.build import event_files, scan
from longtail.spark import staging

EVENT = "select '2024-01-01' as event_time, 'view' as event_type, 'p' as product_id"


def task(**changed) -> pa.RecordBatch:
    """Return a partition of one task."""
    given = {"query": "select 1 as x", "broken_lines": "", "version": duckdb.__version__}
    given |= {"rows_to": "", "broken_to": "", "size": 0}
    return pa.RecordBatch.from_pydict(
        {"task": [json.dumps(asdict(staging.Task(**given | changed)))]}
    )


@pytest.mark.parametrize("rows_per_task", [1, 2500, 9000, 10**6])
def test_parts_of_a_parquet_file_give_its_rows_once(tmp_path, rows_per_task):
    path = f"{tmp_path}/events.parquet"
    duckdb.sql(
        f"copy ({EVENT}, i as user_id from range(20000) as t (i)) to '{path}' (row_group_size 2048)"
    )
    ((file, sql),) = scan.file_queries(event_files.describe_files([path])).items()
    parts = staging.parts_of(file, sql, rows_per_task)
    assert len(parts) == {1: 10, 2500: 10, 9000: 3, 10**6: 1}[rows_per_task]
    together = "\nunion all\n".join(part for part, _ in parts)
    assert duckdb.sql(f"({sql}) except all ({together})").fetchall() == []
    assert duckdb.sql(f"select count(*) from ({together})").fetchall() == [(20000,)]


def test_a_text_file_is_one_part(tmp_path):
    path = tmp_path / "events.csv"
    path.write_text('event_time,event_type,product_id,user_id\n2024-01-01,view,"a\nb",u\n')
    ((file, sql),) = scan.file_queries(event_files.describe_files([str(path)])).items()
    assert staging.parts_of(file, sql, 1) == [(sql, path.stat().st_size)]


def test_a_task_that_runs_twice_leaves_one_file(tmp_path):
    place = tmp_path / "part.parquet"
    for _ in range(2):
        assert [batch.num_rows for batch in staging.stage([task(rows_to=str(place))])] == [1]
    assert list(tmp_path.iterdir()) == [place]
    assert duckdb.sql(f"from '{place}'").fetchall() == [(1,)]


def test_a_task_that_fails_leaves_no_file_under_its_name(tmp_path):
    place = tmp_path / "part.parquet"
    fails = "select error('no') from range(1000000)"
    with pytest.raises(duckdb.Error):
        list(staging.stage([task(query=fails, rows_to=str(place))]))
    assert not place.exists()


def test_executors_have_the_builds_version_of_duckdb(tmp_path):
    with pytest.raises(ImportError, match=r"not 0\.0\.1"):
        list(staging.stage([task(version="0.0.1")]))
