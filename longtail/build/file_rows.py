"""The SQL that reads the rows of one input file, with every reader option set explicitly.

All quoting of paths and names happens here.
"""

from __future__ import annotations

import glob
from dataclasses import dataclass

LINE_DELIMITER = "\x1c\x1d\x1e\x1f"
"""A delimiter that occurs in no file: makes DuckDB return whole lines."""
HIVE_NULL = "__HIVE_DEFAULT_PARTITION__"
"""Hive's and Spark's folder name for rows without a value."""


@dataclass(frozen=True)
class EventFile:
    """One input file.

    Attributes
    ----------
    path
        As the user wrote it, globs expanded.
    format
        "csv", "json" or "parquet".
    columns
        Names in file order; repeated or empty names of a csv header are made unique.
    digest
        Fingerprint of the content (of a csv file: decompressed).
    path_columns
        Name and value of columns that folders `name=value` give and the file does not have; the
        value as written in the path, where special characters may be escaped, such as %20.
    fractions
        Columns of a parquet file with a fractional type, and the whole number up to which that type
        is exact; None for a decimal, which always is.
    repeated
        Lower-case names that the header has more than once.
    local
        The file that DuckDB reads: the same, or its unpacked or decoded copy.
    delimiter, quote, escape
        Of a csv file.
    skip, has_header
        Lines before the header of a csv file, and whether there is one.
    layout, structure
        Of a JSON file: "lines", "array" or "objects"; its columns as JSON, all values text.
    query
        The query for its rows, `source_row` included, when the var events_sql is set.
    is_gzip
        Whether a csv or JSON file is compressed.
    by_line
        Whether a csv file must be split into lines first and then into columns: line ends are
        mixed, or an unclosed quote would swallow the rows after it.
    has_rows
        Whether anything follows the header.
    """

    path: str
    format: str
    columns: tuple[str, ...]
    digest: str = ""
    path_columns: tuple[tuple[str, str], ...] = ()
    fractions: tuple[tuple[str, int | None], ...] = ()
    repeated: frozenset[str] = frozenset()
    delimiter: str = ","
    quote: str = '"'
    escape: str = '"'
    skip: int = 0
    has_header: bool = True
    layout: str = ""
    structure: str = ""
    local: str = ""
    query: str = ""
    is_gzip: bool = False
    by_line: bool = False
    has_rows: bool = True

    @property
    def source(self) -> str:
        """The file that DuckDB reads, as a pattern that matches no other."""
        return glob.escape(self.local or self.path)

    @property
    def shows_broken_lines(self) -> bool:
        """Whether a row that cannot be split carries its own reason and text."""
        return self.by_line or self.format == "json"

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all columns, those of the path included."""
        return (*self.columns, *(name for name, _ in self.path_columns))

    def own(self, name: str) -> str:
        """Return a name for an added column that no column of the file has."""
        taken = {column.lower() for column in self.names}
        while name in taken:
            name += "_"
        return name


def text_literal(value: str) -> str:
    """Quote text for SQL."""
    return "'" + value.replace("'", "''") + "'"


def identifier(name: str) -> str:
    """Quote a column's name for SQL."""
    return '"' + name.replace('"', '""') + '"'


def rows_of(file: EventFile) -> str:
    """Return the query for the rows of one file: its columns, those of its path, and own ones.

    Those are `source_row` and, of a file that shows its broken lines, `broken_reason` and
    `raw_line`; `EventFile.own` has their names.
    """
    rows = _rows_inside(file)
    if not file.path_columns:
        return rows
    columns = ", ".join(
        f"nullif(url_decode({text_literal(value)}), '{HIVE_NULL}') as {identifier(name)}"
        for name, value in file.path_columns
    )
    return f"select *, {columns} from (\n{rows}\n)"


def _rows_inside(file: EventFile) -> str:
    # A window without an order streams: rows stay in file order.
    row_number = "row_number() over ()"
    if file.query:
        return file.query
    if file.by_line:
        return _rows_by_line(file)
    if file.format == "json":
        return _rows_of_json(file)
    if file.format == "csv":
        rows = read_csv(file)
    else:
        rows = read_parquet(file)
        if "file_row_number" not in map(str.lower, file.columns):
            row_number = "file_row_number + 1"  # DuckDB's own, which needs no order
    return f"select *, {row_number} as {file.own('source_row')} from {rows}"


def read_parquet(file: EventFile) -> str:
    """Return the table function for the rows of a parquet file."""
    return f"read_parquet({text_literal(file.source)}, hive_partitioning = false)"


def read_csv(file: EventFile) -> str:
    """Return the table function for the rows of a csv file, its columns as text."""
    names = ", ".join(f"{text_literal(name)}: 'VARCHAR'" for name in file.columns)
    return _csv_reader(
        file, names, delim=file.delimiter, quote=file.quote, escape=file.escape, strict=True
    )


def _csv_reader(
    file: EventFile, names: str, *, delim: str, quote: str, escape: str, strict: bool
) -> str:
    """Return DuckDB's table function with every option set, so that nothing is sniffed."""
    return (
        f"read_csv({text_literal(file.source)}, columns = {{{names}}}, auto_detect = false, "
        f"header = {str(file.has_header).lower()}, skip = {file.skip}, "
        f"delim = {text_literal(delim)}, "
        f"quote = {text_literal(quote)}, escape = {text_literal(escape)}, "
        "encoding = 'utf-8', "
        f"compression = '{'gzip' if file.is_gzip else 'none'}', "
        f"strict_mode = {str(strict).lower()}, null_padding = false, store_rejects = true, "
        "hive_partitioning = false)"
    )


def _rows_by_line(file: EventFile) -> str:
    """Return the query that splits each line separately, so that a broken line costs one row."""
    reader = _csv_reader(
        file, "'line': 'VARCHAR'", delim=LINE_DELIMITER, quote="", escape="", strict=False
    )
    delimiter, quote = pattern(file.delimiter), pattern(file.quote or '"')
    field = f"({quote}(?:[^{quote}]|{quote}{quote})*{quote}|[^{delimiter}{quote}][^{delimiter}]*|)"
    whole_line = text_literal(f"(?:{delimiter}{field})*")
    field = text_literal(f"{delimiter}{field}")
    first, doubled = text_literal(file.quote or '"'), text_literal(2 * (file.quote or '"'))
    width = len(file.columns)
    columns = ",\n        ".join(
        f"parts.fields[{place}] as {identifier(name)}" for place, name in enumerate(file.columns, 1)
    )
    return f"""    select
        {columns},
        parts.broken_reason as {file.own("broken_reason")},
        case when parts.broken_reason is not null then parts.line end as {file.own("raw_line")},
        parts.source_row as {file.own("source_row")}
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
    ) as parts"""


def read_json(file: EventFile) -> str:
    """Return the texts of a JSON file that should be objects, as a table in file order."""
    if file.layout == "lines":
        reader = _csv_reader(
            file, "'line': 'VARCHAR'", delim=LINE_DELIMITER, quote="", escape="", strict=False
        )
        return f"(select trim(line, e' \\t\\r') as text from {reader} where text != '')"
    layout = "array" if file.layout == "array" else "unstructured"
    compression = "gzip" if file.is_gzip else "none"
    return (
        "(select cast(json as varchar) as text "
        f"from read_json_objects({text_literal(file.source)}, format = '{layout}', "
        f"compression = '{compression}', hive_partitioning = false))"
    )


def _rows_of_json(file: EventFile) -> str:
    """Return the query for the objects of a JSON file, their values as texts."""
    columns = ",\n        ".join(
        f"parts.fields.{identifier(name)} as {identifier(name)}" for name in file.columns
    )
    return f"""    select
        {columns},
        parts.broken_reason as {file.own("broken_reason")},
        case when parts.broken_reason is not null then parts.text end as {file.own("raw_line")},
        parts.source_row as {file.own("source_row")}
    from (
        select
            text,
            source_row,
            case
                when not json_valid(text) then 'broken line: no JSON'
                when json_type(text) != 'OBJECT' then 'broken line: no JSON object'
            end as broken_reason,
            case
                when broken_reason is null
                    then json_transform(text, {text_literal(file.structure)})
            end as fields
        from (
            select text, row_number() over () as source_row
            from {read_json(file)}
        )
    ) as parts"""


def pattern(character: str) -> str:
    """Return one character as part of a regular expression, inside brackets or not."""
    return f"\\x{{{ord(character):x}}}"


def first_line(error: Exception) -> str:
    """Return the first line of an error, which says what is wrong."""
    return str(error).partition("\n")[0]
