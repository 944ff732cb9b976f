"""Export the lists: ``python -m longtail.export --to csv --out exports``."""

from __future__ import annotations

import argparse
import logging
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb

from longtail.build.machine import warehouse_folder
from longtail.build.warehouse import DATABASE
from longtail.export import lists
from longtail.export.files import write_files
from longtail.export.postgres import write_postgres
from longtail.export.redis_hashes import DEFAULT_SERVER, write_redis
from longtail.export.sqlite import write_sqlite

FORMS = ("jsonl", "csv", "parquet", "sqlite", "postgres", "redis")
DEFAULT_K = 20


def main(arguments: Sequence[str] | None = None) -> int:
    """Write recommendations and similar products of the published build for other systems.

    Parameters
    ----------
    arguments
        The options; None takes those of the command line.

    Returns
    -------
    int
        The exit code: 0, or 1 when there is no published build or nothing could be written.
    """
    given = parser().parse_args(arguments)
    started = time.perf_counter()
    try:
        warehouse = warehouse_folder(given.warehouse)
        k = places(given.k)
        exported = lists.exported_lists(k, with_seen=given.with_seen)
        with (
            tempfile.TemporaryDirectory() as spill,
            lists.published(warehouse / DATABASE, Path(spill)) as shop,
        ):
            note = lists.provenance(shop, k, with_seen=given.with_seen)
            form, folder = given.to or FORMS[0], warehouse / "export"
            where, rows = write(shop, exported, note, form, given.out, folder)
    except (OSError, ValueError, ModuleNotFoundError, duckdb.Error) as error:
        print(f"No export: {' '.join(str(error).split())}", file=sys.stderr)
        return 1
    counted = ", ".join(f"{name} {count:,} rows" for name, count in rows.items())
    print(f"Wrote {where}: {counted} ({time.perf_counter() - started:.1f} s)")
    return 0


def parser() -> argparse.ArgumentParser:
    """Return the command's argument parser; an empty text means the default."""
    options = argparse.ArgumentParser(prog="python -m longtail.export", description=main.__doc__)
    options.add_argument(
        "--to",
        choices=[*FORMS, ""],
        metavar="FORM",
        default="",
        help=f"{', '.join(FORMS)}; default: {FORMS[0]}",
    )
    options.add_argument(
        "--out",
        default="",
        help="folder, SQLite file, or the server's URL; default: export in the warehouse, libpq's "
        f"environment (PGHOST ...), {DEFAULT_SERVER}",
    )
    options.add_argument(
        "--k",
        default="",
        help=f"places per user, and per product and relation; default: {DEFAULT_K}",
    )
    options.add_argument(
        "--with-seen", action="store_true", help="keep products that the user has seen"
    )
    options.add_argument(
        "--warehouse",
        default=os.environ.get("LONGTAIL_WAREHOUSE", ""),
        help="default: LONGTAIL_WAREHOUSE, or warehouse",
    )
    return options


def places(text: str) -> int:
    """Return the requested number of places; "" means the default."""
    try:
        return int(text or DEFAULT_K)
    except ValueError:
        raise ValueError(f"k must be a whole number, not {text}") from None


def write(
    shop: duckdb.DuckDBPyConnection,
    exported: list[lists.ExportedList],
    note: dict[str, Any],
    form: str,
    out: str,
    folder: Path,
) -> tuple[str, dict[str, int]]:
    """Write the lists in one form; return the target, without secrets, and rows per list."""
    if form == "postgres":
        return "PostgreSQL, schema longtail", write_postgres(shop, exported, note, out)
    if form == "redis":
        return "Redis", write_redis(shop, exported, note, out or DEFAULT_SERVER)
    path = Path(out).expanduser() if out else folder
    if form == "sqlite":
        path = path if out else folder / "longtail.sqlite"
        return os.path.relpath(path), write_sqlite(shop, exported, note, path)
    return os.path.relpath(path), write_files(shop, exported, note, path, form)


if __name__ == "__main__":
    logging.basicConfig(format="%(message)s")
    logging.getLogger("longtail").setLevel(logging.INFO)
    sys.exit(main())
