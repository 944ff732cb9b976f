"""Convert Arrow columns to matrices and back; check that dbt passed every setting."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

import numpy as np
import pyarrow as pa


def every_setting(function: Callable[..., Any]) -> Callable[..., Any]:
    """Refuse a call with a keyword argument that is None: a var that dbt did not pass.

    dbt finds the vars of a Python model by parsing its code; a var that it misses silently arrives
    as None.
    """

    @wraps(function)
    def checked(*arguments: Any, **settings: Any) -> Any:
        if absent := [name for name, value in settings.items() if value is None]:
            raise ValueError(
                f"dbt passed no value for {', '.join(absent)}: ask for it in the model by "
                "dbt.config.meta_get with a literal name, in no condition, and list it in meta"
            )
        return function(*arguments, **settings)

    return checked


def codes(products: pa.Table, name: str) -> np.ndarray:
    """Return a number for each value of a text column; -1 for null."""
    encoded = products.column(name).combine_chunks().dictionary_encode()
    return np.asarray(encoded.indices.fill_null(-1))


def lists(rows: np.ndarray) -> pa.Array:
    """Return an array of shape (n, d) as n lists of d."""
    offsets = np.arange(0, rows.size + 1, rows.shape[1], dtype=np.int32)
    return pa.ListArray.from_arrays(offsets, rows.ravel())


def matrix(table: pa.Table, name: str) -> np.ndarray:
    """Return a column of lists of equal length d as an array of shape (n, d)."""
    flat = np.concatenate([np.asarray(chunk.flatten()) for chunk in table.column(name).chunks])
    return flat.reshape(len(table), -1)


def floats(table: pa.Table | pa.RecordBatch, names: Sequence[str]) -> np.ndarray:
    """Return columns as a float32 matrix, NaN for null."""
    values = np.empty((len(table), len(names)), np.float32)
    for place, name in enumerate(names):
        values[:, place] = table.column(name).to_numpy(zero_copy_only=False)
    return values
