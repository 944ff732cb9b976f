"""The published tables under their plain names, and the queries that read them."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from longtail.build.file_rows import text_literal

QUERIES = Path(__file__).with_name("queries")


class UnreadableTableError(RuntimeError):
    """A published table exists but cannot be read."""


class Shop:
    """A published database, and the report's own tables beside it.

    A query with a missing table returns no rows: a build without a map has no `product_map`, one
    without targets may lack others. A table that exists but cannot be read is an error: its section
    would otherwise look like that of an empty table.

    Attributes
    ----------
    schemas
        Table or view of the database to its schema.
    """

    def __init__(self, database: Path) -> None:
        """Open a database, read-only.

        Parameters
        ----------
        database
            The published ``longtail.duckdb``.

        Raises
        ------
        FileNotFoundError
            If there is no such database.
        """
        if not database.exists():
            raise FileNotFoundError(f"there is no published build at {database}; run `make build`")
        self.connection = duckdb.connect()
        self.connection.execute(f"attach {text_literal(str(database))} as shop (read_only)")
        self.schemas: dict[str, str] = dict(
            self.connection.execute(
                "select table_name, table_schema from information_schema.tables"
                " where table_catalog = 'shop'"
            ).fetchall()
        )
        self.named: set[str] = set()

    def keep(self, name: str, empty: str = "") -> None:
        """Run the query `name` and store its rows as a table of that name.

        Parameters
        ----------
        name
            A file of `queries`, without its ending.
        empty
            Columns and types of an empty stand-in for when a table of the query is missing. Without
            it no table is created then.
        """
        if self._is_answerable(self._sql(name)):
            self._run(name, f"create temp table {name} as {self._sql(name)}")
        elif empty:
            self.connection.execute(f"create temp table {name} ({empty})")
        else:
            return
        self.named.add(name)

    def give(self, name: str, column: str, values: list[str]) -> None:
        """Create a table of one text column for queries to read.

        Parameters
        ----------
        name
            Of the table.
        column
            Of its column.
        values
            Its rows.
        """
        sql = f"create temp table {name} as select unnest($values::varchar[]) as {column}"
        self.connection.execute(sql, {"values": values})
        self.named.add(name)

    def rows(self, name: str) -> list[dict[str, Any]]:
        """Return the rows of the query `name` as JSON-compatible values.

        Parameters
        ----------
        name
            A file of `queries`, without its ending.

        Returns
        -------
        list of dict
            Column to value; empty when a table of the query is missing.
        """
        sql = self._sql(name)
        if not self._is_answerable(sql):
            return []
        cursor = self._run(name, sql)
        names = [column[0] for column in cursor.description or []]
        return [dict(zip(names, map(plain, row), strict=True)) for row in cursor.fetchall()]

    def count(self, table: str) -> int | None:
        """Return a published table's number of rows; None when it does not exist."""
        if table not in self.schemas:
            return None
        sql = f'select count(*) from shop."{self.schemas[table]}"."{table}"'
        return int(self._run(table, sql).fetchall()[0][0])

    def close(self) -> None:
        """Close the connection."""
        self.connection.close()

    def _sql(self, name: str) -> str:
        return (QUERIES / f"{name}.sql").read_text(encoding="utf-8")

    def _run(self, name: str, sql: str) -> Any:
        wanted = {key: value for key, value in LIMITS.items() if f"${key}" in sql}
        try:
            return self.connection.execute(sql, wanted)
        except duckdb.Error as error:
            raise UnreadableTableError(f"{name}: {str(error).splitlines()[0]}") from error

    def _is_answerable(self, sql: str) -> bool:
        """Whether every table of a query exists; creates plain names for the shop's tables."""
        for table in tables_of(self.connection, sql) - self.named:
            if table not in self.schemas:
                return False
            try:
                self.connection.execute(
                    f"create temp view {table} as from shop.{self.schemas[table]}.{table}"
                )
            except duckdb.Error as error:
                raise UnreadableTableError(
                    f"the published table {table} cannot be read: {str(error).splitlines()[0]}"
                ) from error
            self.named.add(table)
        return True


LIMITS = {
    "map_products": 30_000,
    "similar_per_relation": 8,
    "users_per_kind": 75,
    "events_per_user": 30,
    "week_rows": 100,
}
"""Number of rows of each on the page."""


def tables_of(connection: duckdb.DuckDBPyConnection, sql: str) -> set[str]:
    """Return the tables that a query reads, without its own CTEs.

    Parameters
    ----------
    connection
        To parse with.
    sql
        One select, with or without parameters.

    Raises
    ------
    ValueError
        If `sql` is not a select.
    """
    (text,) = connection.execute("select json_serialize_sql(?)", [sql]).fetchall()[0]
    tree = json.loads(text)
    if tree["error"]:
        raise ValueError(f"not a select: {tree['error_message']}")
    nodes = list(_nodes(tree))
    defined = {
        entry["key"] for node in nodes if "cte_map" in node for entry in node["cte_map"]["map"]
    }
    return {node["table_name"] for node in nodes if node.get("type") == "BASE_TABLE"} - defined


def _nodes(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _nodes(item)


def plain(value: Any) -> Any:
    """Convert a value to a JSON-compatible one.

    Parameters
    ----------
    value
        A value of any type that DuckDB returns.

    Returns
    -------
    object
        Floats to six digits, NaN and infinite ones as None; times as text; lists and
        dictionaries of such values; anything else as text.
    """
    if isinstance(value, float):
        return float(f"{value:.6g}") if math.isfinite(value) else None
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, datetime | date):
        return value.isoformat(sep=" ") if isinstance(value, datetime) else value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    return str(value)
