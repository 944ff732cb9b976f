"""The product map: UMAP in two and three dimensions, and visible clusters.

Both layouts of umap-learn share one neighbour search and one fuzzy graph.

References
----------
McInnes, Healy, Melville 2018, *UMAP: Uniform Manifold Approximation and Projection for Dimension
Reduction*, algorithms 2 to 5.
Kobak, Linderman 2021, *Initialization is critical for preserving global data structure in both
t-SNE and UMAP*: start from principal components.
Campello, Moulavi, Sander 2013, *Density-Based Clustering Based on Hierarchical Density Estimates*.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from types import ModuleType
from typing import NamedTuple

import numpy as np

from longtail.kernels.progress import track
from longtail.kernels.search import Neighbours, nearest_by_cosine

_FEWEST_FOR_UMAP = 8


class ProductMap(NamedTuple):
    """Coordinates of :func:`project`, centred on 0, unitless.

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
    """Lay out vectors in two and in three dimensions: close by cosine is close on the map.

    Parameters
    ----------
    vectors : ndarray of float, shape (m, d)
        Any length but 0.
    rows : ndarray of int, shape (n,), optional
        Rows to lay out (a sample); all when not given. More than 20 or 30 thousand are too many for
        an eye and a browser.
    neighbours : int
        Neighbours per product in the layout, itself included, at least 2. Cut to n when larger.
    min_dist : float
        Smallest distance between points, in [0, 1).
    epochs : int
        Passes of the layout.
    seed : int
        Of the noise points drawn. The same input and seed give the same map on one machine; another
        machine rounds differently and may give another map.
    threads : int
        Of the neighbour search; the layout uses one, otherwise it would not be reproducible.
    label : str
        Name in the progress display.

    Returns
    -------
    ProductMap
        plane float32 (n, 2) and space float32 (n, 3), in the order of ``rows``.

    Raises
    ------
    ValueError
        Naming the argument: vectors as in ``search.nearest_by_cosine``, rows out of range,
        neighbours below 2, min_dist outside [0, 1), epochs or threads below 1, seed below 0.

    Notes
    -----
    Fewer than 8 products are too few for neighbourhoods: they get their principal components (one
    product: the origin). Equal vectors are legal.

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

    return ProductMap(*_layouts(chosen, near, (2, 3), min_dist, int(epochs), int(seed), label))


def _layouts(
    vectors: np.ndarray,
    near: Neighbours,
    dimensions: Sequence[int],
    min_dist: float,
    epochs: int,
    seed: int,
    label: str,
) -> Iterator[np.ndarray]:
    """Yield one layout per number of dimensions, from principal components, centred."""
    umap = _umap()
    # umap-learn counts a point as its own first neighbour.
    own = np.arange(len(vectors), dtype=np.int32)[:, None]
    index = np.hstack([own, near.index])
    distance = np.hstack([np.zeros_like(own, np.float32), _cosine_distance(near.score)])
    random = np.random.RandomState(seed)
    graph, _, _ = umap.fuzzy_simplicial_set(
        vectors, index.shape[1], random, "cosine", knn_indices=index, knn_dists=distance
    )
    a, b = umap.find_ab_params(1.0, min_dist)
    for count in track(dimensions, len(dimensions), label):
        random = np.random.RandomState(seed)
        # Equal points never separate: the force between them has no direction.
        start = _principal(vectors, count)
        start = start + random.normal(scale=1e-2, size=start.shape).astype(np.float32)
        layout, _ = umap.simplicial_set_embedding(
            data=vectors,
            graph=graph,
            n_components=count,
            initial_alpha=1.0,
            a=a,
            b=b,
            gamma=1.0,
            negative_sample_rate=5,
            n_epochs=epochs,
            init=start,
            random_state=random,
            metric="cosine",
            metric_kwds={},
            densmap=False,
            densmap_kwds={},
            output_dens=False,
            parallel=False,
        )
        yield (layout - layout.mean(axis=0)).astype(np.float32)


def _umap() -> ModuleType:
    """Import umap-learn, whose compiled loops numba then keeps for the next process.

    The import takes seconds, so it waits until there is something to lay out.
    """
    from umap import layouts, umap_

    for module, loop in (
        (umap_, "smooth_knn_dist"),
        (umap_, "compute_membership_strengths"),
        (layouts, "_nb_optimize_layout_euclidean_single_epoch"),
    ):
        compiled = getattr(module, loop, None)  # without it, each process compiles it again
        if compiled is not None:
            compiled.enable_caching()
    return umap_


def cluster(positions: np.ndarray, *, smallest: int | None = None) -> np.ndarray:
    """Cluster the points of a map as an eye would, every point in one cluster.

    HDBSCAN over the map, not over the vectors: a cluster is then one patch of the picture, of any
    shape, and the data sets their number. HDBSCAN's noise points join the cluster of their nearest
    clustered point, because readers of a map expect every product to belong somewhere.

    Parameters
    ----------
    positions : ndarray of float, shape (n, 2) or (n, 3)
        Coordinates, for example ``ProductMap.plane``.
    smallest : int, optional
        Smallest size of a cluster, at least 2; n / 100 when not given, but at least 15.

    Returns
    -------
    ndarray of int32, shape (n,)
        0, 1, 2 ... by descending size, equal sizes by their first point; never -1. All 0 when there
        is no split, as always below 2 * smallest points.

    Raises
    ------
    ValueError
        Naming the argument: positions of a wrong shape, NaN or infinite, smallest below 2.

    Notes
    -----
    Deterministic. O(n log n) time for two dimensions.
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
        smallest = max(15, count // 100)
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
    """1 - cosine; rounding residue between equal vectors counts as 0."""
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
    # The sign of an axis is arbitrary: make its largest component positive.
    axes = axes * np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])])
    places = np.zeros((len(unit), dimensions))
    places[:, : axes.shape[1]] = unit @ axes
    largest = np.abs(places).max()
    if largest < 1e-6:
        return np.zeros_like(places, dtype=np.float32)
    return (places * (10 / largest)).astype(np.float32)
