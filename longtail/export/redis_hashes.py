"""Lists as hashes of a Redis or Valkey server, one field per user or product."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import duckdb

from longtail.export.lists import RELATIONS, ExportedList, batches, parts

DEFAULT_SERVER = "redis://localhost:6379/0"
PREFIX = "longtail"
NOTE = f"{PREFIX}:export"
"""Hash with the provenance of the others."""


def write_redis(
    shop: duckdb.DuckDBPyConnection,
    lists: Sequence[ExportedList],
    note: dict[str, Any],
    server: str = DEFAULT_SERVER,
) -> dict[str, int]:
    """Write each list as one hash, filled under a temporary name and renamed in a transaction.

    `longtail:recommendations` has a field per user, `longtail:similar_products:<relation>` one per
    product; a value is a JSON array of items. `longtail:export` holds their provenance.

    Parameters
    ----------
    shop
        The published database.
    lists, note
        What to write, and its provenance.
    server
        URL, such as redis://localhost:6379/0, or rediss:// with TLS.

    Returns
    -------
    dict
        List to its number of items.

    Raises
    ------
    ModuleNotFoundError
        If redis is not installed.
    OSError
        If the server cannot be reached or refuses. The previous export's hashes stay.
    """
    try:
        import redis
    except ModuleNotFoundError:
        raise ModuleNotFoundError(
            "Redis and Valkey need their client: .venv/bin/pip install redis"
        ) from None
    names = [name for exported in lists for name in hash_names(exported)] + [NOTE]
    try:
        with redis.Redis.from_url(server) as client:
            client.unlink(*(f"{name}:new" for name in names))
            rows = {exported.name: _fill(client, shop, exported) for exported in lists}
            client.hset(f"{NOTE}:new", mapping=note)
            _exchange(client, names)
    except (redis.RedisError, ValueError) as error:
        raise OSError(f"Redis: {error}") from error
    return rows


def hash_names(exported: ExportedList) -> list[str]:
    """Return the names of a list's hashes: one, or one per relation."""
    name = f"{PREFIX}:{exported.name}"
    return [f"{name}:{kind}" for kind in RELATIONS] if "relation" in exported.keys else [name]


def _fill(client: Any, shop: duckdb.DuckDBPyConnection, exported: ExportedList) -> int:
    """Fill the new hashes of a list; return the number of items."""
    relation = "relation" if "relation" in exported.keys else "null"
    items = 0
    for part in parts(shop, exported):
        query = f"""
            select
                concat_ws(':', '{PREFIX}', '{exported.name}', {relation}, 'new'),
                {exported.keys[0]},
                cast(to_json(items) as varchar),
                len(items)
            from ({exported.by_key(part)}) as listed
        """
        for batch in batches(shop, query):
            with client.pipeline(transaction=False) as pipeline:
                for name, field, value, length in batch:
                    pipeline.hset(name, field, value)
                    items += length
                pipeline.execute()
    return items


def _exchange(client: Any, names: Sequence[str]) -> None:
    """Rename the new hashes over the old ones in one transaction.

    Old ones are renamed first: a hash that RENAME overwrites is freed synchronously, which blocks
    the server for all clients.
    """
    full = [name for name in names if client.exists(f"{name}:new")]
    old = [name for name in names if client.exists(name)]
    with client.pipeline(transaction=True) as pipeline:
        for name in old:
            pipeline.rename(name, f"{name}:old")
        for name in full:
            pipeline.rename(f"{name}:new", name)
        pipeline.execute()
    client.unlink(*(f"{name}:old" for name in names))
