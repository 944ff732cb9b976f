"""Lists as tables of a PostgreSQL database, through psycopg and COPY."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import duckdb

from longtail.export.lists import ExportedList, batches, parts

SCHEMA = "longtail"
NOTE = "export"
"""Table with the provenance of the others, one row per name."""


def write_postgres(
    shop: duckdb.DuckDBPyConnection,
    lists: Sequence[ExportedList],
    note: dict[str, Any],
    server: str,
) -> dict[str, int]:
    """Write the lists as tables of the schema `longtail`, all in one transaction.

    New tables are filled beside the old ones and renamed last: readers wait only for the rename.
    Rights granted on an old table are granted on the new one.

    Parameters
    ----------
    shop
        The published database.
    lists, note
        What to write, and its provenance for the table `export`.
    server
        libpq's connection string or URL; "" leaves it to libpq's environment (PGHOST ...).

    Returns
    -------
    dict
        List to its number of rows.

    Raises
    ------
    ModuleNotFoundError
        If psycopg is not installed.
    OSError
        If the server cannot be reached or refuses. The previous export's tables stay.
    """
    try:
        import psycopg
    except ModuleNotFoundError:
        raise ModuleNotFoundError(
            "PostgreSQL needs its client: .venv/bin/pip install 'psycopg[binary]'"
        ) from None
    rows = {}
    try:
        with psycopg.connect(server) as connection, connection.cursor() as cursor:
            cursor.execute("select 1 from pg_namespace where nspname = %s", [SCHEMA])
            if not cursor.fetchone():
                cursor.execute(f"create schema {SCHEMA}")
            for exported in lists:
                rows[exported.name] = _fill(cursor, shop, exported)
            _create(cursor, NOTE, {"name": "text", "value": "text"}, ("name",))
            cursor.executemany(
                f"insert into {SCHEMA}.{NOTE}_new values (%s, %s)",
                [(name, str(value)) for name, value in note.items()],
            )
            for table in [*rows, NOTE]:
                _exchange(cursor, table)
    except psycopg.Error as error:
        raise OSError(f"PostgreSQL: {error}") from error
    return rows


def _create(cursor: Any, table: str, columns: dict[str, str], key: Sequence[str]) -> None:
    """Create the new table beside the old one."""
    cursor.execute(f"drop table if exists {SCHEMA}.{table}_new")
    described = ", ".join(f"{name} {kind}" for name, kind in columns.items())
    cursor.execute(
        f"create table {SCHEMA}.{table}_new ({described}, primary key ({', '.join(key)}))"
    )


def _fill(cursor: Any, shop: duckdb.DuckDBPyConnection, exported: ExportedList) -> int:
    """Create the new table of a list and copy its rows; return their number."""
    _create(cursor, exported.name, exported.columns, [*exported.keys, "rank"])
    count = 0
    with cursor.copy(f"copy {SCHEMA}.{exported.name}_new from stdin") as copy:
        for part in parts(shop, exported):
            for batch in batches(shop, exported.rows(part)):
                for row in batch:
                    copy.write_row(row)
                count += len(batch)
    cursor.execute(f"analyze {SCHEMA}.{exported.name}_new")
    return count


def _exchange(cursor: Any, table: str) -> None:
    """Rename the new table to the old one, with its rights."""
    cursor.execute(
        """
        select coalesce(quote_ident(readers.rolname), 'public'), rights.privilege_type
        from pg_class as tables
        cross join lateral aclexplode(tables.relacl) as rights
        left join pg_roles as readers on rights.grantee = readers.oid
        where tables.oid = to_regclass(%s) and rights.grantee != tables.relowner
        """,
        [f"{SCHEMA}.{table}"],
    )
    for role, right in cursor.fetchall():
        cursor.execute(f"grant {right} on {SCHEMA}.{table}_new to {role}")
    cursor.execute(f"drop table if exists {SCHEMA}.{table}")
    cursor.execute(f"alter table {SCHEMA}.{table}_new rename to {table}")
    cursor.execute(f"alter index {SCHEMA}.{table}_new_pkey rename to {table}_pkey")
