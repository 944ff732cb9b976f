"""Print the memory that walks, training and search need, per edge and per vector.

    python benchmarks/scale/memory.py --nodes 200000 --edges 4000000

Each kernel runs on made-up arrays in a process of its own; its memory is the process's peak beyond
that of the same kernel on a tiny graph, which pays for imports and compiled code.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa

from longtail.kernels.corpus import write_tokens
from longtail.kernels.graph import Graph, graph_from_edges
from longtail.kernels.search import nearest_by_cosine
from longtail.kernels.shared_negatives import train_shared_negatives
from longtail.kernels.walks import WALK_SCHEMA, sample_walks

DIMENSIONS = 64
TINY = 2000


def made_up_graph(nodes: int, edges: int) -> Graph:
    """Return a graph of `edges` undirected edges between random nodes."""
    draw = np.random.default_rng(0)
    ends = draw.integers(nodes, size=(2, edges), dtype=np.int32)
    return graph_from_edges(*ends, draw.random(edges, dtype=np.float32), node_count=nodes)


def walk(nodes: int, edges: int, q: float) -> None:
    """Sample one short walk from each node."""
    for _ in sample_walks(made_up_graph(nodes, edges), walks_per_node=1, walk_length=5, q=q):
        pass


def train(nodes: int, _: int) -> None:
    """Train on ten tokens per node."""
    tokens = np.random.default_rng(0).integers(nodes, size=nodes * 10, dtype=np.int32)
    lists = pa.ListArray.from_arrays(np.arange(0, nodes * 10 + 1, 10, dtype=np.int32), tokens)
    walks = pa.RecordBatch.from_arrays([np.arange(nodes), lists], schema=WALK_SCHEMA)
    with tempfile.TemporaryDirectory() as folder:
        write_tokens([walks], Path(folder, "corpus"))
        train_shared_negatives(
            Path(folder, "corpus"), node_count=nodes, dimensions=DIMENSIONS, seed=0
        )


def search(nodes: int, _: int) -> None:
    """Find 50 neighbours of a thousand vectors by an inverted file."""
    vectors = np.random.default_rng(0).random((nodes, DIMENSIONS), dtype=np.float32)
    nearest_by_cosine(vectors, k=50, queries=np.arange(1000), exact_below=TINY, target_recall=0.1)


def peak_of(work: Callable, *arguments) -> int:
    """Return the peak bytes of a process that does the work."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        pool.apply(work, arguments)
        return pool.apply(_peak)


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def main() -> None:
    """Print one row per kernel."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--nodes", type=int, default=200_000)
    parser.add_argument("--edges", type=int, default=4_000_000, help="undirected")
    given = parser.parse_args()
    print("| kernel | MB | bytes per | |", "|---|---|---|---|", sep="\n")
    for name, work, more, unit in (
        ("graph in rows, then DeepWalk's walks", walk, (1.0,), "edge"),
        ("graph in rows, then node2vec's walks", walk, (0.5,), "edge"),
        (f"training, {DIMENSIONS} dimensions", train, (), "vector"),
        (f"search, {DIMENSIONS} dimensions", search, (), "vector"),
    ):
        used = peak_of(work, given.nodes, given.edges, *more) - peak_of(work, TINY, TINY, *more)
        count = given.edges if unit == "edge" else given.nodes
        print(f"| {name} | {used / 1e6:.0f} | {used / count:.0f} | {unit} |", flush=True)


if __name__ == "__main__":
    main()
