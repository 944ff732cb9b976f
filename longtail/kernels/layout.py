"""UMAP's layout of a neighbour graph, compiled once per installation.

umap-learn takes 2 s to import, compiles its loops in every process (5 s) and holds Python's lock
while it runs. These are its algorithms for the one case that the map needs: known neighbours, a
given start, one thread. ``tests/python/test_layout.py`` compares both.

References
----------
McInnes, Healy, Melville 2018, *UMAP: Uniform Manifold Approximation and Projection for Dimension
Reduction*, arXiv 1802.03426: algorithms 2, 3 (graph) and 5 (layout), section 3.2 (curve).
"""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.optimize import curve_fit

from longtail.kernels._layout_steps import optimise

_HALVINGS = 64
_LEAST_SCALE = 1e-3
_NOISE = 5


def fuzzy_graph(index: np.ndarray, distance: np.ndarray) -> sparse.coo_array:
    """Return the union of the fuzzy neighbourhoods of all points.

    Parameters
    ----------
    index : ndarray of int, shape (n, k)
        Neighbours of each point, nearest first, without the point itself.
    distance : ndarray of float, shape (n, k)
        At least 0.

    Returns
    -------
    coo_array of float32, shape (n, n)
        Symmetric membership strengths in (0, 1], without a diagonal.
    """
    count, neighbours = index.shape
    distance = distance.astype(np.float64)
    # rho: distance of the nearest other point that is not at the same place.
    nearest = np.where(distance > 0, distance, np.inf).min(axis=1)
    nearest[np.isinf(nearest)] = 0
    beyond = np.maximum(distance - nearest[:, None], 0)
    mean_gap = distance.sum(axis=1) / (neighbours + 1)
    floor = _LEAST_SCALE * np.where(nearest > 0, mean_gap, mean_gap.mean())
    scale = np.maximum(_scales(beyond, np.log2(neighbours + 1)), floor)
    with np.errstate(divide="ignore", invalid="ignore"):
        strength = np.where(beyond > 0, np.exp(-beyond / scale[:, None]), 1)
    source = np.repeat(np.arange(count), neighbours)
    one_way = sparse.csr_array(
        (strength.ravel().astype(np.float32), (source, index.ravel())), shape=(count, count)
    )
    other_way = one_way.T.tocsr()
    union = (one_way + other_way - one_way * other_way).tocoo()
    union.sum_duplicates()
    return union


def _scales(beyond: np.ndarray, target: float) -> np.ndarray:
    """Return sigma of each row, where the sum of exp(-beyond / sigma) is `target`, by bisection."""
    low, high = np.zeros(len(beyond)), np.full(len(beyond), np.inf)
    scale = np.ones(len(beyond))
    for _ in range(_HALVINGS):
        total = np.exp(-beyond / scale[:, None]).sum(axis=1)
        found = np.abs(total - target) < 1e-5
        is_high = total > target
        high = np.where(is_high, scale, high)
        low = np.where(is_high, low, scale)
        with np.errstate(invalid="ignore"):
            middle = np.where(np.isinf(high), 2 * scale, (low + high) / 2)
        scale = np.where(found, scale, middle)
    return scale


def curve_of(min_dist: float) -> tuple[float, float]:
    """Return a and b with which 1 / (1 + a x^2b) fits exp(min_dist - x), and 1 below `min_dist`."""
    gap = np.linspace(0, 3, 300)
    wanted = np.where(gap < min_dist, 1, np.exp(min_dist - gap))
    (a, b), _ = curve_fit(lambda x, a, b: 1 / (1 + a * x ** (2 * b)), gap, wanted)
    return float(a), float(b)


def laid_out(
    graph: sparse.coo_array,
    start: np.ndarray,
    *,
    curve: tuple[float, float],
    epochs: int,
    seed: int,
) -> np.ndarray:
    """Return the places of the points of a fuzzy graph, by stochastic gradient descent.

    Parameters
    ----------
    graph
        Of `fuzzy_graph`. Edges too weak to be used once in `epochs` have no influence.
    start : ndarray of float, shape (n, d)
        Where the points start. Each axis is scaled to 0 to 10. No two points may be equal: they
        would never separate, because the force between them has no direction.
    curve
        Of `curve_of`.
    epochs : int
        Passes, at least 1.
    seed : int
        Of the noise points: the same seed and input give the same places.

    Returns
    -------
    ndarray of float32, shape (n, d)
    """
    is_used = graph.data >= graph.data.max() / epochs
    weight = graph.data[is_used].astype(np.float64)
    lowest, highest = start.min(axis=0), start.max(axis=0)
    places = (10 * (start - lowest) / (highest - lowest)).astype(np.float32, order="C")
    optimise(
        places,
        graph.row[is_used].astype(np.int32),
        graph.col[is_used].astype(np.int32),
        weight.max() / weight,
        np.float32(curve[0]),
        np.float32(curve[1]),
        epochs,
        _NOISE,
        np.uint64(seed),
    )
    return places
