"""int_contributions: the features that moved a ranked row most."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from longtail.kernels.ranker import LinearRanker, linear_contributions, tree_contributions
from longtail.tables.columns import floats

CONTRIBUTION_SCHEMA = pa.schema(
    {
        "user_key": pa.int32(),
        "product_key": pa.int32(),
        "place": pa.int32(),
        "feature": pa.string(),
        "value": pa.float64(),
        "contribution": pa.float64(),
    }
)
LARGEST = 3
"""Number of contributions kept per row."""


def contribution_table(
    candidates: pa.RecordBatchReader, ranker: pa.Table, *, threads: int
) -> pa.RecordBatchReader:
    """Return the features that moved a score most, up or down; empty without a ranker.

    Parameters
    ----------
    candidates
        Columns user_key, product_key and features.
    ranker
        What `longtail.tables.ranker.ranker_table` returned.
    threads
        Affect only the run time.
    """
    (found,) = ranker.select(["is_used", "ranker", "model", "features"]).to_pylist()
    names = [entry["feature"] for entry in found["features"] or ()]

    def contributions(features: np.ndarray) -> np.ndarray:
        if found["ranker"] == "trees":
            return tree_contributions(found["model"], features, threads=threads)
        weights, scales = (
            np.asarray([entry[name] for entry in found["features"]]) for name in ("weight", "scale")
        )
        return linear_contributions(LinearRanker(weights, scales), features)

    def explained() -> Iterator[pa.RecordBatch]:
        for batch in candidates if found["is_used"] else ():
            features = floats(batch, names)
            moved = contributions(features)
            largest = np.argsort(-np.abs(moved), axis=1, kind="stable")[:, :LARGEST]
            values, amounts = (
                np.take_along_axis(of, largest, axis=1).ravel() for of in (features, moved)
            )
            rows = np.repeat(np.arange(len(batch)), largest.shape[1])
            columns = [
                *(batch.column(name).take(pa.array(rows)) for name in ("user_key", "product_key")),
                pa.array(np.tile(np.arange(1, largest.shape[1] + 1, dtype=np.int32), len(batch))),
                pa.array(np.asarray(names, object)[largest.ravel()], pa.string()),
                pa.array(values.astype(np.float64), mask=np.isnan(values)),
                pa.array(amounts),
            ]
            made = pa.RecordBatch.from_arrays(columns, schema=CONTRIBUTION_SCHEMA)
            yield made.filter(pa.array(amounts != 0))

    return pa.RecordBatchReader.from_batches(CONTRIBUTION_SCHEMA, explained())
