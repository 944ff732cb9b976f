"""Files of the product catalogue and of the lists of what may be shown.

They are read like event files: the same formats, column mapping and rejection of bad rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from longtail.build import event_times
from longtail.build.event_files import describe_files, find_files
from longtail.build.file_rows import EventFile, rows_of, text_literal
from longtail.build.scan import (
    Layout,
    check_expressions,
    column_expressions,
    hashed,
    names_in,
    null_list,
    plain_column,
)
from longtail.build.settings import CATALOGUE_COLUMNS, NO_CATALOGUE

CATALOGUE = Layout(CATALOGUE_COLUMNS, ("product_id",), "catalogue_columns")
OTHER_NAMES = {
    "product_id": ("id", "sku"),
    "product_name": ("name", "title"),
    "url": ("link",),
    "image_url": ("image_link", "image"),
    "category_code": ("category", "product_type"),
    "is_available": ("availability", "available"),
    "stock": ("quantity",),
}
"""Aliases in feeds of a column that neither the file nor the mapping has under its own name."""
TIME_COLUMNS = ("available_from", "available_until")


def has_files(settings: Mapping[str, Any]) -> bool:
    """Whether the var `catalogue` names files."""
    return settings["catalogue"] not in ("", NO_CATALOGUE)


def describe_catalogue(settings: Mapping[str, Any], scratch: Path | None = None) -> list[EventFile]:
    """Look at the files of the var `catalogue`; `scratch` as in `describe_files`.

    Raises
    ------
    ValueError
        If there is none, one cannot be read, or there is no row in any.
    """
    pattern = settings["catalogue"]
    names = set().union(*map(names_in, settings["catalogue_columns"].values()))
    try:
        files = describe_files(
            find_files(pattern), settings["catalogue_csv_options"], names, scratch
        )
    except ValueError as error:
        text = str(error).replace("csv_options", "catalogue_csv_options")
        raise ValueError(f"var 'catalogue': {text.replace('event files', 'files')}") from error
    if not any(file.has_rows for file in files if file.columns):
        raise ValueError(f"var 'catalogue': there is no product in {pattern!r}")
    return files


def catalogue_sql(
    files: Iterable[EventFile],
    columns: Mapping[str, str],
    say: Callable[[str], None] = lambda line: None,
) -> str:
    """Return the query that reads all files of a catalogue.

    Parameters
    ----------
    files
        What `describe_catalogue` returned.
    columns
        The var `catalogue_columns`: canonical column to source column or SQL expression.
    say
        Takes lines that the user should know.

    Returns
    -------
    str
        SQL with `CATALOGUE_COLUMNS` as text, `broken_reason` and `raw_line` (of a row that could
        not be split, else null), `source_file` and `source_row`.

    Raises
    ------
    ValueError
        If product_id is missing, an expression is no valid SQL, ids are numbers that were rounded,
        or dates may begin with the day or the month.
    """
    return table_sql(files, columns, CATALOGUE, OTHER_NAMES, TIME_COLUMNS, say)


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
        As `catalogue_sql`.
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
    return "\nunion all\n".join(selects) or no_rows_sql(layout)


def _usual_names(file: EventFile, other_names: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """Return the columns that a file has only under another name."""
    names = {name.lower() for name in file.names}
    return {
        column: found
        for column, others in other_names.items()
        if column not in names and (found := next((name for name in others if name in names), None))
    }


def no_rows_sql(layout: Layout) -> str:
    """Return a query like that of `table_sql`, with no rows."""
    texts = _no_texts(*layout.names, "broken_reason", "raw_line", "source_file")
    return f"select {texts}, cast(null as bigint) as source_row where false"


def list_sql(file: EventFile, *, user_salt: str = "", null_texts: Iterable[str] = ()) -> str:
    """Return the query for the rows of user_id, product_id in a file of `describe_list`.

    user_id is null where the file has none: the row applies to all users. Ids are treated like
    those of events.
    """
    nulls = null_list(null_texts)
    product_id = f"trim(cast({plain_column(file, 'product_id', 'product_id')} as varchar))"
    user_id = "cast(null as varchar)"
    if "user_id" in {name.lower() for name in file.columns}:
        given = f"trim(cast({plain_column(file, 'user_id', 'user_id')} as varchar))"
        shown_id = hashed(given, user_salt, nulls) if user_salt else given
        user_id = f"case when lower({given}) not in ({nulls}) then {shown_id} end"
    return f"""select distinct {user_id} as user_id, {product_id} as product_id
from (
{rows_of(file)}
)
where lower({product_id}) not in ({nulls})"""


def no_list_sql() -> str:
    """Return a query like that of `list_sql`, with no rows."""
    return f"select {_no_texts('user_id', 'product_id')} where false"


def _no_texts(*names: str) -> str:
    return ", ".join(f"cast(null as varchar) as {name}" for name in names)
