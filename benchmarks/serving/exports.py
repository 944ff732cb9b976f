"""Print what an export of made-up lists costs: rows, seconds, CPU seconds and peak memory.

    python benchmarks/serving/exports.py --users 400000 --redis redis://localhost:6379/0

Each form is written by `python -m longtail.export` in a process of its own, whose peak memory does
not include that of a server. PostgreSQL and Redis are measured where --postgres or --redis names a
server: the export replaces the lists that it holds.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb

ROOT = Path(__file__).resolve().parents[2]
PLACES = 20
MADE_UP = f"""
    create view status as select 'made up' as build_id, timestamp '2024-01-01' as built_at,
        timestamp '2024-01-01' as last_event_at;
    copy (
        select
            printf('%d', 500000000 + user) as user_id, rank::integer as rank,
            printf('%d', 1000000 + hash(user * 31 + rank) % 200000) as product_id,
            1.0::double / (rank + 1 + hash(user) % 7) as score, 'ranked' as source,
            printf('%d', 1000000 + hash(user) % 200000) as because_product_id, false as is_seen
        from range($users) as users (user), range(1, {PLACES + 1}) as places (rank)
        order by user_id, rank
    ) to '$folder/user_recommendations.parquet' (format parquet, compression zstd);
    copy (
        select
            printf('%d', 1000000 + product) as product_id, relation, rank::integer as rank,
            printf('%d', 1000000 + hash(product * 31 + rank) % 200000) as similar_product_id,
            1.0::double / rank as score, 'graph' as source
        from range($products) as products (product), range(1, {PLACES + 1}) as places (rank),
            (values ('substitute'), ('complement')) as relations (relation)
        order by product_id, relation, rank
    ) to '$folder/similar_products.parquet' (format parquet, compression zstd);
    create view user_recommendations as from read_parquet('$folder/user_recommendations.parquet');
    create view similar_products as from read_parquet('$folder/similar_products.parquet');
"""


def made_up_warehouse(folder: Path, users: int, products: int) -> int:
    """Write a published database with lists of 20 places; return their number of rows."""
    sql = MADE_UP.replace("$folder", str(folder)).replace("$users", str(users))
    config = {"threads": 1, "memory_limit": "2GB"}
    with duckdb.connect(str(folder / "longtail.duckdb"), config=config) as shop:
        shop.execute("set temp_directory = ?", [str(folder / "spill")])
        shop.execute("set enable_progress_bar = false")
        shop.execute(sql.replace("$products", str(products))).fetchall()
    return PLACES * (users + 2 * products)


def cost(warehouse: Path, form: str, out: str) -> tuple[float, float, float]:
    """Run one export; return its seconds, CPU seconds and peak memory in GB."""
    command = [sys.executable, "-m", "longtail.export", "--to", form, "--out", out]
    started = time.perf_counter()
    process = subprocess.Popen(
        [*command, "--warehouse", str(warehouse)], cwd=ROOT, stdout=sys.stderr
    )
    _, status, used = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"the export to {form} failed")
    seconds = time.perf_counter() - started
    return seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1e6


def parser() -> argparse.ArgumentParser:
    """Return the command's argument parser."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--users", type=int, default=400_000, help="with a list of 20 places")
    options.add_argument("--products", type=int, default=20_000, help="with 20 of each relation")
    forms = ["jsonl", "csv", "parquet", "sqlite"]
    options.add_argument("--files", nargs="*", choices=forms, default=forms)
    options.add_argument("--postgres", help="connection string or URL of a server")
    options.add_argument("--redis", help="URL of a server")
    options.add_argument("--folder", type=Path, help="for the files; default: a temporary one")
    return options


def main() -> None:
    """Print a row per form."""
    given = parser().parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder, prefix="exports-") as name:
        folder = Path(name)
        # In a process of its own: a child's peak begins with what its parent holds.
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            rows = pool.apply(made_up_warehouse, (folder, given.users, given.products))
        outs = {form: str(folder / form) for form in given.files}
        outs |= {"postgres": given.postgres, "redis": given.redis}
        print(f"{rows:,} rows\n\n| form | seconds | CPU seconds | peak memory |\n|---|---|---|---|")
        for form, out in outs.items():
            if out:
                seconds, busy, memory = cost(folder, form, out)
                print(f"| {form} | {seconds:.0f} | {busy:.0f} | {memory:.2f} GB |", flush=True)


if __name__ == "__main__":
    main()
