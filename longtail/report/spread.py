"""Push the dots of a map apart until all are visible."""

from __future__ import annotations

import numpy as np
from scipy.spatial import KDTree

PASSES = 60


def spread(positions: np.ndarray, gap: float) -> np.ndarray:
    """Separate points that are closer than `gap`, moving them as little as possible.

    UMAP packs the products of a cluster closer than a dot's width. Each pass finds the pairs closer
    than the gap and moves both points apart, so neighbourhoods stay the same.

    Parameters
    ----------
    positions : ndarray of float, shape (n, 2) or (n, 3)
        Coordinates.
    gap : float
        Smallest distance between two points, above 0, in the unit of `positions`.

    Returns
    -------
    ndarray of float64, shape of `positions`
        The moved points. After the last pass some pairs may still be a little closer than `gap`.
    """
    moved = np.array(positions, dtype=np.float64)
    # Equal points have no direction to move in: give each its own.
    moved += 1e-3 * gap * np.sin(np.arange(moved.size).reshape(moved.shape) * 2.399963)
    for _ in range(PASSES):
        first, second = KDTree(moved).query_pairs(gap, output_type="ndarray").T
        if len(first) == 0:
            break
        apart = moved[first] - moved[second]
        distance = np.maximum(np.linalg.norm(apart, axis=1, keepdims=True), 1e-9 * gap)
        push = 0.5 * apart / distance * (gap - distance)
        crowd = np.bincount(np.concatenate([first, second]), minlength=len(moved))
        # Many small pushes add up: averaging them keeps a dense crowd from flying apart.
        push /= np.sqrt(np.maximum(crowd[first], crowd[second]))[:, None]
        for axis in range(moved.shape[1]):
            moved[:, axis] += np.bincount(first, push[:, axis], len(moved))
            moved[:, axis] -= np.bincount(second, push[:, axis], len(moved))
    return moved
