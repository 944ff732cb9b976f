"""The log of runs: one row per dbt run and model, with seconds, rows and bytes.

It cannot be a dbt model, since a run ends only after its last model. The warehouse keeps it through
failed runs and publishes it with the next good build.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from longtail.build.warehouse import write_parquet

NAME = "model_runs"
KEPT = "kept"
"""The materializations' response, and the status, for a reused table."""

SCHEMA = pa.schema(
    [
        ("build_id", pa.string()),
        ("run_started_at", pa.timestamp("us")),
        ("model", pa.string()),
        ("status", pa.string()),
        ("started_at", pa.timestamp("us")),
        ("seconds", pa.float64()),
        ("table_rows", pa.int64()),
        ("table_bytes", pa.int64()),
    ]
)


def extend(
    work: Path,
    published: Path,
    *,
    build_id: str,
    run_started_at: datetime,
    outcomes: Iterable[Mapping[str, Any]],
) -> None:
    """Add the models of one run to the log in `work`.

    Parameters
    ----------
    work
        Folder of the tables in progress.
    published
        The log of the last publication, which a new `work` continues; need not exist.
    build_id, run_started_at
        dbt's id of the run, and its start in UTC.
    outcomes
        dbt's result of each node: name, type, status, message, started_at (UTC, or None when it was
        skipped) and seconds. Nodes other than models are ignored.
    """
    rows = [
        {
            "build_id": build_id,
            "run_started_at": run_started_at,
            "model": outcome["name"],
            "status": KEPT if outcome["message"] == KEPT else outcome["status"],
            "started_at": outcome["started_at"],
            "seconds": outcome["seconds"],
            **_size(work / f"{outcome['name']}.parquet"),
        }
        for outcome in outcomes
        if outcome["type"] == "model"
    ]
    if not rows:
        return
    log = work / f"{NAME}.parquet"
    known = next((path for path in (log, published) if path.exists()), None)
    earlier = [pq.read_table(known, schema=SCHEMA)] if known else []
    write_parquet(pa.concat_tables([*earlier, pa.Table.from_pylist(rows, SCHEMA)]), log)


def _size(table: Path) -> dict[str, int | None]:
    """Count rows and bytes of a table's file or folder; None if it does not exist."""
    files = list(table.rglob("*.parquet")) if table.is_dir() else [table]
    if not table.exists():
        return {"table_rows": None, "table_bytes": None}
    return {
        "table_rows": sum(pq.read_metadata(file).num_rows for file in files),
        "table_bytes": sum(file.stat().st_size for file in files),
    }
