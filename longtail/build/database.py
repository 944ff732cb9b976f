"""The database that analysts open: views over the parquet files of one build, and nothing else.

Its views name the files by absolute path and list every column, so an open connection keeps working
when a later build adds a column or replaces this one.
"""

from __future__ import annotations

import glob
import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb

from longtail.build.file_rows import text_literal

OLDEST_READER = "v1.0.0"
"""Format of the file: clients of this version and later open it."""
PRIVATE_PREFIXES = ("int_", "demo_", "stg_raw_")
PRIVATE_TABLES = frozenset(
    {"dial_successors", "map_coordinates", "stg_availability", "stg_listed_products"}
)
"""Steps towards published tables that no analyst needs, without a private prefix."""
PRIVATE_SCHEMA = "internal"
LIST_RANK = "rank"
"""A table with this first column is one list: its view is sorted by it."""
VIEWED_FOLDER = re.compile(r"read_parquet\('([^']*)/[^/'*]+\.parquet((/\*)?/\*\.parquet)?'")
"""The folder of the table in the SQL of its view."""


def connect(path: Path) -> duckdb.DuckDBPyConnection:
    """Open a database in a format that older clients can read."""
    return duckdb.connect(str(path), config={"storage_compatibility_version": OLDEST_READER})


def is_private(table: str) -> bool:
    """Whether a table's view belongs in the private schema."""
    return table.startswith(PRIVATE_PREFIXES) or table in PRIVATE_TABLES


def qualified(table: str) -> str:
    """Return a table's name in the database, quoted, with its schema when it is private."""
    schema = f"{PRIVATE_SCHEMA}." if is_private(table) else ""
    return f'{schema}"{table}"'


def rows_of(table: Path) -> str:
    """Return the relation of a table's rows: one file, or a folder of files, possibly by day.

    Parent folders are read neither as glob patterns nor as partition columns, whatever their names.
    """
    path = glob.escape(str(table))
    if not table.is_dir():
        return f"read_parquet({text_literal(path)}, hive_partitioning = false)"
    if not is_by_day(table):
        return f"read_parquet({text_literal(path + '/*.parquet')}, hive_partitioning = false)"
    day = next(table.iterdir()).name.partition("=")[0]
    return (
        f"(select * exclude (filename), "
        f"cast(regexp_extract(filename, '.*/{day}=([^/]*)/', 1) as date) as {day} "
        f"from read_parquet({text_literal(path + '/*/*.parquet')}, "
        "hive_partitioning = false, filename = true))"
    )


def is_by_day(table: Path) -> bool:
    """Whether a table is a folder with a folder per day, `<day column>=YYYY-MM-DD`."""
    return table.is_dir() and any("=" in inner.name for inner in table.iterdir())


def create_views(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    tables: Sequence[str],
    descriptions: Mapping[str, tuple[str, Mapping[str, str]]],
) -> None:
    """Create a view over each table of a folder, private ones in a schema of their own.

    A table whose first column is `rank` is one list, and is shown in that order.

    Parameters
    ----------
    connection
        To the new database.
    folder, tables
        Where the files are, and their names without the ending.
    descriptions
        Table to its description and those of its columns; columns that it lacks are ignored.
    """
    connection.execute(f"create schema {PRIVATE_SCHEMA}")
    for table in tables:
        rows = rows_of(folder / f"{table}.parquet")
        columns = [row[0] for row in connection.execute(f"describe from {rows}").fetchall()]
        # Qualified names: a bare one would be read as a function's parameter of that name.
        named = ", ".join(f'files."{column}"' for column in columns)
        in_order = f' order by files."{LIST_RANK}"' if columns[0] == LIST_RANK else ""
        connection.execute(
            f"create view {qualified(table)} as select {named} from {rows} as files{in_order}"
        )
        text, texts = descriptions.get(table, ("", {}))
        present = {column: texts[column] for column in columns if column in texts}
        for statement in comments(qualified(table), text, present):
            connection.execute(statement)


def follow_move(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Repoint views from another folder's files to those of this one."""
    views = connection.execute("""
        select schema_name, view_name, sql, comment from duckdb_views()
        where not internal and not temporary
    """).fetchall()
    for schema, view, sql, comment in views:
        found = VIEWED_FOLDER.search(sql)
        here = text_literal(glob.escape(str(folder)))[1:-1]
        if not found or found[1] == here:
            continue
        columns = connection.execute(
            "select column_name, comment from duckdb_columns()"
            " where schema_name = ? and table_name = ? and comment is not null",
            [schema, view],
        ).fetchall()
        moved = sql.replace(f"'{found[1]}/", f"'{here}/")
        connection.execute(re.sub("^create view", "create or replace view", moved, flags=re.I))
        for statement in comments(f'{schema}."{view}"', comment or "", dict(columns)):
            connection.execute(statement)


def follow_move_of_file(database: Path, folder: Path) -> None:
    """Do the same in a database that others may have open, by replacing its file."""
    fresh = database.with_name(f"{database.name}.new")
    shutil.copyfile(database, fresh)
    with connect(fresh) as connection:
        follow_move(connection, folder)
    fresh.replace(database)


def comments(view: str, description: str, columns: Mapping[str, str]) -> list[str]:
    """Return the SQL that describes a view and its columns.

    Parameters
    ----------
    view
        Its name as SQL.
    description, columns
        Its text, and column to text.
    """
    texts = {f"view {view}": description}
    texts |= {f'column {view}."{name}"': text for name, text in columns.items()}
    return [
        f"comment on {thing} is {text_literal(' '.join(text.split()))}"
        for thing, text in texts.items()
        if text.strip()
    ]
