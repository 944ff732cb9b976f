"""What the columns of a file hold."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from longtail.build.file_rows import EventFile, identifier

PROFILED_ROWS = 20_000
KINDS = {
    "whole number": r"\s*[-+]?\d+\s*",
    "number": r"\s*[-+]?(\d+([.,]\d*)?|[.,]\d+)([eE][-+]?\d+)?\s*",
    "seconds since 1970": r"\s*([89]\d{8}|1\d{9})([.]\d+)?\s*",
    "milliseconds since 1970": r"\s*([89]\d{11}|1\d{12})\s*",
    "microseconds since 1970": r"\s*([89]\d{14}|1\d{15})\s*",
    "compact date": r"\s*(19|20)\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])\s*",
    "date": r"\s*\d{4}[-/.]\d\d?[-/.]\d\d?\s*",
    "time": r"\s*\d{4}[-/.]\d\d?[-/.]\d\d?[ T]\d\d?:\d\d.*",
    "date, day or month first": r"\s*\d\d?[-/.]\d\d?[-/.](\d{4}|\d\d)(,? .*)?",
}
TIMES = (
    *("time", "date", "date, day or month first", "compact date"),
    *("seconds since 1970", "milliseconds since 1970", "microseconds since 1970"),
)
"""Kinds that may be times, the most certain first."""


@dataclass(frozen=True)
class Column:
    """One column.

    Attributes
    ----------
    name, kind
        Its name in the file, and the kind of its values: a key of `KINDS`, "text", "nested" or
        "empty".
    kinds
        All of `KINDS` that at least half of the values have.
    filled
        Share of rows with a value.
    distinct
        Number of distinct values among the sampled rows.
    examples
        Some of them.
    """

    name: str
    kind: str
    kinds: frozenset[str]
    filled: float
    distinct: int
    examples: tuple[str, ...]


def profile(connection: duckdb.DuckDBPyConnection, relation: str, file: EventFile) -> list[Column]:
    """Return the columns of a file.

    Parameters
    ----------
    connection, relation
        Where its rows are.
    file
        What `describe` returned.
    """
    types = dict(
        connection.execute(
            f"select column_name, column_type from (describe select * from {relation})"
        ).fetchall()
    )
    return [_column(connection, relation, name, types[name]) for name in file.names]


def _column(
    connection: duckdb.DuckDBPyConnection, relation: str, name: str, declared: str
) -> Column:
    matches = ", ".join(
        f"avg(cast(regexp_full_match(value, '{form}') as int))" for form in KINDS.values()
    )
    ((rows, filled, distinct, examples, *shares),) = connection.execute(
        f"""
        select count(*), count(value), count(distinct value),
            list(distinct left(value, 60) order by left(value, 60))
                filter (where value is not null), {matches}
        from (
            select nullif(trim(cast({identifier(name)} as varchar)), '') as value
            from {relation} limit {PROFILED_ROWS}
        )
        """
    ).fetchall()
    having = {kind: share or 0 for kind, share in zip(KINDS, shares, strict=True)}
    sure = {kind for kind, share in having.items() if share >= 0.98}
    if "(" in declared or declared.endswith("[]"):
        kind = "nested" if declared.startswith(("STRUCT", "MAP")) or "[]" in declared else "number"
    else:
        kind = next((kind for kind in (*TIMES, "whole number", "number") if kind in sure), "text")
    examples = examples or []
    step = max(1, len(examples) // 3)
    return Column(
        name,
        kind if filled else "empty",
        frozenset(kind for kind, share in having.items() if share >= 0.5),
        filled / rows if rows else 0.0,
        distinct,
        tuple(examples[::step][:3]),
    )
