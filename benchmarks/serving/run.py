"""Print a table of the requests per second that a published build answers.

    python benchmarks/serving/run.py --warehouse warehouse

Single-threaded processes request lists for random users, and for random baskets of three products:
by the functions of longtail.duckdb, by the published rows alone, and by an SQLite export. The keys
are a sample, and each kind of request ends after --seconds, so that memory and time are bounded for
a shop of any size, but for the export: it takes a minute per 10 to 20 million rows and its disk
space, in the warehouse's file system. --export reuses one, --without-export leaves it out.
Progress goes to stderr, the table to stdout.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = """
    select {key} from (select {key} from {table} where {chosen}) using sample reservoir({size} rows)
"""
USERS = {"key": "user_id", "table": "user_recommendations", "chosen": "rank = 1"}
PRODUCTS = {"key": "product_id", "table": "products", "chosen": "interactions > 0"}
SAMPLED = 2_000
"""Users, and products, to draw requests from."""
WARM_UP = 20
"""Requests that are not counted."""
ROWS = "select product_id, score, source from {} where user_id = ? order by rank"
FUNCTION = "select product_id, source from {}(?)"
EXPORTED = "rows of the SQLite export"
KINDS = {
    "`recommend_for_user`": FUNCTION.format("recommend_for_user"),
    "`recommend_for_basket`": FUNCTION.format("recommend_for_basket"),
    "rows of `user_recommendations`": ROWS.format("user_recommendations"),
    EXPORTED: ROWS.format("recommendations"),
}


def answerer(kind: str, database: str, exported: str) -> Callable[[object], list]:
    """Return a function from a user, or a basket, to the answer's rows."""
    if kind == EXPORTED:
        lists = sqlite3.connect(f"{Path(exported).as_uri()}?mode=ro", uri=True)
        return lambda key: lists.execute(KINDS[kind], [key]).fetchall()
    shop = duckdb.connect(database, read_only=True, config={"threads": 1})
    return lambda key: shop.execute(KINDS[kind], [key]).fetchall()


def ask(
    kind: str, database: str, exported: str, asked: list[object], seconds: float
) -> list[float]:
    """Return the seconds of each request, after a few warm-up requests.

    No request starts after `seconds`, but one is always counted.
    """
    answer = answerer(kind, database, exported)
    began = time.perf_counter()
    times: list[float] = []
    for number, key in enumerate(asked):
        started = time.perf_counter()
        if started - began > seconds and times:
            break
        answer(key)
        if number >= WARM_UP or started - began > seconds / 4:
            times.append(time.perf_counter() - started)
    return times


def keys(database: str, requests: int, processes: int) -> dict[bool, list[list[object]]]:
    """Return the keys of each process's requests: users (False) and baskets (True)."""
    with duckdb.connect(database, read_only=True) as shop:
        ids = [
            sorted(key for (key,) in shop.execute(SAMPLE.format(**of, size=SAMPLED)).fetchall())
            for of in (USERS, PRODUCTS)
        ]
    asked: dict[bool, list[list[object]]] = {False: [], True: []}
    for seed in range(processes):
        draw = np.random.default_rng(seed)
        chosen = draw.integers(0, len(ids[0]), requests + WARM_UP)
        asked[False].append([ids[0][at] for at in chosen])
        chosen = draw.integers(0, len(ids[1]), (requests + WARM_UP, 3))
        asked[True].append([[ids[1][at] for at in row] for row in chosen])
    return asked


def export_lists(warehouse: Path, file: Path) -> None:
    """Export the lists to SQLite; progress goes to stderr."""
    export = [sys.executable, "-m", "longtail.export", "--to", "sqlite", "--with-seen"]
    subprocess.run(
        [*export, "--out", str(file), "--warehouse", str(warehouse)],
        cwd=ROOT,
        check=True,
        stdout=sys.stderr,
    )


def parser() -> argparse.ArgumentParser:
    """Return the command's argument parser."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--warehouse", type=Path, default=Path("warehouse"))
    options.add_argument("--requests", type=int, default=500, help="per kind and process, at most")
    options.add_argument("--processes", type=int, default=2)
    options.add_argument("--seconds", type=float, default=60, help="per kind, at most")
    options.add_argument("--export", type=Path, help="an SQLite file of `make export TO=sqlite`")
    options.add_argument("--without-export", action="store_true")
    return options


def main() -> None:
    """Print a row per kind of request."""
    options = parser().parse_args()
    warehouse = options.warehouse.resolve()
    database = str(warehouse / "longtail.duckdb")
    with duckdb.connect(database, read_only=True) as shop:
        users, products = (
            shop.execute("select count(*) from {table} where {chosen}".format(**of)).fetchone()[0]
            for of in (USERS, PRODUCTS)
        )
    print(f"{users:,} users, {products:,} products, {options.processes} processes\n", flush=True)
    asked = keys(database, options.requests, options.processes)
    context = multiprocessing.get_context("spawn")
    # Not in /tmp, which may be in memory: the export of a large shop takes gigabytes.
    with (
        tempfile.TemporaryDirectory(dir=warehouse, prefix=".serving-") as folder,
        context.Pool(options.processes) as pool,
    ):
        exported = (options.export or Path(folder) / "lists.sqlite").resolve()
        if not options.export and not options.without_export:
            export_lists(warehouse, exported)
        print("| asked for | requests | a second | median ms | p90 ms | p99 ms |")
        print("|---|---|---|---|---|---|", flush=True)
        for kind in KINDS:
            if kind == EXPORTED and options.without_export:
                continue
            print(f"{kind}, at most {options.seconds:g} s ...", file=sys.stderr, flush=True)
            work = [
                (kind, database, str(exported), of_process, options.seconds)
                for of_process in asked["basket" in kind]
            ]
            by_process = pool.starmap(ask, work, chunksize=1)
            rate = sum(len(times) / sum(times) for times in by_process)
            every = np.concatenate(by_process)
            median, p90, p99 = 1000 * np.quantile(every, [0.5, 0.9, 0.99])
            print(
                f"| {kind} | {len(every):,} | {rate:,.0f} | {median:.2f} | {p90:.2f} | {p99:.2f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
