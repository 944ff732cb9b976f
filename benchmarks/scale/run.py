"""Build shops of growing size and print the cost: seconds, memory, bytes, per model.

    python benchmarks/scale/run.py                                   1, 5, 20 and 56 million events
    python benchmarks/scale/run.py --events 5000000 --input csv.gz   from files, one per day
    python benchmarks/scale/run.py --events 1000000 --target spark   by Spark, after make spark

Every size is a whole build of made-up events, tests included, in its own warehouse, which is
removed afterwards. Memory and CPU seconds are the total of all processes of the build, sampled
every half second; the memory of a model is the peak while it ran, including whatever ran beside it.
`--select +user_recommendations` builds a part, without tests.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb

ROOT = Path(__file__).resolve().parents[2]
SIZES = (1_000_000, 5_000_000, 20_000_000, 56_000_000)
PAGE = os.sysconf("SC_PAGE_SIZE")
SHOWN = 15
"""Models in the table of the slowest."""
TICKS = os.sysconf("SC_CLK_TCK")
STAGED = ("path:models/staging", "path:models/demo")
"""What DuckDB computes before Spark, as in the Makefile."""


@dataclass(eq=False)  # a thread is compared by identity
class Memory(threading.Thread):
    """Samples memory and CPU time of a process and its descendants until stopped."""

    process: int
    seen: list[tuple[datetime, int]] = field(default_factory=list)
    ticks: dict[int, int] = field(default_factory=dict)
    """CPU time of each process when it was last seen."""

    def __post_init__(self) -> None:
        super().__init__(daemon=True)
        self.done = threading.Event()

    def run(self) -> None:
        """Sample every half second."""
        while not self.done.wait(0.5):
            held, ticks = usage(self.process)
            self.seen.append((datetime.now(UTC).replace(tzinfo=None), held))
            self.ticks |= ticks

    @property
    def cpu_seconds(self) -> float:
        """CPU seconds of all processes, up to the last sample."""
        return sum(self.ticks.values()) / TICKS

    def peak(self, start: datetime | None = None, end: datetime | None = None) -> float:
        """Return the peak in GB between start and end; 0 without a sample."""
        return (
            max(
                (
                    held
                    for at, held in self.seen
                    if (start is None or at >= start) and (end is None or at <= end)
                ),
                default=0,
            )
            / 1e9
        )


def usage(root: int) -> tuple[int, dict[int, int]]:
    """Bytes in memory of a process and its descendants, and the CPU ticks of each (Linux)."""
    parents, pages, ticks = {}, {}, {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has ended
        parents[int(stat.parent.name)] = int(fields[1])
        pages[int(stat.parent.name)] = int(fields[21])
        ticks[int(stat.parent.name)] = int(fields[11]) + int(fields[12])
    family = {root}
    while grown := {child for child, parent in parents.items() if parent in family} - family:
        family |= grown
    held = sum(pages.get(process, 0) for process in family) * PAGE
    return held, {process: ticks.get(process, 0) for process in family}


def dbt(arguments: list[str], variables: dict, folder: Path) -> tuple[float, Memory]:
    """Run dbt in a warehouse; return seconds and memory. A log beside it gets the output."""
    command = [Path(sys.executable).parent / "dbt", *arguments, "--vars", json.dumps(variables)]
    command += ["--target-path", folder / "target", "--log-path", folder / "logs"]
    found = [str(ROOT), str(ROOT / "longtail" / "spark" / "dbt_path")]
    environment = os.environ | {
        "LONGTAIL_WAREHOUSE": str(folder / "warehouse"),
        "PYTHONPATH": os.pathsep.join(found),
    }
    started = time.monotonic()
    with (folder / "build.log").open("w") as log:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT
        )
        memory = Memory(process.pid)
        memory.start()
        failed = process.wait()
    seconds = time.monotonic() - started
    memory.done.set()
    memory.join()
    if failed:
        sys.exit(f"the build failed:\n{(folder / 'build.log').read_text()[-3000:]}")
    return seconds, memory


def write_files(events: int, kind: str, folder: Path) -> str:
    """Generate events and write one file per day; return their glob."""
    dbt(["run", "--select", "tag:demo"], {"demo_events": events}, folder)
    files = folder / "events"
    files.mkdir()
    made = folder / "warehouse" / ".work" / "demo_events.parquet"
    form = "format csv, compression gzip" if kind == "csv.gz" else "format parquet"
    with duckdb.connect(config={"threads": 2, "memory_limit": "6GB"}) as connection:
        connection.execute(f"create view events as from '{made}'")
        days = connection.sql(
            "select distinct left(event_time, 10) from events where \
            event_time like '2%' order by all"
        ).fetchall()
        for number, (day,) in enumerate(days):
            # Broken times belong to no day: they go to the first file.
            others = "or event_time is null or event_time not like '2%'" if number == 0 else ""
            connection.execute(f"""
                copy (from events where event_time like '{day}%' {others} order by event_time)
                to '{files}/{day}.{kind}' ({form})
            """)
    shutil.rmtree(folder / "warehouse")
    return f"{files}/*.{kind}"


def build(
    variables: dict, folder: Path, target: str, select: list[str]
) -> tuple[float, float, list[Memory]]:
    """Build by DuckDB or, as make does, by Spark; return seconds, CPU seconds and memory."""
    selected = ["--select", *select] if select else []
    steps = [["run" if select else "build", *selected]]
    if target != "duckdb":
        steps = [
            ["run", "--select", *STAGED],
            ["run", "--target", target, *selected, "--exclude", *STAGED],
            *([] if select else [["test", "--exclude-resource-type", "unit_test"]]),
        ]
    measured = [dbt(step, variables, folder) for step in steps]
    memories = [memory for _, memory in measured]
    return (
        sum(seconds for seconds, _ in measured),
        sum(memory.cpu_seconds for memory in memories),
        memories,
    )


def measure(events: int, kind: str, target: str, select: list[str]) -> dict:
    """Build one size; return its cost in total and per model."""
    folder = Path(tempfile.mkdtemp(prefix="longtail_scale_"))
    try:
        variables: dict = {"demo_events": events}
        if kind != "demo":
            variables = {"events": write_files(events, kind, folder)}
        seconds, cpu_seconds, memories = build(variables, folder, target, select)
        warehouse = folder / "warehouse"
        with duckdb.connect(str(warehouse / ".work" / "build.duckdb")) as connection:
            counts = connection.sql("""
                select
                    (select count(*) from stg_events) + (select count(*) from rejected_events),
                    (select count(*) from int_product_keys),
                    (select count(*) from int_user_keys)
            """).fetchall()[0]
            models = connection.sql(f"""
                select model, started_at, seconds, table_rows, table_bytes
                from '{warehouse}/.work/model_runs.parquet'
                where table_rows is not null
            """).fetchall()
        return {
            "events": counts[0],
            "products": counts[1],
            "users": counts[2],
            "seconds": seconds,
            "cpu_seconds": cpu_seconds,
            "peak_gb": max(memory.peak() for memory in memories),
            "spilled_left": (warehouse / ".work" / "spill").exists(),
            "table_gb": sum(bytes_ or 0 for *_, bytes_ in models) / 1e9,
            "models": [
                {
                    "model": name,
                    "seconds": took,
                    "rows": rows,
                    "megabytes": bytes_ / 1e6,
                    "peak_gb": max(
                        memory.peak(start, start + timedelta(seconds=took)) for memory in memories
                    ),
                }
                for name, start, took, rows, bytes_ in models
            ],
        }
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def totals(results: list[dict]) -> str:
    """Markdown: one row per size."""
    lines = [
        "| events | products | users | seconds | per million events | CPU seconds | peak GB "
        "| tables GB |",
        "|---" * 8 + "|",
    ]
    for made in results:
        lines.append(
            f"| {made['events']:,} | {made['products']:,} | {made['users']:,} "
            f"| {made['seconds']:.0f} | {1e6 * made['seconds'] / made['events']:.0f} "
            f"| {made['cpu_seconds']:.0f} "
            f"| {made['peak_gb']:.1f} | {made['table_gb']:.1f} |"
        )
    return "\n".join(lines)


def slowest(results: list[dict]) -> str:
    """Markdown: the models that take longest at the largest size, at every size."""
    by_size = [{model["model"]: model for model in made["models"]} for made in results]
    largest = by_size[-1]
    names = sorted(largest, key=lambda name: -largest[name]["seconds"])[:SHOWN]
    heads = " | ".join(f"{made['events'] / 1e6:.0f} M" for made in results)
    lines = [
        f"| seconds of a model | {heads} | rows | MB written | GB in use meanwhile |",
        "|---" * (len(results) + 4) + "|",
    ]
    for name in names:
        seconds = " | ".join(
            f"{size[name]['seconds']:.1f}" if name in size else "" for size in by_size
        )
        model = largest[name]
        lines.append(
            f"| {name} | {seconds} | {model['rows']:,} | {model['megabytes']:,.0f} "
            f"| {model['peak_gb']:.1f} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Print the tables after each size, so that an early stop has something to show."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--events", type=int, nargs="+", default=SIZES, metavar="N")
    parser.add_argument("--input", choices=("demo", "csv.gz", "parquet"), default="demo")
    parser.add_argument("--target", choices=("duckdb", "spark", "spark_connect"), default="duckdb")
    parser.add_argument("--select", nargs="+", default=[], metavar="MODEL", help="not all models")
    parser.add_argument("--json", type=Path, help="also write every figure to this file")
    arguments = parser.parse_args()
    results = []
    for events in arguments.events:
        print(f"building {events:,} events ...", file=sys.stderr, flush=True)
        cost = measure(events, arguments.input, arguments.target, arguments.select)
        results.append(cost)
        if arguments.json:
            arguments.json.write_text(json.dumps(results, indent=1))
        print(totals(results), slowest(results), sep="\n\n", flush=True)


if __name__ == "__main__":
    main()
