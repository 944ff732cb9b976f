"""Input files: which they are, what they hold, and the SQL that reads them.

Files are told apart by their content, not by their names. A csv file is read through once before
a build, because DuckDB alone would lose rows without a word where a gzip file is damaged or a
quote never closes. The SQL is DuckDB's; every path and name in it is quoted here.
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

from longtail.settings import EVENT_COLUMNS, OPTIONAL_EVENT_COLUMNS

GZIP_MAGIC = b"\x1f\x8b"
PARQUET_MAGIC = b"PAR1"
UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
DELIMITERS = (",", "\t", ";", "|")
HEAD_BYTES = 1 << 20
LONGEST_LINE = 16 << 20
"""Bytes. DuckDB rejects a line above 2 MB, but loses one that does not fit into its buffer."""
LINE_DELIMITER = "\x1c\x1d\x1e\x1f"
"""In no file: makes DuckDB return whole lines."""
WITHHELD = "withheld: hash_user_ids is set and the line may hold a user id"
"""In place of a line that could not be split; macro keep_broken_lines has it too."""


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
        Names in the order of the file; a repeated or empty name of a csv header made unique.
    repeated
        Lower-case names that the header has more than once.
    delimiter, quote, escape, encoding
        Of a csv file.
    is_gzip
        Whether a csv file is compressed.
    by_line
        Whether a csv file must be split into lines first and into columns then: line ends are
        mixed, or a quote does not close, which would swallow the rows after it.
    has_rows
        Whether anything follows the header.
    """

    path: str
    format: str
    columns: tuple[str, ...]
    repeated: frozenset[str] = frozenset()
    delimiter: str = ","
    quote: str = '"'
    escape: str = '"'
    encoding: str = "utf-8"
    is_gzip: bool = False
    by_line: bool = False
    has_rows: bool = True


# ---- looking at files --------------------------------------------------------------------------


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
            raise ValueError(
                f"var 'targets': cannot read {path!r}: {_first_line(error)}"
            ) from error
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
            connection.execute(f"select count(*) from {_read_csv(file)}").fetchall()
        except duckdb.InvalidInputException as error:
            if "invalid state" in str(error):
                return False
            raise ValueError(f"cannot read {file.path!r}: {_first_line(error)}") from error
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
            [_pattern(file.quote), file.quote],
        ).fetchall()
    return swallowing == [(0,)]


# ---- writing SQL -------------------------------------------------------------------------------


def text_literal(value: str) -> str:
    """Quote text for SQL."""
    return "'" + value.replace("'", "''") + "'"


def identifier(name: str) -> str:
    """Quote a column's name for SQL."""
    return '"' + name.replace('"', '""') + '"'


def scan_sql(
    files: Iterable[EventFile],
    *,
    columns: Mapping[str, str] | None = None,
    reject_when: Mapping[str, str] | None = None,
    user_salt: str = "",
) -> str:
    """Return the query that reads all files.

    Parameters
    ----------
    files
        What `describe_files` returned; they may differ in format, columns and their order.
    columns
        Canonical column to source column or SQL expression over the source's columns.
    reject_when
        Reason to SQL condition over the source's columns.
    user_salt
        When given, user ids leave the query only as sha256(salt + id), and `raw_line` without
        the line, which may hold an id.

    Returns
    -------
    str
        SQL with the canonical columns as text, `reject_when_reason`, `raw_line` (of a row that
        could not be split, else null), `source_file` and `source_row`, which counts the rows
        of the file that could be read.

    Raises
    ------
    ValueError
        If a needed column is missing, an expression is no valid SQL, or another column than
        user_id would show the ids that are to be hashed.
    """
    checked: set[tuple[str, ...]] = set()
    selects = []
    for file in files:
        expressions = _column_expressions(file, columns or {})
        raw_line = "raw_line" if file.by_line else "cast(null as varchar)"
        if user_salt:
            _check_user_id_stays_alone(file, expressions)
            expressions["user_id"] = _hashed(expressions["user_id"], user_salt)
            raw_line = f"case when {raw_line} is not null then {text_literal(WITHHELD)} end"
        reasons = _reason_expression(reject_when or {})
        if file.columns not in checked:
            _check_expressions(file, columns or {}, reject_when or {})
            checked.add(file.columns)
        lines = [f"cast({sql} as varchar) as {name}" for name, sql in expressions.items()]
        if file.by_line:
            reasons = f"coalesce(broken_reason, {reasons})"
        lines += [
            f"{reasons} as reject_when_reason",
            f"{raw_line} as raw_line",
            f"{text_literal(file.path)} as source_file",
            "source_row",
        ]
        selects.append("select\n    " + ",\n    ".join(lines) + f"\nfrom (\n{_rows(file)}\n)")
    return "\nunion all\n".join(selects) or _no_rows()


def _no_rows() -> str:
    """Return a query like that of `scan_sql` for a build without a new file."""
    names = (*EVENT_COLUMNS, *OPTIONAL_EVENT_COLUMNS, "reject_when_reason", "raw_line")
    texts = ", ".join(f"cast(null as varchar) as {name}" for name in (*names, "source_file"))
    return f"select {texts}, cast(null as bigint) as source_row where false"


def _column_expressions(file: EventFile, mapping: Mapping[str, str]) -> dict[str, str]:
    """Return the SQL expression of each canonical column over one file's columns."""
    by_name = {name.lower(): name for name in file.columns}
    expressions = {}
    for column in (*EVENT_COLUMNS, *OPTIONAL_EVENT_COLUMNS):
        source = mapping.get(column, column)
        if source.lower() in file.repeated:
            raise ValueError(
                f"column {source!r} is twice in the header of {file.path!r}: rename one of them"
            )
        if source.lower() in by_name:
            expressions[column] = identifier(by_name[source.lower()])
        elif column in mapping:
            expressions[column] = f"({source}\n)"
        elif column in OPTIONAL_EVENT_COLUMNS:
            expressions[column] = "null"
        else:
            raise ValueError(
                f"column '{column}' is missing from {file.path!r}, whose columns are "
                f"{', '.join(file.columns)}; map it with the var columns, such as "
                f'{{columns: {{{column}: "a column or SQL expression"}}}}'
            )
    return expressions


def _hashed(sql: str, salt: str) -> str:
    """Return the expression of a user id's hash; null for none, so that it is still missed."""
    user_id = f"trim(cast({sql} as varchar))"
    return f"case when {user_id} != '' then sha256({text_literal(salt)} || {user_id}) end"


def _check_user_id_stays_alone(file: EventFile, expressions: Mapping[str, str]) -> None:
    """Refuse a column that is made of the same source column as user_id."""
    shown = _names_in(expressions["user_id"]) & {name.lower() for name in file.columns}
    for column, sql in expressions.items():
        if column != "user_id" and (both := shown & _names_in(sql)):
            raise ValueError(
                f"var 'columns', entry '{column}': {sql.strip('()').strip()} reads "
                f"'{min(both)}', which holds the user ids that hash_user_ids keeps out of every "
                "table"
            )


def _names_in(sql: str) -> set[str]:
    """Return the lower-case names that an SQL expression may refer to."""
    found = set()
    text = sql.encode()
    tokens = duckdb.tokenize(sql)
    ends = [*(start for start, _ in tokens[1:]), len(text)]
    for (start, kind), end in zip(tokens, ends, strict=True):
        if kind in (duckdb.token_type.identifier, duckdb.token_type.keyword):
            name = text[start:end].decode().strip()
            if name.startswith('"'):
                name = name[1:-1].replace('""', '"')
            found.add(name.lower())
    return found


def _reason_expression(reject_when: Mapping[str, str]) -> str:
    cases = [
        f"when ({condition}\n) then {text_literal(reason)}"
        for reason, condition in reject_when.items()
    ]
    return f"case {' '.join(cases)} end" if cases else "cast(null as varchar)"


def _rows(file: EventFile) -> str:
    """Return the query for the rows of one file: its columns and source_row."""
    if file.format == "parquet":
        path = text_literal(glob.escape(file.path))
        return (
            "select *, file_row_number + 1 as source_row "
            f"from read_parquet({path}, file_row_number = true)"
        )
    if file.by_line:
        return _rows_by_line(file)
    # A window without an order streams: rows keep the order of the file.
    return f"select *, row_number() over () as source_row from {_read_csv(file)}"


def _read_csv(file: EventFile) -> str:
    names = ", ".join(f"{text_literal(name)}: 'VARCHAR'" for name in file.columns)
    return _csv_reader(
        file, names, delim=file.delimiter, quote=file.quote, escape=file.escape, strict=True
    )


def _csv_reader(
    file: EventFile, names: str, *, delim: str, quote: str, escape: str, strict: bool
) -> str:
    """Return DuckDB's table function with everything set, so that it guesses nothing."""
    return (
        f"read_csv({text_literal(glob.escape(file.path))}, columns = {{{names}}}, "
        f"auto_detect = false, header = true, delim = {text_literal(delim)}, "
        f"quote = {text_literal(quote)}, escape = {text_literal(escape)}, "
        f"encoding = {text_literal(file.encoding)}, "
        f"compression = '{'gzip' if file.is_gzip else 'none'}', "
        f"strict_mode = {str(strict).lower()}, null_padding = false, store_rejects = true)"
    )


def _rows_by_line(file: EventFile) -> str:
    """Return the query that splits each line on its own, so that a broken one costs one row."""
    reader = _csv_reader(
        file, "'line': 'VARCHAR'", delim=LINE_DELIMITER, quote="", escape="", strict=False
    )
    delimiter, quote = _pattern(file.delimiter), _pattern(file.quote or '"')
    field = f"({quote}(?:[^{quote}]|{quote}{quote})*{quote}|[^{delimiter}{quote}][^{delimiter}]*|)"
    whole_line = text_literal(f"(?:{delimiter}{field})*")
    field = text_literal(f"{delimiter}{field}")
    first, doubled = text_literal(file.quote or '"'), text_literal(2 * (file.quote or '"'))
    width = len(file.columns)
    columns = ",\n        ".join(
        f"fields[{place}] as {identifier(name)}" for place, name in enumerate(file.columns, 1)
    )
    return f"""    select
        {columns},
        broken_reason,
        case when broken_reason is not null then line end as raw_line,
        source_row
    from (
        select
            line,
            source_row,
            case
                when not regexp_full_match(delimited_line, {whole_line})
                    then 'broken line: unquoted value'
                when len(quoted_fields) < {width} then 'broken line: missing columns'
                when len(quoted_fields) > {width} then 'broken line: too many columns'
            end as broken_reason,
            case
                when broken_reason is null then list_transform(
                    quoted_fields,
                    lambda field: nullif(case
                        when starts_with(field, {first}) then replace(
                            substr(field, 2, length(field) - 2), {doubled}, {first}
                        )
                        else field
                    end, '')
                )
            end as fields
        from (
            select
                line,
                {text_literal(file.delimiter)} || line as delimited_line,
                regexp_extract_all(delimited_line, {field}, 1) as quoted_fields,
                row_number() over () as source_row
            from (
                select rtrim(line, chr(13)) as line
                from {reader}
            )
            where line != ''
        )
    )"""


def _pattern(character: str) -> str:
    """Return one character as part of a regular expression, inside brackets or not."""
    return f"\\x{{{ord(character):x}}}"


def _check_expressions(
    file: EventFile, columns: Mapping[str, str], reject_when: Mapping[str, str]
) -> None:
    """Let DuckDB bind each expression alone, so that an error names the var at fault."""
    names = {name.lower() for name in file.columns}
    checks = [
        (f"var 'columns', entry '{name}'", sql, f"cast(({sql}\n) as varchar)")
        for name, sql in columns.items()
        if sql.lower() not in names
    ]
    checks += [
        (f"var 'reject_when', entry '{reason}'", sql, f"case when ({sql}\n) then 1 end")
        for reason, sql in reject_when.items()
    ]
    if file.format == "parquet":
        source = f"read_parquet({text_literal(glob.escape(file.path))})"
    else:
        nulls = ", ".join(f"null::varchar as {identifier(name)}" for name in file.columns)
        source = f"(select {nulls})"
    with duckdb.connect() as connection:
        for name, sql, expression in checks:
            if not _is_one_expression(sql):
                raise ValueError(f"{name}: give one SQL expression, not {sql!r}")
            try:
                connection.execute(f"select {expression} from {source} limit 0")
            except duckdb.Error as error:
                raise ValueError(
                    f"{name}: {sql!r} is no SQL expression over the columns of {file.path!r} "
                    f"({', '.join(file.columns)}): {_first_line(error)}"
                ) from error


def _is_one_expression(sql: str) -> bool:
    """Whether the text cannot leave the parentheses that it will be put into."""
    depth = 0
    tokens = duckdb.tokenize(sql)
    for start, kind in tokens:
        character = sql.encode()[start : start + 1]
        if kind == duckdb.token_type.operator:
            depth += (character == b"(") - (character == b")")
            if character == b";" or depth < 0:
                return False
    is_empty = all(kind == duckdb.token_type.comment for _, kind in tokens)
    return depth == 0 and not is_empty


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
