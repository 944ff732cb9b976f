"""The product of two sparse matrices, of which only the largest values of each row are kept.

Row by row with a hash table (Gustavson 1978), since a row of the whole product would fill a list
of recommendations a hundred times. Products of two values become whole numbers before they are
added, so a value does not depend on the order of its terms.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

LEFT_OUT = -1
"""The cause of an entry whose keys may not be in its row of the result."""
_TOO_LARGE = 4e18
_EMPTY = np.int32(-1)
_SMALLEST_TABLE = 16
_VALUE = np.dtype(
    [
        ("sum", np.int64),
        ("largest", np.int64),
        ("cause", np.int64),
        ("divisor", np.float64),
        ("key", np.int32),
        ("left_out", np.int32),
    ],
    align=True,
)
"""What a row adds up for one key, in a table with open addresses."""


class SparseRows(NamedTuple):
    """The largest values of each row, in descending order.

    Attributes
    ----------
    offsets : int32 of shape (rows + 1,)
        Values of row i: ``offsets[i]`` to ``offsets[i + 1]``.
    keys : int32 of shape (values,)
    scores : float64 of shape (values,)
    causes : int64 of shape (values,)
        The cause of the value's largest term; 0 without causes.
    """

    offsets: np.ndarray
    keys: np.ndarray
    scores: np.ndarray
    causes: np.ndarray


def sparse_product(
    offsets: np.ndarray,
    weights: np.ndarray,
    term_offsets: np.ndarray,
    keys: np.ndarray,
    *,
    digits: int,
    scores: np.ndarray | None = None,
    causes: np.ndarray | None = None,
    divisors: np.ndarray | None = None,
    power: float = 1.0,
    size: int | None = None,
) -> SparseRows:
    """Multiply two sparse matrices and return the largest values of each row.

    A row of the first matrix has entries with a weight each; with an entry comes the row of the
    second matrix that it selects. The value of a key is ``sum(weight * score) ** power / divisor``,
    equal values are ordered by key. Releases the GIL.

    Parameters
    ----------
    offsets
        Entries of row i: ``offsets[i]`` to ``offsets[i + 1]``; int32 of shape (rows + 1,).
    weights
        float64 of shape (entries,).
    term_offsets
        Terms of entry i, likewise; int32 of shape (entries + 1,).
    keys
        Column of the product, at least 0; int32 of shape (terms,).
    digits
        Decimals to which terms are rounded before they are added, halves away from 0.
    scores
        float64 of shape (terms,); 1 when None.
    causes
        int64 of shape (entries,): a value gets the smallest cause of its largest terms. The keys of
        an entry of cause `LEFT_OUT` are not in the result.
    divisors
        float64 of shape (terms,), equal for all terms of a key; 1 when None.
    size
        Values of a row at most; None for all.

    Raises
    ------
    ValueError
        A term or a sum is not finite, or does not fit into 64 bits.
    """
    terms = np.diff(term_offsets[offsets])
    longest = int(terms.max(initial=0))
    values = int(np.minimum(terms, longest if size is None else size).sum())
    found = SparseRows(
        np.zeros(len(offsets), np.int32),
        np.empty(values, np.int32),
        np.empty(values, np.float64),
        np.zeros(values, np.int64),
    )
    fits = _multiply(
        _read_only(offsets),
        _read_only(weights),
        _read_only(term_offsets),
        _read_only(keys),
        _read_only(np.empty(0, np.float64) if scores is None else scores),
        _read_only(np.empty(0, np.int64) if causes is None else causes),
        _read_only(np.empty(0, np.float64) if divisors is None else divisors),
        10.0**digits,
        power,
        longest if size is None else min(size, longest),
        longest,
        *found,
    )
    if not fits:
        limit = _TOO_LARGE / 10**digits
        raise ValueError(f"a sum is not finite, or above {limit:g} (with {digits} decimals)")
    end = found.offsets[-1]
    return SparseRows(found.offsets, *(column[:end] for column in found[1:]))


def _read_only(array: np.ndarray) -> np.ndarray:
    """Return a view as Arrow's columns are: numba would compile anew for arrays of each kind."""
    view = array.view()
    view.flags.writeable = False
    return view


@njit(cache=True, nogil=True)
def _rounded(value):
    """Round to a whole number, halves away from 0."""
    below = np.floor(abs(value))
    if abs(value) - below >= 0.5:
        below += 1.0
    return below if value >= 0 else -below


@njit(cache=True, nogil=True)
def _table_size(terms):
    """Return the power of two that leaves half of a table empty."""
    size = _SMALLEST_TABLE
    while size < 2 * terms:
        size *= 2
    return size


@njit(cache=True, nogil=True)
def _is_worse(score, key, other_score, other_key):
    """Whether a value comes after another one."""
    return score < other_score or (score == other_score and key > other_key)


@njit(cache=True, nogil=True)
def _make_heap(scores, keys, slots, end):
    """Order values as a heap with the worst first."""
    for node in range(end // 2 - 1, -1, -1):
        _sink(scores, keys, slots, node, end)


@njit(cache=True, nogil=True)
def _sink(scores, keys, slots, start, end):
    """Restore the heap below node `start`."""
    score, key, slot = scores[start], keys[start], slots[start]
    hole = start
    while True:
        child = 2 * hole + 1
        if child >= end:
            break
        if child + 1 < end and _is_worse(
            scores[child + 1], keys[child + 1], scores[child], keys[child]
        ):
            child += 1
        if not _is_worse(scores[child], keys[child], score, key):
            break
        scores[hole], keys[hole], slots[hole] = scores[child], keys[child], slots[child]
        hole = child
    scores[hole], keys[hole], slots[hole] = score, key, slot


@njit(cache=True, nogil=True)
def _add_row(
    table, size, used, weights, term_offsets, keys, scores, causes, divisors, scale, start, end
):
    """Add the terms of entries `start` to `end` to an empty table.

    Return the number of slots used, -1 if a sum does not fit.
    """
    mask = np.uint32(size - 1)
    count = 0
    for entry in range(start, end):
        weight = weights[entry]
        cause = causes[entry] if causes.size else np.int64(0)
        for term in range(term_offsets[entry], term_offsets[entry + 1]):
            key = keys[term]
            slot = (np.uint32(key) * np.uint32(2654435769) >> np.uint32(7)) & mask
            while table[slot].key != key and table[slot].key != _EMPTY:
                slot = (slot + np.uint32(1)) & mask
            value = table[slot]
            is_new = value.key == _EMPTY
            if is_new:
                used[count] = slot
                count += 1
                value.key = key
                value.sum = 0
                value.largest = 0
                value.cause = 0
                value.left_out = 0
                value.divisor = divisors[term] if divisors.size else 1.0
            if cause == LEFT_OUT:
                value.left_out = 1
                continue
            product = weight * scores[term] if scores.size else weight
            rounded = _rounded(scale * product)
            if not abs(rounded) <= _TOO_LARGE:
                return -1
            whole = np.int64(rounded)
            value.sum += whole
            if not abs(value.sum) <= _TOO_LARGE:
                return -1
            if is_new or whole > value.largest or (whole == value.largest and cause < value.cause):
                value.largest = whole
                value.cause = cause
    return count


@njit(cache=True, nogil=True)
def _multiply(
    offsets,
    weights,
    term_offsets,
    keys,
    scores,
    causes,
    divisors,
    scale,
    power,
    size,
    longest,
    out_offsets,
    out_keys,
    out_scores,
    out_causes,
):
    """Fill the values of all rows; return whether all sums fit."""
    table = np.empty(_table_size(longest), _VALUE)
    for slot in range(table.size):
        table[slot].key = _EMPTY
    used = np.empty(longest, np.int64)
    best_scores = np.empty(size, np.float64)
    best_keys = np.empty(size, np.int32)
    best_slots = np.empty(size, np.int64)
    written = 0
    for row in range(offsets.size - 1):
        start, end = offsets[row], offsets[row + 1]
        terms = term_offsets[end] - term_offsets[start]
        count = _add_row(
            table,
            _table_size(terms),
            used,
            weights,
            term_offsets,
            keys,
            scores,
            causes,
            divisors,
            scale,
            start,
            end,
        )
        if count < 0:
            return False
        kept = 0
        for place in range(count):
            value = table[used[place]]
            key = value.key
            value.key = _EMPTY
            if value.left_out:
                continue
            score = value.sum / scale
            if power != 1.0:
                score = score**power
            score /= value.divisor
            if kept < size:
                best_scores[kept], best_keys[kept], best_slots[kept] = score, key, used[place]
                kept += 1
                if kept == size:
                    _make_heap(best_scores, best_keys, best_slots, size)
            elif size and _is_worse(best_scores[0], best_keys[0], score, key):
                best_scores[0], best_keys[0], best_slots[0] = score, key, used[place]
                _sink(best_scores, best_keys, best_slots, 0, size)
        if kept < size:
            _make_heap(best_scores, best_keys, best_slots, kept)
        for last in range(kept - 1, -1, -1):
            target = written + last
            out_scores[target], out_keys[target] = best_scores[0], best_keys[0]
            out_causes[target] = table[best_slots[0]].cause
            best_scores[0], best_keys[0] = best_scores[last], best_keys[last]
            best_slots[0] = best_slots[last]
            _sink(best_scores, best_keys, best_slots, 0, last)
        written += kept
        out_offsets[row + 1] = written
    return True
