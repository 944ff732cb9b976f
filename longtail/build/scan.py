"""The query that reads all event files: canonical columns as text, by name or expression."""

from __future__ import annotations

import glob
from collections.abc import Iterable, Mapping

import duckdb

from longtail.build.file_rows import EventFile, first_line, identifier, rows_of, text_literal
from longtail.build.settings import EVENT_COLUMNS, OPTIONAL_EVENT_COLUMNS

WITHHELD = "withheld: hash_user_ids is set and the line may hold a user id"
"""In place of a line that could not be split; macro keep_broken_lines has it too."""


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
        selects.append("select\n    " + ",\n    ".join(lines) + f"\nfrom (\n{rows_of(file)}\n)")
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
                    f"({', '.join(file.columns)}): {first_line(error)}"
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
