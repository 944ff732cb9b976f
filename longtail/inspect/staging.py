"""Stage a sample with the models' own SQL, without dbt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import duckdb
import jinja2

from longtail.build import catalogue_files, scan, settings
from longtail.build.file_rows import EventFile

MODEL = "models/staging/stg_raw_events.sql"
MACROS = (
    "macros/dialect/parse_event_time.sql",
    "macros/dialect/text_list.sql",
    "macros/events/given_text.sql",
    "macros/events/reject_reason.sql",
)
CATALOGUE_MACROS = (
    "macros/dialect/parse_event_time.sql",
    "macros/dialect/text_list.sql",
    "macros/events/given_text.sql",
    "macros/events/joined_by_dots.sql",
    "macros/events/category_of_path.sql",
    "macros/events/typed_catalogue.sql",
)
EXAMPLE_OF = {
    "event_time": "raw_event_time",
    "price": "raw_price",
    "product_id": "raw_product_id",
    "user_id": "raw_user_id",
    "event_type": "event_type",
    "event_weight": "raw_event_weight",
}
"""Word in a rejection reason to the column with the bad value."""
LONGEST_EXAMPLE = 60


@dataclass(frozen=True)
class Rejected:
    """Rows rejected for one reason, and an example value."""

    reason: str
    rows: int
    example: str


@dataclass(frozen=True)
class Cleaned:
    """Rows that one cleaning rule would remove, counted on the sample alone."""

    rule: str
    rows: int


@dataclass(frozen=True)
class Staged:
    """The result of staging a sample.

    Attributes
    ----------
    kept
        Usable rows.
    rejected
        The others by reason, the most frequent first.
    users, products, sessions
        Distinct among the kept rows; a session ends with `session_gap_minutes` of silence.
    first_at, last_at
        Times of the first and last kept row.
    clock
        The resolution of the times: "microseconds", "seconds", "minutes", "days" or "none".
    types
        Event type to kept rows.
    cleaned
        Removed rows by cleaning rule.
    notes
        Messages that a build would print about the files.
    product_ids
        Of the kept rows.
    """

    kept: int
    rejected: tuple[Rejected, ...]
    users: int
    products: int
    sessions: int
    first_at: str
    last_at: str
    clock: str
    types: dict[str, int]
    cleaned: tuple[Cleaned, ...]
    notes: tuple[str, ...] = ()
    product_ids: frozenset[str] = frozenset()


def staging_sql(rows: str, given: Mapping[str, Any]) -> str:
    """Return the SQL of `stg_raw_events` over a query for raw rows.

    Parameters
    ----------
    rows
        What `scan.scan_sql` returned.
    given
        Every var with its value.
    """
    return _rendered((*MACROS, MODEL), "", given, event_rows=lambda: rows)


def catalogue_sql(rows: str, given: Mapping[str, Any]) -> str:
    """Return the SQL of the catalogue's `judged` rows over a query for raw rows.

    Parameters
    ----------
    rows
        What `catalogue_files.catalogue_sql` returned.
    given
        Every var with its value.
    """
    end = "with {{ typed_catalogue() }} select * from judged"
    known = {
        "catalogue_rows": lambda: rows,
        "content_columns": lambda: catalogue_files.content_columns(given),
    }
    return _rendered(CATALOGUE_MACROS, end, given, **known)


def _rendered(paths: Sequence[str], end: str, given: Mapping[str, Any], **known: Any) -> str:
    """Return the SQL of files of the project, without dbt."""
    environment = jinja2.Environment(extensions=["jinja2.ext.do"])
    texts = [(settings.PROJECT / path).read_text(encoding="utf-8") for path in paths]
    return environment.from_string("".join([*texts, end])).render(
        config=lambda **_: "",
        var=given.__getitem__,
        is_too_late=lambda: "false",
        adapter=SimpleNamespace(escape_sql_string=lambda text: text.replace("'", "''")),
        **known,
    )


def stage(
    connection: duckdb.DuckDBPyConnection, files: Sequence[EventFile], given: Mapping[str, Any]
) -> Staged:
    """Stage the rows of files.

    Parameters
    ----------
    connection
        An in-memory database, which gets the table `staged`.
    files
        What `describe_files` returned.
    given
        Every var with its value.

    Raises
    ------
    ValueError
        If a required column is missing or an expression of `columns` does not fit.
    """
    notes: list[str] = []
    rows = scan.scan_sql(
        files,
        columns=given["columns"],
        reject_when=given["reject_when"],
        null_texts=given["null_texts"],
        event_type=settings.only_event_type(given),
        say=notes.append,
    )
    connection.execute("set TimeZone = 'UTC'")
    connection.execute(f"create or replace table staged as {staging_sql(rows, given)}")
    (counts,) = connection.execute(
        """
        select count(*), count(distinct user_id), count(distinct product_id),
            coalesce(cast(min(event_at) as varchar), ''),
            coalesce(cast(max(event_at) as varchar), ''),
            case
                when count(*) = 0 or given_none then 'none'
                when count(*) filter (where microsecond(event_at) % 1000000 != 0) > 0
                    then 'parts of a second'
                when avg(cast(second(event_at) != 0 as int)) > 0.1 then 'seconds'
                when avg(cast(hour(event_at) + minute(event_at) != 0 as int)) > 0.02
                    then 'minutes'
                else 'days'
            end
        from staged, (select ? as given_none)
        where reject_reason is null
        group by given_none
        """,
        [given["columns"].get("event_time") == settings.NO_TIME],
    ).fetchall() or [(0, 0, 0, "", "", "none")]
    types = dict(
        connection.execute(
            "select event_type, count(*) from staged where reject_reason is null "
            "group by all order by 2 desc"
        ).fetchall()
    )
    kept, users, products, first_at, last_at, clock = counts
    return Staged(
        kept,
        rejected_rows(connection, EXAMPLE_OF),
        users,
        products,
        _sessions(connection, given),
        first_at,
        last_at,
        clock,
        types,
        _cleaned(connection, given, clock),
        tuple(notes),
        frozenset(
            product
            for (product,) in connection.execute(
                "select distinct product_id from staged where reject_reason is null"
            ).fetchall()
        ),
    )


def rejected_rows(
    connection: duckdb.DuckDBPyConnection, example_of: Mapping[str, str]
) -> tuple[Rejected, ...]:
    """Return the rejected rows of the table `staged` by reason, the most frequent first.

    Parameters
    ----------
    connection
        Where it is, and where its files were read.
    example_of
        Word in a rejection reason to the column with the bad value.
    """
    found = (*_rejected(connection, example_of), *_broken_lines(connection))
    return tuple(sorted(found, key=lambda reason: -reason.rows))


def _rejected(
    connection: duckdb.DuckDBPyConnection, example_of: Mapping[str, str]
) -> list[Rejected]:
    columns = sorted(set(example_of.values()))
    rows = connection.execute(
        f"""
        select reject_reason, count(*), any_value(raw_line),
            {", ".join(f"min({name})" for name in columns)}
        from staged where reject_reason is not null
        group by reject_reason
        """
    ).fetchall()
    found = []
    for reason, count, line, *values in rows:
        by_column = dict(zip(columns, values, strict=True))
        word = next((word for word in example_of if word in reason.split(" ")), "")
        example = line or by_column.get(example_of.get(word, ""), "") or ""
        found.append(Rejected(reason, count, example[:LONGEST_EXAMPLE]))
    return found


def _broken_lines(connection: duckdb.DuckDBPyConnection) -> list[Rejected]:
    """Return the lines that DuckDB could not split, from its table of rejects."""
    known = connection.execute(
        "select count(*) from duckdb_tables() where temporary and table_name = 'reject_errors'"
    ).fetchall()
    if known == [(0,)]:
        return []
    rows = connection.execute(
        r"""
        select 'broken line: ' || lower(kind), count(*), min(trim(text, e'\r\n'))
        from (
            select line, any_value(csv_line) as text,
                arg_min(cast(error_type as varchar), coalesce(column_idx, 0)) as kind
            from reject_errors
            inner join reject_scans using (scan_id, file_id)
            group by file_path, line
        )
        group by 1
        """
    ).fetchall()
    return [Rejected(reason, count, (text or "")[:LONGEST_EXAMPLE]) for reason, count, text in rows]


def _sessions(connection: duckdb.DuckDBPyConnection, given: Mapping[str, Any]) -> int:
    ((sessions,),) = connection.execute(
        f"""
        select count(*) from (
            select event_at - lag(event_at) over (
                partition by user_id, coalesce(user_session, '') order by event_at
            ) as silence
            from staged where reject_reason is null
        )
        where silence is null
            or silence > interval '1 second' * {60 * given["session_gap_minutes"]}
        """
    ).fetchall()
    return sessions


def _cleaned(
    connection: duckdb.DuckDBPyConnection, given: Mapping[str, Any], clock: str
) -> tuple[Cleaned, ...]:
    """Count duplicates, short stays and repeats; robots cannot be detected on a sample."""
    ((duplicates, stays, repeats),) = connection.execute(
        f"""
        with events as (
            select event_at, event_type, product_id, user_id, user_session, count(*) as copies,
                count(event_weight) as weighted
            from staged where reject_reason is null
            group by event_at, event_type, product_id, user_id, user_session,
                category_id, category_code, brand, price, product_name
        ),
        neighbours as (
            select *,
                lead(product_id) over visit != product_id
                and lead(event_at) over visit - event_at
                < interval '1 second' * {given["min_stay_seconds"]} as is_short,
                lag(product_id) over visit = product_id
                and lag(event_type) over visit = event_type as is_repeat
            from events
            window visit as (
                partition by user_id, user_session order by event_at, event_type, product_id
            )
        )
        select
            coalesce(sum(copies - 1) filter (where weighted = 0), 0),
            count(*) filter (where is_short and list_contains(?, event_type)),
            count(*) filter (where is_repeat and weighted = 0)
        from neighbours
        """,
        [given["click_event_types"]],
    ).fetchall()
    if "second" not in clock:
        stays = 0  # int_log_days.sql decides this day by day
    rules = (("exact duplicate", duplicates), ("short stay", stays), ("repeat", repeats))
    return tuple(Cleaned(rule, rows) for rule, rows in rules if rows)
