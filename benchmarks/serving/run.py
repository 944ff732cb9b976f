"""Print a table of the requests per second that a build answers.

    python benchmarks/serving/run.py --warehouse warehouse

Single-threaded processes request lists for random users, and for random baskets of three products:
by the functions of longtail.duckdb, by the published rows alone, and by the exported SQLite file.
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
USERS = "select user_id from user_recommendations where rank = 1 order by all"
PRODUCTS = "select product_id from products where interactions > 0 order by all"
ROWS = "select product_id, score, source from {} where user_id = ? order by rank"
FUNCTION = "select product_id, source from {}(?)"
KINDS = {
    "`recommend_for_user`": FUNCTION.format("recommend_for_user"),
    "`recommend_for_basket`": FUNCTION.format("recommend_for_basket"),
    "rows of `user_recommendations`": ROWS.format("user_recommendations"),
    "rows of the SQLite export": ROWS.format("recommendations"),
}


def answerer(kind: str, database: str, exported: str) -> Callable[[object], list]:
    """Return a function from a user, or a basket, to the answer's rows."""
    if "SQLite" in kind:
        lists = sqlite3.connect(exported)
        return lambda key: lists.execute(KINDS[kind], [key]).fetchall()
    shop = duckdb.connect(database, read_only=True, config={"threads": 1})
    return lambda key: shop.execute(KINDS[kind], [key]).fetchall()


def ask(kind: str, database: str, exported: str, requests: int, seed: int) -> list[float]:
    """Return the seconds of each request, after a few warm-up requests."""
    draw = np.random.default_rng(seed)
    is_basket = "basket" in kind
    with duckdb.connect(database, read_only=True) as shop:
        ids = [key for (key,) in shop.execute(PRODUCTS if is_basket else USERS).fetchall()]
    chosen = draw.integers(0, len(ids), (requests + 20, 3))
    asked = [[ids[at] for at in row] if is_basket else ids[row[0]] for row in chosen]
    answer = answerer(kind, database, exported)
    times = []
    for key in asked:
        started = time.perf_counter()
        answer(key)
        times.append(time.perf_counter() - started)
    return times[20:]


def main() -> None:
    """Print a row per kind of request."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--warehouse", type=Path, default=Path("warehouse"))
    parser.add_argument("--requests", type=int, default=500, help="per process")
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    database = str((options.warehouse / "longtail.duckdb").resolve())
    with duckdb.connect(database, read_only=True) as shop:
        users, products = (len(shop.execute(sql).fetchall()) for sql in (USERS, PRODUCTS))
    print(f"{users:,} users, {products:,} products, {options.processes} processes\n")
    print("| asked for | requests a second | median ms | p90 ms | p99 ms |\n|---|---|---|---|---|")
    context = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as folder, context.Pool(options.processes) as pool:
        exported = str(Path(folder) / "lists.sqlite")
        export = [sys.executable, "-m", "longtail.export", "--to", "sqlite", "--with-seen"]
        subprocess.run(
            [*export, "--out", exported, "--warehouse", str(options.warehouse.resolve())],
            cwd=ROOT,
            check=True,
            stdout=subprocess.DEVNULL,
        )
        for kind in KINDS:
            work = [
                (kind, database, exported, options.requests, seed)
                for seed in range(options.processes)
            ]
            by_process = pool.starmap(ask, work, chunksize=1)
            rate = sum(len(times) / sum(times) for times in by_process)
            median, p90, p99 = 1000 * np.quantile(np.concatenate(by_process), [0.5, 0.9, 0.99])
            print(f"| {kind} | {rate:,.0f} | {median:.1f} | {p90:.1f} | {p99:.1f} |", flush=True)


if __name__ == "__main__":
    main()
