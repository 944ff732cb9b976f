"""Graphs that are hard to walk on."""

import numpy as np

from longtail.kernels.graph import Graph, graph_from_edges


def weighted_graph() -> Graph:
    """Build 12 nodes with triangles, a self-loop and weights over four orders of magnitude."""
    random = np.random.default_rng(3)
    source, target = np.triu_indices(12, k=1)
    chosen = random.random(source.size) < 0.45
    source, target = np.append(source[chosen], 4), np.append(target[chosen], 4)
    weight = np.exp(random.normal(0, 1.5, source.size)).astype(np.float32)
    return graph_from_edges(source, target, weight, node_count=12)


def hub_graph() -> Graph:
    """Build a hub of 40 neighbours, some of them connected to each other."""
    spokes = np.arange(1, 41)
    ring = np.arange(1, 21)
    source = np.concatenate((np.zeros(40, dtype=int), ring))
    target = np.concatenate((spokes, ring % 20 + 1))
    weight = np.concatenate((np.linspace(0.1, 2, 40), np.full(20, 0.7)))
    return graph_from_edges(source, target, weight, node_count=41)


def directed_graph() -> Graph:
    """Build 10 nodes where edges seldom lead back, without sinks."""
    random = np.random.default_rng(5)
    adjacency = random.random((10, 10)) < 0.3
    adjacency[np.arange(10), (np.arange(10) + 1) % 10] = True
    source, target = np.nonzero(adjacency)
    return graph_from_edges(
        source, target, random.gamma(1.0, 1.0, source.size), node_count=10, directed=True
    )


def scattered_graph() -> Graph:
    """Spread the weighted graph over 100,000 ids, so that adjacency sets are hash sets."""
    small = weighted_graph()
    ids = scattered_ids()
    rows = np.repeat(np.arange(12), np.diff(small.indptr))
    return graph_from_edges(
        ids[rows], ids[small.indices], small.weights, node_count=100_000, directed=True
    )


def scattered_ids() -> np.ndarray:
    return np.sort(np.random.default_rng(8).choice(100_000, 12, replace=False))
