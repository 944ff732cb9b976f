"""The exported lists: two tables, cut to their first places, and their provenance."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from longtail.build.file_rows import text_literal
from longtail.build.machine import LIMITS
from longtail.kernels.progress import track

FORMAT = 1
"""Version of the format. Columns may be added to it; any other change is a new version."""
RELATIONS = ("substitute", "complement")
"""Of similar products."""
BATCH = 10_000
"""Rows sent to a database at once."""
PART_ROWS = 250_000
"""Rows of a published table that are read at once, about: it bounds an export's memory."""
DRAWN_PER_PART = 50
"""Rows of the sample that cuts a table into parts."""


@dataclass(frozen=True)
class ExportedList:
    """One exported table.

    Attributes
    ----------
    name
        Of the table, and of its files.
    keys
        Columns that identify a list; with `rank` they are the table's key.
    columns
        Name to type, in SQL that DuckDB, SQLite and PostgreSQL understand. `score` and the columns
        of `keys` and `rank` are never null.
    table
        The published table with its rows.
    query
        The rows, sorted by key and rank, with `{part}` where a condition on the first key goes.
    """

    name: str
    keys: tuple[str, ...]
    columns: dict[str, str]
    table: str
    query: str

    def rows(self, part: str) -> str:
        """Return the query for the rows of a part, sorted by key and rank."""
        return self.query.format(part=part)

    def by_key(self, part: str) -> str:
        """Return the query for one row per key, with the other columns as a list `items`."""
        keys = ", ".join(self.keys)
        others = [column for column in self.columns if column not in self.keys]
        items = ", ".join(f"{column} := {column}" for column in others)
        return f"""
            select {keys}, list(struct_pack({items}) order by rank) as items
            from ({self.rows(part)}) as listed group by {keys} order by {keys}
        """


def exported_lists(k: int, *, with_seen: bool = False) -> list[ExportedList]:
    """Return the lists to export.

    Parameters
    ----------
    k
        Places per user, and per product and relation; at least 1.
    with_seen
        Whether to keep products that the user has seen. Without them later ranks move up.

    Raises
    ------
    ValueError
        If k is below 1.
    """
    if k < 1:
        raise ValueError(f"k must be 1 or more, not {k}")
    kept = "true" if with_seen else "not is_seen"
    item = {"score": "double precision", "source": "text"}
    return [
        ExportedList(
            name="recommendations",
            keys=("user_id",),
            columns={
                **{"user_id": "text", "rank": "integer", "product_id": "text"},
                **item,
                "because_product_id": "text",
            },
            table="user_recommendations",
            query=f"""
                select
                    user_id,
                    cast(row_number() over (partition by user_id order by published.rank)
                        as integer) as rank,
                    product_id,
                    score,
                    source,
                    because_product_id
                from user_recommendations as published
                where {kept} and {{part}}
                qualify row_number() over (partition by user_id order by published.rank) <= {k}
                order by user_id, published.rank
            """,
        ),
        ExportedList(
            name="similar_products",
            keys=("product_id", "relation"),
            columns={
                **{"product_id": "text", "relation": "text", "rank": "integer"},
                "similar_product_id": "text",
                **item,
            },
            table="similar_products",
            query=f"""
                select product_id, relation, rank, similar_product_id, score, source
                from similar_products where rank <= {k} and {{part}}
                order by product_id, relation, rank
            """,
        ),
    ]


def provenance(shop: duckdb.DuckDBPyConnection, k: int, *, with_seen: bool) -> dict[str, Any]:
    """Return the provenance of an export: build, times and options."""
    build = shop.execute("select build_id, built_at, last_event_at from status").fetchall()[0]
    build_id, built_at, last_event_at = build
    return {
        "format": FORMAT,
        "build_id": build_id,
        "built_at": built_at.isoformat(),
        "last_event_at": last_event_at.isoformat(),
        "k": k,
        "with_seen": int(with_seen),
    }


@contextmanager
def published(database: Path, spill: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a published database; its views show one build as long as it is open.

    Parameters
    ----------
    database
        longtail.duckdb.
    spill
        Folder for DuckDB's spill files.

    Raises
    ------
    FileNotFoundError
        If there is none.
    """
    if not database.exists():
        raise FileNotFoundError(f"there is no published build: {database} is missing")
    config = {"temp_directory": str(spill)}
    config |= {
        option: os.environ[variable]
        for variable, (option, _, _) in LIMITS.items()
        if os.environ.get(variable)
    }
    with duckdb.connect(str(database), read_only=True, config=config) as shop:
        shop.execute("set enable_progress_bar = false")  # it would count within a part
        yield shop


def parts(shop: duckdb.DuckDBPyConnection, exported: ExportedList) -> Iterator[str]:
    """Cut a list by ranges of its first key, and report how many parts are done.

    One query over the whole table would hold all of its rows: its window and its sort take more
    memory than a large shop's machine has. The ends of the ranges come from a sample of the rows,
    so that neither the number of keys nor their spelling matters.

    Parameters
    ----------
    shop
        The published database.
    exported
        The list.

    Yields
    ------
    str
        A condition on the first key, for about `PART_ROWS` rows, in the order of the key.
    """
    key, table = exported.keys[0], exported.table
    count = shop.execute(f"select count(*) from {table}").fetchall()[0][0]
    wanted = max(1, math.ceil(count / PART_ROWS))
    sample = f"select {key} from {table} using sample reservoir({wanted * DRAWN_PER_PART} rows)"
    drawn = sorted(value for (value,) in shop.execute(sample).fetchall()) if wanted > 1 else []
    ends = list(dict.fromkeys(drawn[DRAWN_PER_PART::DRAWN_PER_PART]))
    # Literals, so that DuckDB skips the row groups of other parts of the sorted table.
    above = ["true", *(f"{key} >= {text_literal(end)}" for end in ends)]
    below = [*(f"{key} < {text_literal(end)}" for end in ends), "true"]
    ranges = [f"{low} and {high}" for low, high in zip(above, below, strict=True)]
    yield from track(ranges, len(ranges), f"{exported.name}, parts")


def batches(shop: duckdb.DuckDBPyConnection, query: str) -> Iterator[list[tuple]]:
    """Yield the rows of a query, `BATCH` at a time."""
    result = shop.execute(query)
    while rows := result.fetchmany(BATCH):
        yield rows
