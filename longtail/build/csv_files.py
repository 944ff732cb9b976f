"""Csv event files: delimiter, header, columns, and whether DuckDB splits them correctly."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import duckdb

from longtail.build.file_rows import EventFile, first_line, pattern, read_csv
from longtail.build.settings import EVENT_COLUMNS
from longtail.build.text_content import HEAD_BYTES, LONGEST_LINE, TextContent

DELIMITERS = (",", "\t", ";", "|", "::", "\x01")
LOOKED_AT = 20
"""Number of lines used to detect the delimiter."""
DATA = re.compile(r"[-+]?\d+([.,]\d+)?([eE][-+]?\d+)?|\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([ T].*)?")
"""A number, a date or a time: not a column name."""


class NoHeaderError(ValueError):
    """The first line of a file is a row where a header should be."""


def describe_csv(file: EventFile, content: TextContent, options: Mapping[str, Any]) -> EventFile:
    """Return the file with its delimiter, quote character and columns.

    Parameters
    ----------
    file
        What is known of it.
    content
        What was seen in it.
    options
        The var csv_options.

    Raises
    ------
    ValueError
        If it has no header where it needs one, or cannot be split into rows.
    """
    if content.longest_line > LONGEST_LINE:
        raise ValueError(
            f"{file.path!r} is not a csv file: it has a line of more than {LONGEST_LINE >> 20} MB"
        )
    skip, header = options.get("skip", 0), options.get("header")
    lines = io.StringIO(content.text, newline=None)
    for _ in range(skip):
        lines.readline()
    start = lines.tell()
    delimiter = options.get("delim") or _delimiter([lines.readline() for _ in range(LOOKED_AT)])
    quote = options.get("quote", '"') if content.has_quotes else ""
    lines.seek(start)
    first = _split(lines, delimiter, quote)
    columns, repeated = _columns(file.path, first, header)
    has_header = header in (None, True)
    is_blank = not has_header and not any(first)
    file = replace(
        file,
        columns=() if is_blank else columns,
        repeated=repeated,
        delimiter=delimiter,
        quote=quote,
        escape=options.get("escape", quote) if content.has_quotes else "",
        skip=skip,
        has_header=has_header,
        has_rows=not is_blank
        and (not has_header or content.is_cut or bool(lines.read(HEAD_BYTES).strip())),
    )
    if (content.has_quotes or content.mixes_line_ends) and not _splits_into_rows(file):
        if len(delimiter) > 1 or file.escape != quote:
            raise ValueError(
                f"{file.path!r} mixes line ends or has a quote that does not close: fix it, or "
                "write it with a delimiter of one character and quotes doubled inside quotes"
            )
        return replace(file, by_line=True)
    return file


def _delimiter(lines: Sequence[str]) -> str:
    """Return the delimiter: the one equally frequent in each line, else the first line's."""
    lines = [line for line in lines if line.strip()] or [""]

    def rank(delimiter: str) -> tuple[bool, int]:
        counts = [line.count(delimiter) for line in lines]
        return min(counts) == max(counts) > 0, counts[0]

    return max(DELIMITERS, key=rank)


def _split(lines: io.StringIO, delimiter: str, quote: str) -> list[str]:
    """Return the values of the next row."""
    if len(delimiter) == 1:
        return next(csv.reader(lines, delimiter=delimiter, quotechar=quote or None), [])
    return [name.strip(quote) for name in lines.readline().rstrip("\n").split(delimiter)]


def _columns(
    path: str, first: Sequence[str], header: bool | Sequence[str] | None
) -> tuple[tuple[str, ...], frozenset[str]]:
    """Return the column names and the repeated ones among them."""
    if header is False:
        return tuple(f"column{place}" for place in range(1, len(first) + 1)), frozenset()
    if isinstance(header, list):
        if len(header) != len(first):
            raise ValueError(
                f"the var csv_options names {len(header)} columns as header, but the first row of "
                f"{path!r} has {len(first)} values ({shown(first)})"
            )
        return tuple(header), frozenset()
    if header is None and (value := _value_in(first)):
        raise NoHeaderError(
            f"the first line of {path!r} looks like a row, not a header, such as {value[:40]!r}: "
            "set csv_options to {header: [its columns]}, {header: false} (column1, column2 ...) "
            "or, if it is one, {header: true}"
        )
    return _unique_names(first)


def _value_in(first: Sequence[str]) -> str | None:
    """Return the first number, date or time in a supposed header, unless it surely is one."""
    names = [name.strip() for name in first]
    if {name.lower() for name in names} & set(EVENT_COLUMNS):
        return None
    return next((name for name in names if DATA.fullmatch(name)), None)


def shown(names: Iterable[str], most: int = 100) -> str:
    """Return names separated by commas, truncated when there are too many."""
    names = list(names)
    text = ""
    for place, name in enumerate(names):
        more = f"{', ' if place else ''}{name[:40]}"
        if len(text) + len(more) > most:
            return f"{text} ... ({len(names)})"
        text += more
    return text


def _unique_names(header: Iterable[str]) -> tuple[tuple[str, ...], frozenset[str]]:
    """Make a header's names unique without regard to case; also return the repeated ones."""
    names: dict[str, str] = {}
    repeated = set()
    for place, name in enumerate(header, start=1):
        name = name.strip() or f"column_{place}"
        if name.lower() in names:
            repeated.add(name.lower())
        while name.lower() in names:
            name = f"{name}_{place}"
        names[name.lower()] = name
    return tuple(names.values()), frozenset(repeated)


def _splits_into_rows(file: EventFile) -> bool:
    """Whether DuckDB splits a csv file into rows without one row swallowing others."""
    if not file.quote:
        return False  # line ends are mixed
    with duckdb.connect() as connection:
        try:
            connection.execute(f"select count(*) from {read_csv(file)}").fetchall()
        except duckdb.InvalidInputException as error:
            if "invalid state" in str(error):
                return False
            raise ValueError(f"cannot read {file.path!r}: {first_line(error)}") from error
        swallowing = connection.execute(
            r"""
            select count(*) from reject_errors
            where
                error_type = 'LINE SIZE OVER MAXIMUM'
                or error_type = 'UNQUOTED VALUE' and (
                    regexp_matches(csv_line, '[\r\n]')
                    or len(regexp_extract_all(csv_line, ?)) % 2 = 1
                    or not contains(csv_line, ?)
                )
            """,
            [pattern(file.quote), file.quote],
        ).fetchall()
    return swallowing == [(0,)]
