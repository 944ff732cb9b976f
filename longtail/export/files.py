"""Lists as files: JSON lines, csv, or parquet by user hash."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from longtail.build.file_rows import text_literal
from longtail.export.lists import ExportedList

NOTE = "export.json"
"""File with the provenance of the others; written last."""
BUCKET = "cast('0x' || md5(user_id)[1] as integer)"
"""A user's bucket of the parquet files, 0 to 15: the first hex digit of the MD5 of the UTF-8 id."""


def write_files(
    shop: duckdb.DuckDBPyConnection,
    lists: Sequence[ExportedList],
    note: dict[str, Any],
    folder: Path,
    form: str,
) -> dict[str, int]:
    """Write each list as a file of a folder, in place of an earlier one.

    Parameters
    ----------
    shop
        The published database.
    lists, note
        What to write, and its provenance for `export.json`.
    folder
        Target folder; created if missing.
    form
        "jsonl", "csv" or "parquet".

    Returns
    -------
    dict
        List to its number of rows or lines.

    Raises
    ------
    FileExistsError
        If a folder that no export wrote has the name of a list.
    OSError
        If the files cannot be written. Files of earlier exports stay.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rows = {}
    for exported in lists:
        write = {"jsonl": _write_jsonl, "csv": _write_csv, "parquet": _write_parquet}[form]
        rows[exported.name] = write(shop, exported, folder)
    partial = folder / f".{NOTE}.partial"
    partial.write_text(json.dumps({**note, "rows": rows}, indent=2) + "\n", encoding="utf-8")
    os.replace(partial, folder / NOTE)
    return rows


def _write_jsonl(shop: duckdb.DuckDBPyConnection, exported: ExportedList, folder: Path) -> int:
    """Write a line per user, or per product and relation."""
    return _copy(shop, exported.by_key, folder / f"{exported.name}.jsonl", "format json")


def _write_csv(shop: duckdb.DuckDBPyConnection, exported: ExportedList, folder: Path) -> int:
    """Write a line per row, with a header."""
    return _copy(shop, exported.query, folder / f"{exported.name}.csv", "format csv, header true")


def _write_parquet(shop: duckdb.DuckDBPyConnection, exported: ExportedList, folder: Path) -> int:
    """Write the rows of users into a folder by bucket, those of products into one file."""
    if "user_id" not in exported.columns:
        file = folder / f"{exported.name}.parquet"
        return _copy(shop, exported.query, file, "format parquet, compression zstd")
    name = folder / f"{exported.name}.parquet"
    if name.exists() and not name.is_symlink():
        raise FileExistsError(
            f"{name} is not an export of longtail: move it, or name another folder"
        )
    before = os.readlink(name) if name.is_symlink() else None
    version = folder / f".{name.name}-{datetime.now(UTC):%Y%m%dT%H%M%S%f}"
    try:
        copied = shop.execute(
            f"copy (select *, {BUCKET} as user_bucket from ({exported.query}) as listed) "
            f"to {text_literal(str(version))} "
            "(format parquet, compression zstd, partition_by (user_bucket))"
        )
        rows = copied.fetchall()[0][0]
    except BaseException:
        shutil.rmtree(version, ignore_errors=True)
        raise
    version.mkdir(exist_ok=True)  # a list without rows
    link = folder / f".{name.name}.link"
    link.unlink(missing_ok=True)
    link.symlink_to(version.name)
    os.replace(link, name)
    # Readers may have the previous export's files open.
    for old in folder.glob(f".{name.name}-*"):
        if old.name not in (version.name, before):
            shutil.rmtree(old)
    return rows


def _copy(shop: duckdb.DuckDBPyConnection, query: str, file: Path, options: str) -> int:
    """Write a query to a file that appears only when complete; return the number of rows."""
    partial = file.with_name(f".{file.name}.partial")
    try:
        copied = shop.execute(f"copy ({query}) to {text_literal(str(partial))} ({options})")
        rows = copied.fetchall()[0][0]
        os.replace(partial, file)
        return rows
    finally:
        partial.unlink(missing_ok=True)
