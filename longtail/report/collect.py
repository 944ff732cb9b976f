"""What the report shows, read from the published database by the queries beside this file."""

from __future__ import annotations

import logging
import math
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from longtail.build.file_rows import text_literal

QUERIES = Path(__file__).with_name("queries")

LIMITS = {
    "map_products": 30_000,
    "similar_per_relation": 8,
    "users_per_kind": 75,
    "events_per_user": 30,
}

# What the queries read. A table that is not there, or cannot be read, counts as an empty one:
# its section then says what is missing, and the others are whole.
TABLES = {
    "build_info": "built_at timestamp, settings varchar, events_kept bigint,"
    " events_rejected bigint, events_clean bigint, events_learned bigint, users_learned bigint",
    "cleaning_report": "step varchar, rule varchar, events bigint, users bigint",
    "int_interactions": "user_key integer, product_key integer, event_at timestamp,"
    " event_type varchar, event_weight double",
    "int_timeline": "first_event_at timestamp, last_event_at timestamp, graph_cutoff_at timestamp",
    "int_user_histories": "scope varchar, user_key integer, product_key integer",
    "int_user_keys": "user_id varchar, user_key integer",
    "long_tail_exposure": "built_at timestamp, model varchar, decile integer,"
    " share_of_products double, share_of_interactions double, share_of_slots double",
    "model_metrics": "model varchar, task varchar, segment varchar, metric varchar, k integer,"
    " value double",
    "popularity_dial": "popularity double, recall double, coverage double",
    "product_edges": "source_product_id varchar",
    "product_map": "product_id varchar, x float, y float, x3 float, y3 float, z3 float,"
    " cluster_id integer, cluster_label varchar",
    "products": "product_id varchar, product_key integer, product_name varchar,"
    " category_code varchar, level_1 varchar, brand varchar, price double,"
    " interactions bigint, purchases bigint",
    "rejected_events": "source_file varchar, raw_values varchar, reason varchar",
    "similar_products": "product_id varchar, relation varchar, rank integer,"
    " similar_product_id varchar, source varchar, sessions_together bigint",
    "user_recommendations": "user_id varchar, rank integer, product_id varchar, source varchar,"
    " because_product_id varchar, because_event_type varchar, is_seen boolean",
}

_LOGGER = logging.getLogger(__name__)


def collect(database: Path) -> dict[str, Any]:
    """Return everything that the page shows, as values that JSON knows.

    Parameters
    ----------
    database
        The published database; it is opened read-only.

    Returns
    -------
    dict
        A key per section. A table that is missing or empty leaves its section's list empty.

    Raises
    ------
    FileNotFoundError
        If there is no such database.
    """
    if not database.exists():
        raise FileNotFoundError(f"there is no published build at {database}; run `make build`")
    with duckdb.connect() as connection:
        connection.execute(f"attach {text_literal(str(database))} as shop (read_only)")
        _name_tables(connection)
        for name in ("users", "events", "recommendations", "products"):
            _query(connection, f"report_{name}")
        return {
            "overview": (_records(connection, "overview") or [{}])[0],
            "products": _columns(connection, "products"),
            "similar": _similar(connection),
            "clusters": _records(connection, "clusters"),
            "whole_map": (_records(connection, "whole_map") or [{}])[0],
            "metrics": _records(connection, "model_metrics"),
            "dial": _records(connection, "popularity_dial"),
            "exposure": _records(connection, "long_tail_exposure"),
            "users": _records(connection, "users"),
            "cleaning": _records(connection, "cleaning_report"),
            "rejected": _records(connection, "rejected_events"),
            "build": _records(connection, "build_info"),
            "tables": _tables(connection, database),
            "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        }


def _name_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Give each table of the shop its plain name; an empty one to those that cannot be read."""
    schemas = dict(
        connection.execute(
            "select table_name, table_schema from information_schema.tables"
            " where table_catalog = 'shop'"
        ).fetchall()
    )
    for table, columns in TABLES.items():
        try:
            connection.execute(
                f"create view {table} as from shop.{schemas.get(table, 'main')}.{table}"
            )
        except duckdb.Error as error:
            _LOGGER.info("the report goes without %s: %s", table, str(error).splitlines()[0])
            connection.execute(f"create table {table} ({columns})")


def _query(connection: duckdb.DuckDBPyConnection, name: str) -> duckdb.DuckDBPyConnection:
    """Run the query of a file with those of `LIMITS` that it asks for."""
    sql = (QUERIES / f"{name}.sql").read_text(encoding="utf-8")
    limits = {limit: value for limit, value in LIMITS.items() if f"${limit}" in sql}
    return connection.execute(sql, limits)


def _records(connection: duckdb.DuckDBPyConnection, name: str) -> list[dict[str, Any]]:
    """Return a query's rows as dictionaries."""
    cursor = _query(connection, name)
    names = [column[0] for column in cursor.description or []]
    return [dict(zip(names, map(_plain, row), strict=True)) for row in cursor.fetchall()]


def _columns(connection: duckdb.DuckDBPyConnection, name: str) -> dict[str, Any]:
    """Return a query's columns; text with few different values as positions in a list."""
    cursor = _query(connection, name)
    names = [column[0] for column in cursor.description or []]
    rows = cursor.fetchall()
    columns: dict[str, Any] = {
        column: [_plain(row[place]) for row in rows] for place, column in enumerate(names)
    }
    for column in ("category", "brand"):
        values = sorted({value for value in columns[column] if value is not None})
        places = {value: place for place, value in enumerate(values)}
        columns[column] = {
            "values": values,
            "places": [places.get(value, -1) for value in columns[column]],
        }
    return columns


def _similar(connection: duckdb.DuckDBPyConnection) -> dict[str, dict[int, Any]]:
    """Return relation -> position of a product -> [similar products, sessions together]."""
    found: dict[str, dict[int, Any]] = {"substitute": {}, "complement": {}}
    for position, relation, similar, together in _query(connection, "similar").fetchall():
        found.setdefault(relation, {})[position] = [similar, together]
    return found


def _tables(connection: duckdb.DuckDBPyConnection, database: Path) -> list[dict[str, Any]]:
    """Return the published tables with rows, bytes and the time of the newest file."""
    views = connection.execute(
        "select schema_name, view_name from duckdb_views()"
        " where database_name = 'shop' and not internal order by view_name"
    ).fetchall()
    tables = []
    for schema, name in views:
        path = database.resolve().parent / f"{name}.parquet"
        if not path.exists():
            continue
        # A table kept by day is a folder of files.
        files = [file.stat() for file in (path.rglob("*.parquet") if path.is_dir() else [path])]
        (rows,) = connection.execute(f'select count(*) from shop.{schema}."{name}"').fetchall()[0]
        written = datetime.fromtimestamp(max(file.st_mtime for file in files), UTC)
        tables.append(
            {
                "name": name,
                "rows": rows,
                "bytes": sum(file.st_size for file in files),
                "written_at": written.isoformat(timespec="seconds"),
            }
        )
    return tables


def _plain(value: Any) -> Any:
    """Turn a value into one that JSON knows; numbers that are none become null."""
    if isinstance(value, float):
        return float(f"{value:.6g}") if math.isfinite(value) else None
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, datetime | date):
        return value.isoformat(sep=" ") if isinstance(value, datetime) else value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    return str(value)
