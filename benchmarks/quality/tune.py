"""Search the blend and the main knobs on later events of the training history, never on targets.

    python benchmarks/quality/tune.py --data FOLDER [--only demo,rees46,online_retail,...]

One parameter after another, in the order below. A value is taken if it lifts recall@20 + NDCG@20 of
the hybrid by more than half a percent and keeps at least 80 % of the initial coverage. Every trial
is a `dbt run` of the models that depend on the parameter, in its own warehouse, so it tests the SQL
that ships. Prints every trial.
"""

import argparse
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
from run import DATASETS, HERE, ROOT, WORK, build, preset, show, tables

LISTS = ("int_neighbours", "int_evaluated_recommendations")
GROUPS = ("int_strongest_groups", "int_user_batches", "int_similar_groups")
HISTORIES = ("int_user_histories", *GROUPS, "int_evaluated_recommendations")
COVISIT = (
    *("int_daily_pairs", "int_robot_pairs", "int_product_pairs", "neighbours_covisit"),
    *LISTS,
)
RP3BETA = ("int_group_products", "neighbours_rp3beta", *GROUPS, *LISTS)
GROUP_KNN = (*GROUPS, *LISTS)
ALL_NEIGHBOURS = (
    *("neighbours_covisit", "neighbours_rp3beta", "neighbours_deepwalk", "neighbours_node2vec"),
    *("successors_deepwalk", *LISTS),
)
LEAST_GAIN = 0.005
LEAST_COVERAGE = 0.8

# Each parameter lists the models to run again. Walks keep their initial window.
Knob = tuple[str, tuple[Any, ...], tuple[str, ...]]
BLENDS = (
    {"covisit": 1.0},
    {"rp3beta": 1.0},
    {"covisit": 1.0, "rp3beta": 0.5},
    {"covisit": 1.0, "rp3beta": 1.0},
    {"covisit": 0.5, "rp3beta": 1.0},
    {"covisit": 1.0, "rp3beta": 0.5, "deepwalk": 0.3, "node2vec": 0.3},
    {"covisit": 1.0, "rp3beta": 0.5, "deepwalk": 1.0},
    {"covisit": 1.0, "rp3beta": 0.5, "node2vec": 1.0},
    {"covisit": 1.0, "rp3beta": 0.5, "deepwalk": 1.0, "node2vec": 1.0},
)
SHOP_KNOBS: tuple[Knob, ...] = (
    ("window", (3, 10), COVISIT),
    ("rp3_beta", (0.1, 0.3, 0.7), RP3BETA),
    ("blend", BLENDS, LISTS),
    ("cosine_power", (2, 4, 8, 16), LISTS),
    ("row_exponent", (0.8, 1.2), (*COVISIT, *RP3BETA)),
    ("neighbours", (100,), ALL_NEIGHBOURS),
    ("history_half_life_days", (1, 3, 14, 30), HISTORIES),
    ("history_step_decay", (0.9, 0.8, 0.6), HISTORIES),
    ("repeat_weight", (0.05, 0.2, 0.8), HISTORIES[-1:]),
)
BASKET_KNOBS: tuple[Knob, ...] = (
    ("rp3_beta", (0.6, 0.8), RP3BETA),
    ("rp3_alpha", (1.25, 1.75), RP3BETA),
    ("half_life_days", (40, 90), RP3BETA),
    ("trend_weight", (0.3, 0.5), ("int_product_factors", *LISTS)),
    ("history_half_life_days", (20, 45), HISTORIES),
    ("blend", ({"rp3beta": 1.0, "deepwalk": 0.1}, {"rp3beta": 1.0, "deepwalk": 0.3}), LISTS),
    ("blend", ({"rp3beta": 1.0, "group_knn": 0.3}, {"rp3beta": 1.0, "group_knn": 1.0}), GROUP_KNN),
)
PLACE_KNOBS: tuple[Knob, ...] = (
    ("row_exponent", (1.0, 1.1, 1.2), RP3BETA),
    (
        "blend",
        (
            {"rp3beta": 1.0, "deepwalk": 0.1},
            {"rp3beta": 1.0, "group_knn": 0.3},
            {"rp3beta": 1.0, "group_knn": 0.6},
            {"rp3beta": 1.0, "group_knn": 1.0},
        ),
        GROUP_KNN,
    ),
    ("knn_groups", (50, 200), GROUP_KNN),
)
SESSION_KNOBS: tuple[Knob, ...] = (
    ("window", (5,), COVISIT),
    (
        "blend",
        (
            {"covisit": 1.0},
            {"covisit": 1.0, "deepwalk": 0.5},
            {"covisit": 1.0, "rp3beta": 0.5, "deepwalk": 1.0},
        ),
        LISTS,
    ),
    (
        "blend",
        (
            {"covisit": 1.0, "deepwalk": 1.0, "group_knn": 0.3},
            {"covisit": 1.0, "deepwalk": 1.0, "group_knn": 1.0},
        ),
        GROUP_KNN,
    ),
    ("history_step_decay", (0.5, 0.7), HISTORIES),
    ("repeat_weight", (0.4, 1.6), HISTORIES[-1:]),
)


def session_slice(data: Path, folder: Path) -> dict[str, str]:
    """Later training sessions of RetailRocket: the last product is the target."""
    events = data / DATASETS["retailrocket"].events
    connection = duckdb.connect(config={"memory_limit": "4GB"})
    connection.execute(f"""
        create table events as
        select *, row_number() over (partition by user_id order by event_time desc) as back,
            min(event_time) over (partition by user_id) >= timestamp '2020-01-30' as is_later
        from read_parquet('{events}')
        where event_time < timestamp '2020-02-01';
        copy (select * exclude (back, is_later) from events where not is_later or back > 1)
            to '{folder / "events.parquet"}';
        copy (
            select user_id, product_id from events
            where is_later and back = 1
                and user_id in (select user_id from events where back = 2)
        ) to '{folder / "targets.parquet"}'""")
    return files(folder) | {"graph_cutoff": "2020-01-30"}


def item_slice(data: Path, folder: Path) -> dict[str, str]:
    """15 % of each Gowalla user's training places, by hash: there are no times to cut by."""
    events = data / DATASETS["gowalla"].events
    is_target = "hash(user_id, product_id) % 100 < 15"
    connection = duckdb.connect(config={"memory_limit": "4GB"})
    connection.execute(f"""
        create view events as from read_parquet('{events}');
        copy (select * from events where not {is_target}) to '{folder / "events.parquet"}';
        copy (
            select distinct user_id, product_id from events
            where {is_target} and hash(user_id) % 5 = 0
        ) to '{folder / "targets.parquet"}'""")
    return files(folder)


def files(folder: Path) -> dict[str, str]:
    """Vars that name the files of a slice."""
    return {name: str(folder / f"{name}.parquet") for name in ("events", "targets")}


@dataclass(frozen=True)
class Search:
    """A history to search on: the set with the initial preset, and how its slice is cut."""

    title: str
    dataset: str
    knobs: tuple[Knob, ...]
    cut: Callable[[Path, Path], dict[str, str]] = lambda data, folder: {}


SEARCHES = {
    "demo": Search("Demo events, the last day", "", SHOP_KNOBS),
    "rees46": Search(
        "REES46 head, before the half hour that run.py holds out",
        "rees46",
        SHOP_KNOBS,
        lambda data, folder: {"latest_event_at": "2019-10-01 02:21:13"},
    ),
    "online_retail": Search(
        "Online Retail, the 30 days before the benchmark's",
        "online_retail",
        BASKET_KNOBS,
        lambda data, folder: {"latest_event_at": "2011-11-09 12:50:01"},
    ),
    "retailrocket": Search(
        "RetailRocket, training sessions of the last two days",
        "retailrocket",
        SESSION_KNOBS,
        session_slice,
    ),
    "gowalla": Search("Gowalla, 15 % of training places", "gowalla", PLACE_KNOBS, item_slice),
}


def main() -> None:
    """Search on each available history."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=ROOT / "data", help="folder of the files")
    parser.add_argument("--only", default="demo,rees46,online_retail", help="with commas between")
    parser.add_argument("--users", type=int, default=5000, help="users that a trial is scored on")
    options = parser.parse_args()
    for name in options.only.split(","):
        if name not in SEARCHES:
            parser.error(f"no search '{name}': there are {', '.join(SEARCHES)}")
        search(name, SEARCHES[name], options)


def search(name: str, plan: Search, options: argparse.Namespace) -> None:
    """Print every trial of one search, and the values taken."""
    show(f"\n### {plan.title}\n")
    dataset = DATASETS.get(plan.dataset)
    if dataset and not (options.data / dataset.events).exists():
        show(f"skipped: {dataset.events} not in {options.data}")
        return
    folder = WORK / f"tune_{name}"
    folder.mkdir(parents=True, exist_ok=True)
    settings = preset(dataset, options.data) if dataset else {}
    settings.pop("targets", None)
    settings |= plan.cut(options.data.resolve(), folder) | {"evaluation_users": options.users}
    build(folder, settings)
    figures = score(folder)
    first = best = figures["hybrid"]
    show(
        f"{first['users']:,} users\n\n| trial | recall | NDCG | coverage | |\n|---|---|---|---|---|"
    )
    for model, row in figures.items():
        show(line(f"start, {model}", row, ""))
    taken: dict[str, Any] = {}
    stale: tuple[str, ...] = ()
    for knob, values, models in plan.knobs:
        for value in values:
            present = settings | taken
            has_cosines = present.get("blend", {"deepwalk": 1}).keys() & {"deepwalk", "node2vec"}
            if value == present.get(knob) or (knob == "cosine_power" and not has_cosines):
                continue
            build(folder, present | {knob: value}, tuple({*models, *stale}))
            stale = models
            row = score(folder)["hybrid"]
            is_better = (
                row["recall"] + row["ndcg"] > (1 + LEAST_GAIN) * (best["recall"] + best["ndcg"])
                and row["coverage"] >= LEAST_COVERAGE * first["coverage"]
            )
            show(line(f"{knob} {value}", row, "taken" if is_better else ""))
            if is_better:
                taken[knob], best, stale = value, row, ()
            # The next trial rebuilds the tables of a value that was not taken.
    show(f"\ntaken: {taken or 'nothing'}")


def score(folder: Path) -> dict[str, dict[str, float]]:
    """Return the metrics of every model's lists, without intervals."""
    connection = tables(folder)
    connection.execute("""
        create view lists as
        select model, user_key as user_id, product_key as product_id, rank
        from int_evaluated_recommendations;
        create view targets as
        select user_key as user_id, product_key as product_id from int_targets;
        create view catalogue as
        select distinct product_key as product_id from int_interactions
        where not is_holdout and event_weight > 0;
        create view samples as select unnest(range(0)) as sample_id""")
    found = connection.execute((HERE / "score.sql").read_text(encoding="utf-8"))
    names = [column[0] for column in found.description]
    return {row[0]: dict(zip(names, row, strict=True)) for row in found.fetchall()}


def line(trial: str, row: dict[str, float], note: str) -> str:
    """One line of the table."""
    figures = " | ".join(f"{row[metric]:.4f}" for metric in ("recall", "ndcg", "coverage"))
    return f"| {trial} | {figures} | {note} |"


if __name__ == "__main__":
    os.chdir(ROOT)
    main()
