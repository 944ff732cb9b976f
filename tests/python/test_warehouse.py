"""Readers see one complete build, the old or the new one, whatever happens in between."""

import os
import shutil

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from longtail.build import database
from longtail.build import warehouse as module
from longtail.build.warehouse import BuildState, Warehouse, downstream, write_parquet


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
    """Return every value visible to a reader, in files and through views."""
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


def test_links_of_others_stay_even_when_they_lead_nowhere(warehouse):
    build(warehouse, 1)
    (warehouse.root / "mine.parquet").symlink_to("not mounted/mine.parquet")
    publish(warehouse)
    warehouse.repair()
    assert (warehouse.root / "mine.parquet").is_symlink()


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


def folders(warehouse: Warehouse) -> list[str]:
    """Return the names of the remaining builds."""
    return sorted(path.name for path in warehouse.builds.iterdir() if not path.is_symlink())


def test_an_open_connection_keeps_its_build_for_one_publication_and_then_finds_the_newest(
    warehouse,
):
    build(warehouse, 1)
    publish(warehouse)
    with duckdb.connect(str(warehouse.database), read_only=True) as reader:
        for value, found in ((2, 1), (3, 3), (4, 4), (5, 5)):
            build(warehouse, value)
            publish(warehouse)
            assert reader.execute("from a").fetchall() == [(found,)]
            assert len(folders(warehouse)) == 2


def test_an_open_connection_does_not_mind_a_new_column(warehouse):
    build(warehouse, 1)
    publish(warehouse)
    with duckdb.connect(str(warehouse.database), read_only=True) as reader:
        for value in (2, 3):
            table = pa.table({"w": ["new"], "x": [value]})
            write_parquet(table, warehouse.work / "a.parquet")
            publish(warehouse)
        assert reader.execute("from a").fetchall() == [(3,)]
    with duckdb.connect(str(warehouse.database), read_only=True) as reader:
        assert reader.execute("from a").fetchall() == [("new", 3)]


def test_links_of_long_gone_builds_are_removed(warehouse, monkeypatch):
    monkeypatch.setattr(module, "OLD_LINKS", 2)
    build(warehouse, 1)
    names = []
    for _ in range(6):
        publish(warehouse)
        names.append(os.readlink(warehouse.current))
    links = {path.name for path in warehouse.builds.iterdir() if path.is_symlink()}
    assert links == {"current", *names[2:4]}
    assert folders(warehouse) == names[4:]


def test_private_tables_have_a_schema_of_their_own(warehouse):
    tables = ("a", "int_b", "demo_c")
    build(warehouse, 1, tables)
    publish(warehouse, tables, descriptions={"int_b": ("B.", {"x": "X.", "y": "gone"})})
    with duckdb.connect(str(warehouse.database), read_only=True) as connection:
        views = connection.execute(
            "select schema_name, view_name, comment from duckdb_views()"
            " where not internal order by all"
        ).fetchall()
        assert views == [
            ("internal", "demo_c", None),
            ("internal", "int_b", "B."),
            ("main", "a", None),
        ]
        assert connection.execute("from internal.int_b").fetchall() == [(1,)]


ODD_FOLDER = "x=9/day=2020-02-02/[1]*/{{ a }};b"


def write_days(warehouse: Warehouse, value: int) -> None:
    """Write a table by day as work in progress."""
    for day in (1, 2):
        folder = warehouse.work / "days.parquet" / f"day=2024-01-0{day}"
        folder.mkdir(parents=True, exist_ok=True)
        write_parquet(pa.table({"x": [value]}), folder / "data.parquet")


def test_names_of_folders_above_are_neither_columns_nor_patterns(tmp_path):
    warehouse = Warehouse(tmp_path / ODD_FOLDER)
    warehouse.prepare()
    build(warehouse, 1)
    write_days(warehouse, 1)
    publish(warehouse, ("a", "days"))
    with duckdb.connect(str(warehouse.database), read_only=True) as connection:
        assert connection.execute("from a").fetchall() == [(1,)]
        rows = connection.execute("select x, day::varchar from days order by all").fetchall()
        assert rows == [(1, "2024-01-01"), (1, "2024-01-02")]
        plan = connection.execute("explain analyze from days where day > date '2024-01-01'")
        assert "Total Files Read: 1" in plan.fetchall()[0][1]


@pytest.mark.parametrize("way", [shutil.move, lambda *of: shutil.copytree(*of, symlinks=True)])
@pytest.mark.parametrize("place", ["there", ODD_FOLDER])
def test_a_moved_or_copied_warehouse_reads_its_own_files(warehouse, tmp_path, way, place):
    def at_work(at: Warehouse) -> str:
        with duckdb.connect(str(at.work / "build.duckdb")) as connection:
            for table in ("a", "days"):
                rows = database.rows_of(at.work / f"{table}.parquet")
                connection.execute(f"create view if not exists {table} as from {rows}")
            before = at.follow_move(connection)
            assert connection.execute("select x from a union from (select x from days)").fetchall()
            (sql,) = connection.execute("select string_agg(sql) from duckdb_views()").fetchall()[0]
        return before, sql

    build(warehouse, 1)
    write_days(warehouse, 1)
    assert at_work(warehouse)[0] == ""
    description = {"a": ("It's A.", {"x": "X."})}
    publish(
        warehouse, ("a", "days"), descriptions=description, statements=["create macro f() as 7"]
    )
    assert at_work(warehouse)[0] == ""
    moved = Warehouse(tmp_path / place / "shop")
    moved.root.parent.mkdir(parents=True)
    way(warehouse.root, moved.root)
    shutil.rmtree(warehouse.root, ignore_errors=True)
    before, sql = at_work(moved)
    assert before == str(warehouse.root)
    assert str(warehouse.root) not in sql
    with duckdb.connect(str(moved.database), read_only=True) as connection:
        assert connection.execute("select x, f() from a").fetchall() == [(1, 7)]
        assert connection.execute("select count(*), max(day)::varchar from days").fetchall() == [
            (2, "2024-01-02")
        ]
        found = connection.execute("select comment from duckdb_views() where view_name = 'a'")
        assert found.fetchall() == [("It's A.",)]
        found = connection.execute("select comment from duckdb_columns() where table_name = 'a'")
        assert found.fetchall() == [("X.",)]
    assert at_work(moved)[0] == ""


def test_a_disk_without_hard_links_will_do(warehouse, monkeypatch):
    def refuse(*_):
        raise OSError("no hard links here")

    monkeypatch.setattr(os, "link", refuse)
    build(warehouse, 1)
    publish(warehouse)
    assert seen(warehouse) == {1}


class Killed(BaseException):
    """The process was killed: nothing else runs, not even clean-up."""


class Countdown:
    """Allows so many disk changes, then none."""

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


@pytest.mark.parametrize("changes", range(26))
def test_a_kill_at_any_moment_leaves_one_whole_build(changes, warehouse, monkeypatch):
    for value in (0, 1):
        build(warehouse, value)
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
    assert len(folders(warehouse)) == 2


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
    assert BuildState(tmp_path).made_with == {"model.a": {}}
    state.finish([], known=["model.a"])  # the test was deleted from the project
    assert BuildState(tmp_path).pending == set()
    assert BuildState(tmp_path).changed
    state.published()
    assert not BuildState(tmp_path).changed


def test_comments_are_quoted():
    statements = database.comments('main."t"', "It's\n one.", {"x": "X's", "y": " "})
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
