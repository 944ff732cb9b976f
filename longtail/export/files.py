"""Lists as files: JSON lines, csv, or parquet by user hash."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.compute as pc
import pyarrow.parquet as pq

from longtail.build.file_rows import text_literal
from longtail.export.lists import ExportedList, parts

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
    file = folder / f"{exported.name}.jsonl"
    return _copy_parts(file, shop, exported, exported.by_key, lambda first: "format json")


def _write_csv(shop: duckdb.DuckDBPyConnection, exported: ExportedList, folder: Path) -> int:
    """Write a line per row, with a header."""
    file = folder / f"{exported.name}.csv"
    options = "format csv, header {}"
    return _copy_parts(file, shop, exported, exported.rows, lambda first: options.format(first))


def _copy_parts(
    file: Path,
    shop: duckdb.DuckDBPyConnection,
    exported: ExportedList,
    query: Callable[[str], str],
    options: Callable[[bool], str],
) -> int:
    """Write a list part by part to a file that appears only when complete; return its lines.

    `query` gives the SQL of a part, `options` those of COPY for the first part and for others.
    """
    partial = file.with_name(f".{file.name}.partial")
    part_file = file.with_name(f".{file.name}.part")
    lines = 0
    try:
        with partial.open("wb") as whole:
            for number, part in enumerate(parts(shop, exported)):
                target = f"{text_literal(str(part_file))} ({options(number == 0)})"
                copied = shop.execute(f"copy ({query(part)}) to {target}")
                lines += copied.fetchall()[0][0]
                with part_file.open("rb") as written:
                    shutil.copyfileobj(written, whole)
        os.replace(partial, file)
        return lines
    finally:
        part_file.unlink(missing_ok=True)
        partial.unlink(missing_ok=True)


def _write_parquet(shop: duckdb.DuckDBPyConnection, exported: ExportedList, folder: Path) -> int:
    """Write the rows of users into a folder by bucket, those of products into one file."""
    name = folder / f"{exported.name}.parquet"
    if "user_id" not in exported.columns:
        partial = folder / f".{name.name}.partial"
        try:
            rows = _write_buckets(shop, exported, "0", lambda bucket: partial)
            os.replace(partial, name)
            return rows
        finally:
            partial.unlink(missing_ok=True)
    if name.exists() and not name.is_symlink():
        raise FileExistsError(
            f"{name} is not an export of longtail: move it, or name another folder"
        )
    before = os.readlink(name) if name.is_symlink() else None
    version = folder / f".{name.name}-{datetime.now(UTC):%Y%m%dT%H%M%S%f}"
    version.mkdir()

    def file_of(bucket: int) -> Path:
        (version / f"user_bucket={bucket}").mkdir()
        return version / f"user_bucket={bucket}" / "data_0.parquet"

    try:
        rows = _write_buckets(shop, exported, BUCKET, file_of)
    except BaseException:
        shutil.rmtree(version, ignore_errors=True)
        raise
    link = folder / f".{name.name}.link"
    link.unlink(missing_ok=True)
    link.symlink_to(version.name)
    os.replace(link, name)
    # Readers may have the previous export's files open.
    for old in folder.glob(f".{name.name}-*"):
        if old.name not in (version.name, before):
            shutil.rmtree(old)
    return rows


def _write_buckets(
    shop: duckdb.DuckDBPyConnection,
    exported: ExportedList,
    bucket: str,
    file_of: Callable[[int], Path],
) -> int:
    """Write a parquet file per bucket, a row group per part; return the number of rows.

    `bucket` is its SQL; files of a constant bucket are written even without rows.
    """
    rows = 0
    writers: dict[int, pq.ParquetWriter] = {}
    with ExitStack() as stack:
        for part in parts(shop, exported):
            query = f"select *, {bucket} as user_bucket from ({exported.rows(part)}) as listed"
            listed = shop.sql(query).to_arrow_table()
            rows += listed.num_rows
            found = listed["user_bucket"]
            buckets = pc.unique(found).to_pylist() if bucket == BUCKET else [int(bucket)]
            columns = listed.drop_columns("user_bucket")
            for number in buckets:
                if number not in writers:
                    writer = pq.ParquetWriter(file_of(number), columns.schema, compression="zstd")
                    writers[number] = stack.enter_context(writer)
                writers[number].write_table(columns.filter(pc.equal(found, number)))
    return rows
