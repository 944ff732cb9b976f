"""Seconds of a full build and of a refresh by one day, from the event files to the edges.

    python benchmarks/refresh/run.py [--events 3000000] [--days 30]

Writes demo events, one csv.gz per day, builds all days but the last, refreshes with the last one,
rebuilds all days, and prints each model's seconds and whether both gave the same edges.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import duckdb

ROOT = Path(__file__).resolve().parents[2]
EDGES = "sha256(string_agg(edges::varchar order by source_node_id, target_node_id))"


def run_dbt(
    folder: Path, *options: str, command: str = "run", **settings: object
) -> dict[str, float]:
    """Run dbt in its own warehouse; return the seconds of each model."""
    dbt = Path(sys.executable).with_name("dbt")
    subprocess.run(
        [dbt, command, *options, "--vars", json.dumps(settings)],
        cwd=ROOT,
        env=os.environ
        | {
            "LONGTAIL_WAREHOUSE": str(folder / "warehouse"),
            "DBT_LOG_PATH": str(folder),
            "DBT_TARGET_PATH": str(folder / "target"),
        },
        stdout=subprocess.DEVNULL,
        check=True,
    )
    results = json.loads((folder / "target" / "run_results.json").read_text())["results"]
    return {
        result["unique_id"].split(".")[2]: result["execution_time"]
        for result in results
        if result["unique_id"].startswith("model.")
    }


def write_days(folder: Path, events: int, days: int) -> list[Path]:
    """Generate demo events and write each day as a csv.gz file."""
    run_dbt(folder, "--select", "+demo_events", demo_events=events, demo_days=days)
    source = f"read_parquet('{folder}/warehouse/.work/demo_events.parquet')"
    named = duckdb.sql(
        f"select distinct event_time[:10] as day from {source} "
        "where try_cast(event_time[:10] as date) >= date '2024-01-01' order by day"
    ).fetchall()
    files = [folder / f"{day}.csv.gz" for (day,) in named]
    for file in files:
        day = file.name.removesuffix(".csv.gz")
        duckdb.sql(f"copy (from {source} where event_time[:10] = '{day}') to '{file}' (header)")
    return files


def edges(folder: Path) -> str:
    """Return a fingerprint of the edges."""
    file = folder / "warehouse" / ".work" / "product_edges.parquet"
    return duckdb.sql(f"select {EDGES} from read_parquet('{file}') as edges").fetchall()[0][0]


def main() -> None:
    """Build, refresh, build again; print both."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--events", type=int, default=3_000_000)
    parser.add_argument("--days", type=int, default=30)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        *_, last = write_days(folder, asked.events, asked.days)
        pattern = str(folder / "*.csv.gz")
        select = ("--select", "+product_edges")
        aside = last.rename(folder / "later")
        run_dbt(folder, *select, "--full-refresh", events=pattern)
        aside.rename(last)
        refresh = run_dbt(folder, *select, events=pattern)
        refreshed = edges(folder)
        full = run_dbt(folder, *select, "--full-refresh", events=pattern)
        same = refreshed == edges(folder)
    print("| model | full | refresh |\n|---|---|---|")
    for model, seconds in full.items():
        print(f"| {model} | {seconds:.1f} s | {refresh[model]:.1f} s |")
    total, part = sum(full.values()), sum(refresh.values())
    print(f"| all | {total:.1f} s | {part:.1f} s ({part / total:.0%}) |")
    print(f"\nedges are {'the same' if same else 'NOT the same'}")


if __name__ == "__main__":
    main()
