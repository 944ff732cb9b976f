"""Actions that only Spark needs: write a query's rows to files, register files as tables.

Spark writes the folders that DuckDB writes. Days, publication, gates and report read files only, so
they are the same for both engines.
"""

from __future__ import annotations

import json
import os
import runpy
import tempfile
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql.pandas.types import from_arrow_schema

from longtail.build import database
from longtail.build.actions import Actions
from longtail.build.file_rows import EventFile
from longtail.build.run import Run
from longtail.build.warehouse import Warehouse, remove
from longtail.spark import shared_ctes, staging

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

PATTERNS = set("*?[]{}'`%#\\")
"""Characters with a special meaning in Hadoop paths or Spark SQL."""
BROKEN_LINES = "broken_lines"
"""The folder for lines that tasks could not split, until the build's table has them."""
NO_BROKEN_LINES = """
    select
        null::varchar as source_file,
        null::ubigint as line_number,
        null::varchar as raw_text,
        null::varchar as error_type
    where false
"""
FILES_OF_HADOOP = (".*.crc", "_SUCCESS")
UNSIGNED = {
    pa.uint8(): pa.int16(),
    pa.uint16(): pa.int32(),
    pa.uint32(): pa.int64(),
    pa.uint64(): pa.decimal128(20, 0),
}
"""Spark's type for parquet columns of types that it lacks."""


class SparkActions(Actions):
    """All actions, with a Spark session for those that move rows.

    Parameters
    ----------
    warehouse
        A folder that this process and Spark's executors share.
    spark
        The session, local or by Spark Connect.
    limits
        DuckDB's options for Python models: threads, memory_limit, time zone.

    Raises
    ------
    ValueError
        If Spark could not read the folder's path.
    duckdb.IOException
        If another build runs in it.
    """

    def __init__(
        self, warehouse: Warehouse, spark: SparkSession, limits: Mapping[str, Any]
    ) -> None:
        super().__init__(warehouse)
        if found := PATTERNS & set(str(self.work)):
            raise ValueError(
                f"the warehouse folder {warehouse.root} has a {found.pop()} in its path, which "
                "Spark reads as a pattern: set LONGTAIL_WAREHOUSE (make: WAREHOUSE=) to one without"
            )
        self.spark = spark
        self.names: dict[str, str] = {}
        """Full paths of input files to their names as the user wrote them."""
        # Held open for the run: no other build of this warehouse can start meanwhile.
        self.duckdb = duckdb.connect(str(self.work / "build.duckdb"), config=dict(limits))
        warehouse.repair()

    def _make_room(self, selected: Sequence[str]) -> None:
        """Do nothing: Spark's folder replaces any earlier table."""

    def do_name_tables(self, *, schema: str) -> None:
        """Register every table in progress in Spark's catalogue, which starts empty."""
        self.spark.sql(f"create schema if not exists {schema}")
        self.schema = schema
        for path in sorted(self.work.glob("*.parquet")):
            self.do_name_table(name=f"{schema}.{path.stem}", location=str(path))

    def do_name_table(self, *, name: str, location: str) -> None:
        """Register a file or folder as a table in the catalogues of Spark and of the build."""
        table = Path(location)
        is_by_day = database.is_by_day(table)
        self.spark.sql(f"drop table if exists {name}")
        self.spark.sql(
            f"create table {name} {_definition(table, is_by_day)} location '{_uri(table)}'"
        )
        if is_by_day:
            self.spark.catalog.recoverPartitions(name)
        with self.duckdb.cursor() as cursor:
            rows = database.rows_of(Path(location))
            cursor.execute(f"create or replace view {name} as select * from {rows}")

    def do_write_query(self, *, query: str, location: str, day: str = "") -> None:
        """Write the rows of a query as parquet files, partitioned by `day` if that is a column.

        A folder that is not by day replaces an earlier table once complete.
        """
        target = Path(location)
        fresh = target if day else target.with_name(f"{target.name}.partial")
        remove(fresh)
        scratch = self.work / f"tmp_{uuid.uuid4().hex}"
        try:
            frame = self.spark.sql(self._with_stored_ctes(query, scratch))
            writer = (frame.repartition(day) if day else frame).write
            writer = writer.option("compression", "zstd")
            (writer.partitionBy(day) if day else writer).parquet(_uri(fresh))
        finally:
            remove(scratch)
        for pattern in FILES_OF_HADOOP:
            for file in fresh.rglob(pattern):
                file.unlink()
        if not day:
            remove(target)
            os.rename(fresh, target)

    def _with_stored_ctes(self, query: str, folder: Path) -> str:
        """Write the rows of marked CTEs to a folder; return the query that reads that folder."""
        ctes, rest = shared_ctes.split(query)
        for place, (name, body) in enumerate(ctes):
            if shared_ctes.MARK in body:
                uri = _uri(folder / name)
                self.spark.sql(shared_ctes.join(ctes[:place], body)).write.parquet(uri)
                ctes[place] = shared_ctes.Cte(name, f"select * from parquet.`{uri}`")
        return shared_ctes.join(ctes, rest)

    def do_compute_ctes(self, *, query: str) -> str:
        """Compute the marked CTEs of a query over few rows; return the query that reads them."""
        ctes, rest = shared_ctes.split(query)
        for place, (name, body) in enumerate(ctes):
            if shared_ctes.MARK in body:
                view = f"computed_{uuid.uuid4().hex}"
                frame = self.spark.sql(shared_ctes.join(ctes[:place], body))
                frame.localCheckpoint().createOrReplaceTempView(view)
                ctes[place] = shared_ctes.Cte(name, f"select * from {view}")
        return shared_ctes.join(ctes, rest)

    # ---- staging, which is DuckDB's: docs/spark.md, "Event files read by the executors" ---------

    def _as_read(self, files: Iterable[EventFile]) -> list[EventFile]:
        """Return the files by full path: executors have another working folder."""
        located = [replace(file, local=os.path.abspath(file.local or file.path)) for file in files]
        self.names |= {file.local: file.path for file in located}
        return located

    def do_scan(self, *, run: Run) -> str:
        """Check the event files; return what stands for their rows until there is a task for each.

        Without a new file, return the query for no rows.
        """
        return staging.ROWS if self._file_queries(run) else super().do_scan(run=run)

    def do_write_by_duckdb(self, *, run: Run, query: str, location: str, broken_lines: str) -> None:
        """Write the rows of a DuckDB query; those of event files in Spark's tasks, one per file."""
        target = Path(location)
        fresh = target.with_name(f"{target.name}.partial")
        broken = self.work / BROKEN_LINES
        for folder in (fresh, broken):
            remove(folder)
        if staging.ROWS in query:
            for folder in (fresh, broken):
                folder.mkdir()
            queries = self._file_queries(run)
            staging.run(self.spark, staging.tasks_of(queries, query, broken_lines, fresh, broken))
            # Attempts that were killed leave a file under another name.
            for file in [*fresh.iterdir(), *broken.iterdir()]:
                if file.suffix != ".parquet":
                    file.unlink()
        else:
            with self.duckdb.cursor() as cursor:
                cursor.execute(f"copy ({query}) to '{fresh}' (format parquet, compression zstd)")
        remove(target)
        os.rename(fresh, target)

    def do_keep_broken_lines(self, *, table: str) -> None:
        """Keep the lines that no task could split in a table of the build, as DuckDB does."""
        folder = self.work / BROKEN_LINES
        rows = NO_BROKEN_LINES
        if any(folder.glob("*.parquet")):
            # A side file of `event_tables` is read, and reported, by every task.
            rows = f"""
                select distinct
                    coalesce(names.name, lines.source_file) as source_file,
                    lines.* exclude (source_file)
                from {database.rows_of(folder)} as lines
                left join names on lines.source_file = names.path
            """
        names = {"path": list(self.names), "name": list(self.names.values())}
        with self.duckdb.cursor() as cursor:
            cursor.register("names", pa.table(names, pa.schema(dict.fromkeys(names, pa.string()))))
            cursor.execute(f"create or replace table {self.schema}.{table} as {rows}")
        remove(folder)

    def do_files_read(self, *, run: Run) -> list[str]:
        """Record what stg_raw_events holds, also as the table `files_read` of both engines."""
        names = super().do_files_read(run=run)
        with self.duckdb.cursor() as cursor:
            cursor.register("names", pa.table({"source_file": pa.array(names, pa.string())}))
            cursor.execute(f"create or replace table {self.schema}.files_read as from names")
        listed = ", ".join(map(_text_literal, names))
        self.spark.sql(
            f"create or replace view {self.schema}.files_read as "
            f"select explode(cast(array({listed}) as array<string>)) as source_file"
        )
        return names

    def do_kept_rows(self, *, table: str) -> str:
        """Return the name of a table in progress when some of its rows are reused, else ''."""
        return f"{self.schema}.{table}" if super().do_kept_rows(table=table) else ""

    def do_rows_by_duckdb(self, *, query: str) -> list[tuple]:
        """Return the rows of a query over the build's tables."""
        with self.duckdb.cursor() as cursor:
            return cursor.execute(query).fetchall()

    def do_write_empty_day(self, *, query: str, table: str, day: str) -> None:
        """Write an empty file that preserves the columns of a table by day without rows."""
        folder = self.work / f"{table}.parquet.new" / f"{day}=1970-01-01"
        frame = self.spark.sql(query).drop(day).limit(0)
        pq.write_table(frame.toArrow(), folder / "empty.parquet")

    def do_write_edgelist(self, *, table: str) -> None:
        """Write a table of edges as an edge list for csrgraph and other tools."""
        target = self.work / f"{table}.edg"
        rows = database.rows_of(self.work / f"{table}.parquet")
        with self.duckdb.cursor() as cursor:
            cursor.execute(f"""
                copy (
                    select source_node_id, target_node_id, weight from {rows}
                    order by source_node_id, target_node_id
                ) to '{target}' (format csv, delimiter '\t', header false, use_tmp_file true)
            """)

    def do_earlier(self, *, table: str) -> str:
        """Return the query for a table's rows as published by earlier builds, or ''."""
        published = self.warehouse.root / f"{table}.parquet"
        if not published.exists():
            return ""
        return f"select * from parquet.`{_uri(published.resolve())}`"

    def do_search_reports(self, *, tables: Sequence[str]) -> list[str]:
        """Return the search reports in the metadata of tables' files, as JSON texts."""
        found = []
        for table in tables:
            metadata = pq.read_schema(self.work / f"{table}.parquet").metadata or {}
            if b"search" in metadata:
                found.append(json.dumps(json.loads(metadata[b"search"])))
        return found

    def run_python(self, name: str, code: str) -> None:
        """Run a compiled Python model on DuckDB relations over its parents' files.

        Parameters
        ----------
        name
            Of the model, for tracebacks.
        code
            What dbt compiled: functions `model` and `materialize`, class `dbtObj`.
        """
        with self.duckdb.cursor() as cursor:

            def rows(reference: str) -> duckdb.DuckDBPyRelation:
                table = reference.split(".")[-1].strip("`")
                return cursor.sql(f"from {database.rows_of(self.work / f'{table}.parquet')}")

            with tempfile.TemporaryDirectory() as folder:
                file = Path(folder, f"{name}.py")
                file.write_text(code, encoding="utf-8")
                space = runpy.run_path(str(file), run_name="dbt_python_model")
            table = space["model"](space["dbtObj"](rows), cursor)
            space["materialize"](table, cursor)


def _text_literal(text: str) -> str:
    """Quote text for Spark's SQL."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _uri(path: str | Path) -> str:
    return f"file://{path}"


def _definition(table: Path, is_by_day: bool) -> str:
    """Return a table's columns in Spark SQL, which would otherwise read a file to infer them.

    Raises
    ------
    TypeError
        If Spark has no such type.
    """
    files = table.rglob("*.parquet") if table.is_dir() else iter([table])
    schema = pq.read_schema(next(files)).remove_metadata()
    for place, column in enumerate(schema):
        if column.type in UNSIGNED:
            schema = schema.set(place, column.with_type(UNSIGNED[column.type]))
    columns = [
        f"`{column.name}` {column.dataType.simpleString()}"
        for column in from_arrow_schema(schema, prefer_timestamp_ntz=True)
    ]
    if not is_by_day:
        return f"({', '.join(columns)}) using parquet"
    day = next(table.iterdir()).name.partition("=")[0]
    return f"({', '.join(columns)}, `{day}` date) using parquet partitioned by (`{day}`)"
