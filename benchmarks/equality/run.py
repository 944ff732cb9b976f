"""Compare every table of two warehouses: ``run.py WAREHOUSE_A WAREHOUSE_B``.

For a change that must not change results: build with the old code and with the new code, and
compare. A table is equal to the bit, equal to ten digits (floats whose sum depends on threads), or
different; columns that name a build or a version are ignored. The exit code is 1 if any differs.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import duckdb

OF_A_BUILD = {
    *("build_id", "built_at", "run_started_at", "started_at", "seconds"),
    *("settings", "git_commit", "dbt_version", "duckdb_version", "table_bytes"),
}
"""Columns that two builds never share."""
LOGS = {"model_runs", "build_info"}
"""Tables about builds."""


def source(table: Path) -> str:
    """Return the relation of a table: one file, or a folder of files by day."""
    files = f"{table}/*/*.parquet" if table.is_dir() else str(table)
    return f"read_parquet('{files}', hive_partitioning = {str(table.is_dir()).lower()})"


def differing_rows(
    connection: duckdb.DuckDBPyConnection, one: str, other: str, columns: list[str]
) -> int:
    """Count the rows that are in only one of two relations, including duplicates."""
    selected = ", ".join(columns)
    both = [f"select {selected} from {relation}" for relation in (one, other)]
    return sum(
        connection.execute(f"select count(*) from ({a} except all {b})").fetchall()[0][0]
        for a, b in (both, both[::-1])
    )


def rounded(name: str, kind: str) -> str:
    """Return a column's expression, rounded to ten digits."""
    if kind in ("DOUBLE", "FLOAT"):
        return f"format('{{:.9e}}', cast(\"{name}\" as double))"
    return f'"{name}"'


def compare(connection: duckdb.DuckDBPyConnection, one: Path, other: Path) -> str:
    """Say how two files or folders of one table compare."""
    described = [
        {
            row[0]: row[1]
            for row in connection.execute(f"describe from {source(table)}").fetchall()
            if row[0] not in OF_A_BUILD
        }
        for table in (one, other)
    ]
    if described[0] != described[1]:
        changed = sorted(set(described[0].items()) ^ set(described[1].items()))
        return f"different columns: {', '.join(f'{name} {kind}' for name, kind in changed)}"
    kinds = described[0]
    relations = (source(one), source(other))
    if not differing_rows(connection, *relations, [f'"{name}"' for name in kinds]):
        return "equal"
    at_ten_digits = [rounded(name, kind) for name, kind in kinds.items()]
    rows = differing_rows(connection, *relations, at_ten_digits)
    return f"different: {rows:,} rows" if rows else "equal at ten digits"


def tables(warehouse: Path) -> dict[str, Path]:
    """Return the tables in progress of a warehouse by name."""
    return {
        path.stem: path
        for path in sorted((warehouse / ".work").glob("*.parquet"))
        if path.stem not in LOGS
    }


def main() -> int:
    """Print a line per table that is not equal to the bit; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("one", type=Path)
    parser.add_argument("other", type=Path)
    options = parser.parse_args()
    one, other = tables(options.one), tables(options.other)
    verdicts = dict.fromkeys(one.keys() ^ other.keys(), "only in one of them")
    with duckdb.connect(config={"memory_limit": "4GB"}) as connection:
        for name in one.keys() & other.keys():
            verdicts[name] = compare(connection, one[name], other[name])
    for name, verdict in sorted(verdicts.items()):
        if verdict != "equal":
            print(f"{name}: {verdict}")
    good = [verdict for verdict in verdicts.values() if verdict.startswith("equal")]
    exact = good.count("equal")
    print(
        f"{exact} equal to the bit, {len(good) - exact} at ten digits, "
        f"{len(verdicts) - len(good)} different"
    )
    return int(len(good) < len(verdicts))


if __name__ == "__main__":
    sys.exit(main())
