"""Files of the product catalogue and of the lists of what may be shown.

They are read like event files: the same formats, column mapping and rejection of bad rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from longtail.build import query
from longtail.build.file_rows import EventFile, rows_of
from longtail.build.scan import Layout, check_expressions, hashed, null_list, plain_column
from longtail.build.settings import CATALOGUE_COLUMNS, NO_CATALOGUE
from longtail.build.table_files import describe_table, no_texts, table_sql

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
VECTOR = "vector"
"""Name in staging of the column that the var `catalogue_vector` gives."""
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
    return describe_table(settings, "catalogue", "product", scratch)


def queried_catalogue(
    files: Sequence[EventFile], settings: Mapping[str, Any], scratch: Path | None = None
) -> list[EventFile]:
    """Return the files of a catalogue, or the result of the var `catalogue_sql` over all of them.

    Parameters
    ----------
    files
        What `describe_catalogue` returned.
    settings
        Every var with its value.
    scratch
        As in `describe_files`, for the files of `catalogue_tables`.

    Raises
    ------
    ValueError
        If the query does not fit the files, or one of `catalogue_tables` cannot be read.
    """
    sql, pattern = settings["catalogue_sql"], settings["catalogue"]
    if not sql or not files:
        return list(files)
    tables = query.side_tables(
        settings["catalogue_tables"],
        pattern,
        settings["catalogue_csv_options"],
        scratch,
        "catalogue_tables",
    )
    return query.queried([query.together(files, pattern)], sql, tables, "catalogue_sql")


def catalogue_sql(
    files: Iterable[EventFile],
    columns: Mapping[str, str],
    content: Mapping[str, str] = MappingProxyType({}),
    say: Callable[[str], None] = lambda line: None,
) -> str:
    """Return the query that reads all files of a catalogue.

    Parameters
    ----------
    files
        What `queried_catalogue` returned.
    columns
        The var `catalogue_columns`: canonical column to source column or SQL expression.
    content
        What `content_columns` returned.
    say
        Takes lines that the user should know.

    Returns
    -------
    str
        SQL with `CATALOGUE_COLUMNS` and the keys of `content` as text, `broken_reason` and
        `raw_line` (of a row that could not be split, else null), `source_file` and `source_row`.

    Raises
    ------
    ValueError
        If product_id is missing, an expression is no valid SQL, ids are numbers that were rounded,
        or dates may begin with the day or the month.
    """
    files = list(files)
    for file in {file.names: file for file in reversed(files) if file.columns}.values():
        for name, sql in content.items():
            var = "catalogue_vector" if name == VECTOR else "catalogue_features"
            check_expressions(file, {sql: sql}, {}, var)
    layout = replace(CATALOGUE, names=(*CATALOGUE.names, *content))
    return table_sql(files, {**columns, **content}, layout, OTHER_NAMES, TIME_COLUMNS, say)


def content_columns(settings: Mapping[str, Any]) -> dict[str, str]:
    """Return the columns of a product's content: name in staging to source column or expression.

    feature_1 ... feature_n for the var `catalogue_features`, vector for `catalogue_vector`.
    """
    features = enumerate(settings["catalogue_features"], 1)
    columns = {f"feature_{place}": sql for place, sql in features}
    if settings["catalogue_vector"]:
        columns[VECTOR] = settings["catalogue_vector"]
    return columns


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
    return f"select {no_texts('user_id', 'product_id')} where false"
