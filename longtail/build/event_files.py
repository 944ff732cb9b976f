"""Input files: which they are and what they hold.

Files are told apart by their content, not by their names. A csv file is read through once before
a build, because DuckDB alone would lose rows without a word where a gzip file is damaged or a
quote never closes.
"""

from __future__ import annotations

import csv
import glob
import gzip
import io
import os
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import BinaryIO

import duckdb
import pyarrow.parquet as pq

from longtail.build.file_rows import EventFile, first_line, pattern, read_csv, text_literal

GZIP_MAGIC = b"\x1f\x8b"
PARQUET_MAGIC = b"PAR1"
UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
DELIMITERS = (",", "\t", ";", "|")
HEAD_BYTES = 1 << 20
LONGEST_LINE = 16 << 20
"""Bytes. DuckDB rejects a line above 2 MB, but loses one that does not fit into its buffer."""


def find_files(pattern: str) -> list[str]:
    """Return the files that a path or glob names, sorted.

    Raises
    ------
    ValueError
        If there is none.
    """
    pattern = os.path.expanduser(pattern)
    if os.path.isfile(pattern):
        return [pattern]
    if os.path.isdir(pattern):
        raise ValueError(f"{pattern!r} is a folder: name its files, such as '{pattern}/*.csv.gz'")
    paths = sorted(path for path in glob.glob(pattern, recursive=True) if os.path.isfile(path))
    if not paths:
        raise ValueError(f"no file matches {pattern!r}: give the path or glob of your event files")
    return paths


def describe_files(pattern: str, csv_options: Mapping[str, str] | None = None) -> list[EventFile]:
    """Return the files of a path or glob, those without content left out.

    Parameters
    ----------
    pattern
        Path or glob.
    csv_options
        delim, quote, escape, encoding; what is not given is found out or the usual.

    Raises
    ------
    ValueError
        If no file matches, one is unreadable, or there is no row in any.
    """
    files = describe_paths(find_files(pattern), csv_options)
    if not files:
        raise ValueError(f"{pattern!r} is empty: it has neither a header nor rows")
    if not any(file.has_rows for file in files):
        raise ValueError(f"{pattern!r} has a header but no rows: there are no events to read")
    return files


def describe_paths(
    paths: Iterable[str], csv_options: Mapping[str, str] | None = None
) -> list[EventFile]:
    """Return the files at some paths, those without content left out.

    Raises
    ------
    ValueError
        If one is unreadable.
    """
    return [file for path in paths if (file := describe_file(path, csv_options))]


def describe_file(path: str, csv_options: Mapping[str, str] | None = None) -> EventFile | None:
    """Look at one file; None when it has no content.

    Raises
    ------
    ValueError
        If it is neither csv nor parquet, is damaged, or cannot be read.
    """
    try:
        with open(path, "rb") as file:
            head = file.read(4)
    except OSError as error:
        raise ValueError(f"cannot read {path!r}: {error.strerror}") from error
    if not head:
        return None
    if head == PARQUET_MAGIC:
        return _describe_parquet(path)
    return _describe_csv(path, head.startswith(GZIP_MAGIC), csv_options or {})


def check_targets(path: str) -> None:
    """Look at the file that the var `targets` names.

    Raises
    ------
    ValueError
        If it is not there, cannot be read, or lacks user_id or product_id.
    """
    if not os.path.isfile(path):
        raise ValueError(f"var 'targets': there is no file {path!r}")
    with duckdb.connect() as connection:
        try:
            columns = connection.execute(f"describe from {text_literal(path)}").fetchall()
        except duckdb.Error as error:
            raise ValueError(f"var 'targets': cannot read {path!r}: {first_line(error)}") from error
    names = [column[0] for column in columns]
    if not {"user_id", "product_id"} <= {name.lower() for name in names}:
        raise ValueError(
            f"var 'targets': {path!r} needs the columns user_id and product_id; it has "
            f"{', '.join(names)}"
        )


def _describe_parquet(path: str) -> EventFile:
    try:
        metadata = pq.read_metadata(path)
    except Exception as error:
        raise ValueError(
            f"{path!r} is a damaged parquet file (is it complete?): fetch it again"
        ) from error
    columns = tuple(metadata.schema.to_arrow_schema().names)
    return EventFile(path, "parquet", columns, has_rows=metadata.num_rows > 0)


def _describe_csv(path: str, is_gzip: bool, options: Mapping[str, str]) -> EventFile | None:
    encoding = options.get("encoding", "utf-8")
    try:
        with gzip.open(path) if is_gzip else open(path, "rb") as file:
            head = file.read(HEAD_BYTES)
            content = _Content.count(file, head, options.get("quote", '"').encode())
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise ValueError(f"{path!r} is a truncated or damaged gzip file: fetch it again") from error
    except OSError as error:
        raise ValueError(f"cannot read {path!r}: {error.strerror}") from error
    if content.longest_line > LONGEST_LINE:
        raise ValueError(
            f"{path!r} is no csv file: it has a line of more than {LONGEST_LINE >> 20} MB"
        )
    text, is_cut = _decode(path, head, encoding)
    if not text.strip():
        return None
    lines = io.StringIO(text, newline=None)
    delimiter = options.get("delim") or max(DELIMITERS, key=lines.readline().count)
    has_quotes = content.quotes > 0
    quote = options.get("quote", '"') if has_quotes else ""
    lines.seek(0)
    if len(delimiter) == 1:
        header = next(csv.reader(lines, delimiter=delimiter, quotechar=quote or None), [])
    else:
        header = [name.strip(quote) for name in lines.readline().rstrip("\n").split(delimiter)]
    columns, repeated = _unique_names(header)
    file = EventFile(
        path,
        "csv",
        columns,
        repeated,
        delimiter,
        quote,
        options.get("escape", quote) if has_quotes else "",
        encoding,
        is_gzip,
        has_rows=is_cut or bool(lines.read(HEAD_BYTES).strip()),
    )
    if (has_quotes or content.mixes_line_ends) and not _splits_into_rows(file):
        if len(delimiter) > 1 or encoding != "utf-8" or file.escape != quote:
            raise ValueError(
                f"{path!r} mixes line ends or has a quote that does not close: mend it, or write "
                "it as utf-8 with a delimiter of one character and quotes doubled inside quotes"
            )
        return replace(file, by_line=True)
    return file


@dataclass
class _Content:
    """What was counted in the bytes of a csv file."""

    quotes: int = 0
    feeds: int = 0
    returns: int = 0
    returns_before_feeds: int = 0
    longest_line: int = 0

    @classmethod
    def count(cls, file: BinaryIO, chunk: bytes, quote: bytes) -> _Content:
        """Count in a file, of which `chunk` is already read, to its end."""
        content = cls()
        line = 0
        ends_in_return = False
        while chunk:
            content.quotes += chunk.count(quote) if quote else 0
            feeds = chunk.count(b"\n")
            content.feeds += feeds
            if b"\r" in chunk or ends_in_return:
                content.returns += chunk.count(b"\r")
                content.returns_before_feeds += chunk.count(b"\r\n")
                content.returns_before_feeds += ends_in_return and chunk.startswith(b"\n")
            ends_in_return = chunk.endswith(b"\r")
            end = max(chunk.rfind(b"\n"), chunk.rfind(b"\r")) + 1
            line = len(chunk) - end if end else line + len(chunk)
            content.longest_line = max(content.longest_line, line)
            chunk = file.read(HEAD_BYTES)
        return content

    @property
    def mixes_line_ends(self) -> bool:
        """Whether line ends are not all LF, all CR LF or all CR."""
        kinds = {
            "feed": self.feeds - self.returns_before_feeds,
            "return": self.returns - self.returns_before_feeds,
            "both": self.returns_before_feeds,
        }
        return sum(count > 0 for count in kinds.values()) > 1


def _decode(path: str, head: bytes, encoding: str) -> tuple[str, bool]:
    """Return the beginning of a csv file as text, and whether a row in no encoding cuts it off."""
    if encoding == "utf-8" and head.startswith(UTF16_MARKS):
        raise ValueError(f"{path!r} is UTF-16: set the var csv_options to {{encoding: utf-16}}")
    is_cut = False
    try:
        text = head.decode(encoding)
    except UnicodeDecodeError as error:
        is_cut = True
        # A row in another encoding is rejected later; the header must be readable.
        text = head[: error.start].decode(encoding)
        if "\n" not in text and "\r" not in text:
            text = "\0"
    first_line = text.partition("\n")[0]
    if any(character < " " and character not in "\t\r" for character in first_line):
        raise ValueError(f"{path!r} is no csv, csv.gz or parquet file")
    return text.removeprefix("\ufeff"), is_cut


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
