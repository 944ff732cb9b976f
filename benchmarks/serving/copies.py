"""Print how long the functions take on a shop of many products, made of copies of a small one.

    python benchmarks/serving/copies.py --warehouse warehouse --copies 100

Each product, its neighbours and each user become `copies` of themselves in tables beside the
published ones, so that the functions read as much as in a shop of that size without its build. One
connection with one thread; CPU milliseconds, so that other work on the machine does not count. The
functions are those of the working tree.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from pathlib import Path

import duckdb
import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from longtail.build.analyst_macros import macro_statements  # noqa: E402 (needs the path above)

PRODUCT = "{0}product_id || '_' || copy as {0}product_id"
PRODUCT_KEY = "{0}_key * $copies + copy as {0}_key"
USER = "user_id || '_' || copy as user_id"
USER_KEY = "user_key * $copies + copy as user_key"
TABLES = {
    "products": ([PRODUCT.format(""), PRODUCT_KEY.format("product")], ""),
    "product_availability": ([PRODUCT.format(""), PRODUCT_KEY.format("product")], ""),
    "similar_products": (
        [PRODUCT.format(""), PRODUCT.format("similar_")],
        "order by product_id, relation, rank",
    ),
    "user_recommendations": (
        [USER, PRODUCT.format(""), PRODUCT.format("because_")],
        "order by user_id, rank",
    ),
    "internal.int_user_keys": ([USER, USER_KEY], "order by user_id"),
    "internal.int_user_histories": ([USER_KEY, PRODUCT_KEY.format("product")], ""),
    "internal.int_excluded_products": ([USER_KEY, PRODUCT_KEY.format("product")], ""),
    "internal.int_popularity": ([PRODUCT_KEY.format("product")], ""),
    "internal.int_neighbours": (
        [PRODUCT_KEY.format("product"), PRODUCT_KEY.format("neighbour")],
        "",
    ),
}
"""Table to its columns that a copy changes, and its order."""
USERS = "select user_id from user_recommendations where rank = 1"
PRODUCTS = "select product_id from products where interactions > 0"
QUESTIONS = {
    "`recommend_for_user`": (USERS, "from recommend_for_user(?)"),
    "`recommend_for_user`, `k := 40`": (USERS, "from recommend_for_user(?, k := 40)"),
    "`recommend_for_basket`": (PRODUCTS, "from recommend_for_basket([?])"),
    "`similar_to`": (PRODUCTS, "from similar_to(?)"),
    "rows of `user_recommendations`": (USERS, "from user_recommendations where user_id = ?"),
}


def copy_tables(database: Path, folder: Path, copies: int) -> Path:
    """Write a database of copies into a folder; return its path."""
    copied = folder / "longtail.duckdb"
    shutil.copyfile(database, copied)
    config = {"threads": 1, "memory_limit": "3GB", "temp_directory": str(folder / "spill")}
    with duckdb.connect(str(copied), config=config) as shop:
        shop.execute("set enable_progress_bar = false")
        for table, (changed, order) in TABLES.items():
            print(f"{table} ...", file=sys.stderr, flush=True)
            file = folder / f"{table}.parquet"
            columns = ", ".join(changed).replace("$copies", str(copies))
            shop.execute(
                f"copy (select * replace ({columns}) from {table}, range({copies}) as of (copy)"
                f" {order}) to '{file}' (format parquet, compression zstd)"
            ).fetchall()
            shop.execute(f"create or replace view {table} as from read_parquet('{file}')")
        for statement in macro_statements():
            shop.execute(statement)
    return copied


def cost(shop: duckdb.DuckDBPyConnection, keys: list[str], question: str) -> list[float]:
    """Return the CPU milliseconds of each request but the first three."""
    times = []
    for key in keys:
        began = time.process_time()
        shop.execute(question, [key]).fetchall()
        times.append(1000 * (time.process_time() - began))
    return times[3:]


def main() -> None:
    """Print a row per question."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--warehouse", type=Path, default=Path("warehouse"))
    options.add_argument("--copies", type=int, default=100)
    options.add_argument("--requests", type=int, default=40)
    given = options.parse_args()
    database = given.warehouse.resolve() / "longtail.duckdb"
    with tempfile.TemporaryDirectory(dir=given.warehouse, prefix=".copies-") as folder:
        copied = copy_tables(database, Path(folder), given.copies)
        config = {"threads": 1}
        with duckdb.connect(str(copied), read_only=True, config=config) as shop:
            keys = {
                of: sorted(
                    key
                    for (key,) in shop.execute(
                        f"from ({of}) using sample reservoir({given.requests + 3} rows)"
                        " repeatable (1)"
                    ).fetchall()
                )
                for of in (USERS, PRODUCTS)
            }
            for of in (USERS, PRODUCTS):
                count = shop.execute(f"select count(*) from ({of})").fetchall()[0][0]
                print(f"{count:,} {'users' if of == USERS else 'products'}")
            print("\n| asked for | median CPU ms | p90 CPU ms |\n|---|---|---|")
            for name, (of, question) in QUESTIONS.items():
                median, high = np.quantile(cost(shop, keys[of], question), [0.5, 0.9])
                print(f"| {name} | {median:.0f} | {high:.0f} |", flush=True)


if __name__ == "__main__":
    main()
