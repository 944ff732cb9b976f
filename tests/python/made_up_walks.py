"""Walks for both trainers, and equality of two trainings."""

import numpy as np
import pyarrow as pa

from longtail.kernels.skipgram import Embeddings

NODES = 200


def batch(walks) -> pa.RecordBatch:
    return pa.record_batch({"node_ids": pa.array(walks, pa.list_(pa.int32()))})


def random_walks(count=3000, length=20, seed=5) -> list[np.ndarray]:
    """Draw walks in which few nodes dominate; the last ten nodes never appear."""
    ids = np.random.default_rng(seed).zipf(1.4, (count, length)) % NODES
    return [row[row < NODES - 10] for row in ids]


def equal(one: Embeddings, other: Embeddings) -> bool:
    """Whether two trainings are equal to the bit."""
    names = ("vectors", "context_vectors", "frequency")
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in names)
