"""Vectors by factorising a matrix of the graph, judged by the questions of run.py.

    python benchmarks/embeddings/factorised.py --events EVENTS.parquet --task session

The same options as run.py. Three matrices, each factorised by a randomized SVD into vectors and
context vectors: "walks" is word2vec's own target, the shifted positive pointwise mutual information
of nodes near each other in walks (Levy, Goldberg 2014; sampled as in NetSMF, Qiu et al. 2019);
"powers" its closed form on the strongest entries of damped powers of the transition matrix (NetMF,
Qiu et al. 2018); "edges" that of neighbours alone, smoothed over the graph by a band-pass filter
(ProNE, Zhang et al. 2019, sections 3.1 and 3.2). README.md has the results.
"""

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from run import Budget, Case, measured, parse, parser_of, read_case, read_setting
from scipy import sparse
from scipy.special import iv

from longtail.kernels.graph import Graph
from longtail.kernels.skipgram import Embeddings
from longtail.kernels.walks import walks_to_arrow

OVERSAMPLED = 16
"""Columns of the randomized SVD beyond the dimensions."""
ITERATIONS = 3
"""Power iterations of the randomized SVD."""
ENTRIES_PER_NODE = 200
"""Of the damped powers."""
POWERS_UP_TO = 10_000
"""Nodes; more take longer than any training."""
STEPS, MU, THETA = 10, 0.2, 0.5
"""Terms of ProNE's filter and the place and width of its band, as in the paper."""


def adjacency(graph: Graph) -> sparse.csr_array:
    """Weights of the edges, shape (n, n)."""
    return sparse.csr_array(
        (graph.weights.astype(np.float64), graph.indices, graph.indptr),
        (graph.node_count, graph.node_count),
    )


def shifted_pmi(pairs: sparse.csr_array, budget: Budget) -> sparse.csr_array:
    """Positive pointwise mutual information less log(negative), noise damped by `ns_exponent`."""
    pairs = sparse.coo_array(pairs)
    of_row, of_column = pairs.sum(axis=1), pairs.sum(axis=0)
    noise = of_column**budget.ns_exponent
    noise /= noise.sum()
    chance = of_row[pairs.row] * noise[pairs.col] * budget.negative
    values = np.log(np.maximum(pairs.data / chance, 1))
    kept = values > 0
    return sparse.csr_array((values[kept], (pairs.row[kept], pairs.col[kept])), pairs.shape)


def near_in_walks(case: Case, budget: Budget, seed: int) -> sparse.csr_array:
    """Pairs of nodes in walks, weighted as by word2vec's own windows, shape (n, n)."""
    nodes = case.graph.node_count
    found = sparse.csr_array((nodes, nodes))
    for batch in walks_to_arrow(
        case.graph,
        walks_per_node=budget.walks_per_node,
        walk_length=budget.walk_length,
        seed=seed,
        threads=1,
    ):
        lists = batch.column("node_ids")
        flat = np.asarray(lists.flatten())
        walk = np.repeat(np.arange(len(lists)), np.diff(np.asarray(lists.offsets)))
        for apart in range(1, budget.window + 1):
            same = walk[:-apart] == walk[apart:]
            left, right = flat[:-apart][same], flat[apart:][same]
            weights = np.full(left.size, 1 - (apart - 1) / budget.window)
            found += sparse.csr_array((weights, (left, right)), (nodes, nodes))
    return found + found.T


def damped_powers(case: Case, budget: Budget) -> sparse.csr_array:
    """Return the expected pairs of an endless walk, the strongest of each row, shape (n, n)."""
    edges = adjacency(case.graph)
    degrees = edges.sum(axis=1)
    step = sparse.csr_array(sparse.diags_array(1 / np.where(degrees > 0, degrees, 1)) @ edges)
    power, total = step, sparse.csr_array(edges.shape)
    for apart in range(1, budget.window + 1):
        total = strongest(total + power * (1 - (apart - 1) / budget.window), ENTRIES_PER_NODE)
        power = strongest(power @ step, ENTRIES_PER_NODE)
    return sparse.csr_array(sparse.diags_array(degrees) @ total)


def strongest(matrix: sparse.csr_array, size: int) -> sparse.csr_array:
    """Keep the largest entries of each row."""
    matrix = sparse.csr_array(matrix)
    row = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    order = np.lexsort((-matrix.data, row))
    place = np.arange(row.size) - matrix.indptr[row]
    kept = order[place < size]
    return sparse.csr_array((matrix.data[kept], (row[kept], matrix.indices[kept])), matrix.shape)


def factors(matrix: sparse.csr_array, budget: Budget, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Randomized SVD (Halko et al. 2011): both sides times the root of the singular values."""
    width = min(budget.dimensions + OVERSAMPLED, matrix.shape[0])
    basis = np.random.default_rng(seed).standard_normal((matrix.shape[1], width))
    for _ in range(ITERATIONS):
        basis = np.linalg.qr(matrix @ basis)[0]
        basis = np.linalg.qr(matrix.T @ basis)[0]
    left, values, right = np.linalg.svd(matrix @ basis, full_matrices=False)
    scale = np.sqrt(values[: budget.dimensions])
    vectors = left[:, : budget.dimensions] * scale
    return vectors, (basis @ right.T)[:, : budget.dimensions] * scale


def smoothed(case: Case, vectors: np.ndarray) -> np.ndarray:
    """ProNE's filter: Chebyshev terms of a Gaussian band of the graph's Laplacian."""
    edges = adjacency(case.graph) + sparse.eye_array(case.graph.node_count)
    step = sparse.csr_array(sparse.diags_array(1 / edges.sum(axis=1)) @ edges)

    def shift(values: np.ndarray) -> np.ndarray:
        return (1 - MU) * values - step @ values

    before, now = vectors, 0.5 * shift(shift(vectors)) - vectors
    total = iv(0, THETA) * before - 2 * iv(1, THETA) * now
    for order in range(2, STEPS):
        before, now = now, shift(shift(now)) - 2 * now - before
        total += (-1) ** order * 2 * iv(order, THETA) * now
    spread = edges @ (vectors - total)
    left, values, _ = np.linalg.svd(spread, full_matrices=False)
    return left * np.sqrt(values)


def by_walks(case: Case, budget: Budget, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Factorise what word2vec approximates."""
    return factors(shifted_pmi(near_in_walks(case, budget, seed), budget), budget, seed)


def by_powers(case: Case, budget: Budget, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Factorise its closed form."""
    return factors(shifted_pmi(damped_powers(case, budget), budget), budget, seed)


def by_edges(case: Case, budget: Budget, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Factorise the edges, and smooth both sides."""
    pmi = shifted_pmi(adjacency(case.graph), replace(budget, negative=1))
    vectors, contexts = factors(pmi, budget, seed)
    return smoothed(case, vectors), contexts


WAYS: dict[str, Callable[[Case, Budget, int], tuple[np.ndarray, np.ndarray]]] = {
    "walks": by_walks,
    "powers": by_powers,
    "edges": by_edges,
}


def main() -> None:
    """Print a line of the table for each matrix."""
    options = parse(parser_of(__doc__))
    case = read_case(options)
    budget = replace(Budget(), **dict(read_setting(text) for text in options.set))
    frequency = np.round(adjacency(case.graph).sum(axis=1) * 1e6).astype(np.int64)
    print("| matrix | CPU s | cosine | a=0 | a=0.25 | a=0.5 | a=0.75 | a=1 |")
    print("|" + " --- |" * 8)
    for name, way in WAYS.items():
        if name == "powers" and case.graph.node_count > POWERS_UP_TO:
            continue  # minutes at 36 thousand nodes
        used = time.process_time()
        vectors, contexts = way(case, budget, options.seed)
        used = time.process_time() - used
        figures = measured(
            case,
            Embeddings(vectors.astype(np.float32), contexts.astype(np.float32), frequency),
        )
        shown = " | ".join(f"{figure:.4f}" for figure in figures.values())
        print(f"| {name} | {used:.1f} | {shown} |", flush=True)


if __name__ == "__main__":
    main()
