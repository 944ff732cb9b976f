"""The query that reads all event files: canonical columns as text, by name or expression."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import duckdb

from longtail.build import event_times
from longtail.build.csv_files import shown
from longtail.build.file_rows import EventFile, first_line, identifier, rows_of, text_literal
from longtail.build.settings import (
    EVENT_COLUMNS,
    NO_TIME,
    OPTIONAL_EVENT_COLUMNS,
    REQUIRED_EVENT_COLUMNS,
)

LEARNED_AT, HELD_OUT_AT = "2000-01-01 00:00:00", "2000-01-06 00:00:00"
"""Made-up times of a log without times: a tenth of the rows come later, for evaluation."""


@dataclass(frozen=True)
class Layout:
    """The canonical columns of one kind of input.

    Attributes
    ----------
    names
        All columns.
    required
        Those that a file or the mapping must provide; the others are null if missing.
    var
        The var that maps them.
    """

    names: tuple[str, ...]
    required: tuple[str, ...]
    var: str


EVENTS = Layout((*EVENT_COLUMNS, *OPTIONAL_EVENT_COLUMNS), REQUIRED_EVENT_COLUMNS, "columns")
ID_COLUMNS = ("product_id", "category_id", "user_id", "user_session")
WITHHELD = "withheld: hash_user_ids is set and the line may hold a user id"
"""Replaces a line that could not be split; also in the macro keep_broken_lines."""


def scan_sql(files: Iterable[EventFile], **options: Any) -> str:
    """Return the query that reads all files.

    Options, columns and errors are those of `file_queries`.
    """
    return union_of(file_queries(files, **options).values())


def union_of(queries: Iterable[str]) -> str:
    """Return the query for the rows of all files, from one query for each."""
    return "\nunion all\n".join(queries) or _no_rows()


def file_queries(
    files: Iterable[EventFile],
    *,
    columns: Mapping[str, str] | None = None,
    reject_when: Mapping[str, str] | None = None,
    user_salt: str = "",
    null_texts: Iterable[str] = (),
    event_type: str = "view",
    say: Callable[[str], None] = lambda line: None,
) -> dict[EventFile, str]:
    """Return the query that reads each file that has columns.

    Parameters
    ----------
    files
        What `describe_files` returned; they may differ in format, columns and column order.
    columns
        Canonical column to source column or SQL expression over the source's columns. Only those
        of `REQUIRED_EVENT_COLUMNS` must be in the files or here; event_time may be "none".
    reject_when
        Reason to SQL condition over the source's columns.
    user_salt
        When given, the query returns user ids only as sha256(salt + id), and `raw_line` without the
        line, which may hold an id.
    null_texts
        Texts that mean "no user id"; they are not hashed.
    event_type
        The type of all rows of a file without event types.
    say
        Takes lines that the user should know.

    Returns
    -------
    dict
        SQL with the canonical columns as text, `reject_when_reason`, `raw_line` (of a row that
        could not be split, else null), `source_file` and `source_row`, which counts the rows
        of the file that could be read.

    Raises
    ------
    ValueError
        If a needed column is missing, an expression is no valid SQL, ids are numbers that were
        rounded, dates may begin with the day or the month, or another column than user_id would
        show the ids that are to be hashed.
    """
    columns, reject_when = columns or {}, reject_when or {}
    files = [file for file in files if file.columns]
    nulls = null_list(null_texts)
    for file in {file.names: file for file in reversed(files)}.values():
        check_expressions(file, columns, reject_when)
    mapped = {file.path: column_expressions(file, columns) for file in files}
    if untyped := [path for path, given in mapped.items() if given["event_type"] is None]:
        say(
            f"There is no column event_type in {untyped[0]!r}: each row counts as "
            f"{event_type!r} (var columns: {{event_type: ...}})."
        )
    has_times = columns.get("event_time") != NO_TIME
    if not has_times:
        say(
            "The log has no times: a tenth of the pairs of user and product is held out, and "
            "products of a user have no order (window: 0, half_life_days: 0)."
        )
    times = {path: given["event_time"] for path, given in mapped.items() if has_times}
    times = event_times.as_iso(files, times, say)
    queries = {}
    for file in files:
        expressions = mapped[file.path]
        expressions["event_time"] = times.get(file.path, expressions["event_time"])
        raw_line = file.own("raw_line") if file.shows_broken_lines else "cast(null as varchar)"
        if user_salt:
            check_user_id_stays_alone(file, expressions)
            expressions["user_id"] = hashed(expressions["user_id"], user_salt, nulls)
            raw_line = f"case when {raw_line} is not null then {text_literal(WITHHELD)} end"
        if not has_times:
            expressions["event_time"] = _made_up_time(expressions)
        expressions["event_type"] = expressions["event_type"] or text_literal(event_type)
        reasons = _reason_expression(reject_when)
        lines = [f"cast({sql} as varchar) as {name}" for name, sql in expressions.items()]
        if file.shows_broken_lines:
            reasons = f"coalesce({file.own('broken_reason')}, {reasons})"
        lines += [
            f"{reasons} as reject_when_reason",
            f"{raw_line} as raw_line",
            f"{text_literal(file.path)} as source_file",
            f"{file.own('source_row')} as source_row",
        ]
        queries[file] = "select\n    " + ",\n    ".join(lines) + f"\nfrom (\n{rows_of(file)}\n)"
    return queries


def targets_sql(file: EventFile, *, user_salt: str = "", null_texts: Iterable[str] = ()) -> str:
    """Return the query for the pairs of user_id and product_id in a file of targets.

    Ids are treated like those of events. Parameters and errors are those of `scan_sql`.
    """
    nulls = null_list(null_texts)
    user_id, product_id = (
        f"trim(cast({plain_column(file, name, name)} as varchar))"
        for name in ("user_id", "product_id")
    )
    shown = hashed(user_id, user_salt, nulls) if user_salt else user_id
    return f"""select distinct {shown} as user_id, {product_id} as product_id
from (
{rows_of(file)}
)
where lower({user_id}) not in ({nulls}) and lower({product_id}) not in ({nulls})"""


def null_list(null_texts: Iterable[str]) -> str:
    """Return the SQL list of texts that mean "no id", in lower case."""
    return ", ".join(text_literal(text.strip().lower()) for text in ("", *null_texts))


def _no_rows() -> str:
    """Return an empty query like that of `scan_sql`, for a build without a new file."""
    names = (*EVENT_COLUMNS, *OPTIONAL_EVENT_COLUMNS, "reject_when_reason", "raw_line")
    texts = ", ".join(f"cast(null as varchar) as {name}" for name in (*names, "source_file"))
    return f"select {texts}, cast(null as bigint) as source_row where false"


def _made_up_time(expressions: Mapping[str, str]) -> str:
    """Return a made-up time for rows without one: later for a tenth of users' products."""
    pair = f"concat_ws(chr(31), {expressions['user_id']}, {expressions['product_id']})"
    return (
        f"case when md5_number_lower({pair}) % 10 = 0 then {text_literal(HELD_OUT_AT)} "
        f"else {text_literal(LEARNED_AT)} end"
    )


def column_expressions(
    file: EventFile, mapping: Mapping[str, str], layout: Layout = EVENTS
) -> dict[str, str | None]:
    """Return the SQL expression of each canonical column over one file's columns.

    None for event_type when neither the file nor the mapping has it.

    Raises
    ------
    ValueError
        If a required column is missing, one is repeated in the header, or ids were rounded.
    """
    by_name = {name.lower() for name in file.names}
    expressions = {}
    for column in layout.names:
        source = mapping.get(column, column)
        if source.lower() in file.repeated:
            raise ValueError(
                f"column {source!r} is twice in the header of {file.path!r}: rename one of them"
            )
        if source.lower() in by_name:
            expressions[column] = plain_column(file, column, source)
        elif (column, source) == ("event_time", NO_TIME):
            expressions[column] = "null"
        elif column in mapping:
            expressions[column] = f"({source}\n)"
        elif column not in layout.required:
            expressions[column] = None if column == "event_type" else "null"
        else:
            raise ValueError(
                f"column '{column}' is missing from {file.path!r}, whose columns are "
                f"{shown(file.names)}; map it with the var {layout.var}, such as "
                f'{{{layout.var}: {{{column}: "a column or SQL expression"}}}}'
                f"{' (none when there are no times)' if column == 'event_time' else ''}"
            )
    return expressions


def plain_column(file: EventFile, column: str, source: str) -> str:
    """Return the expression of a canonical column that is one of the file's.

    Whole-number ids are written without a fraction, whatever their type; NaN is no id.
    """
    name = next(name for name in file.names if name.lower() == source.lower())
    fractions = dict(file.fractions)
    if column not in ID_COLUMNS or name not in fractions:
        return identifier(name)
    _check_ids_are_whole(file, name, fractions[name])
    return f"try_cast({identifier(name)} as decimal(38, 0))"


def _check_ids_are_whole(file: EventFile, name: str, exact_below: int | None) -> None:
    """Refuse ids of a fractional type that have fractions or may have been rounded."""
    value = identifier(name)
    is_wrong, wanted = f"{value} != trunc({value})", "no whole number"
    if exact_below:
        is_wrong = f"not isnan({value}) and ({is_wrong} or abs({value}) >= {exact_below})"
        wanted = f"no whole number below {exact_below:,}"
    with duckdb.connect() as connection:
        wrong = connection.execute(
            f"select cast({value} as varchar) from ({rows_of(file)}) where {is_wrong} limit 1"
        ).fetchall()
    if wrong:
        raise ValueError(
            f"column {name!r} of {file.path!r} holds ids as numbers with fractions, and "
            f"{wrong[0][0]} is {wanted}: write them as text or int64, or map the column by an "
            "SQL expression in the var columns"
        )


def hashed(sql: str, salt: str, nulls: str) -> str:
    """Return the expression of a user id's hash; missing ids stay, so that they are rejected."""
    user_id = f"trim(cast({sql} as varchar))"
    return (
        f"case when lower({user_id}) in ({nulls}) then {user_id} "
        f"else sha256({text_literal(salt)} || {user_id}) end"
    )


def check_user_id_stays_alone(
    file: EventFile, expressions: Mapping[str, str | None], var: str = EVENTS.var
) -> None:
    """Refuse another column that would show user ids: same source column, or the file's path.

    Raises
    ------
    ValueError
        If there is one; the message names the var that maps it.
    """
    used = names_in(expressions["user_id"])
    if in_path := used & {name for name, _ in file.path_columns}:
        raise ValueError(
            f"the folder '{min(in_path)}=...' of {file.path!r} shows the user ids that "
            "hash_user_ids keeps out of every table: write them into the file"
        )
    shown = used & {name.lower() for name in file.columns}
    for column, sql in expressions.items():
        if column != "user_id" and sql and (both := shown & names_in(sql)):
            raise ValueError(
                f"var '{var}', entry '{column}': {sql.strip('()').strip()} reads "
                f"'{min(both)}', which holds the user ids that hash_user_ids keeps out of every "
                "table"
            )


def names_in(sql: str) -> set[str]:
    """Return the lower-case names that an SQL expression may refer to."""
    found = set()
    text = sql.encode()
    tokens = duckdb.tokenize(sql)
    ends = [start for start, _ in tokens[1:]] + [len(text)] * bool(tokens)
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


def check_expressions(
    file: EventFile,
    columns: Mapping[str, str],
    reject_when: Mapping[str, str],
    var: str = "columns",
) -> None:
    """Let DuckDB bind each expression alone, so that an error names the var at fault.

    Raises
    ------
    ValueError
        If one is not an SQL expression over the file's columns.
    """
    names = {name.lower() for name in file.names}
    checks = [
        (f"var '{var}', entry '{name}'", sql, f"cast(({sql}\n) as varchar)")
        for name, sql in columns.items()
        if sql.lower() not in names and (name, sql) != ("event_time", NO_TIME)
    ]
    checks += [
        (f"var 'reject_when', entry '{reason}'", sql, f"case when ({sql}\n) then 1 end")
        for reason, sql in reject_when.items()
    ]
    if file.format != "csv" or file.query:
        source = f"({rows_of(file)})"
    else:
        nulls = ", ".join(f"null::varchar as {identifier(name)}" for name in file.names)
        source = f"(select {nulls})"
    with duckdb.connect() as connection:
        for name, sql, expression in checks:
            if not _is_one_expression(sql):
                raise ValueError(f"{name}: give one SQL expression, not {sql[:60]!r}")
            try:
                connection.execute(f"select {expression} from {source} limit 0")
            except duckdb.Error as error:
                raise ValueError(
                    f"{name}: {sql[:60]!r} is not an SQL expression over the columns of "
                    f"{file.path!r} ({shown(file.names)}): {first_line(error)[:100]}"
                ) from error


def _is_one_expression(sql: str) -> bool:
    """Whether the text stays within the parentheses that it will be put into."""
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
