"""Graphs of the walk benchmark."""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from scipy import sparse

from longtail.kernels.graph import Graph, graph_from_edges


def session_graph(
    node_count: int, session_count: int, exponent: float, shift: float, seed: int = 1
) -> Graph:
    """Make a power-law graph of sessions.

    Each session has six products drawn by popularity ``(rank + shift) ** -exponent``; products at
    most two apart get an edge, weighted by the number of such pairs. Neighbours of neighbours are
    therefore often neighbours, as in real logs.

    Parameters
    ----------
    node_count, session_count
        Products and sessions.
    exponent, shift
        Of the popularity curve.
    seed
        Of the draws.

    Returns
    -------
    Graph
        Undirected, float32 weights, node ids in random order of popularity.
    """
    random = np.random.default_rng(seed)
    popularity = np.cumsum((np.arange(node_count) + shift) ** -exponent)
    ranks = np.searchsorted(popularity / popularity[-1], random.random((session_count, 6)))
    products = random.permutation(node_count)[np.minimum(ranks, node_count - 1)]
    source = np.concatenate((products[:, :-1].ravel(), products[:, :-2].ravel()))
    target = np.concatenate((products[:, 1:].ravel(), products[:, 2:].ravel()))
    differs = source != target
    weight = np.ones(np.count_nonzero(differs), dtype=np.float32)
    return graph_from_edges(source[differs], target[differs], weight, node_count=node_count)


def gowalla_graph(path: Path, strongest: int = 50) -> Graph:
    """Connect products by the cosine of their users, keeping each one's strongest neighbours.

    Parameters
    ----------
    path
        Parquet file with columns user_id, product_id.
    strongest
        Neighbours kept for each product; an edge stays if either end keeps it.

    Returns
    -------
    Graph
        Undirected, float32 weights.
    """
    events = pq.read_table(path, columns=["user_id", "product_id"])
    users, products = (
        events[name].combine_chunks().dictionary_encode().indices.to_numpy()
        for name in ("user_id", "product_id")
    )
    matrix = sparse.csr_matrix((np.ones(users.size, dtype=np.float32), (users, products)))
    matrix.data[:] = 1.0
    product_count = matrix.shape[1]
    scale = 1.0 / np.sqrt(np.asarray(matrix.sum(axis=0)).ravel())
    matrix = (matrix @ sparse.diags(scale.astype(np.float32))).tocsr()
    by_product = matrix.T.tocsr()
    sources, targets, weights = [], [], []
    for first in range(0, product_count, 2000):
        cosine = (by_product[first : first + 2000] @ matrix).tocsr()
        for row in range(cosine.shape[0]):
            part = slice(cosine.indptr[row], cosine.indptr[row + 1])
            neighbours, values = cosine.indices[part], cosine.data[part]
            values = np.where(neighbours == first + row, 0, values)
            top = np.argsort(-values, kind="stable")[:strongest]
            top = top[values[top] > 0]
            sources.append(np.full(top.size, first + row))
            targets.append(neighbours[top])
            weights.append(values[top])
    source, target = np.concatenate(sources), np.concatenate(targets)
    low, high = np.minimum(source, target), np.maximum(source, target)
    _, kept = np.unique(low.astype(np.int64) * product_count + high, return_index=True)
    return graph_from_edges(
        low[kept], high[kept], np.concatenate(weights)[kept], node_count=product_count
    )
