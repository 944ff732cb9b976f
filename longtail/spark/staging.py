"""Staging in Spark's tasks: DuckDB reads each event file on an executor, by staging's own query.

Executors need DuckDB and PyArrow, but not longtail: the code that runs there travels with the task.
"""

from __future__ import annotations

import itertools
import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from pyspark import cloudpickle
from pyspark.errors import PySparkException

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from longtail.build.file_rows import EventFile

ROWS = "(select 'rows of the event files')"
"""Stands in the compiled query of stg_raw_events for the rows of the files."""
OF_EXECUTORS = re.compile(r"(?:ModuleNotFound|Import)Error: ([^\n]*)")
"""What an executor's Python says when it lacks a package."""
ROWS_PER_TASK = 5_000_000
"""A parquet file with more rows is read by several tasks, each a run of row groups."""
MEMORY = "1GB"
"""DuckDB's limit in a task: rows stream through."""


@dataclass(frozen=True)
class Task:
    """What one task does.

    Attributes
    ----------
    query
        For the typed rows of a file, or of a part of it.
    rows_to, broken_to
        The parquet files to write: its rows, and those lines that could not be split, if any.
    broken_lines
        The query for those lines, after `query` on the same connection.
    version
        The version of DuckDB that it must run on.
    size
        Bytes of the file, or of its part: the largest begin first.
    """

    query: str
    rows_to: str
    broken_to: str
    broken_lines: str
    version: str
    size: int


def tasks_of(
    queries: Mapping[EventFile, str], model: str, broken_lines: str, rows_to: Path, broken_to: Path
) -> list[Task]:
    """Return the tasks that stage event files, the largest first.

    Parameters
    ----------
    queries
        File to the query for its rows, as executors find it.
    model
        The compiled query of stg_raw_events, with `ROWS` in the place of the rows.
    broken_lines
        The query for a file's broken lines.
    rows_to, broken_to
        Folders for the rows and for broken lines, the same for executors.
    """
    parts = [part for file, sql in queries.items() for part in parts_of(file, sql)]
    parts.sort(key=lambda part: -part[1])
    return [
        Task(
            query=model.replace(ROWS, f"(\n{part}\n)"),
            rows_to=str(rows_to / f"part-{place:05}.parquet"),
            broken_to=str(broken_to / f"part-{place:05}.parquet"),
            broken_lines=broken_lines,
            version=duckdb.__version__,
            size=size,
        )
        for place, (part, size) in enumerate(parts)
    ]


def parts_of(
    file: EventFile, sql: str, rows_per_task: int = ROWS_PER_TASK
) -> list[tuple[str, int]]:
    """Return the queries that together give a file's rows, each with its size in bytes.

    Only a parquet file has several: DuckDB skips the row groups that a range of row numbers does
    not touch. A text file is one part, since its rows are numbered from its first line and a quoted
    value may hold line ends; so is a file under `events_sql`, whose query sees it whole.
    """
    place = Path(file.local or file.path)
    whole = [(sql, place.stat().st_size)]
    if file.format != "parquet" or file.query or "file_row_number" in map(str.lower, file.columns):
        return whole
    metadata = pq.read_metadata(place)
    if metadata.num_rows <= rows_per_task:
        return whole
    ends, rows, size = [(0, 0)], 0, 0
    for number in range(metadata.num_row_groups):
        group = metadata.row_group(number)
        rows, size = rows + group.num_rows, size + group.total_byte_size
        is_last = number == metadata.num_row_groups - 1
        if is_last or rows - ends[-1][0] + group.num_rows > rows_per_task:
            ends.append((rows, size))
    return [
        (
            f"select * from (\n{sql}\n) where source_row > {start[0]} and source_row <= {end[0]}",
            end[1] - start[1],
        )
        for start, end in itertools.pairwise(ends)
    ]


def run(spark: SparkSession, tasks: list[Task]) -> None:
    """Run the tasks, one per partition, on Spark's executors.

    Raises
    ------
    ValueError
        If the executors' Python lacks a package, or has another version of it.
    pyspark.errors.PySparkException
        If a task fails otherwise.
    """
    listed = pa.table(
        {
            "place": pa.array(range(len(tasks)), pa.int32()),
            "task": [json.dumps(asdict(task)) for task in tasks],
        }
    )
    frame = spark.createDataFrame(listed).repartitionById(len(tasks), "place")
    # Executors cannot import this module.
    cloudpickle.register_pickle_by_value(sys.modules[__name__])
    try:
        frame.mapInArrow(stage, "rows_to string").collect()
    except PySparkException as error:
        if found := OF_EXECUTORS.search(str(error)):
            raise ValueError(
                f"STAGING=tasks: {found[1]}; the executors' Python (PYSPARK_PYTHON) needs "
                f"duckdb=={duckdb.__version__} and pyarrow: install them there, or leave STAGING "
                "out, and DuckDB reads the files where dbt runs"
            ) from None
        raise


def stage(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Do the tasks of one partition; runs on an executor.

    Files appear under their names when complete, so a task may be tried again or run twice.
    """
    import json
    import os
    import tempfile
    import uuid

    import duckdb
    import pyarrow as pa

    def copy(connection: duckdb.DuckDBPyConnection, query: str, place: str) -> None:
        mine = f"{place}.{uuid.uuid4().hex}"
        connection.execute(f"copy ({query}) to '{mine}' (format parquet, compression zstd)")
        os.replace(mine, place)

    for batch in batches:
        for text in batch.column("task").to_pylist():
            task = json.loads(text)
            if duckdb.__version__ != task["version"]:
                raise ImportError(f"there is duckdb {duckdb.__version__}, not {task['version']}")
            with tempfile.TemporaryDirectory() as spill:
                settings = {
                    "threads": 1,
                    "memory_limit": MEMORY,
                    "temp_directory": spill,
                    "preserve_insertion_order": "false",
                    "autoinstall_known_extensions": "false",
                    "TimeZone": "UTC",
                }
                with duckdb.connect(config=settings) as connection:
                    copy(connection, task["query"], task["rows_to"])
                    has_read_csv = connection.execute(
                        "select count(*) from duckdb_tables() "
                        "where temporary and table_name = 'reject_errors'"
                    ).fetchall()
                    if has_read_csv != [(0,)]:
                        copy(connection, task["broken_lines"], task["broken_to"])
            yield pa.RecordBatch.from_pydict({"rows_to": [task["rows_to"]]})
