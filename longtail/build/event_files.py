"""Input files: which they are and what they hold.

Formats are told apart by what a file holds, not by its name. A csv file is read through once
before a build, because DuckDB alone would lose rows without a word where a gzip file is damaged
or a quote never closes; the same pass takes its fingerprint.
"""

from __future__ import annotations

import csv
import glob
import gzip
import hashlib
import io
import os
import zlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import BinaryIO

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from longtail.build.file_rows import EventFile, first_line, pattern, read_csv, rows_of
from longtail.build.settings import EVENT_COLUMNS, OPTIONAL_EVENT_COLUMNS

GZIP_MAGIC = b"\x1f\x8b"
PARQUET_MAGIC = b"PAR1"
UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
DELIMITERS = (",", "\t", ";", "|")
HEAD_BYTES = 1 << 20
EXACT_BELOW = {16: 2**11, 32: 2**24, 64: 2**53}
"""A floating-point number of so many bits holds each whole number below this one exactly."""
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


def describe_files(
    paths: Iterable[str],
    csv_options: Mapping[str, str] | None = None,
    names: Collection[str] = (),
) -> list[EventFile]:
    """Look at some files, each read through once.

    Parameters
    ----------
    paths
        Of the files.
    csv_options
        delim, quote, escape, encoding; what is not given is found out or the usual.
    names
        Lower-case names that the vars `columns` and `reject_when` may refer to: beside the
        canonical columns, those that a folder `name=value` gives to the files in it.

    Returns
    -------
    list
        One per path; a file without content has no columns.

    Raises
    ------
    ValueError
        If one is neither csv nor parquet, is damaged, or cannot be read.
    """
    wanted = {*EVENT_COLUMNS, *OPTIONAL_EVENT_COLUMNS, *names}
    return [_describe_file(path, csv_options or {}, wanted) for path in paths]


def require_rows(pattern: str, files: Iterable[EventFile]) -> None:
    """Refuse files, which a pattern named, that have no row among them.

    Raises
    ------
    ValueError
        If there is none.
    """
    if not any(file.columns for file in files):
        raise ValueError(f"{pattern!r} is empty: it has neither a header nor rows")
    if not any(file.has_rows for file in files):
        raise ValueError(f"{pattern!r} has a header but no rows: there are no events to read")


def _describe_file(path: str, csv_options: Mapping[str, str], wanted: Collection[str]) -> EventFile:
    try:
        with open(path, "rb") as file:
            head = file.read(4)
    except OSError as error:
        raise ValueError(f"cannot read {path!r}: {error.strerror}") from error
    if head == PARQUET_MAGIC:
        described = _describe_parquet(path)
    else:
        described = _describe_csv(path, head.startswith(GZIP_MAGIC), csv_options)
    given = _path_columns(path, described.columns, wanted)
    if not given:
        return described
    # The same rows under another value are other events.
    digest = hashlib.sha256(repr((described.digest, given)).encode()).hexdigest()
    return replace(described, path_columns=given, digest=digest)


def _path_columns(
    path: str, columns: Iterable[str], wanted: Collection[str]
) -> tuple[tuple[str, str], ...]:
    """Return name and value of the folders `name=value` that stand for a column of their files."""
    present = {name.lower() for name in columns}
    given = {}
    for folder in os.path.dirname(os.path.abspath(path)).split(os.sep):
        name, equals, value = folder.partition("=")
        if equals and name.lower() in wanted and name.lower() not in present:
            given[name.lower()] = value
    return tuple(given.items())


def describe_targets(path: str) -> EventFile:
    """Look at the file that the var `targets` names.

    Raises
    ------
    ValueError
        If it is not there, cannot be read to its end, or lacks user_id or product_id.
    """
    if not os.path.isfile(path):
        raise ValueError(f"var 'targets': there is no file {path!r}")
    try:
        (file,) = describe_files([path])
        with duckdb.connect() as connection:
            broken = _first_broken_line(connection, file) if file.format == "csv" else None
    except (ValueError, duckdb.Error) as error:
        raise ValueError(f"var 'targets': {first_line(error)}") from error
    if not {"user_id", "product_id"} <= {name.lower() for name in file.columns}:
        raise ValueError(
            f"var 'targets': {path!r} needs the columns user_id and product_id; it has "
            f"{', '.join(file.columns) or 'none'}"
        )
    if broken:
        raise ValueError(f"var 'targets': {path!r} has a line that cannot be split: {broken}")
    return file


def _first_broken_line(connection: duckdb.DuckDBPyConnection, file: EventFile) -> str | None:
    """Return what is wrong with the first line of a csv file that cannot be split, or None."""
    if not file.columns:
        return None
    if file.by_line:
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


def _describe_parquet(path: str) -> EventFile:
    try:
        metadata = pq.read_metadata(path)
        schema = metadata.schema.to_arrow_schema()
    except Exception as error:
        raise ValueError(
            f"{path!r} is a damaged parquet file (is it complete?): fetch it again"
        ) from error
    with open(path, "rb") as file:
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
        has_rows=metadata.num_rows > 0,
    )


def _exact_below(kind: pa.DataType) -> int | None:
    """Return the bound of a type with fractions; None for a decimal, which is always exact."""
    if pa.types.is_decimal256(kind):
        return EXACT_BELOW[64]  # DuckDB reads it as doubles
    return EXACT_BELOW[kind.bit_width] if pa.types.is_floating(kind) else None


def _describe_csv(path: str, is_gzip: bool, options: Mapping[str, str]) -> EventFile:
    encoding = options.get("encoding", "utf-8")
    try:
        with gzip.open(path) if is_gzip else open(path, "rb") as file:
            head = file.read(HEAD_BYTES)
            content = _Content.read(file, head, options.get("quote", '"').encode())
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
        return EventFile(path, "csv", (), content.digest, has_rows=False)
    lines = io.StringIO(text, newline=None)
    delimiter = options.get("delim") or max(DELIMITERS, key=lines.readline().count)
    has_quotes = content.has_quotes
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
        content.digest,
        repeated=repeated,
        delimiter=delimiter,
        quote=quote,
        escape=options.get("escape", quote) if has_quotes else "",
        encoding=encoding,
        is_gzip=is_gzip,
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
    """What was seen in the bytes of a csv file, decompressed."""

    has_quotes: bool = False
    feeds: int = 0
    returns: int = 0
    returns_before_feeds: int = 0
    longest_line: int = 0
    digest: str = ""

    @classmethod
    def read(cls, file: BinaryIO, chunk: bytes, quote: bytes) -> _Content:
        """Read a file, of which `chunk` is already read, to its end."""
        content = cls()
        fingerprint = hashlib.sha256()
        line = 0
        ends_in_return = False
        while chunk:
            fingerprint.update(chunk)
            content.has_quotes = content.has_quotes or (quote != b"" and quote in chunk)
            if b"\r" in chunk or ends_in_return:
                content.feeds += chunk.count(b"\n")
                content.returns += chunk.count(b"\r")
                content.returns_before_feeds += chunk.count(b"\r\n")
                content.returns_before_feeds += ends_in_return and chunk.startswith(b"\n")
            else:
                content.feeds += b"\n" in chunk  # one is as good as all
            ends_in_return = chunk.endswith(b"\r")
            end = max(chunk.rfind(b"\n"), chunk.rfind(b"\r")) + 1
            line = len(chunk) - end if end else line + len(chunk)
            content.longest_line = max(content.longest_line, line)
            chunk = file.read(HEAD_BYTES)
        content.digest = fingerprint.hexdigest()
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
