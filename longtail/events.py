"""Input files: which they are, what they hold, and the SQL that reads them.

Files are told apart by their content, not by their names. The SQL is DuckDB's; every name and
path in it is quoted here, and nowhere else.
"""

from __future__ import annotations

import csv
import glob
import gzip
import io
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq

from longtail.settings import EVENT_COLUMNS, OPTIONAL_EVENT_COLUMNS

GZIP_MAGIC = b"\x1f\x8b"
PARQUET_MAGIC = b"PAR1"
DELIMITERS = (",", "\t", ";", "|")
HEAD_BYTES = 1 << 20
GZIP_CHECK_BYTES = 200 << 20
"""Compressed bytes that are read to their end before a build; beyond, DuckDB tells on the way."""


@dataclass(frozen=True)
class EventFile:
    """One input file.

    Attributes
    ----------
    path
        As the user wrote it, globs expanded.
    format
        "csv" or "parquet".
    columns
        Names in the order of the file.
    delimiter
        Of a csv file, else "".
    has_rows
        Whether anything follows the header.
    """

    path: str
    format: str
    columns: tuple[str, ...]
    delimiter: str = ""
    has_rows: bool = True


def find_files(pattern: str) -> list[str]:
    """Return the files that a path or glob names, sorted.

    Raises
    ------
    ValueError
        If there is none.
    """
    if Path(pattern).is_file():
        return [pattern]
    if Path(pattern).is_dir():
        raise ValueError(f"'{pattern}' is a folder: name the files in it, as in '{pattern}/*.csv.gz'")
    paths = sorted(path for path in glob.glob(pattern, recursive=True) if Path(path).is_file())
    if not paths:
        raise ValueError(f"no file matches '{pattern}': give the path or glob of your event files")
    return paths


def describe_file(path: str, csv_options: Mapping[str, str] | None = None) -> EventFile | None:
    """Look at the beginning of one file; None when it is empty.

    Raises
    ------
    ValueError
        If it is neither csv nor parquet, is damaged, or cannot be read.
    """
    options = csv_options or {}
    try:
        with open(path, "rb") as file:
            head = file.read(HEAD_BYTES)
    except OSError as error:
        raise ValueError(f"cannot read '{path}': {error.strerror}") from error
    if not head:
        return None
    if head.startswith(PARQUET_MAGIC):
        return _describe_parquet(path)
    if head.startswith(GZIP_MAGIC):
        head = _gunzip_head(path)
    return _describe_csv(path, head, options)


def _describe_parquet(path: str) -> EventFile:
    try:
        metadata = pq.read_metadata(path)
    except Exception as error:
        raise ValueError(
            f"'{path}' is a damaged parquet file (is it complete?): fetch it again"
        ) from error
    columns = tuple(metadata.schema.to_arrow_schema().names)
    return EventFile(path, "parquet", columns, has_rows=metadata.num_rows > 0)


def _gunzip_head(path: str) -> bytes:
    """Return the first bytes inside a gzip file, which is read to its end unless it is large."""
    try:
        with gzip.open(path, "rb") as file:
            head = file.read(HEAD_BYTES)
            if Path(path).stat().st_size <= GZIP_CHECK_BYTES:
                while file.read(HEAD_BYTES):
                    pass
    except (EOFError, OSError, zlib.error) as error:
        raise ValueError(
            f"'{path}' is a truncated or damaged gzip file: fetch it again"
        ) from error
    return head


def _describe_csv(path: str, head: bytes, options: Mapping[str, str]) -> EventFile | None:
    encoding = options.get("encoding", "utf-8")
    not_csv = f"'{path}' is no csv, csv.gz or parquet file"
    try:
        text = head.decode(encoding, errors="strict" if encoding == "utf-8" else "replace")
    except UnicodeDecodeError as error:
        # A row in another encoding is rejected later; a header in one is no header.
        text = head[: error.start].decode("utf-8")
        if "\n" not in text:
            raise ValueError(not_csv) from error
    except LookupError as error:
        raise ValueError(f"var 'csv_options' names an unknown encoding: {encoding!r}") from error
    text = text.removeprefix("\ufeff")
    if not text.strip():
        return None
    first_line, _, rest = text.partition("\n")
    if "\0" in first_line or any(ord(char) < 9 for char in first_line):
        raise ValueError(not_csv)
    delimiter = options.get("delim") or max(DELIMITERS, key=first_line.count)
    quote = options.get("quote", '"')
    header = next(csv.reader(io.StringIO(text), delimiter=delimiter, quotechar=quote), [])
    columns = tuple(name.strip() for name in header)
    return EventFile(path, "csv", columns, delimiter, has_rows=bool(rest.strip()))


def describe_files(pattern: str, csv_options: Mapping[str, str] | None = None) -> list[EventFile]:
    """Return the files of a pattern that are not empty.

    Raises
    ------
    ValueError
        If no file matches, one is unreadable, or there is no row in any.
    """
    paths = find_files(pattern)
    files = [file for path in paths if (file := describe_file(path, csv_options))]
    if not files:
        raise ValueError(f"'{pattern}' is empty: it has neither a header nor rows")
    if not any(file.has_rows for file in files):
        raise ValueError(f"'{pattern}' has a header but no rows: there are no events to read")
    return files


def text_literal(value: str) -> str:
    """Quote text for SQL."""
    return "'" + value.replace("'", "''") + "'"


def identifier(name: str) -> str:
    """Quote a column's name for SQL."""
    return '"' + name.replace('"', '""') + '"'


def column_expressions(file: EventFile, mapping: Mapping[str, str]) -> dict[str, str]:
    """Return the SQL expression of each canonical column over one file's columns.

    A mapping's entry is the name of a column of the file or else an SQL expression.

    Raises
    ------
    ValueError
        If a needed column is neither in the file nor mapped.
    """
    by_name = {name.lower(): name for name in file.columns}
    expressions = {}
    for column in (*EVENT_COLUMNS, *OPTIONAL_EVENT_COLUMNS):
        source = mapping.get(column, column)
        if source.lower() in by_name:
            expressions[column] = identifier(by_name[source.lower()])
        elif column in mapping:
            expressions[column] = f"({source})"
        elif column in OPTIONAL_EVENT_COLUMNS:
            expressions[column] = "null"
        else:
            raise ValueError(
                f"column '{column}' is missing from '{file.path}', which has "
                f"{', '.join(file.columns)}; map it with the var columns, "
                f'such as {{columns: {{{column}: "name or SQL expression"}}}}'
            )
    return expressions


def _reader(files: Sequence[EventFile], csv_options: Mapping[str, str]) -> str:
    """Return the table function that reads files of one format, with one set of columns."""
    first = files[0]
    paths = "[" + ", ".join(text_literal(file.path) for file in files) + "]"
    if first.format == "parquet":
        return f"read_parquet({paths}, filename = 'source_file_path', file_row_number = true)"
    columns = ", ".join(f"{text_literal(name)}: 'VARCHAR'" for name in first.columns)
    options = {
        "quote": text_literal(csv_options.get("quote", '"')),
        "escape": text_literal(csv_options.get("escape", '"')),
        "delim": text_literal(first.delimiter),
    }
    if "encoding" in csv_options:
        options["encoding"] = text_literal(csv_options["encoding"])
    listed = ", ".join(f"{name} = {value}" for name, value in options.items())
    return (
        f"read_csv({paths}, auto_detect = false, header = true, columns = {{{columns}}}, {listed}, "
        "strict_mode = true, null_padding = false, store_rejects = true, "
        "filename = 'source_file_path')"
    )


def _select(
    files: Sequence[EventFile],
    mapping: Mapping[str, str],
    reject_when: Mapping[str, str],
    csv_options: Mapping[str, str],
) -> str:
    expressions = column_expressions(files[0], mapping)
    lines = [f"cast({sql} as varchar) as {column}" for column, sql in expressions.items()]
    cases = " ".join(
        f"when ({condition}) then {text_literal(reason)}"
        for reason, condition in reject_when.items()
    )
    lines.append(f"case {cases} end as reject_when_reason" if cases else "null as reject_when_reason")
    lines.append("source_file_path as source_file")
    # A streaming window: rows keep the order of the file. Spelt alike for both formats.
    if files[0].format == "parquet":
        lines.append("file_row_number + 1 as source_row")
    else:
        lines.append("row_number() over () as source_row")
    return "select\n    " + ",\n    ".join(lines) + f"\nfrom {_reader(files, csv_options)}"


def scan_sql(
    files: Iterable[EventFile],
    *,
    columns: Mapping[str, str] | None = None,
    reject_when: Mapping[str, str] | None = None,
    csv_options: Mapping[str, str] | None = None,
) -> str:
    """Return the query that reads all files: the canonical columns as text, file and row.

    Parameters
    ----------
    files
        What `describe_files` returned; they may differ in format, columns and their order.
    columns
        Canonical column to source column or SQL expression.
    reject_when
        Reason to SQL condition over the source's columns.
    csv_options
        delim, quote, escape, encoding.

    Raises
    ------
    ValueError
        If a needed column is missing or an expression is no valid SQL.
    """
    groups: dict[tuple[Any, ...], list[EventFile]] = {}
    for file in files:
        groups.setdefault((file.format, file.columns, file.delimiter), []).append(file)
    selects = []
    for group in groups.values():
        select = _select(group, columns or {}, reject_when or {}, csv_options or {})
        _check_expressions(group[0], columns or {}, reject_when or {}, select)
        selects.append(select)
    return "\nunion all by name\n".join(selects)


def _check_expressions(
    file: EventFile, columns: Mapping[str, str], reject_when: Mapping[str, str], select: str
) -> None:
    """Let DuckDB bind each expression alone, so that an error names the var at fault."""
    named = [(f"columns: {name}", sql) for name, sql in columns.items()]
    named += [(f"reject_when: {name}", sql) for name, sql in reject_when.items()]
    if file.format == "parquet":
        source = f"read_parquet({text_literal(file.path)})"
    else:
        nulls = ", ".join(f"null::varchar as {identifier(name)}" for name in file.columns)
        source = f"(select {nulls})"
    with duckdb.connect() as connection:
        for name, sql in named:
            query = f"select ({sql}\n) from {source} limit 0"
            try:
                if len(connection.extract_statements(query)) != 1:
                    raise ValueError(f"var '{name}' must be one SQL expression; it is {sql!r}")
                connection.execute(query)
            except duckdb.Error as error:
                reason = str(error).partition("\n")[0]
                raise ValueError(
                    f"var '{name}' is no SQL expression over the columns of '{file.path}' "
                    f"({', '.join(file.columns)}): {reason}"
                ) from error
        try:
            connection.execute(f"{select} limit 0")
        except duckdb.Error as error:
            raise ValueError(f"cannot read '{file.path}': {str(error).partition(chr(10))[0]}") from error
