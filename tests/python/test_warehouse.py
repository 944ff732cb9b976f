"""Readers see one whole build, the old one or the new one, whatever happens in between."""

import os
import shutil

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from longtail.build import warehouse as module
from longtail.build.warehouse import (
    BuildState,
    Warehouse,
    comment_statements,
    downstream,
    summary,
    write_parquet,
)


@pytest.fixture
def warehouse(tmp_path):
    warehouse = Warehouse(tmp_path / "shop")
    warehouse.prepare()
    return warehouse


def build(warehouse: Warehouse, value: int, tables=("a", "b")) -> None:
    """Write tables of one value, and a file beside them, as work in progress."""
    for table in tables:
        write_parquet(pa.table({"x": [value]}), warehouse.work / f"{table}.parquet")
    fresh = warehouse.work / "graph.new"
    fresh.write_text(str(value))
    os.replace(fresh, warehouse.work / "graph.edg")


def publish(warehouse: Warehouse, tables=("a", "b"), **more) -> None:
    warehouse.publish(tables, extra_files=["graph.edg"], **more)


def seen(warehouse: Warehouse) -> set[int]:
    """Return every value that a reader can find, in files and through views."""
    if not warehouse.database.exists():
        return set()
    found = {int((warehouse.root / "graph.edg").read_text())}
    for file in warehouse.root.glob("*.parquet"):
        found |= set(pq.read_table(file).column("x").to_pylist())
    with duckdb.connect(str(warehouse.database), read_only=True) as connection:
        for (view,) in connection.execute("select view_name from duckdb_views()").fetchall():
            if view in ("a", "b", "c"):
                found |= {row[0] for row in connection.execute(f"from {view}").fetchall()}
    return found


def test_tables_in_progress_are_not_seen(warehouse):
    build(warehouse, 1)
    assert seen(warehouse) == set()
    publish(warehouse)
    build(warehouse, 2)
    assert seen(warehouse) == {1}
    publish(warehouse)
    assert seen(warehouse) == {2}


def test_tables_that_are_gone_leave_no_name(warehouse):
    build(warehouse, 1, tables=("a", "b"))
    publish(warehouse)
    build(warehouse, 2, tables=("b", "c"))
    publish(warehouse, tables=("b", "c"))
    assert {path.stem for path in warehouse.root.glob("*.parquet")} == {"b", "c"}


def test_a_missing_table_publishes_nothing(warehouse):
    build(warehouse, 1)
    publish(warehouse)
    build(warehouse, 2)
    with pytest.raises(FileNotFoundError):
        publish(warehouse, tables=("a", "b", "c"))
    assert seen(warehouse) == {1}


def test_a_bad_statement_publishes_nothing(warehouse):
    build(warehouse, 1)
    with pytest.raises(duckdb.Error):
        publish(warehouse, statements=["create macro broken("])
    assert seen(warehouse) == set()


def test_an_open_reader_keeps_its_build_until_the_one_after_the_next(warehouse):
    build(warehouse, 1)
    publish(warehouse)
    with duckdb.connect(str(warehouse.database), read_only=True) as reader:
        build(warehouse, 2)
        publish(warehouse)
        assert reader.execute("from a").fetchall() == [(1,)]
    builds = [path for path in warehouse.builds.iterdir() if not path.is_symlink()]
    assert len(builds) == 2
    publish(warehouse)
    builds = [path for path in warehouse.builds.iterdir() if not path.is_symlink()]
    assert len(builds) == 2


def test_a_disk_without_hard_links_will_do(warehouse, monkeypatch):
    def refuse(*_):
        raise OSError("no hard links here")

    monkeypatch.setattr(os, "link", refuse)
    build(warehouse, 1)
    publish(warehouse)
    assert seen(warehouse) == {1}


class Killed(BaseException):
    """The process is gone: nothing else runs, no clean-up either."""


class Countdown:
    """Lets so many changes of the disk happen, then none any more."""

    def __init__(self, monkeypatch, changes: int) -> None:
        self.left = changes
        for owner, name in [
            (os, "link"),
            (os, "symlink"),
            (os, "replace"),
            (os, "mkdir"),
            (os, "unlink"),
            (shutil, "rmtree"),
            (module.duckdb, "connect"),
        ]:
            monkeypatch.setattr(owner, name, self.wrap(getattr(owner, name)))

    def wrap(self, change):
        def counted(*arguments, **options):
            if self.left == 0:
                raise Killed
            self.left -= 1
            return change(*arguments, **options)

        return counted


@pytest.mark.parametrize("changes", range(20))
def test_a_kill_at_any_moment_leaves_one_whole_build(changes, warehouse, monkeypatch):
    build(warehouse, 1)
    publish(warehouse)
    build(warehouse, 2, tables=("a", "b", "c"))
    with monkeypatch.context() as patch:
        countdown = Countdown(patch, changes)
        try:
            publish(warehouse, tables=("a", "b", "c"))
        except Killed:
            assert countdown.left == 0
        else:
            assert changes > 10, "hardly anything was counted"
    found = seen(warehouse)
    assert found in ({1}, {2})
    # The next start puts names in order, the next publication the rest.
    warehouse.repair()
    assert seen(warehouse) == found
    assert (warehouse.root / "c.parquet").exists() == (found == {2})
    publish(warehouse, tables=("a", "b", "c"))
    assert seen(warehouse) == {2}
    assert len(list(warehouse.builds.iterdir())) <= 3


def test_a_parquet_file_appears_when_it_is_complete(tmp_path):
    path = tmp_path / "x.parquet"
    write_parquet(pa.table({"x": [1]}), path)

    def batches():
        yield pa.record_batch({"x": [2]})
        raise RuntimeError("half-way")

    schema = pa.schema({"x": pa.int64()})
    with pytest.raises(RuntimeError, match="half-way"):
        write_parquet(pa.RecordBatchReader.from_batches(schema, batches()), path)
    assert pq.read_table(path).to_pydict() == {"x": [1]}
    assert list(tmp_path.iterdir()) == [path]


def test_what_a_killed_build_left_is_removed(warehouse):
    build(warehouse, 1)
    (warehouse.work / "spill").mkdir()
    left = [
        "spill/duckdb_temp_storage.tmp",
        "a.parquet.partial",
        "tmp_b.parquet",
        "b.parquet.part3",
        "days.parquet.part0/day=2024-01-01/data.parquet",
    ]
    for name in left:
        (warehouse.work / name).parent.mkdir(parents=True, exist_ok=True)
        (warehouse.work / name).write_bytes(b"half")
    warehouse.repair()
    assert {path.name for path in warehouse.work.iterdir()} == {
        *("a.parquet", "b.parquet", "graph.edg")
    }


def test_an_empty_table_keeps_its_columns(tmp_path):
    schema = pa.schema({"x": pa.string(), "y": pa.list_(pa.float32())})
    write_parquet(schema.empty_table(), tmp_path / "x.parquet")
    assert pq.read_table(tmp_path / "x.parquet").schema.equals(schema)


def test_only_arrow_is_written(tmp_path):
    with pytest.raises(TypeError, match="must be an Arrow table or reader, not dict"):
        write_parquet({"x": [1]}, tmp_path / "x.parquet")


def test_downstream_is_found_through_any_number_of_steps():
    parents = {"b": ["a"], "c": ["b", "x"], "test": ["c"], "d": ["x"], "e": []}
    assert downstream(["b"], parents) == {"b", "c", "test"}
    assert downstream(["x", "e"], parents) == {"x", "c", "test", "d", "e"}
    assert downstream([], parents) == set()


def test_state_survives_the_process(tmp_path):
    BuildState(tmp_path).begin(["model.a", "test.a"])
    state = BuildState(tmp_path)
    assert (state.changed, state.pending) == (True, {"model.a", "test.a"})
    state.finish(["model.a"], known=["model.a", "test.a"])
    assert BuildState(tmp_path).pending == {"test.a"}
    state.finish([], known=["model.a"])  # the test was deleted from the project
    assert BuildState(tmp_path).pending == set()
    assert BuildState(tmp_path).changed
    state.published()
    assert not BuildState(tmp_path).changed


def test_comments_are_quoted_and_only_for_columns_that_there_are():
    statements = comment_statements("t", "It's\n one.", {"x": "X's", "gone": "?"}, ["x", "y"])
    with duckdb.connect() as connection:
        connection.execute("create view t as select 1 as x, 2 as y")
        for statement in statements:
            connection.execute(statement)
        found = connection.execute("select comment from duckdb_views() where view_name = 't'")
        assert found.fetchall() == [("It's one.",)]
        found = connection.execute(
            "select column_name, comment from duckdb_columns() where table_name = 't' order by 1"
        )
        assert found.fetchall() == [("x", "X's"), ("y", None)]


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


@pytest.mark.parametrize(
    ("user", "shown"),
    [("u-1", "where user_id = 'u-1' order by rank"), ('it\'s "$(x)"', "from user_recommendations")],
)
def test_the_summary_counts_and_offers_a_query_that_a_shell_can_take(user, shown, tmp_path):
    path = tmp_path / "longtail.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("create table stg_events as from range(1234)")
        connection.execute("create table rejected_events as from range(5)")
        connection.execute("create table products as from range(7)")
        connection.execute(
            "create table user_recommendations as select ? as user_id, 'graph' as source", [user]
        )
        connection.execute(f"create table model_metrics as {METRICS}")
        connection.execute(
            f"create table release_gates as from ({GATES}) as gates(gate, status, message)"
        )
    lines = summary(path)
    assert lines[0] == f"Published {path}"
    assert "1,234 kept, 5 rejected" in lines[1]
    assert "12 users, recall@20 of the hybrid 0.250" in lines[5]
    assert lines[6] == (
        "  undecided gates  recall against its best part, recall against popularity: "
        "not enough to judge: 12 evaluated users"
    )
    assert "coverage" not in "".join(lines)
    assert shown in lines[-1]
    assert "$(x)" not in lines[-1]
