"""Vectors of products without walks: means over the same category and brand, or like content."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

VECTOR_SOURCES = ("walks", "category_and_brand", "category", "brand", "shop")
"""Names of the codes in ``Filled.source``, in the order in which they are tried."""

_TOO_SHORT = 1e-6


class Filled(NamedTuple):
    """Result of :func:`fill_missing_vectors`; unpacks as ``vectors, source``.

    Attributes
    ----------
    vectors : ndarray of float32, shape (n, d)
    source : ndarray of int8, shape (n,)
        Position in ``VECTOR_SOURCES``.
    """

    vectors: np.ndarray
    source: np.ndarray


def fill_missing_vectors(
    vectors: np.ndarray,
    has_vector: np.ndarray,
    *,
    categories: Sequence[np.ndarray] = (),
    brands: np.ndarray | None = None,
) -> Filled:
    """Give each product without a vector the mean direction of its category or brand.

    It is the first existing mean of: its category and brand together (the deepest category level
    that the product has); its category, deepest level first; its brand; the shop. A mean is the sum
    of the unit vectors of the products that have one, scaled to length 1.

    Parameters
    ----------
    vectors : ndarray of float, shape (n, d)
        Rows without a vector may hold anything.
    has_vector : ndarray of bool, shape (n,)
        Which rows hold a vector; such a row must be finite and not zero.
    categories : sequence of ndarray of int, shape (n,) each
        Category codes per level, the top level first; a negative code is "none". Codes are unique
        within a level only.
    brands : ndarray of int, shape (n,), optional
        Brand codes; a negative code is "none".

    Returns
    -------
    Filled
        vectors float32 (n, d): rows with a vector unchanged, the others of length 1; source int8
        (n,), positions in ``VECTOR_SOURCES``.

    Raises
    ------
    ValueError
        Naming the argument: a shape or type that does not fit, no row with a vector, a row marked
        as having one that is zero or not finite.

    Notes
    -----
    O(n d) per level, no loop over products, sums in order of row: the same input gives the same
    bits. A mean that cancels out (length below 1e-6) counts as missing; if even the shop's does,
    the shop's first vector is used.
    """
    vectors, known = _check(vectors, has_vector)
    codes = [_check_codes(f"categories[{i}]", c, len(vectors)) for i, c in enumerate(categories)]
    brand = None if brands is None else _check_codes("brands", brands, len(vectors))
    unit = vectors[known].astype(np.float64)
    unit /= np.abs(unit).max(axis=1, keepdims=True)
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)

    filled, source = vectors.copy(), np.zeros(len(vectors), dtype=np.int8)
    waiting = ~known
    for name, keys in _kinds(codes, brand):
        if not waiting.any():
            break
        rows, means = _group_means(unit, keys[known], keys, waiting)
        filled[rows], source[rows] = means, VECTOR_SOURCES.index(name)
        waiting[rows] = False
    if waiting.any():
        mean = unit.sum(axis=0) / len(unit)
        length = np.linalg.norm(mean)
        filled[waiting] = mean / length if length > _TOO_SHORT else unit[0]
        source[waiting] = VECTOR_SOURCES.index("shop")
    return Filled(filled, source)


def mean_directions(
    vectors: np.ndarray, weights: np.ndarray, starts: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the weighted mean direction of each run of vectors.

    Parameters
    ----------
    vectors : ndarray of float, shape (n, d)
        Finite and not zero; only their directions count.
    weights : ndarray of float, shape (n,)
        Positive.
    starts : ndarray of int, shape (m,)
        First row of each run, strictly ascending from 0; a run ends where the next one starts.

    Returns
    -------
    means : ndarray of float32, shape (m, d)
        Of length 1.
    is_usable : ndarray of bool, shape (m,)
        False where the directions cancel out (length below 1e-6 of the weights); that mean is zero.
    """
    means = np.zeros((len(starts), vectors.shape[1]))
    if len(starts) == 0:
        return means.astype(np.float32), np.zeros(0, dtype=bool)
    unit = vectors.astype(np.float64)
    unit /= np.abs(unit).max(axis=1, keepdims=True)
    unit *= (weights / np.linalg.norm(unit, axis=1))[:, None]
    means = np.add.reduceat(unit, starts) / np.add.reduceat(weights, starts)[:, None]
    lengths = np.linalg.norm(means, axis=1)
    is_usable = lengths > _TOO_SHORT
    means[is_usable] /= lengths[is_usable, None]
    means[~is_usable] = 0
    return means.astype(np.float32), is_usable


def _check(vectors: np.ndarray, has_vector: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    vectors, known = np.asarray(vectors), np.asarray(has_vector)
    if vectors.ndim != 2 or vectors.dtype.kind != "f" or vectors.shape[1] == 0:
        raise ValueError(
            f"vectors must be a float array of shape (n, d), "
            f"not {vectors.dtype} of shape {vectors.shape}"
        )
    if known.dtype != bool or known.shape != (len(vectors),):
        raise ValueError(
            f"has_vector must be {len(vectors)} booleans, one per row of vectors, "
            f"not {known.dtype} of shape {known.shape}"
        )
    if not known.any():
        raise ValueError("has_vector: no row has a vector, there is nothing to take means of")
    vectors = vectors.astype(np.float32)
    if not np.isfinite(vectors[known]).all():
        raise ValueError("vectors holds NaN or infinity in rows that has_vector marks")
    if not vectors[known].any(axis=1).all():
        raise ValueError("vectors holds zeros in rows that has_vector marks")
    return vectors, known


def _check_codes(name: str, codes: np.ndarray, count: int) -> np.ndarray:
    codes = np.asarray(codes)
    if codes.shape != (count,) or codes.dtype.kind not in "iu":
        raise ValueError(
            f"{name} must be {count} integers, one per row of vectors, "
            f"not {codes.dtype} of shape {codes.shape}"
        )
    return np.maximum(codes.astype(np.int64), -1)


def _kinds(codes: list[np.ndarray], brand: np.ndarray | None) -> list[tuple[str, np.ndarray]]:
    """Group numbers to try, best first; -1 is "in no group"."""
    kinds = [("category", level) for level in reversed(codes)]
    if brand is not None:
        kinds.append(("brand", brand))
    if codes and brand is not None:
        deepest = np.full(len(brand), -1, dtype=np.int64)
        for level, level_codes in enumerate(codes):
            dense = np.unique(level_codes, return_inverse=True)[1]
            deepest = np.where(level_codes >= 0, dense * len(codes) + level, deepest)
        dense = np.unique(brand, return_inverse=True)[1]
        both = deepest * (dense.max() + 1) + dense
        kinds.insert(0, ("category_and_brand", np.where((deepest < 0) | (brand < 0), -1, both)))
    return kinds


def _group_means(
    unit: np.ndarray, known_keys: np.ndarray, keys: np.ndarray, waiting: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Rows of ``waiting`` whose group has a mean, and that mean scaled to length 1."""
    rows = np.flatnonzero(waiting & (keys >= 0))
    wanted, group = np.unique(keys[rows], return_inverse=True)
    # Only members of wanted groups, sorted by group: reduceat then sums each run.
    members = np.flatnonzero(np.isin(known_keys, wanted))
    members = members[np.argsort(known_keys[members], kind="stable")]
    member_keys = known_keys[members]
    starts = np.flatnonzero(np.diff(member_keys, prepend=-1))
    means = np.zeros((len(wanted), unit.shape[1]))
    if len(starts):
        sums = np.add.reduceat(unit[members], starts, axis=0)
        counts = np.diff(np.append(starts, len(members)))
        means[np.searchsorted(wanted, member_keys[starts])] = sums / counts[:, None]
    lengths = np.linalg.norm(means, axis=1)
    usable = lengths > _TOO_SHORT
    means[usable] /= lengths[usable, None]
    kept = usable[group]
    return rows[kept], means[group[kept]]
