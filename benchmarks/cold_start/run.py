"""Products without events: lists by content against lists by category and brand.

    python benchmarks/cold_start/run.py [--events 300000] [--seeds 1 2 3] [--holdout-days 6]

Builds demo shops, each without content, with its features, its vectors and both. Judges the lists
of similar products of those products that nobody saw before the cut: how many of the products that
users looked at in the same sessions after the cut are among the first 20. Then how many new
products are in a list of a product with events, and what that costs those lists.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

import duckdb
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from longtail.build.database import rows_of
from longtail.build.settings import PROJECT

SETTINGS = {
    "category and brand": {},
    "features": {"catalogue_features": ["collection"]},
    "vector": {"catalogue_vector": "embedding"},
    "features and vector": {
        "catalogue_features": ["collection"],
        "catalogue_vector": "embedding",
    },
}
FIGURES = """
with looks as (
    select distinct interactions.session_id, keys.product_id, nodes.node_id is null as is_new
    from {int_interactions} as interactions
    inner join {int_product_keys} as keys using (product_key)
    left join {product_nodes} as nodes using (product_key)
    cross join {int_timeline} as timeline
    where interactions.event_at >= timeline.graph_cutoff_at
),

targets as (
    select distinct
        product.product_id, target.product_id as target_id, product.is_new,
        target.is_new as is_new_target
    from looks as product
    inner join looks as target using (session_id)
    where product.product_id != target.product_id and not (product.is_new and target.is_new)
)

select
    targets.product_id,
    targets.is_new,
    targets.is_new_target,
    avg(cast(listed.rank is not null as integer)) as recall,
    coalesce(max(1.0 / listed.rank), 0) as reciprocal_rank
from targets
left join {similar_products} as listed
    on
        targets.product_id = listed.product_id
        and targets.target_id = listed.similar_product_id
        and listed.relation = 'substitute'
        and listed.rank <= 20
group by all
order by all
"""
REACHED = """
select count(distinct listed.similar_product_id) / (
    select count(*) from {products} as products
    anti join {product_nodes} as nodes using (product_key)
)
from {similar_products} as listed
anti join {product_nodes} as found on listed.similar_product_id = found.product_id
semi join {product_nodes} as nodes on listed.product_id = nodes.product_id
where listed.relation = 'substitute' and listed.source not like 'popular%'
"""
TABLES = (
    *("int_interactions", "int_product_keys", "product_nodes", "int_timeline"),
    *("products", "similar_products"),
)


def build(warehouse: Path, settings: dict) -> None:
    """Build the lists of similar products, unpublished."""
    folder = warehouse.parent
    subprocess.run(
        [
            *(Path(sys.executable).with_name("dbt"), "run", "--quiet"),
            *("--select", "+similar_products", "--vars", json.dumps(settings)),
            *("--target-path", folder / "target", "--log-path", folder / "logs"),
        ],
        cwd=PROJECT,
        env={**os.environ, "LONGTAIL_WAREHOUSE": str(warehouse)},
        check=True,
        stdout=subprocess.DEVNULL,
    )


class Figures(NamedTuple):
    """Of one shop: recall@20 and reciprocal rank per product, shape (products, 2).

    Of new products, of products with events towards those with events and towards new ones; and the
    share of new products that are in a list of another product by evidence.
    """

    new: np.ndarray
    old: np.ndarray
    old_to_new: np.ndarray
    reached: float


def figures(warehouse: Path) -> Figures:
    """Return the figures of the tables in progress."""
    tables = {name: rows_of(warehouse / ".work" / f"{name}.parquet") for name in TABLES}
    rows = duckdb.sql(FIGURES.format(**tables)).fetchall()
    parts = [
        np.array([row[3:] for row in rows if row[1:3] == kind]).reshape(-1, 2)
        for kind in ((True, False), (False, False), (False, True))
    ]
    return Figures(*parts, duckdb.sql(REACHED.format(**tables)).fetchall()[0][0])


def line(title: str, found: np.ndarray, before: np.ndarray) -> str:
    """One line of the table; the interval is of the paired difference, by bootstrap."""
    hits = np.column_stack([found[:, 0] > 0, found])
    gain = found[:, 0] - before[:, 0]
    draws = np.random.default_rng(0).integers(0, len(gain), (2000, len(gain)))
    low, high = np.quantile(gain[draws].mean(axis=1), (0.025, 0.975))
    means = " | ".join(f"{mean:.3f}" for mean in hits.mean(axis=0))
    return f"| {title} | {means} | {gain.mean():+.3f} ({low:+.3f} to {high:+.3f}) |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=300_000)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3], help="of demo shops")
    parser.add_argument("--holdout-days", type=int, default=6)
    options = parser.parse_args()
    found: dict[str, list[Figures]] = {title: [] for title in SETTINGS}
    for seed in options.seeds:
        with tempfile.TemporaryDirectory() as folder:
            for title, settings in SETTINGS.items():
                warehouse = Path(folder) / "warehouse"
                shop = {
                    "demo_events": options.events,
                    "demo_seed": seed,
                    "holdout_days": options.holdout_days,
                    "ranker": "off",
                }
                build(warehouse, shop | settings)
                found[title].append(figures(warehouse))
    stacked = {title: np.concatenate([s.new for s in shops]) for title, shops in found.items()}
    before = stacked["category and brand"]
    print(f"{len(before)} new products of {len(options.seeds)} shops\n")
    print("| lists by | hit rate@20 | recall@20 | MRR@20 | recall against the first (95 %) |")
    print("|---|---|---|---|---|")
    for title, of_shops in stacked.items():
        print(line(title, of_shops, before))
    print("\n| lists by | new products in a list | recall@20 of new ones | of others |")
    print("|---|---|---|---|")
    for title, shops in found.items():
        means = [np.mean([shop.reached for shop in shops])] + [
            np.concatenate([shop[part] for shop in shops])[:, 0].mean() for part in (2, 1)
        ]
        print(f"| {title} | " + " | ".join(f"{mean:.3f}" for mean in means) + " |")


if __name__ == "__main__":
    main()
