"""Skip-gram with noise shared by the pairs of a window: the trainer for large graphs.

The objective of `longtail.kernels.skipgram`, sampled differently: the nodes around one centre are
compared with the centre and with the same few noise nodes, in one step. A noise vector is drawn and
fetched once per window instead of once per pair; these fetches are the bottleneck on a large graph.

References
----------
Ji, Satish, Li, Dubey 2016, *Parallelizing Word2Vec in Shared and Distributed Memory*, section 3
(arXiv 1611.06172).
Mikolov, Sutskever, Chen, Corrado, Dean 2013, *Distributed Representations of Words and Phrases and
their Compositionality*, sections 2.2 and 2.3.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from longtail.kernels._shared_negatives import END_OF_WALK, fill_alias_table, train_walks
from longtail.kernels.progress import track
from longtail.kernels.skipgram import (
    END_LEARNING_RATE,
    Embeddings,
    check_parameters,
    starting_vectors,
)

_TOKENS_AT_ONCE = 400_000
_DRAWS_PER_NEGATIVE = 2


def train_shared_negatives(
    corpus_path: str | os.PathLike,
    *,
    node_count: int,
    dimensions: int = 64,
    window: int = 3,
    negative: int = 5,
    ns_exponent: float = 0.75,
    sample: float = 0.0,
    epochs: int = 1,
    learning_rate: float = 0.15,
    seed: int,
    initial_vectors: np.ndarray | None = None,
    initial_context_vectors: np.ndarray | None = None,
    label: str = "skip-gram",
) -> Embeddings:
    """Train skip-gram with shared negative samples on a corpus of walks.

    One thread, which releases the GIL. The same corpus, parameters and seed give
    bit-equal arrays on one machine.

    Parameters
    ----------
    corpus_path : path
        File of ``write_tokens``.
    negative : int
        Noise nodes per pair in the objective. The pairs of a centre share twice as many at half the
        weight: with as many at full weight, search by context was worse than gensim's.
    node_count, dimensions, window, ns_exponent, sample, epochs, learning_rate, seed
        As in ``train_skipgram``.
    initial_vectors, initial_context_vectors, label
        As in ``train_skipgram``.

    Returns
    -------
    Embeddings
        As of ``train_skipgram``.

    Raises
    ------
    ValueError
        Naming the argument: a corpus that is missing, empty, not of ``write_tokens`` or holds an id
        outside [0, node_count); a parameter outside its range; starting vectors of a wrong shape or
        not finite.

    Notes
    -----
    O(tokens * epochs * window * (negative + 1) * dimensions) time. Memory: two float32 (n, d)
    matrices; the corpus is memory-mapped.
    """
    start, start_context = check_parameters(
        node_count=node_count,
        dimensions=dimensions,
        window=window,
        negative=negative,
        ns_exponent=ns_exponent,
        sample=sample,
        epochs=epochs,
        learning_rate=learning_rate,
        seed=seed,
        initial_vectors=initial_vectors,
        initial_context_vectors=initial_context_vectors,
    )
    tokens = _read_tokens(Path(corpus_path))
    shape = (int(node_count), int(dimensions))
    parts = _parts(tokens)
    frequency = np.zeros(node_count, dtype=np.int64)
    for part in parts:
        frequency += _count(part, int(node_count))
    seen = frequency > 0
    vectors = starting_vectors(start, shape, int(seed))
    contexts = np.zeros(shape, np.float32) if start_context is None else start_context.copy()
    noise = np.zeros(node_count)
    noise[seen] = frequency[seen] ** float(ns_exponent)
    shares, aliases = np.empty(node_count, np.float32), np.empty(node_count, np.int32)
    fill_alias_table(noise, shares, aliases)
    total = int(frequency.sum()) * int(epochs)
    state = np.array([int(seed)], dtype=np.uint64)
    done = 0
    for part in track(parts * int(epochs), len(parts) * int(epochs), label):
        done += train_walks(
            np.array(part),
            vectors,
            contexts,
            shares,
            aliases,
            _chances(frequency, float(sample)),
            int(window),
            _DRAWS_PER_NEGATIVE * int(negative),
            np.float32(1 / _DRAWS_PER_NEGATIVE),
            float(learning_rate),
            min(END_LEARNING_RATE, float(learning_rate)),
            done,
            total,
            state,
        )
    vectors[~seen], contexts[~seen] = 0, 0
    return Embeddings(vectors=vectors, context_vectors=contexts, frequency=frequency)


def _read_tokens(path: Path) -> np.ndarray:
    if not path.is_file():
        raise ValueError(f"corpus_path: there is no file {path}")
    size = path.stat().st_size
    if size == 0:
        raise ValueError(f"corpus_path: {path} is empty, there are no walks to train on")
    if size % 4:
        raise ValueError(f"corpus_path: {path} is not a file of write_tokens")
    tokens = np.memmap(path, dtype=np.int32, mode="r")
    if tokens[-1] != END_OF_WALK:
        raise ValueError(f"corpus_path: {path} is not a file of write_tokens")
    return tokens


def _parts(tokens: np.ndarray) -> list[np.ndarray]:
    """Cut into runs of whole walks of about `_TOKENS_AT_ONCE` tokens."""
    parts, first = [], 0
    while first < tokens.size:
        last = min(first + _TOKENS_AT_ONCE, tokens.size)
        while tokens[last - 1] != END_OF_WALK:
            last += 1
        parts.append(tokens[first:last])
        first = last
    return parts


def _count(part: np.ndarray, node_count: int) -> np.ndarray:
    """Count how often a part holds each node, shape (n,)."""
    low, high = int(part.min()), int(part.max())
    if low < END_OF_WALK or high >= node_count:
        found = low if low < END_OF_WALK else high
        raise ValueError(f"node_count is {node_count}, the corpus holds {found}")
    return np.bincount(part + 1, minlength=node_count + 1)[1:]


def _chances(frequency: np.ndarray, sample: float) -> np.ndarray:
    """Probability of keeping a token of each node, as in gensim's word2vec."""
    if sample == 0:
        return np.ones(frequency.size, np.float32)
    threshold = sample * frequency.sum()
    share = threshold / np.maximum(frequency, 1)
    return np.minimum(np.sqrt(share) + share, 1).astype(np.float32)
