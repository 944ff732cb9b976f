"""The vars events_sql and catalogue_sql: one SQL query over input files and over side files."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb

from longtail.build.event_files import EXACT_BELOW, describe_files, find_files
from longtail.build.file_rows import EventFile, first_line, identifier, rows_of
from longtail.build.machine import refuse_remote

RELATIONS = {"events_sql": "events", "catalogue_sql": "products"}
"""Var to the name of the input's rows in its query: one event file, all files of the catalogue."""
BITS = {"FLOAT": 32, "DOUBLE": 64}


def side_tables(
    tables: Mapping[str, str],
    events: str,
    csv_options: Mapping[str, Any],
    scratch: Path | None = None,
    var: str = "event_tables",
) -> dict[str, list[EventFile]]:
    """Describe the side files: name in the query to its files.

    Parameters
    ----------
    tables
        Name to path or glob, from the folder of the input files on.
    events
        Path or glob of the input files.
    csv_options
        The var csv_options, of which only the encoding is used here.
    scratch
        As in `describe_files`.
    var
        The var that `tables` is: event_tables or catalogue_tables.

    Raises
    ------
    ValueError
        If there is no such file, or one cannot be read.
    """
    folder = os.path.dirname(find_files(events)[0])
    options = {name: value for name, value in csv_options.items() if name == "encoding"}
    found = {}
    for name, pattern in tables.items():
        try:
            refuse_remote(pattern)
            paths = find_files(os.path.join(folder, os.path.expanduser(pattern)))
            found[name] = describe_files(paths, options, scratch=scratch)
        except ValueError as error:
            raise ValueError(f"var '{var}', entry '{name}': {error}") from error
    return found


def queried(
    files: Iterable[EventFile],
    sql: str,
    tables: Mapping[str, Iterable[EventFile]],
    var: str = "events_sql",
) -> list[EventFile]:
    """Return files whose rows are the result of a query over each.

    Parameters
    ----------
    files
        What `describe_files` returned.
    sql
        One query, in which `RELATIONS` names the file and the keys of `tables` are other relations.
    tables
        What `side_tables` returned.
    var
        The var that `sql` is, a key of `RELATIONS`.

    Raises
    ------
    ValueError
        If it is not a single query, or does not fit the columns of a file.
    """
    _check_is_query(sql, var)
    others = {
        name: "\nunion all by name\n".join(
            f"select {_names(file)} from (\n{rows_of(file)}\n)" for file in of_name if file.columns
        )
        for name, of_name in tables.items()
    }
    return [_queried(file, sql, others, var) if file.columns else file for file in files]


def together(files: Iterable[EventFile], path: str) -> EventFile:
    """Return several files as one, whose columns are those of all.

    Parameters
    ----------
    files
        What `describe_files` returned, at least one of them with columns.
    path
        The name of the whole, such as the glob that matched the files.
    """
    files = [file for file in files if file.columns]
    names = {name.lower(): name for file in reversed(files) for name in file.names}
    made = replace(
        files[0],
        path=path,
        columns=tuple(names.values()),
        path_columns=(),
        fractions=tuple(dict(pair for file in files for pair in file.fractions).items()),
        repeated=frozenset().union(*(file.repeated for file in files)),
        by_line=any(file.shows_broken_lines for file in files),
    )
    selects = []
    for file in files:
        own = "".join(
            f", {file.own(name) if file.shows_broken_lines else 'cast(null as varchar)'} "
            f"as {made.own(name)}"
            for name in (("broken_reason", "raw_line") if made.shows_broken_lines else ())
        )
        selects.append(f"select {_names(file)}{own} from (\n{rows_of(file)}\n)")
    rows = "\nunion all by name\n".join(selects)
    number = f"row_number() over () as {made.own('source_row')}"
    return replace(made, query=f"select *, {number} from (\n{rows}\n)")


def _check_is_query(sql: str, var: str) -> None:
    try:
        statements = duckdb.extract_statements(sql)
    except duckdb.Error as error:
        raise ValueError(f"var '{var}' is not valid SQL: {first_line(error)[:150]}") from error
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise ValueError(f"var '{var}' must be one query: select ... from {RELATIONS[var]}")
    if not re.search(rf"\b{RELATIONS[var]}\b", sql, re.IGNORECASE):
        raise ValueError(f"var '{var}' must read from {RELATIONS[var]}, the rows of the file")


def _names(file: EventFile) -> str:
    return ", ".join(map(identifier, file.names))


def _queried(file: EventFile, sql: str, others: Mapping[str, str], var: str) -> EventFile:
    rows = rows_of(file)
    whole = f"where {file.own('broken_reason')} is null" if file.shows_broken_lines else ""
    relations = [
        (RELATIONS[var], f"select {_names(file)} from (\n{rows}\n) {whole}"),
        *others.items(),
    ]
    listed = ",\n".join(f"{identifier(name)} as (\n{query}\n)" for name, query in relations)
    query = f"with {listed}\nselect * from (\n{sql.strip().rstrip(';')}\n)"
    with duckdb.connect() as connection:
        try:
            columns = connection.execute(f"describe {query}").fetchall()
        except duckdb.Error as error:
            raise ValueError(
                f"var '{var}' does not fit {file.path!r}: {first_line(error)[:150]}"
            ) from error
    names = [name for name, *_ in columns]
    lower = [name.lower() for name in names]
    made = replace(
        file,
        columns=tuple(names),
        path_columns=(),
        fractions=tuple(
            (name, EXACT_BELOW[BITS[kind]] if kind in BITS else None)
            for name, kind, *_ in columns
            if kind in BITS or (kind.startswith("DECIMAL") and not kind.endswith(",0)"))
        ),
        repeated=frozenset(name for name in lower if lower.count(name) > 1),
    )
    if file.shows_broken_lines:
        reason, line = file.own("broken_reason"), file.own("raw_line")
        query = (
            f"select *, cast(null as varchar) as {made.own('broken_reason')}, "
            f"cast(null as varchar) as {made.own('raw_line')} from (\n{query}\n)\n"
            f"union all by name\nselect {reason} as {made.own('broken_reason')}, "
            f"{line} as {made.own('raw_line')} from (\n{rows}\n) where {reason} is not null"
        )
    number = f"row_number() over () as {made.own('source_row')}"
    return replace(made, query=f"select *, {number} from (\n{query}\n)")
