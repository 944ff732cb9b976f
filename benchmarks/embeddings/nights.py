"""A chain of nights: vectors that each night start from the last night's, beside cold ones.

    python benchmarks/embeddings/nights.py --events EVENTS.parquet --until 2011-11-09 --nights 14

The options of run.py. On each of the nights before `--until` the graph has all that was known by
then, new products included, and the questions are about the days after it. The first night is cold;
every later one trains on the first `--warm-walks` walks of each node at `--warm-rate`, as a build
with `warm_start` does. README.md has the results.
"""

import sys
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
from run import (
    Budget,
    Case,
    context_sides,
    cosine_sides,
    parse,
    parser_of,
    read_case,
    read_setting,
    recall,
    train,
)

from longtail.kernels.skipgram import Embeddings

POPULARITY = 0.5


def figures(case: Case, model: Embeddings) -> tuple[float, float]:
    """Recall by cosine, and by context at one popularity."""
    return (
        recall(case, *cosine_sides(model)),
        recall(case, *context_sides(model, POPULARITY)),
    )


def start_from(before: Case, model: Embeddings, case: Case) -> tuple[dict[str, np.ndarray], int]:
    """Last night's vectors in this night's order, zeros for new products; and how many are new."""
    place = {product: node for node, product in enumerate(before.products)}
    node = np.array([place.get(product, -1) for product in case.products])
    sides = {"initial_vectors": model.vectors, "initial_context_vectors": model.context_vectors}
    start = {
        name: np.where(node[:, None] >= 0, rows[node], 0).astype(np.float32)
        for name, rows in sides.items()
    }
    return start, int((node < 0).sum())


def main() -> None:
    """Print a row per night."""
    parser = parser_of(__doc__)
    parser.add_argument("--nights", type=int, default=14)
    parser.add_argument("--warm-walks", type=int, default=3, help="of each node")
    parser.add_argument("--warm-rate", type=float, default=0.025)
    options = parse(parser)
    if not options.until:
        sys.exit("--until: the end of the last night's questions")
    base = replace(Budget(), **dict(read_setting(text) for text in options.set))
    warm = replace(base, walks_per_node=options.warm_walks, learning_rate=options.warm_rate)
    end = datetime.fromisoformat(options.until)
    print("| night | products | new | questions | cold: cosine | a=0.5 | s | warm | a=0.5 | s |")
    print("|" + " --- |" * 10)
    before: tuple[Case, Embeddings] | None = None
    found = []
    for night in range(options.nights):
        options.until = str(end - timedelta(days=options.nights - 1 - night))
        case = read_case(options)
        cold = train(case, base, options.seed + night)
        new = 0
        chained = cold
        if before:
            start, new = start_from(*before, case)
            chained = train(case, warm, options.seed + night, start)
        before = (case, chained["model"])
        row = (*figures(case, cold["model"]), *figures(case, chained["model"]))
        found.append(row)
        print(
            f"| {night + 1} | {case.graph.node_count:,} | {new} | {case.asked.shape[0]:,} "
            f"| {row[0]:.4f} | {row[1]:.4f} | {cold['train_seconds']:.1f} "
            f"| {row[2]:.4f} | {row[3]:.4f} | {chained['train_seconds']:.1f} |",
            flush=True,
        )
    later = np.array(found[1:])
    for name, place in (("cosine", 0), ("a=0.5", 1)):
        gain = later[:, place + 2] - later[:, place]
        print(
            f"{name}: warm less cold, mean of nights 2 to {options.nights}: {gain.mean():+.4f} "
            f"(standard error of nights {gain.std(ddof=1) / np.sqrt(len(gain)):.4f}), "
            f"last night {gain[-1]:+.4f}"
        )


if __name__ == "__main__":
    main()
