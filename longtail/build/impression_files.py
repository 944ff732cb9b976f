"""Files of impressions: what was shown and clicked.

They are read like event files: the same formats, column mapping and rejection of bad rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from longtail.build.file_rows import EventFile
from longtail.build.scan import WITHHELD, Layout, check_user_id_stays_alone, hashed, null_list
from longtail.build.settings import IMPRESSION_COLUMNS
from longtail.build.table_files import describe_table, table_sql

IMPRESSIONS = Layout(IMPRESSION_COLUMNS, IMPRESSION_COLUMNS[:-1], "impression_columns")
OTHER_NAMES = {
    "user_id": ("user",),
    "product_id": ("product", "item_id"),
    "rank": ("place", "position"),
    "shown_at": ("impression_time", "event_time", "timestamp"),
    "clicked": ("is_clicked", "click"),
    "model": ("source",),
}
"""Aliases in logs of a column that neither the file nor the mapping has under its own name."""


def describe_impressions(
    settings: Mapping[str, Any], scratch: Path | None = None
) -> list[EventFile]:
    """Look at the files of the var `impressions`; `scratch` as in `describe_files`.

    Raises
    ------
    ValueError
        If there is none, one cannot be read, or there is no row in any.
    """
    return describe_table(settings, "impressions", "impression", scratch)


def impressions_sql(
    files: Iterable[EventFile],
    columns: Mapping[str, str],
    *,
    user_salt: str = "",
    null_texts: Iterable[str] = (),
    say: Callable[[str], None] = lambda line: None,
) -> str:
    """Return the query that reads all files of impressions.

    Parameters
    ----------
    files
        What `describe_impressions` returned.
    columns
        The var `impression_columns`: canonical column to source column or SQL expression.
    user_salt, null_texts
        As in `scan.scan_sql`: user ids leave the query as those of events do.
    say
        Takes lines that the user should know.

    Returns
    -------
    str
        SQL with `IMPRESSION_COLUMNS` as text, `broken_reason` and `raw_line` (of a row that could
        not be split, else null), `source_file` and `source_row`.

    Raises
    ------
    ValueError
        If a column is missing, an expression is no valid SQL, ids are numbers that were rounded,
        dates may begin with the day or the month, or another column than user_id would show the
        ids that are to be hashed.
    """
    nulls = null_list(null_texts)

    def hide_users(file: EventFile, expressions: dict[str, str | None]) -> str | None:
        if not user_salt:
            return None
        check_user_id_stays_alone(file, expressions, IMPRESSIONS.var)
        expressions["user_id"] = hashed(expressions["user_id"], user_salt, nulls)
        return WITHHELD

    return table_sql(files, columns, IMPRESSIONS, OTHER_NAMES, ("shown_at",), say, hide_users)
