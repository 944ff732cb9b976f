"""Slices of the training history: logs that end before the evaluation begins, each a file.

A trial reads nothing but such a file, so no evaluation day and no target can change a choice. What
is found on one slice is measured on another.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from longtail.build.file_rows import text_literal

READING = {
    *("events", "columns", "reject_when", "events_sql", "event_tables", "csv_options", "timezone"),
    *("hash_user_ids", "append_events", "latest_event_at", "demo", "impressions", "experiments"),
    *("targets", "graph_cutoff", "holdout_days"),
}
"""Vars that a slice replaces: its file has the canonical columns and its own cut."""
COLUMNS = {"product_name": "product_name", "event_weight": "event_weight"}
LEAST_HISTORY = 2.0
"""A slice has at least this many times as long a history as it holds out."""


@dataclass(frozen=True)
class Cut:
    """The cut of the real evaluation.

    Attributes
    ----------
    first_event_at, graph_cutoff_at : datetime
        The training history.
    held_out : timedelta
        Length of what each slice holds out at its end.
    asks_next : bool
        Whether the evaluation asks for the product after each history (the var `targets`), instead
        of what users take within a time.
    """

    first_event_at: datetime
    graph_cutoff_at: datetime
    held_out: timedelta
    asks_next: bool = False


@dataclass(frozen=True)
class Slice:
    """A part of the training history.

    Attributes
    ----------
    name
        "search" or "verdict".
    vars
        Those that read it.
    begins_at, ends_at : datetime
        The time that it holds out.
    """

    name: str
    vars: dict[str, Any]
    begins_at: datetime
    ends_at: datetime


def slice_vars(given: Mapping[str, Any], part: Slice) -> dict[str, Any]:
    """Return the vars of a trial: those given, reading the slice instead of the shop's files."""
    return {name: value for name, value in given.items() if name not in READING} | part.vars


def cut_slices(
    connection: duckdb.DuckDBPyConnection, events: str, cut: Cut, folder: Path
) -> tuple[Slice, Slice]:
    """Write the slices to search on and for the verdict; return them.

    Where the evaluation asks what users take within a time, the verdict slice ends at the cut, the
    search slice one held-out time earlier. Where it asks for the next product, users who acted in
    the last held-out time lose their last product, and every other of them belongs to the verdict.

    Parameters
    ----------
    connection
        DuckDB.
    events
        Files of the table stg_events, as a glob.
    cut
        Where the evaluation begins.
    folder
        Where to write.

    Raises
    ------
    ValueError
        If the history is too short to hold out its end twice.
    """
    connection.execute(
        f"""create or replace temp view known_events as
        select event_at as event_time, event_type, product_id, category_id, category_code, brand,
            price, user_id, user_session, product_name, event_weight, source_file, source_row
        from read_parquet({text_literal(events)}, hive_partitioning = false)
        where event_at < $cut""".replace("$cut", _literal(cut.graph_cutoff_at))
    )
    if cut.asks_next:
        return _by_users(connection, cut, folder)
    history = cut.graph_cutoff_at - cut.first_event_at
    if history < (LEAST_HISTORY + 2) * cut.held_out:
        raise ValueError(
            f"too short a log: the training history has {_days(history)} days, and a search needs "
            f"{_days((LEAST_HISTORY + 2) * cut.held_out)}, four times what the evaluation holds "
            f"out; lower holdout_days"
        )
    return (
        _until(connection, "search", cut.graph_cutoff_at - cut.held_out, cut, folder),
        _until(connection, "verdict", cut.graph_cutoff_at, cut, folder),
    )


def _until(
    connection: duckdb.DuckDBPyConnection, name: str, end: datetime, cut: Cut, folder: Path
) -> Slice:
    """Write the events before a time; the slice holds out the last of them."""
    file = folder / f"{name}.parquet"
    _copy(connection, f"from known_events where event_time < {_literal(end)}", file)
    begin = end - cut.held_out
    vars_ = {"events": str(file), "columns": COLUMNS, "graph_cutoff": str(begin)}
    return Slice(name, vars_, begin, end)


def _by_users(connection: duckdb.DuckDBPyConnection, cut: Cut, folder: Path) -> tuple[Slice, Slice]:
    """Write all events but the last product of the users who acted last, and these products."""
    begin = max(cut.graph_cutoff_at - cut.held_out, cut.first_event_at)
    connection.execute(f"""
        create or replace temp table last_events as
        select * from (
            select user_id, product_id, event_time, source_file, source_row,
                row_number() over (
                    partition by user_id order by event_time desc, source_file, source_row desc
                ) as back,
                count(distinct product_id) over (partition by user_id) as products
            from known_events)
        where back = 1 and products > 1
            and (event_time >= {_literal(begin)} or {cut.held_out <= timedelta(0)})""")
    file = folder / "events.parquet"
    _copy(
        connection,
        "from known_events anti join last_events using (source_file, source_row)",
        file,
    )
    found = []
    for name, half in (("search", 0), ("verdict", 1)):
        targets = folder / f"{name}_targets.parquet"
        draw = "('0x' || md5(user_id)[:4])::integer % 2"
        _copy(
            connection,
            f"select user_id, product_id from last_events where {draw} = {half}",
            targets,
        )
        vars_ = {"events": str(file), "columns": COLUMNS, "targets": str(targets)}
        if cut.held_out > timedelta(0):
            vars_["graph_cutoff"] = str(begin)
        found.append(Slice(name, vars_, begin, cut.graph_cutoff_at))
    return found[0], found[1]


def _copy(connection: duckdb.DuckDBPyConnection, query: str, file: Path) -> None:
    order = "order by all"
    connection.execute(f"copy ({query} {order}) to {text_literal(str(file))} (format parquet)")


def _literal(moment: datetime) -> str:
    return f"timestamp '{moment}'"


def _days(length: timedelta) -> str:
    return f"{length / timedelta(days=1):.3g}"
