"""The function `longtail_sparse_product` of models in SQL, over Arrow."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from longtail.kernels.sparse_product import sparse_product


def product_of_lists(
    weights: pa.Array,
    causes: pa.Array,
    keys: pa.Array,
    scores: pa.Array,
    divisors: pa.Array,
    digits: pa.Array,
    power: pa.Array,
    size: pa.Array,
) -> pa.Array:
    """Return the largest values of each row, as `longtail.kernels.sparse_product`.

    Parameters
    ----------
    weights, causes
        A row's entries: lists of float64 and int64; empty causes stand for none.
    keys, scores, divisors
        Lists of an entry's terms: int32, float64, float64; empty scores or divisors stand for 1.
    digits, power, size
        int32, float64, int32: the same value in all rows; size 0 for all values.

    Returns
    -------
    pa.Array
        Lists of (key int32, score float64, cause int64), best first.
    """
    offsets, flat_weights = _flat(weights)
    term_offsets, flat_keys = _flat(_values(keys))
    options = {
        "causes": _flat(causes)[1],
        "scores": _flat(_values(scores))[1],
        "divisors": _flat(_values(divisors))[1],
    }
    found = sparse_product(
        offsets,
        flat_weights,
        term_offsets,
        flat_keys,
        digits=digits[0].as_py(),
        power=power[0].as_py(),
        size=size[0].as_py() or None,
        **{name: values for name, values in options.items() if len(values)},
    )
    values = pa.StructArray.from_arrays(
        [found.keys, found.scores, found.causes], ["key", "score", "cause"]
    )
    return pa.ListArray.from_arrays(pa.array(found.offsets), values)


def _whole(column: pa.Array | pa.ChunkedArray) -> pa.ListArray:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def _values(column: pa.Array | pa.ChunkedArray) -> pa.ListArray:
    """Return the lists that lists hold."""
    lists = _whole(column)
    return lists.values[lists.offsets[0].as_py() : lists.offsets[-1].as_py()]


def _flat(column: pa.Array | pa.ChunkedArray) -> tuple[np.ndarray, np.ndarray]:
    """Return offsets and values of lists."""
    lists = _whole(column)
    offsets = lists.offsets.to_numpy()
    values = lists.values.to_numpy(zero_copy_only=False)
    return offsets - offsets[0], values[offsets[0] : offsets[-1]]
