"""Lists as one SQLite file."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb

from longtail.export.lists import ExportedList, batches, parts

NOTE = "longtail_export"
"""Table with the provenance of the others; a file without it is not replaced."""


def write_sqlite(
    shop: duckdb.DuckDBPyConnection,
    lists: Sequence[ExportedList],
    note: dict[str, Any],
    file: Path,
) -> dict[str, int]:
    """Write the lists into a new SQLite file, then replace an earlier export with it.

    Parameters
    ----------
    shop
        The published database.
    lists, note
        What to write, and its provenance for the table `longtail_export`.
    file
        Where to.

    Returns
    -------
    dict
        List to its number of rows.

    Raises
    ------
    FileExistsError
        If the file exists and is not an export of longtail.
    """
    if file.exists() and not _is_export(file):
        raise FileExistsError(f"{file} is not an export of longtail: move it, or name another file")
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_name(f".{file.name}.partial")
    partial.unlink(missing_ok=True)
    rows = {}
    try:
        with closing(sqlite3.connect(partial)) as connection:
            for exported in lists:
                columns = ", ".join(f"{name} {kind}" for name, kind in exported.columns.items())
                key = ", ".join([*exported.keys, "rank"])
                connection.execute(
                    f"create table {exported.name} ({columns}, primary key ({key})) without rowid"
                )
                places = ", ".join("?" * len(exported.columns))
                insert = f"insert into {exported.name} values ({places})"
                rows[exported.name] = 0
                for part in parts(shop, exported):
                    for batch in batches(shop, exported.rows(part)):
                        connection.executemany(insert, batch)
                        rows[exported.name] += len(batch)
            connection.execute(f"create table {NOTE} (name text primary key, value)")
            connection.executemany(f"insert into {NOTE} values (?, ?)", note.items())
            connection.commit()
        os.replace(partial, file)
    finally:
        partial.unlink(missing_ok=True)
        partial.with_name(f"{partial.name}-journal").unlink(missing_ok=True)
    return rows


def _is_export(file: Path) -> bool:
    """Return whether a file is an SQLite database with an export in it."""
    try:
        with closing(sqlite3.connect(file)) as connection:
            found = connection.execute("select 1 from sqlite_master where name = ?", [NOTE])
            return found.fetchone() is not None
    except sqlite3.DatabaseError:
        return False
