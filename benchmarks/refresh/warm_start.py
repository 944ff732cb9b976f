"""Cost and savings of a warm start: the next day, trained cold and from yesterday's vectors.

    python benchmarks/refresh/warm_start.py [--events 1000000]
    python benchmarks/refresh/warm_start.py --log online_retail.parquet \
        --dataset datasets/online_retail.yml --yesterday 2011-12-08

Builds and publishes the log up to `--yesterday`, then runs the whole log cold, and the trainings
and everything downstream once more per warm setting. Prints the seconds of both trainings and
recall@20 on the held-out days.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import duckdb
import yaml
from run import ROOT, run_dbt

sys.path.insert(0, str(ROOT))

from longtail.tables.embeddings import KNOWN_ENOUGH

MODELS = ("deepwalk", "node2vec", "successors", "hybrid")
TRAININGS = ("embeddings_deepwalk", "embeddings_node2vec")
SETTINGS = ((1, 0.025), (3, 0.025), (3, 0.05), (5, 0.025))
"""Walks per node and learning rate of the warm starts."""


def known(folder: Path) -> float:
    """Return the share of the graph's products with vectors from the last published build."""
    tables = [
        f"(from read_parquet('{folder}/warehouse/{place}embeddings_deepwalk.parquet') "
        "where vector_source = 'walks')"
        for place in (".work/", "")
    ]
    return duckdb.sql(f"""
        select avg((old.product_id is not null)::integer)
        from {tables[0]} as new left join {tables[1]} as old using (product_id)
    """).fetchall()[0][0]


def recall(folder: Path) -> dict[str, tuple[float, float, float]]:
    """Return recall@20 and its 95 % interval by model, of the tables in progress."""
    file = folder / "warehouse" / ".work" / "model_metrics.parquet"
    rows = duckdb.sql(f"""
        select model, value, lower, upper from read_parquet('{file}')
        where metric = 'recall' and k = 20 and segment = 'all' and task = 'next interaction'
    """).fetchall()
    return {model: figures for model, *figures in rows if model in MODELS}


def line(title: str, seconds: dict[str, float], folder: Path) -> str:
    """One line of the table."""
    trained = " | ".join(f"{seconds[name]:.1f}" for name in TRAININGS)
    found = recall(folder)
    figures = " | ".join(
        "{:.4f} ({:.4f}-{:.4f})".format(*found[model]) if model in found else "" for model in MODELS
    )
    return f"| {title} | {trained} | {figures} |"


def main() -> None:
    """Build yesterday, run today cold, then warm."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--events", type=int, default=1_000_000, help="demo events")
    parser.add_argument("--log", type=Path, help="a file instead of demo events")
    parser.add_argument("--dataset", type=Path, help="vars of the log")
    parser.add_argument("--yesterday", default="2024-01-30", help="end of the earlier build")
    asked = parser.parse_args()
    settings: dict = {"demo_events": asked.events}
    if asked.log:
        settings = yaml.safe_load(asked.dataset.read_text()) if asked.dataset else {}
        settings["events"] = str(asked.log.resolve())
    print(f"| start | {' | '.join(f'{name}, s' for name in TRAININGS)} | {' | '.join(MODELS)} |")
    print("|---" * (1 + len(TRAININGS) + len(MODELS)) + "|")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        run_dbt(
            folder,
            *("--exclude-resource-type", "unit_test"),
            command="build",
            **(settings | {"latest_event_at": asked.yesterday}),
        )
        seconds = run_dbt(folder, **settings)
        print(line("cold", seconds, folder), flush=True)
        share = known(folder)
        if share < KNOWN_ENOUGH:
            sys.exit(f"no warm start: yesterday's vectors know {share:.0%} of the products")
        after = [f"{name}+" for name in TRAININGS]
        for walks, rate in SETTINGS:
            warm = {"warm_walks_per_node": walks, "warm_learning_rate": rate}
            seconds = run_dbt(folder, "--select", *after, **settings, warm_start=True, **warm)
            print(line(f"warm, {walks} walks, {rate:g}", seconds, folder), flush=True)
        print(f"\nyesterday's vectors know {share:.0%} of the products")


if __name__ == "__main__":
    main()
