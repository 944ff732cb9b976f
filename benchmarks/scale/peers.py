"""Recommend to all users of one shop with longtail and with peers: seconds, memory, recall.

    python benchmarks/scale/peers.py --events 5000000

Made-up events in parquet, one file per day. longtail reads the files, cleans them and builds all
that `user_recommendations` needs, by default vars, with and without its ranker. A peer begins with
the cleaned events before the cut, in one file, fits and recommends to all their users: reading raw
files and cleaning are not in its seconds. All are judged on the same users and targets after the
cut. The peers have an environment of their own (peers.txt).
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
import venv
from pathlib import Path

import duckdb
from run import ROOT, Memory, dbt, write_files

HERE = Path(__file__).resolve().parent
WORK = HERE.parent / ".work"
PEERS = {
    "als": "implicit ALS, 64 factors",
    "cosine": "implicit item-kNN, cosine, 100 neighbours",
    "rp3beta": "irspack RP3beta, 100 neighbours",
    "covisitation": "polars co-visitation, 40 neighbours",
}
SAMPLES = 200
LIBRARY = {"OMP_NUM_THREADS": "2", "OPENBLAS_NUM_THREADS": "1"}
EXPORTED = {
    "events": """
        select user_id, session_id, product_id, event_at, event_weight as weight
        from int_interactions
        join int_user_keys using (user_key) join int_product_keys using (product_key)
        where not is_holdout and event_weight > 0""",
    "purchased": """
        select user_id, product_id from int_excluded_products
        join int_user_keys using (user_key) join int_product_keys using (product_key)
        where scope = 'evaluated'""",
    "targets": """
        select distinct user_id, product_id from int_targets
        join int_user_keys using (user_key) join int_product_keys using (product_key)""",
    "lists": """
        select model, user_id, product_id, rank from int_evaluated_recommendations
        join int_user_keys using (user_key) join int_product_keys using (product_key)
        where model in ('hybrid', 'ranked', 'popularity')""",
}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--events", type=int, default=5_000_000, metavar="N")
    parser.add_argument("--only", default=",".join(PEERS), help="peers, with commas between")
    parser.add_argument("--seconds", type=int, default=1200, help="given to each peer")
    options = parser.parse_args()
    peers = options.only.split(",")
    if unknown := set(peers) - PEERS.keys():
        parser.error(f"no peer {', '.join(sorted(unknown))}: there are {', '.join(PEERS)}")
    python = peers_python()
    folder = Path(tempfile.mkdtemp(prefix="longtail_peers_"))
    try:
        costs = {}
        variables = {"events": write_files(options.events, "parquet", folder)}
        for name, ranker in (("hybrid", "off"), ("ranked", "trees")):
            shutil.rmtree(folder / "warehouse", ignore_errors=True)
            selected = ["run", "--select", "+user_recommendations"]
            seconds, memory = dbt(selected, variables | {"ranker": ranker}, folder)
            costs[name] = (seconds, memory.cpu_seconds, memory.peak())
            tell(f"longtail, ranker: {ranker}: {seconds:.0f} s")
        dbt(["run", "--select", "+int_evaluated_recommendations"], variables, folder)
        export(folder)
        for peer in peers:
            costs[peer] = measured([python, HERE / "peer.py", peer, folder], options.seconds)
            tell(f"{PEERS[peer]}: {costs[peer]}")
        print(table(folder, costs))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def tell(text: str) -> None:
    """Print progress."""
    print(text, file=sys.stderr, flush=True)


def export(folder: Path) -> None:
    """Write what the peers and the score read."""
    with duckdb.connect(config={"memory_limit": "4GB"}) as connection:
        for file in (folder / "warehouse" / ".work").glob("*.parquet"):
            files = file / "**" / "*.parquet" if file.is_dir() else file  # a table by day
            connection.execute(f"create view {file.stem} as from read_parquet('{files}')")
        for name, query in EXPORTED.items():
            connection.execute(f"copy ({query}) to '{folder / name}.parquet'")


def measured(command: list, seconds: int) -> tuple[float, float, float] | str:
    """Run a peer; return its seconds, CPU seconds and peak gigabytes, or why there are none."""
    started = time.monotonic()
    process = subprocess.Popen([str(part) for part in command], env=os.environ | LIBRARY)
    memory = Memory(process.pid)
    memory.start()
    alarm = threading.Timer(seconds, process.kill)
    alarm.start()
    status = process.wait()
    alarm.cancel()
    memory.done.set()
    memory.join()
    took = time.monotonic() - started
    if status:
        return f"ended with {status} after {took:.0f} s, {memory.peak():.1f} GB"
    return took, memory.cpu_seconds, memory.peak()


def table(folder: Path, costs: dict) -> str:
    """Markdown: one row per recommender."""
    with duckdb.connect(config={"memory_limit": "4GB"}) as connection:
        lists = [f"from '{folder / 'lists.parquet'}'"]
        for peer, cost in costs.items():
            file = folder / f"lists_{peer}.parquet"
            if peer in PEERS and not isinstance(cost, str):
                # Who has no list gets the popular products, as in longtail.
                lists.append(f"""
                    select '{peer}', user_id, product_id, rank from '{file}'
                    semi join '{folder / "targets.parquet"}' using (user_id)
                    union all
                    select '{peer}', user_id, product_id, rank from '{folder / "lists.parquet"}'
                    where model = 'popularity' and user_id not in (select user_id from '{file}')
                """)
        connection.execute(f"create view lists as {' union all '.join(lists)}")
        connection.execute(f"create view targets as from '{folder / 'targets.parquet'}'")
        connection.execute(f"""
            create view catalogue as select product_id from '{folder / "events.parquet"}'""")
        connection.execute(f"create view samples as select unnest(range({SAMPLES})) as sample_id")
        score = ROOT / "benchmarks" / "quality" / "score.sql"
        found = connection.execute(score.read_text(encoding="utf-8")).to_arrow_table().to_pylist()
    scores = {row["model"]: row for row in found}
    names = {"hybrid": 'longtail, `ranker: "off"`', "ranked": "longtail", **PEERS}
    lines = [
        "| recommender | s | CPU s | peak GB | recall@20 | NDCG@20 | products shown |",
        "|---" * 7 + "|",
    ]
    for name, cost in costs.items():
        if isinstance(cost, str):
            lines.append(f"| {names[name]} | {cost} | | | | | |")
            continue
        row = scores[name]
        interval = f"({row['recall_low']:.4f}-{row['recall_high']:.4f})"
        lines.append(
            f"| {names[name]} | {cost[0]:.0f} | {cost[1]:.0f} | {cost[2]:.1f} "
            f"| {row['recall']:.4f} {interval} | {row['ndcg']:.4f} "
            f"| {row['coverage']:.0%} |"
        )
    lines.append(f"\npopularity: recall {scores['popularity']['recall']:.4f}")
    return "\n".join(lines)


def peers_python() -> Path:
    """Return the peers' Python; its environment is created first if necessary."""
    folder, wanted = WORK / "scale_peers", (HERE / "peers.txt").read_text(encoding="utf-8")
    python, ready = folder / "bin" / "python", folder / "ready.json"
    if not ready.exists() or json.loads(ready.read_text(encoding="utf-8")) != wanted:
        venv.create(folder, clear=True, with_pip=True)
        subprocess.run(
            [python, "-m", "pip", "install", "--quiet", "-r", HERE / "peers.txt"], check=True
        )
        ready.write_text(json.dumps(wanted), encoding="utf-8")
    return python


if __name__ == "__main__":
    main()
