"""Build one shop, one dbt node at a time, and print each model's cost.

    python benchmarks/scale/per_model.py --events 5000000

Seconds, CPU seconds (user and system, of all threads), the part of them that the model's tests
take, rows read and written, megabytes written and spilled, peak memory. One node at a time, so that
nothing runs beside a model; DuckDB keeps its threads. A model reads the rows of its parents that
are tables, whatever it skips of them; ephemeral models belong to their readers.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import sys
import tempfile
import threading
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import duckdb
from run import ROOT, usage

SHOWN = 30
"""Models in the table."""
SAMPLED = 0.1
"""Seconds between two looks at memory and spilled bytes."""
COSTS = ("seconds", "cpu", "test_cpu", "peak_gb", "spill_mb")


def cpu_seconds() -> float:
    """Return the CPU seconds of this process and of its ended children."""
    usages = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def folder_bytes(folder: Path) -> int:
    """Return the bytes of a folder's files; 0 where there is no folder."""
    found = 0
    for file in folder.glob("**/*"):
        try:
            found += file.stat().st_size
        except OSError:
            continue  # it has been removed
    return found


class Costs:
    """Hears dbt's events and adds up what each model and its tests cost.

    Parameters
    ----------
    warehouse
        Folder of the tables.
    """

    def __init__(self, warehouse: Path) -> None:
        self.of: dict[str, dict[str, float]] = defaultdict(lambda: dict.fromkeys(COSTS, 0.0))
        self.model_of: dict[str, str] = {}
        self.at: tuple[float, float] = (0.0, 0.0)
        self.peak = self.spilled = 0
        self.spill = warehouse / ".work" / "spill"
        threading.Thread(target=self.sample, daemon=True).start()

    def sample(self) -> None:
        """Note the peaks of memory and of spilled bytes, for ever."""
        while True:
            self.peak = max(self.peak, usage(os.getpid())[0])
            self.spilled = max(self.spilled, folder_bytes(self.spill))
            time.sleep(SAMPLED)

    def hear(self, event: Any) -> None:
        """Handle one dbt event."""
        if event.info.name == "NodeStart":
            self.at, self.peak, self.spilled = (time.monotonic(), cpu_seconds()), 0, 0
        elif event.info.name == "NodeFinished":
            node = event.data.node_info.unique_id
            seconds, cpu = time.monotonic() - self.at[0], cpu_seconds() - self.at[1]
            if node.startswith("model."):
                cost = self.of[node]
                cost |= {"seconds": seconds, "cpu": cpu}
                cost |= {"peak_gb": self.peak / 1e9, "spill_mb": self.spilled / 1e6}
            elif node in self.model_of:
                self.of[self.model_of[node]]["test_cpu"] += cpu

    def expect(self, manifest: Any) -> None:
        """Note the model that each test belongs to: its own, or the last that it reads."""
        for name, node in manifest.nodes.items():
            read = [parent for parent in node.depends_on.nodes if parent.startswith("model.")]
            own = getattr(node, "attached_node", None) or (read or [None])[-1]
            if name.startswith("test.") and own:
                self.model_of[name] = own


def build(folder: Path, variables: dict, arguments: list[str]) -> tuple[Costs, Any]:
    """Build in `folder` and return the costs by unique id, and dbt's manifest."""
    from dbt.cli.main import dbtRunner

    os.environ["LONGTAIL_WAREHOUSE"] = str(folder / "warehouse")
    os.chdir(ROOT)
    common = ["--vars", json.dumps(variables), "--quiet"]
    common += ["--target-path", str(folder / "target"), "--log-path", str(folder / "logs")]
    manifest = dbtRunner().invoke(["parse", *common]).result
    costs = Costs(folder / "warehouse")
    costs.expect(manifest)
    runner = dbtRunner(manifest=manifest, callbacks=[costs.hear])
    arguments = arguments or ["build", "--exclude-resource-type", "unit_test"]
    made = runner.invoke([*arguments, "--threads", "1", *common])
    if not made.success:
        sys.exit(f"the build failed: {made.exception or folder / 'logs' / 'dbt.log'}")
    return costs, manifest


def sizes(warehouse: Path) -> dict[str, tuple[int, int]]:
    """Return rows and bytes of each model's table."""
    log = warehouse / ".work" / "model_runs.parquet"
    return {
        model: (rows, size)
        for model, rows, size in duckdb.sql(f"""
            select model, table_rows, table_bytes from '{log}' where table_rows is not null
        """).fetchall()
    }


def rows_of(costs: Costs, manifest: Any, warehouse: Path) -> list[dict]:
    """Return one dictionary per model that was built, the most expensive first."""
    tables = sizes(warehouse)

    def read(node: str) -> set[str]:
        """Return the tables that a model reads, through its ephemeral parents."""
        found: set[str] = set()
        for parent in manifest.nodes[node].depends_on.nodes:
            if parent in manifest.nodes:
                name = manifest.nodes[parent].name
                found |= {name} if name in tables else read(parent)
        return found

    made = []
    for node, cost in costs.of.items():
        rows, size = tables.get(manifest.nodes[node].name, (0, 0))
        rows_in = sum(tables[name][0] for name in read(node))
        name = manifest.nodes[node].name
        made.append({"model": name, **cost, "rows_in": rows_in, "rows": rows, "mb": size / 1e6})
    return sorted(made, key=lambda row: -row["cpu"] - row["test_cpu"])


def table(made: list[dict]) -> str:
    """Markdown: the most expensive models, the rest, and all."""
    lines = [
        "| model | s | CPU s | of its tests | rows in | rows out | MB | MB spilled | peak GB |",
        "|---" * 9 + "|",
    ]
    lines += [
        f"| {row['model']} | {row['seconds']:.1f} | {row['cpu']:.1f} | {row['test_cpu']:.1f} "
        f"| {row['rows_in']:,} | {row['rows']:,} | {row['mb']:,.1f} | {row['spill_mb']:,.0f} "
        f"| {row['peak_gb']:.1f} |"
        for row in made[:SHOWN]
    ]
    for name, some in (("the others", made[SHOWN:]), ("all", made)):
        seconds, cpu, tests = (
            sum(row[cost] for row in some) for cost in ("seconds", "cpu", "test_cpu")
        )
        mb, spill, peak = (
            sum(row["mb"] for row in some),
            max((row["spill_mb"] for row in some), default=0),
            max((row["peak_gb"] for row in some), default=0),
        )
        lines.append(
            f"| {name} ({len(some)}) | {seconds:.1f} | {cpu:.1f} | {tests:.1f} | | | {mb:,.1f} "
            f"| {spill:,.0f} | {peak:.1f} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--events", type=int, default=5_000_000, metavar="N")
    parser.add_argument("--vars", type=json.loads, default={}, help="more vars, as JSON")
    parser.add_argument("--folder", type=Path, help="build here, and keep it")
    parser.add_argument("--json", type=Path, help="also write every figure to this file")
    parser.add_argument("dbt", nargs="*", help="after --: the dbt command instead of build")
    options = parser.parse_args()
    folder = options.folder or Path(tempfile.mkdtemp(prefix="longtail_models_"))
    try:
        costs, manifest = build(folder, {"demo_events": options.events} | options.vars, options.dbt)
        made = rows_of(costs, manifest, folder / "warehouse")
        if options.json:
            options.json.write_text(json.dumps(made, indent=1))
        print(table(made))
    finally:
        if not options.folder:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
