"""Time one sampler on one graph, in its own process, and print the figures as JSON.

Runs in the project's environment for ``longtail`` and ``memory``, in that of the peers for the
rest. Sampling is timed after a warm-up that compiles; work once per graph (reading, alias tables)
is not timed for peers, but is for longtail.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

LENGTH = 50
CHECKED_STEPS = 2_000_000
REPEAT_SECONDS = 5.0
MOST_REPEATS = 5


class Csr:
    """Arrays of a graph: indptr, indices, weights."""

    def __init__(self, path: str) -> None:
        with np.load(path) as arrays:
            self.indptr = arrays["indptr"]
            self.indices = arrays["indices"]
            self.weights = arrays["weights"]

    @property
    def node_count(self) -> int:
        """Number of nodes."""
        return self.indptr.size - 1

    @property
    def sources(self) -> np.ndarray:
        """Source node of each edge."""
        return np.repeat(np.arange(self.node_count), np.diff(self.indptr))

    @property
    def starts(self) -> np.ndarray:
        """Nodes that have an edge."""
        return np.flatnonzero(np.diff(self.indptr))


# Each maker gets (graph, p, q, passes, threads), prepares and warms up, and returns a function
# that samples and yields arrays of walks.
Sampler = Callable[[], Iterator[np.ndarray]]


def make_longtail(graph: Csr, p: float, q: float, passes: int, threads: int) -> Sampler:
    """Sample with this project."""
    sys.path.insert(0, str(Path(__file__).parents[2]))
    from longtail.kernels.graph import Graph
    from longtail.kernels.walks import sample_walks

    whole = Graph(graph.indptr, graph.indices, graph.weights)
    small = Graph(np.array([0, 1, 2]), np.array([1, 0]), graph.weights[:2])
    options = {"walk_length": LENGTH, "p": p, "q": q, "threads": threads, "seed": 1}
    list(sample_walks(small, **options))
    return lambda: sample_walks(whole, walks_per_node=passes, **options)


def make_csrgraph(graph: Csr, p: float, q: float, passes: int, threads: int) -> Sampler:
    """Sample with csrgraph; biased steps only from a sample of start nodes."""
    import csrgraph
    from scipy import sparse

    matrix = sparse.csr_matrix((graph.weights, graph.indices, graph.indptr))
    peer = csrgraph.csrgraph(matrix, threads=threads)
    biased = p != 1 or q != 1
    starts = np.random.default_rng(0).permutation(graph.starts)[: 20 if biased else None]

    def sample(nodes, epochs):
        return peer.random_walks(
            walklen=LENGTH,
            epochs=epochs,
            start_nodes=nodes,
            return_weight=q / p,
            neighbor_weight=q,
        ).astype(np.int64)

    sample(starts[:2], 1)
    return lambda: iter([sample(starts, 1 if biased else passes)])


def make_pecanpy(graph: Csr, p: float, q: float, passes: int, threads: int) -> Sampler:
    """Sample with PecanPy's kernel, without its conversion of ids to text; some starts."""
    import numba
    from numba_progress import ProgressBar
    from pecanpy import pecanpy

    numba.set_num_threads(threads)
    kind = pecanpy.PreCompFirstOrder if p == q == 1 else pecanpy.SparseOTF
    peer = kind(p=p, q=q, workers=threads, random_state=1)
    peer.indptr = graph.indptr.astype(np.uint32)
    peer.indices = graph.indices.astype(np.uint32)
    peer.data = graph.weights.astype(np.float32)
    peer.set_node_ids([str(node) for node in range(graph.node_count)])
    peer.preprocess_transition_probs()
    move_forward, has_neighbours = peer.get_move_forward(), peer.get_has_nbrs()

    def sample(nodes):
        with ProgressBar(total=nodes.size, disable=True) as bar:
            walks = peer._random_walks(
                nodes.size, LENGTH - 1, 1, nodes, has_neighbours, move_forward, bar
            )
        return walks[:, :LENGTH].astype(np.int64)

    starts = np.random.default_rng(0).permutation(graph.starts).astype(np.uint32)
    if kind is pecanpy.SparseOTF:
        starts = starts[:4000]
    sample(starts[:2])
    return lambda: iter([sample(np.tile(starts, passes))])


def make_fastnode2vec(graph: Csr, p: float, q: float, passes: int, threads: int) -> Sampler:
    """Sample with fastnode2vec's kernel from threads, without its conversion of ids."""
    from fastnode2vec import graph as module

    upper = graph.sources <= graph.indices
    triples = zip(
        graph.sources[upper].tolist(),
        graph.indices[upper].tolist(),
        graph.weights[upper].tolist(),
        strict=True,
    )
    peer = module.Graph(triples, directed=False, weighted=True, verbose=False)

    def sample(nodes):
        return [
            module._random_walk_weighted(peer.indptr, peer.indices, peer.data, LENGTH, p, q, node)
            for node in nodes
        ]

    starts = np.tile(np.arange(peer.node_names.size), passes)
    sample(starts[:2])

    def sample_all():
        with ThreadPoolExecutor(threads) as pool:
            parts = list(pool.map(sample, np.array_split(starts, 8 * threads)))
        walks = np.stack([walk for part in parts for walk in part])
        yield peer.node_names[walks]

    return sample_all


def make_grape(
    graph: Csr, p: float, q: float, passes: int, threads: int, weighted: bool = True
) -> Sampler:
    """Sample with GRAPE (ensmallen), its approximation of large rows off, its cache on."""
    os.environ["RAYON_NUM_THREADS"] = str(threads)
    from ensmallen import Graph

    upper = graph.sources <= graph.indices
    columns = (graph.sources[upper], graph.indices[upper], graph.weights[upper])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "edges.tsv"
        with path.open("w") as file:
            for source, target, weight in zip(*(c.tolist() for c in columns), strict=True):
                file.write(f"{source}\t{target}\t{weight}\n")
        peer = Graph.from_csv(
            directed=False,
            edge_path=str(path),
            edge_list_separator="\t",
            edge_list_header=False,
            sources_column_number=0,
            destinations_column_number=1,
            weights_column_number=2 if weighted else None,
            verbose=False,
        )
    peer.enable(vector_sources=True)
    names = np.array([int(name) for name in peer.get_node_names()])

    def sample(iterations):
        return peer.complete_walks(
            walk_length=LENGTH,
            iterations=iterations,
            return_weight=1 / p,
            explore_weight=1 / q,
            max_neighbours=None,
            random_state=1,
        )

    def sample_all():
        yield names[np.asarray(sample(passes))]

    return sample_all


def make_grape_unweighted(graph: Csr, p: float, q: float, passes: int, threads: int) -> Sampler:
    """Sample with GRAPE, ignoring weights: an easier task than that of the others."""
    return make_grape(graph, p, q, passes, threads, weighted=False)


MAKERS = {
    "longtail": make_longtail,
    "csrgraph": make_csrgraph,
    "pecanpy": make_pecanpy,
    "fastnode2vec": make_fastnode2vec,
    "grape": make_grape,
    "grape_unweighted": make_grape_unweighted,
}


def no_edge_share(graph: Csr, walks: np.ndarray) -> float:
    """Share of steps that are not edges of the graph."""
    source, target = walks[:, :-1].astype(np.int64), walks[:, 1:].astype(np.int64)
    stepped = target >= 0
    steps = source[stepped] * graph.node_count + target[stepped]
    edges = graph.sources * graph.node_count + graph.indices
    place = np.minimum(np.searchsorted(edges, steps), edges.size - 1)
    return float((edges[place] != steps).mean())


def memory_megabytes(field: str) -> float:
    """Resident memory of this process: ``VmRSS`` now, ``VmHWM`` the largest since its reset."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field):
            return int(line.split()[1]) / 1024
    raise LookupError(field)


def time_sampler(arguments: argparse.Namespace) -> dict[str, float]:
    """Sample up to five times within some seconds, and keep the fastest."""
    graph = Csr(arguments.graph)
    sample = MAKERS[arguments.sampler](
        graph, arguments.p, arguments.q, arguments.passes, arguments.threads
    )
    Path("/proc/self/clear_refs").write_text("5")  # resets VmHWM
    resident = memory_megabytes("VmRSS")
    best = {"seconds": float("inf")}
    spent = 0.0
    for _ in range(MOST_REPEATS):
        steps, kept, kept_steps = 0, [], 0
        started, started_cpu = time.perf_counter(), time.process_time()
        for walks in sample():
            steps += walks.shape[0] * (walks.shape[1] - 1)
            if kept_steps < CHECKED_STEPS:
                kept.append(walks[: CHECKED_STEPS // LENGTH])
                kept_steps += kept[-1].size
        seconds = time.perf_counter() - started
        if seconds < best["seconds"]:
            best = {
                "seconds": seconds,
                "cpu_seconds": time.process_time() - started_cpu,
                "steps": steps,
            }
        spent += seconds
        if spent + seconds > REPEAT_SECONDS:
            break
    best["peak_mb"] = memory_megabytes("VmHWM")
    best["sampling_mb"] = best["peak_mb"] - resident
    best["no_edge_share"] = no_edge_share(graph, np.concatenate(kept))
    return best


def time_memory(arguments: argparse.Namespace) -> dict[str, float]:
    """Read a table of the size of the alias table at random: dependent, then independent reads.

    Independent reads are the limit for a sampler, which needs one read of that table per step. Both
    are measured in CPU time, which other work on the machine affects less.
    """
    from numba import njit, uint64

    @njit(nogil=True)
    def follow(table, steps):
        place = uint64(0)
        for _ in range(steps):
            place = table[place]
        return place

    @njit(nogil=True)
    def read_anywhere(table, steps, counter):
        total = uint64(0)
        for _ in range(steps):
            counter = counter * uint64(6364136223846793005) + uint64(1442695040888963407)
            place = ((counter >> uint64(32)) * uint64(table.size)) >> uint64(32)
            total += table[place]
        return total

    edge_count = Csr(arguments.graph).indices.size
    order = np.random.default_rng(0).permutation(edge_count).astype(np.uint64)
    table = np.empty(edge_count, dtype=np.uint64)
    table[order] = np.roll(order, -1)
    follow(table, 1)
    read_anywhere(table, 1, np.uint64(1))
    steps = 4_000_000
    dependent, independent = [], []
    with ThreadPoolExecutor(arguments.threads) as pool:
        for _ in range(MOST_REPEATS):
            started = time.process_time()
            follow(table, steps)
            dependent.append((time.process_time() - started) / steps * 1e9)
            started = time.process_time()
            seeds = range(1, arguments.threads + 1)
            list(pool.map(lambda seed: read_anywhere(table, 4 * steps, np.uint64(seed)), seeds))
            reads = 4 * steps * arguments.threads
            independent.append(reads / (time.process_time() - started))
    return {
        "table_mb": table.nbytes / 2**20,
        "dependent_ns": min(dependent),
        "independent_reads": max(independent),
    }


def main() -> None:
    """Parse the command line and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sampler", choices=[*MAKERS, "memory"])
    parser.add_argument("graph", help="npz file with indptr, indices, weights")
    parser.add_argument("--p", type=float, default=1.0)
    parser.add_argument("--q", type=float, default=1.0)
    parser.add_argument("--passes", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    measure = time_memory if arguments.sampler == "memory" else time_sampler
    figures = measure(arguments)
    sys.stdout.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    main()
