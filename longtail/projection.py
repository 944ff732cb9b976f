"""The product map: UMAP in two and three dimensions, and clusters that the eye can follow.

UMAP is written out here (weights as array arithmetic, layout as one compiled loop that is kept
between runs) instead of imported: umap-learn compiles for longer in every process than the map of a
demo shop takes. ``benchmarks/embeddings/map.py`` compares both.

References
----------
McInnes, Healy, Melville 2018, *UMAP: Uniform Manifold Approximation and Projection for Dimension
Reduction*, algorithms 2 to 5.
Kobak, Linderman 2021, *Initialization is critical for preserving global data structure in both
t-SNE and UMAP*: start from principal components.
Campello, Moulavi, Sander 2013, *Density-Based Clustering Based on Hierarchical Density Estimates*.
"""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import NamedTuple

import numba
import numpy as np
from scipy import optimize, sparse

from longtail.progress import track
from longtail.search import nearest_by_cosine

_FEWEST_FOR_UMAP = 8
_STEPS_OF_PROGRESS = 20


class ProductMap(NamedTuple):
    """Coordinates of :func:`project`, centred on 0, without a unit.

    Attributes
    ----------
    plane : ndarray of float32, shape (n, 2)
    space : ndarray of float32, shape (n, 3)
    """

    plane: np.ndarray
    space: np.ndarray


def project(
    vectors: np.ndarray,
    *,
    rows: np.ndarray | None = None,
    neighbours: int = 15,
    min_dist: float = 0.1,
    epochs: int = 200,
    seed: int,
    threads: int = 1,
    label: str = "product map",
) -> ProductMap:
    """Lay vectors out in two and in three dimensions, close by cosine to close on the map.

    Parameters
    ----------
    vectors : ndarray of float, shape (m, d)
        Any length but 0.
    rows : ndarray of int, shape (n,), optional
        Rows to lay out (a sample); all when not given. Up to 20 or 30 thousand is what an eye and
        a browser take.
    neighbours : int
        Neighbours that hold a product in place, itself counted, at least 2. Cut to n when larger.
    min_dist : float
        How close points may come, in [0, 1).
    epochs : int
        Passes of the layout.
    seed : int
        Of the noise points drawn. The same input and seed give the same map on one machine;
        another machine rounds differently and its map may turn out different.
    threads : int
        2 or more lay plane and space out at the same time. The result does not depend on it.
    label : str
        Name in the progress display.

    Returns
    -------
    ProductMap
        plane float32 (n, 2) and space float32 (n, 3), in the order of ``rows``.

    Raises
    ------
    ValueError
        Naming the argument: vectors as in ``longtail.search.nearest_by_cosine``, rows out of range,
        neighbours below 2, min_dist outside [0, 1), epochs or threads below 1, seed below 0.

    Notes
    -----
    Fewer than 8 products have no neighbourhoods to speak of: they get their principal components
    (one product: the origin). Equal vectors are legal.

    Exact neighbours O(n^2 d), layout O(n * neighbours * epochs); both layouts share neighbours and
    weights.
    """
    for name, value, least in (
        ("neighbours", neighbours, 2),
        ("epochs", epochs, 1),
        ("threads", threads, 1),
        ("seed", seed, 0),
    ):
        if int(value) != value or value < least:
            raise ValueError(f"{name} must be a whole number of at least {least}, not {value!r}")
    if not 0 <= min_dist < 1:
        raise ValueError(f"min_dist must be at least 0 and below 1, not {min_dist!r}")
    chosen = _chosen(vectors, rows)
    count = len(chosen)
    others = min(int(neighbours), max(count, 2)) - 1
    near = nearest_by_cosine(
        chosen, k=others, allow_fewer=True, threads=threads, label=f"{label}: neighbours"
    )
    if count < _FEWEST_FOR_UMAP:
        return ProductMap(_principal(chosen, 2), _principal(chosen, 3))

    weights = _fuzzy_graph(near.index, _cosine_distance(near.score))
    curve = _curve(min_dist)
    shape = (int(epochs), int(seed))
    # The loop gives up the interpreter lock.
    with ThreadPoolExecutor(max_workers=min(int(threads), 2)) as pool:
        plane, space = pool.map(
            lambda dim: _layout(
                weights, _principal(chosen, dim), curve, *shape, f"{label}: {dim}D"
            ),
            (2, 3),
        )
    return ProductMap(plane, space)


def cluster(positions: np.ndarray, *, smallest: int | None = None) -> np.ndarray:
    """Group the points of a map as an eye would, every point in one group.

    HDBSCAN over the map, not over the vectors: a cluster is then one patch of the picture, of any
    shape, and their number follows the data. What HDBSCAN calls noise joins the cluster of its
    nearest clustered point: on a map people ask of each product where it belongs.

    Parameters
    ----------
    positions : ndarray of float, shape (n, 2) or (n, 3)
        Coordinates, for example ``ProductMap.plane``.
    smallest : int, optional
        Fewest products of a cluster, at least 2; n / 200 when not given, but at least 10.

    Returns
    -------
    ndarray of int32, shape (n,)
        0, 1, 2 ... by falling size, equal sizes by their first point; never -1. All 0 when there
        is no split, as always below 2 * smallest points.

    Raises
    ------
    ValueError
        Naming the argument: positions of a wrong shape, NaN or infinite, smallest below 2.

    Notes
    -----
    Draws nothing at random. O(n log n) time for two dimensions.
    """
    positions = np.asarray(positions)
    if positions.ndim != 2 or positions.dtype.kind != "f" or 0 in positions.shape:
        raise ValueError(
            f"positions must be a float array of shape (n, 2) or (n, 3), "
            f"not {positions.dtype} of shape {positions.shape}"
        )
    if not np.isfinite(positions).all():
        raise ValueError("positions holds NaN or infinite values")
    count = len(positions)
    if smallest is None:
        smallest = max(10, count // 200)
    if int(smallest) != smallest or smallest < 2:
        raise ValueError(f"smallest must be a whole number of at least 2, not {smallest!r}")
    if count < 2 * smallest:
        return np.zeros(count, dtype=np.int32)

    from scipy.spatial import KDTree
    from sklearn.cluster import HDBSCAN

    found = HDBSCAN(
        min_cluster_size=int(smallest),
        min_samples=min(5, int(smallest)),
        cluster_selection_method="leaf",
        copy=True,
    ).fit_predict(positions.astype(np.float64))
    inside = np.flatnonzero(found >= 0)
    if len(inside) == 0:
        return np.zeros(count, dtype=np.int32)
    outside = np.flatnonzero(found < 0)
    if len(outside):
        found[outside] = found[inside[KDTree(positions[inside]).query(positions[outside])[1]]]
    return _by_size(found)


def _by_size(found: np.ndarray) -> np.ndarray:
    _, first, group, size = np.unique(
        found, return_index=True, return_inverse=True, return_counts=True
    )
    order = np.lexsort((first, -size))
    rank = np.empty(len(order), dtype=np.int32)
    rank[order] = np.arange(len(order), dtype=np.int32)
    return rank[group]


def _chosen(vectors: np.ndarray, rows: np.ndarray | None) -> np.ndarray:
    vectors = np.asarray(vectors)
    if rows is None:
        return vectors
    rows = np.asarray(rows)
    if rows.ndim != 1 or len(rows) == 0 or rows.dtype.kind not in "iu":
        raise ValueError(f"rows must be a one-dimensional array of row numbers, not {rows!r}")
    if rows.min() < 0 or rows.max() >= len(vectors):
        raise ValueError(f"rows must be in [0, {len(vectors)})")
    return vectors[rows]


def _cosine_distance(cosine: np.ndarray) -> np.ndarray:
    """1 - cosine; what is left of equal vectors after rounding counts as 0."""
    distance = 1 - cosine
    return np.where(distance < 1e-6, 0, distance)


def _principal(vectors: np.ndarray, dimensions: int) -> np.ndarray:
    """Principal components of the unit vectors, the largest coordinate scaled to 10."""
    unit = vectors.astype(np.float64)
    unit /= np.abs(unit).max(axis=1, keepdims=True)
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    unit -= unit.mean(axis=0)
    _, axes = np.linalg.eigh(unit.T @ unit)
    axes = axes[:, ::-1][:, :dimensions]
    # An axis has no sign of its own: its largest part points up.
    axes = axes * np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])])
    places = np.zeros((len(unit), dimensions))
    places[:, : axes.shape[1]] = unit @ axes
    largest = np.abs(places).max()
    if largest < 1e-6:
        return np.zeros_like(places, dtype=np.float32)
    return (places * (10 / largest)).astype(np.float32)


def _fuzzy_graph(index: np.ndarray, distance: np.ndarray) -> sparse.coo_array:
    """Weights of UMAP (algorithms 2 and 3): symmetric, in (0, 1], for n x (neighbours - 1) arrays.

    Each row's distances beyond its nearest are scaled so that the weights sum to
    log2(neighbours), itself counted; then a + b - a b joins both directions.
    """
    count, others = index.shape
    nearest = np.where(distance > 0, distance, np.inf).min(axis=1, keepdims=True)
    nearest[~np.isfinite(nearest)] = 0
    beyond = np.maximum(distance - nearest, 0)
    scale = _bandwidth(beyond, math.log2(others + 1))
    # A row's mean counts the row itself, at distance 0, as umap-learn does.
    own_mean = distance.sum(axis=1) / (others + 1)
    mean = np.where(nearest[:, 0] > 0, own_mean, own_mean.mean())
    scale = np.maximum(scale, 1e-3 * mean)[:, None]
    with np.errstate(invalid="ignore", divide="ignore"):
        strength = np.where(beyond > 0, np.exp(-beyond / scale), 1.0)
    sources = np.repeat(np.arange(count), others)
    one_way = sparse.csr_array((strength.ravel(), (sources, index.ravel())), shape=(count, count))
    back = one_way.T.tocsr()
    both = (one_way + back - one_way * back).tocoo()
    both.eliminate_zeros()
    return both


def _bandwidth(beyond: np.ndarray, target: float) -> np.ndarray:
    """Per row the s with sum(exp(-beyond / s)) = target, by bisection; all rows at once."""
    low = np.zeros(len(beyond))
    high = np.full(len(beyond), np.inf)
    middle = np.ones(len(beyond))
    for _ in range(64):
        total = np.exp(-beyond / middle[:, None]).sum(axis=1)
        if (np.abs(total - target) < 1e-5).all():
            break
        above = total > target
        high = np.where(above, middle, high)
        low = np.where(above, low, middle)
        grown = np.minimum(2 * middle, 1e30)
        middle = np.where(np.isinf(high), grown, np.maximum((low + high) / 2, 1e-30))
    return middle


def _curve(min_dist: float) -> tuple[float, float]:
    """Fit a and b of 1 / (1 + a x^2b) to the membership curve that ``min_dist`` asks for."""
    x = np.linspace(0, 3, 300)
    y = np.where(x < min_dist, 1.0, np.exp(-(x - min_dist)))
    (a, b), _ = optimize.curve_fit(lambda x, a, b: 1 / (1 + a * x ** (2 * b)), x, y)
    return float(a), float(b)


def _layout(
    weights: sparse.coo_array,
    start: np.ndarray,
    curve: tuple[float, float],
    epochs: int,
    seed: int,
    label: str,
) -> np.ndarray:
    """Stochastic gradient descent of UMAP (algorithm 5) from ``start``, centred."""
    random = np.random.default_rng(seed)
    # Equal points never part: the pull between them has no direction.
    places = start + random.normal(scale=1e-2, size=start.shape)
    places = np.ascontiguousarray(places, dtype=np.float32)
    strongest = weights.data.max()
    kept = weights.data >= strongest / epochs
    heads = weights.row[kept].astype(np.int32)
    tails = weights.col[kept].astype(np.int32)
    interval = strongest / weights.data[kept]
    due = interval.copy()
    noise_due = interval / _NOISE_PER_PULL
    states = random.integers(1, 2**63, size=len(places), dtype=np.uint64)
    steps = np.unique(np.linspace(0, epochs, _STEPS_OF_PROGRESS + 1).astype(int))
    for first, last in track(pairwise(steps), len(steps) - 1, label):
        _epochs(places, heads, tails, interval, due, noise_due, states, *curve, first, last, epochs)
    return places - places.mean(axis=0)


_NOISE_PER_PULL = 5.0


@numba.njit(cache=True, nogil=True, fastmath=True)
def _epochs(
    places, heads, tails, interval, due, noise_due, states, a, b, first, last, epochs
):  # pragma: no cover
    """Run epochs ``first`` to ``last`` of ``epochs``; changes places, due, noise_due and states."""
    count, dimensions = places.shape
    a, b = np.float32(a), np.float32(b)
    one, four = np.float32(1), np.float32(4)
    for epoch in range(first, last):
        rate = np.float32(1.0 - epoch / epochs)
        for edge in range(len(heads)):
            if due[edge] > epoch:
                continue
            head, tail = heads[edge], tails[edge]
            gap = np.float32(0)
            for d in range(dimensions):
                difference = places[head, d] - places[tail, d]
                gap += difference * difference
            if gap > 0:
                power = gap**b
                pull = -np.float32(2) * a * b * (power / gap) / (a * power + one)
                for d in range(dimensions):
                    move = pull * (places[head, d] - places[tail, d])
                    move = min(four, max(-four, move)) * rate
                    places[head, d] += move
                    places[tail, d] -= move
            due[edge] += interval[edge]
            noise_interval = interval[edge] / _NOISE_PER_PULL
            draws = int((epoch - noise_due[edge]) / noise_interval)
            state = states[head]
            for _ in range(draws):
                state ^= state << np.uint64(13)
                state ^= state >> np.uint64(7)
                state ^= state << np.uint64(17)
                other = np.int64((state >> np.uint64(33)) % np.uint64(count))
                if other == head:
                    continue
                gap = np.float32(0)
                for d in range(dimensions):
                    difference = places[head, d] - places[other, d]
                    gap += difference * difference
                if gap > 0:
                    push = np.float32(2) * b
                    push /= (np.float32(0.001) + gap) * (a * gap**b + one)
                    for d in range(dimensions):
                        move = push * (places[head, d] - places[other, d])
                        places[head, d] += min(four, max(-four, move)) * rate
            states[head] = state
            noise_due[edge] += draws * noise_interval
