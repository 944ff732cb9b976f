"""Find input files and detect their format, columns and encoding.

Formats are detected by content, not by name. A csv file is read through once before a build,
because DuckDB alone would silently lose rows where a gzip file is damaged or a quote never closes;
the same pass computes its fingerprint.
"""

from __future__ import annotations

import glob
import hashlib
import os
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from longtail.build.csv_files import describe_csv, shown
from longtail.build.file_rows import EventFile, first_line, read_csv, rows_of
from longtail.build.json_files import describe_json, json_layout
from longtail.build.machine import refuse_remote
from longtail.build.settings import EVENT_COLUMNS, OPTIONAL_EVENT_COLUMNS
from longtail.build.text_content import TextContent
from longtail.build.unpacked import OpenFile, encoding_of, open_file

PARQUET_MAGIC = b"PAR1"
EXACT_BELOW = {16: 2**11, 32: 2**24, 64: 2**53}
"""Bits of a floating-point type to the bound below which it holds every whole number exactly."""


def find_files(pattern: str) -> list[str]:
    """Return the files that a path or glob names, sorted.

    Raises
    ------
    ValueError
        If there is none, or it is on another machine.
    """
    refuse_remote(pattern)
    pattern = os.path.expanduser(pattern)
    if os.path.isfile(pattern):
        return [pattern]
    if os.path.isdir(pattern):
        raise ValueError(f"{pattern!r} is a folder: name its files, such as '{pattern}/*.csv.gz'")
    paths = sorted(path for path in glob.glob(pattern, recursive=True) if os.path.isfile(path))
    if not paths:
        raise ValueError(f"no file matches {pattern!r}: give the path or glob of your event files")
    return paths


def describe_files(
    paths: Iterable[str],
    csv_options: Mapping[str, Any] | None = None,
    names: Collection[str] = (),
    scratch: Path | None = None,
) -> list[EventFile]:
    """Describe files, each read through once.

    Parameters
    ----------
    paths
        Of the files.
    csv_options
        delim, quote, escape, encoding, header, skip, sheet; the others are detected or have
        their defaults.
    names
        Lower-case names that the vars `columns` and `reject_when` may refer to: the canonical
        columns, and those that a folder `name=value` gives to the files in it.
    scratch
        Folder for files that DuckDB cannot unpack or decode itself; a temporary one when None.

    Returns
    -------
    list
        One per path; a file without content has no columns.

    Raises
    ------
    ValueError
        If one is neither csv, JSON nor parquet, is damaged, or cannot be read.
    """
    wanted = {*EVENT_COLUMNS, *OPTIONAL_EVENT_COLUMNS, *names}
    options = csv_options or {}
    return [
        describe(open_file(path, scratch, options.get("sheet", "")), options, wanted)
        for path in paths
    ]


def require_rows(pattern: str, files: Iterable[EventFile]) -> None:
    """Refuse files of a pattern that have no row among them.

    Raises
    ------
    ValueError
        If there is none.
    """
    if not any(file.columns for file in files):
        raise ValueError(f"{pattern!r} is empty: it has neither a header nor rows")
    if not any(file.has_rows for file in files):
        raise ValueError(f"{pattern!r} has a header but no rows: there are no events to read")


def describe(
    file: OpenFile, csv_options: Mapping[str, Any], wanted: Collection[str] = ()
) -> EventFile:
    """Describe one open file, as `describe_files` does; `wanted` are names of columns."""
    if file.head == PARQUET_MAGIC:
        described = _describe_parquet(file)
    else:
        described = _describe_text(file, csv_options)
    given = _path_columns(file.path, described.columns, wanted)
    if not given:
        return described
    # The same rows in a folder of another value are different events.
    digest = hashlib.sha256(repr((described.digest, given)).encode()).hexdigest()
    return replace(described, path_columns=given, digest=digest)


def _path_columns(
    path: str, columns: Iterable[str], wanted: Collection[str]
) -> tuple[tuple[str, str], ...]:
    """Return name and value of the folders `name=value` that give their files a column."""
    present = {name.lower() for name in columns}
    given = {}
    for folder in os.path.dirname(os.path.abspath(path)).split(os.sep):
        name, equals, value = folder.partition("=")
        if equals and name.lower() in wanted and name.lower() not in present:
            given[name.lower()] = value
    return tuple(given.items())


def describe_list(
    path: str,
    var: str = "targets",
    columns: Collection[str] = ("user_id", "product_id"),
    scratch: Path | None = None,
) -> EventFile:
    """Describe a file of ids that a var names; `scratch` as in `describe_files`.

    Raises
    ------
    ValueError
        If it does not exist, cannot be read to its end, or lacks one of `columns`.
    """
    try:
        refuse_remote(path)
        if not os.path.isfile(path):
            raise ValueError(f"there is no file {path!r}")
        (file,) = describe_files([path], scratch=scratch)
        with duckdb.connect() as connection:
            broken = first_broken_line(connection, file) if file.format != "parquet" else None
    except (ValueError, duckdb.Error) as error:
        raise ValueError(f"var '{var}': {first_line(error)}") from error
    if not set(columns) <= {name.lower() for name in file.columns}:
        needed = f"column{'s' * (len(columns) > 1)} {' and '.join(columns)}"
        raise ValueError(
            f"var '{var}': {path!r} needs the {needed}; it has {shown(file.columns) or 'none'}"
        )
    if broken:
        raise ValueError(f"var '{var}': {path!r} has a line that cannot be split: {broken}")
    return file


def first_broken_line(connection: duckdb.DuckDBPyConnection, file: EventFile) -> str | None:
    """Return what is wrong with the first line of a text file that cannot be split, or None."""
    if not file.columns:
        return None
    if file.shows_broken_lines:
        reason = file.own("broken_reason")
        broken = connection.execute(
            f"select {reason} from ({rows_of(file)}) where {reason} is not null limit 1"
        ).fetchall()
    else:
        connection.execute(f"select count(*) from {read_csv(file)}").fetchall()
        broken = connection.execute(
            "select concat_ws(' ', 'line', line, error_type) from reject_errors limit 1"
        ).fetchall()
    return broken[0][0] if broken else None


def _describe_text(file: OpenFile, csv_options: Mapping[str, Any]) -> EventFile:
    content = TextContent.read(file, encoding_of(csv_options), csv_options.get("quote", '"'))
    described = EventFile(
        file.path,
        "csv",
        (),
        content.digest,
        local=file.local,
        is_gzip=file.is_gzip,
        has_rows=False,
    )
    if not content.text.strip():
        return described
    if layout := json_layout(content.text):
        return describe_json(
            replace(described, format="json", layout=layout, has_header=False, has_rows=True)
        )
    return describe_csv(described, content, csv_options)


def _describe_parquet(opened: OpenFile) -> EventFile:
    path = opened.path
    try:
        metadata = pq.read_metadata(opened.local)
        schema = metadata.schema.to_arrow_schema()
    except Exception as error:
        raise ValueError(
            f"{path!r} is a damaged parquet file (is it complete?): fetch it again"
        ) from error
    with open(opened.local, "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return EventFile(
        path,
        "parquet",
        tuple(schema.names),
        digest,
        fractions=tuple(
            (field.name, _exact_below(field.type))
            for field in schema
            if pa.types.is_floating(field.type) or pa.types.is_decimal(field.type)
        ),
        local=opened.local,
        has_rows=metadata.num_rows > 0,
    )


def _exact_below(kind: pa.DataType) -> int | None:
    """Return the bound of a type with fractions; None for a decimal, which is always exact."""
    if pa.types.is_decimal256(kind):
        return EXACT_BELOW[64]  # DuckDB reads it as doubles
    return EXACT_BELOW[kind.bit_width] if pa.types.is_floating(kind) else None
