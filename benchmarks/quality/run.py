"""Build recommendations from public data sets, and score them against peers on the same split.

    python benchmarks/quality/run.py --data FOLDER [--only retailrocket,gowalla] [--no-peers]
        [--vars default|preset|FILE.yml] [--ranker trees|linear|off] [--also '{"seed": 7}']

Each set goes through the project's own `dbt build`, up to the lists that evaluation compares, with
its preset of vars, with default vars, or with what `make tune` wrote; implicit's models train on
the same interactions and use the same histories and exclusions. Prints one table per set, and the
row of README.md's summary. README.md explains the choices.
"""

import argparse
import json
import os
import subprocess
import sys
import time
import venv
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import yaml
from exports import export, export_search, tables

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
WORK = HERE.parent / ".work"
PEERS = ("als", "bpr", "cosine", "bm25")
BOOTSTRAP_SAMPLES = 200
SPLIT = {
    *("columns", "reject_when", "events_sql", "event_tables", "csv_options", "earliest_event_at"),
    *("catalogue", "catalogue_columns", "gate_cleaning_share"),
    *("event_weights", "click_event_types", "purchase_event_types"),
    *("robot_clicks", "robot_purchases", "min_stay_seconds"),
    *("graph_cutoff", "holdout_days", "latest_event_at", "exclude", "evaluation_users"),
}
"""Vars that a set's default row keeps of its preset: how its files are read, whose and which events
count, and where the split lies. All others are those of dbt_project.yml.
"""
LIBRARY = {"OMP_NUM_THREADS": "2", "OPENBLAS_NUM_THREADS": "1"}


@dataclass(frozen=True)
class Dataset:
    """Files and vars of one set.

    `only_hybrid`: lists of user_recommendations instead of those of all models, for a set whose
    histories and lists are so long that all models at once would spill tens of gigabytes.
    `only_deepwalk`: a set once more by DeepWalk alone: no peers, but the popularity dial.
    `published`: (model, figures, source) to print beside.
    """

    title: str
    events: str
    presets: tuple[str, ...]
    targets: str = ""
    only_hybrid: bool = False
    only_deepwalk: bool = False
    published: tuple[tuple[str, dict[str, float], str], ...] = field(default=())


def bars(model: str, recall: float, ndcg: float) -> tuple[str, dict[str, float], str]:
    """Row of the BARS board for Gowalla."""
    return model, {"recall": recall, "ndcg": ndcg}, "BARS, Gowalla m1"


COTREC = "COTREC paper, as recalled"
DATASETS = {
    "retailrocket": Dataset(
        "RetailRocket, next product of a session",
        "retailrocket_events.parquet",
        ("benchmarks/quality/retailrocket.yml",),
        "retailrocket_targets.parquet",
        published=(
            ("SR-GNN", {"hit_rate": 0.503, "mrr": 0.266}, COTREC),
            ("COTREC", {"hit_rate": 0.562, "mrr": 0.300}, COTREC),
        ),
    ),
    "online_retail": Dataset(
        "Online Retail, products new to a customer in the last 30 days",
        "online_retail.parquet",
        ("datasets/online_retail.yml",),
    ),
    "online_retail_repeats": Dataset(
        "Online Retail, all products of the last 30 days",
        "online_retail.parquet",
        ("datasets/online_retail.yml", "benchmarks/quality/online_retail_repeats.yml"),
    ),
    "gowalla": Dataset(
        "Gowalla, places new to a user",
        "gowalla_events.parquet",
        ("benchmarks/quality/gowalla.yml",),
        "gowalla_targets.parquet",
        only_hybrid=True,
        published=(
            bars("ItemPop", 0.0416, 0.0317),
            bars("Item2Vec", 0.1326, 0.1057),
            bars("ItemCF", 0.1570, 0.1214),
            bars("LightGCN", 0.1820, 0.1547),
            bars("GF-CF", 0.1849, 0.1518),
            bars("UltraGCN", 0.1862, 0.1580),
            bars("SimpleX", 0.1872, 0.1557),
        ),
    ),
    "gowalla_deepwalk": Dataset(
        "Gowalla by DeepWalk alone",
        "gowalla_events.parquet",
        ("benchmarks/quality/gowalla.yml", "benchmarks/quality/gowalla_deepwalk.yml"),
        "gowalla_targets.parquet",
        only_hybrid=True,
        only_deepwalk=True,
        published=(
            ("DeepWalk", {"recall": 0.1034}, "published, as recalled"),
            ("LINE", {"recall": 0.1335}, "published, as recalled"),
        ),
    ),
    "rees46": Dataset(
        "REES46, first three hours of October 2019: the last half hour",
        "rees46_2019_oct_head.csv.gz",
        ("datasets/rees46.yml", "benchmarks/quality/rees46.yml"),
    ),
    "movielens": Dataset(
        "MovieLens small, ratings of the last two years by users of before",
        "ml-ratings.csv",
        ("datasets/movielens.yml",),
    ),
    "complete_journey": Dataset(
        "Complete Journey, all products of the last two weeks",
        "complete_journey_transactions.parquet",
        ("datasets/complete_journey.yml",),
    ),
}


def main() -> None:
    """Run each set whose files exist."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=ROOT / "data", help="folder of the files")
    parser.add_argument("--only", default=",".join(DATASETS), help="sets, with commas between")
    parser.add_argument(
        "--vars", default="preset", help="default, preset, or a file written by make tune"
    )
    parser.add_argument("--ranker", default="", choices=("trees", "linear", "off"))
    parser.add_argument("--also", type=json.loads, default={}, help="JSON, put on these vars")
    parser.add_argument("--peers", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument(
        "--searched-peer",
        type=float,
        default=0,
        help="CPU minutes of irspack's own search; 0: none",
    )
    parser.add_argument(
        "--build",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="--no-build scores the last build again",
    )
    options = parser.parse_args()
    for name in options.only.split(","):
        if name not in DATASETS:
            parser.error(f"no set '{name}': there are {', '.join(DATASETS)}")
        run(name, DATASETS[name], options)


def run(name: str, dataset: Dataset, options: argparse.Namespace) -> None:
    """Build, recommend, score and print one set."""
    show(f"\n### {dataset.title}\n")
    files = [options.data / file for file in (dataset.events, dataset.targets) if file]
    absent = [file.name for file in files if not file.exists()]
    if absent:
        show(f"skipped: {' and '.join(absent)} not in {options.data}")
        return
    settings = row_vars(dataset, options)
    ranker = settings.get("ranker", "trees")
    folder = WORK / "_".join((name, Path(options.vars).stem, ranker))
    costs_file = folder / "costs.json"
    if options.build:
        try:
            lists = (
                "user_recommendations" if dataset.only_hybrid else "int_evaluated_recommendations"
            )
            dial = ("+popularity_dial",) if dataset.only_deepwalk else ()
            select = (f"+{lists}", "+int_targets", "+int_serving", *dial)
            costs = {"longtail": build(folder, settings, select)}
        except subprocess.CalledProcessError as error:
            show(f"failed: dbt ended with {error.returncode}; see {error.output}")
            return
        targets = options.data / dataset.targets if dataset.targets else None
        export(folder, targets, dataset.only_hybrid)
        costs_file.write_text(json.dumps(costs), encoding="utf-8")
    costs = json.loads(costs_file.read_text(encoding="utf-8"))
    if options.peers and not dataset.only_deepwalk:
        python = str(peers_python())
        for peer in PEERS:
            command = [python, str(HERE / "peers.py"), peer, str(folder)]
            costs[f"implicit {peer}"] = measured(command, folder / f"peer_{peer}.log")
        costs_file.write_text(json.dumps(costs), encoding="utf-8")
    if options.searched_peer:
        export_search(folder, settings)
        command = [str(peers_python("searched_peer")), str(HERE / "searched_peer.py"), str(folder)]
        command += ["--minutes", str(options.searched_peer)]
        costs["irspack, searched"] = measured(command, folder / "peer_irspack.log")
        costs_file.write_text(json.dumps(costs), encoding="utf-8")
    rows = report(folder, dataset, costs)
    served = "hybrid" if dataset.only_hybrid or ranker == "off" else "ranked"
    row = next(row for row in rows if row["model"] == served) | {"model": what_serves(folder)}
    show("\n" + summary_row(name, options.vars, ranker, row, costs["longtail"]))
    if dataset.only_deepwalk:
        show_dial(folder)


def preset(dataset: Dataset, data: Path) -> dict:
    """Vars of the set: its presets, later ones winning, and where its files are."""
    settings = {}
    for file in dataset.presets:
        settings |= yaml.safe_load((ROOT / file).read_text(encoding="utf-8"))
    settings["events"] = str((data / dataset.events).resolve())
    if dataset.targets:
        settings["targets"] = str((data / dataset.targets).resolve())
    return settings


def row_vars(dataset: Dataset, options: argparse.Namespace) -> dict:
    """Vars of one row: the set's preset, only its split, or that and a file's vars."""
    settings = preset(dataset, options.data)
    if options.vars != "preset":
        given = SPLIT | {"events", "targets"}
        settings = {name: settings[name] for name in settings if name in given}
    if options.vars not in ("preset", "default"):
        found = yaml.safe_load(Path(options.vars).read_text(encoding="utf-8"))
        settings |= {name: found[name] for name in found if name not in SPLIT}
    return settings | ({"ranker": options.ranker} if options.ranker else {}) | options.also


def what_serves(folder: Path) -> str:
    """Return what `user_recommendations` publishes: the ranker, or the lists that replace it."""
    found = tables(folder).execute("select coalesce(ranker, model) from int_serving")
    return found.fetchall()[0][0]


def summary_row(name: str, vars_: str, ranker: str, row: dict, cost: dict[str, float]) -> str:
    """One line of the summary: the served lists of a set with these vars."""
    cells = [
        *(name, Path(vars_).stem, ranker, row["model"]),
        *(
            f"{row[metric]:.4f} ({row[f'{metric}_low']:.4f}-{row[f'{metric}_high']:.4f})"
            for metric in ("recall", "ndcg")
        ),
        *(f"{row[metric]:.4f}" for metric in ("mrr", "coverage")),
        *(f"{cost[unit]:.0f}" for unit in ("seconds", "processor", "megabytes")),
    ]
    return "| " + " | ".join(cells) + " |"


def build(
    folder: Path, settings: dict, select: tuple[str, ...] = ("+int_evaluated_recommendations",)
) -> dict[str, float]:
    """Build what the compared lists depend on, with its tests; return seconds and peak memory.

    Map, report and similar products are skipped: they change no list.
    """
    folder.mkdir(parents=True, exist_ok=True)
    command = [str(Path(sys.executable).parent / "dbt"), "--no-use-colors", "run"]
    command += ["--select", *select, "--vars", json.dumps(settings)]
    command += ["--target-path", str(folder / "target"), "--log-path", str(folder / "logs")]
    return measured(command, folder / "dbt.log", LONGTAIL_WAREHOUSE=str(folder / "warehouse"))


def measured(command: list[str], log: Path, **environment: str) -> dict[str, float]:
    """Run a command; return its seconds and peak memory (megabytes), or raise."""
    started = time.perf_counter()
    with log.open("w", encoding="utf-8") as output:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=os.environ | LIBRARY | environment,
        )
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command[:2], str(log))
    return {
        "seconds": time.perf_counter() - started,
        "processor": usage.ru_utime + usage.ru_stime,
        "megabytes": usage.ru_maxrss / 1024,
    }


def peers_python(peers: str = "peers") -> Path:
    """Return the peers' Python; its environment is created or updated first if necessary."""
    folder, locked = WORK / peers, HERE / f"{peers}.txt"
    wanted = locked.read_text(encoding="utf-8")
    ready = folder / "ready.txt"
    python = folder / "bin" / "python"
    if not ready.exists() or ready.read_text(encoding="utf-8") != wanted:
        venv.create(folder, clear=True, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "-r", locked], check=True)
        ready.write_text(wanted, encoding="utf-8")
    return python


def score(folder: Path, samples: int = BOOTSTRAP_SAMPLES) -> list[dict]:
    """Return the metrics of every model's lists, best first."""
    connection = duckdb.connect(config={"memory_limit": "4GB"})
    lists = [f"from read_parquet('{folder / 'lists.parquet'}')"]
    for file in sorted(folder.glob("peer_*.parquet")):
        peer = f"implicit {file.stem.removeprefix('peer_')}"
        peer = peer.replace("implicit irspack", "irspack, searched")
        # A user without a history gets the popular products, as in the project's own lists.
        lists.append(f"""
            select '{peer}', * from read_parquet('{file}')
            union all
            select '{peer}', user_id, product_id, rank
            from read_parquet('{folder / "lists.parquet"}')
            where model = 'popularity'
                and user_id not in (select user_id from read_parquet('{file}'))""")
    connection.execute(f"create view lists as {' union all '.join(lists)}")
    connection.execute(f"create view targets as from read_parquet('{folder / 'targets.parquet'}')")
    # All recommendable products.
    connection.execute(f"""
        create view catalogue as
        select product_id from read_parquet('{folder / "interactions.parquet"}')""")
    connection.execute(f"""
        create view samples as select unnest(range({samples})) as sample_id""")
    found = connection.execute((HERE / "score.sql").read_text(encoding="utf-8"))
    names = [column[0] for column in found.description]
    rows = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
    return sorted(rows, key=lambda row: -row["ndcg"])


def report(folder: Path, dataset: Dataset, costs: dict[str, dict[str, float]]) -> list[dict]:
    """Print the table of a set; return its rows."""
    rows = score(folder)
    show(f"{rows[0]['users']:,} users with targets; top 20; 95 % intervals over users\n")
    show("| model | recall | NDCG | hit rate | MRR | coverage | seconds | peak MB |")
    show("|---|---|---|---|---|---|---|---|")
    for row in rows:
        cost = costs.get("longtail" if row["model"] == "hybrid" else row["model"], {})
        cells = [
            row["model"],
            *(
                f"{row[metric]:.4f} ({row[f'{metric}_low']:.4f}-{row[f'{metric}_high']:.4f})"
                for metric in ("recall", "ndcg")
            ),
            *(f"{row[metric]:.4f}" for metric in ("hit_rate", "mrr", "coverage")),
            f"{cost['seconds']:.0f}" if cost else "",
            f"{cost['megabytes']:.0f}" if cost else "",
        ]
        show("| " + " | ".join(cells) + " |")
    for model, figures, source in dataset.published:
        cells = [
            f"{figures[metric]:.4f}" if metric in figures else ""
            for metric in ("recall", "ndcg", "hit_rate", "mrr")
        ]
        show("| " + " | ".join([f"{model} ({source})", *cells, "", "", ""]) + " |")
    return rows


def show_dial(folder: Path) -> None:
    """Print recall against coverage at each weight of popularity."""
    show("\nits popularity dial, 2,000 of the users\n")
    show("| popularity | recall | coverage | places for the tail |\n|---|---|---|---|")
    file = folder / "warehouse" / ".work" / "popularity_dial.parquet"
    for row in duckdb.sql(f"from '{file}' order by popularity").fetchall():
        show(f"| {row[0]:g} | " + " | ".join(f"{figure:.4f}" for figure in row[1:]) + " |")


def show(text: str) -> None:
    """Print a line at once."""
    print(text, flush=True)


if __name__ == "__main__":
    main()
