"""Files of tables beside the events: the catalogue and impressions.

They are read like event files: the same formats, column mapping and rejection of bad rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from longtail.build import event_times
from longtail.build.event_files import describe_files, find_files
from longtail.build.file_rows import EventFile, rows_of, text_literal
from longtail.build.scan import Layout, check_expressions, column_expressions, names_in


def describe_table(
    settings: Mapping[str, Any], var: str, row: str, scratch: Path | None = None
) -> list[EventFile]:
    """Look at the files that a var names; `scratch` as in `describe_files`.

    Parameters
    ----------
    settings
        Every var with its value.
    var
        The one that names the files; in the singular it begins the vars of their columns and csv
        options (`impressions`: `impression_columns`, `impression_csv_options`).
    row
        What a row is, in words: "product", "impression".

    Raises
    ------
    ValueError
        If there is none, one cannot be read, or there is no row in any.
    """
    pattern = settings[var]
    prefix = var.removesuffix("s")
    names = set().union(*map(names_in, settings[f"{prefix}_columns"].values()))
    options = f"{prefix}_csv_options"
    try:
        files = describe_files(find_files(pattern), settings[options], names, scratch)
    except ValueError as error:
        text = str(error).replace("csv_options", options).replace("event files", "files")
        raise ValueError(f"var {var!r}: {text}") from error
    if not any(file.has_rows for file in files if file.columns):
        raise ValueError(f"var {var!r}: there is no {row} in {pattern!r}")
    return files


def table_sql(
    files: Iterable[EventFile],
    columns: Mapping[str, str],
    layout: Layout,
    other_names: Mapping[str, tuple[str, ...]],
    time_columns: Iterable[str],
    say: Callable[[str], None] = lambda line: None,
    change: Callable[[EventFile, dict[str, str | None]], str | None] = lambda file, given: None,
) -> str:
    """Return the query that reads all files of a layout other than that of events.

    Parameters
    ----------
    files
        What `describe_files` returned.
    columns
        Canonical column to source column or SQL expression.
    layout
        The canonical columns, and the var that `columns` is.
    other_names
        Canonical column to other names that files use for it.
    time_columns
        Columns whose dates must not be ambiguous.
    say
        Takes lines that the user should know.
    change
        May change a file's expressions; returns a replacement for lines that could not be split, or
        None to keep the lines themselves.

    Returns
    -------
    str
        SQL with the layout's columns as text, `broken_reason`, `raw_line`, `source_file`,
        `source_row`.

    Raises
    ------
    ValueError
        If a column that must be there is missing, an expression is no valid SQL, ids are numbers
        that were rounded, or dates may begin with the day or the month.
    """
    files = [file for file in files if file.columns]
    for file in {file.names: file for file in reversed(files)}.values():
        check_expressions(file, columns, {}, layout.var)
    mapped = {
        file.path: column_expressions(file, {**_usual_names(file, other_names), **columns}, layout)
        for file in files
    }
    for name in time_columns:
        times = {path: given[name] for path, given in mapped.items() if given[name] != "null"}
        iso = event_times.as_iso(files, times, say, column=name, var=layout.var)
        for path, expression in iso.items():
            mapped[path][name] = expression
    selects = []
    for file in files:
        withheld = change(file, mapped[file.path])
        lines = [f"cast({sql} as varchar) as {name}" for name, sql in mapped[file.path].items()]
        for name in ("broken_reason", "raw_line"):
            source = file.own(name) if file.shows_broken_lines else "null"
            if name == "raw_line" and withheld:
                source = f"case when {source} is not null then {text_literal(withheld)} end"
            lines.append(f"cast({source} as varchar) as {name}")
        lines += [
            f"{text_literal(file.path)} as source_file",
            f"{file.own('source_row')} as source_row",
        ]
        selects.append("select\n    " + ",\n    ".join(lines) + f"\nfrom (\n{rows_of(file)}\n)")
    return "\nunion all\n".join(selects) or _no_rows_sql(layout)


def _usual_names(file: EventFile, other_names: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """Return the columns that a file has only under another name."""
    names = {name.lower() for name in file.names}
    return {
        column: found
        for column, others in other_names.items()
        if column not in names and (found := next((name for name in others if name in names), None))
    }


def _no_rows_sql(layout: Layout) -> str:
    """Return a query like that of `table_sql`, with no rows."""
    texts = no_texts(*layout.names, "broken_reason", "raw_line", "source_file")
    return f"select {texts}, cast(null as bigint) as source_row where false"


def no_texts(*names: str) -> str:
    """Return columns of text that are null, for a query with no rows."""
    return ", ".join(f"cast(null as varchar) as {name}" for name in names)
