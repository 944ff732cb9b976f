"""Skip-gram with negative sampling over random walks (DeepWalk, node2vec).

References
----------
Mikolov, Sutskever, Chen, Corrado, Dean 2013, *Distributed Representations of Words and Phrases and
their Compositionality*, section 2.2 (negative sampling) and 2.3 (subsampling of frequent words).
Perozzi, Al-Rfou, Skiena 2014, *DeepWalk*, section 4 (walks as sentences).
"""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from longtail.kernels.corpus import Shard, scan_corpus
from longtail.kernels.progress import track

_GENSIM = "4.4."
END_LEARNING_RATE = 1e-4


@dataclass(frozen=True)
class Embeddings:
    """Both weight matrices of a skip-gram model, one row per node id.

    Attributes
    ----------
    vectors : ndarray of float32, shape (n, d)
        Input vectors (``in``). Not normalised. Zeros for a node that the corpus does not hold.
    context_vectors : ndarray of float32, shape (n, d)
        Output vectors (``out``, gensim's ``syn1neg``). Zeros for the same nodes.
    frequency : ndarray of int64, shape (n,)
        Occurrences of the node in the corpus; 0 marks the rows of zeros above.
    """

    vectors: np.ndarray
    context_vectors: np.ndarray
    frequency: np.ndarray


def train_skipgram(
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
    """Train skip-gram with negative sampling on a corpus of walks.

    gensim's compiled kernel on one thread, which releases the GIL: two calls from two threads run
    in parallel. The same corpus, parameters and seed give bit-equal arrays, also in another process
    or beside another training: starting vectors are drawn here, by node id, not from gensim's
    string hash.

    Parameters
    ----------
    corpus_path : path
        Text file written by ``write_corpus``.
    node_count : int
        n; all node ids of the corpus are smaller.
    dimensions : int
        d, length of a vector.
    window : int
        Largest distance in a walk that is predicted. As in word2vec each position draws its own
        window between 1 and this, so that nearer nodes weigh more.
    negative : int
        Noise nodes drawn per predicted node.
    ns_exponent : float
        Noise nodes are drawn in proportion to frequency ** ns_exponent. It is also the calibrated
        log-frequency weight of ``longtail.kernels.search.nearest_by_context``.
    sample : float
        Threshold of subsampling, 0 <= sample < 1: nodes with more than this share of the corpus are
        skipped at random, more often the more frequent. 0 keeps every token.
    epochs : int
        Passes over the corpus.
    learning_rate : float
        At the start; decays linearly to 0.0001 over all epochs. word2vec's .025 suits texts of
        billions of words: on walks .1 to .2 matches it with a quarter of the tokens, and from .3 on
        the vectors of hubs diverge (benchmarks/embeddings). Use .025 for a warm start.
    seed : int
        Of starting vectors, windows, subsampling and noise. 0 <= seed < 2 ** 32.
    initial_vectors, initial_context_vectors : ndarray, shape (n, d), optional
        Start from these (a previous build's vectors, in this build's node order). A row of zeros in
        ``initial_vectors`` marks a node without one: it starts at random, as in a cold start.
    label : str
        Name of this training in the progress display.

    Returns
    -------
    Embeddings
        float32 (n, d) twice and int64 (n,). A node that is not in the corpus has zeros in both
        matrices, whatever its starting vector, and frequency 0.

    Raises
    ------
    ValueError
        Naming the argument: a corpus that is missing, empty, malformed or holds an id outside
        [0, node_count); a parameter outside its range; starting vectors of a wrong shape or not
        finite.

    Notes
    -----
    O(tokens * epochs * window * (negative + 1) * dimensions) time. Memory: two float32 (n, d)
    matrices, twice while they are reordered by node, and the vocabulary (about 500 bytes a node).
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
    shape = (int(node_count), int(dimensions))
    frequency, shards = scan_corpus(Path(corpus_path), int(node_count), keeps_all=sample == 0)

    # Descending frequency keeps the hot rows together in the cache; ties by node id.
    order = np.argsort(-frequency, kind="stable")[: np.count_nonzero(frequency)]
    model = _gensim_model(
        frequency,
        order,
        dimensions=int(dimensions),
        window=int(window),
        negative=int(negative),
        ns_exponent=float(ns_exponent),
        sample=float(sample),
        learning_rate=float(learning_rate),
        seed=int(seed),
        passes=int(epochs) * len(shards),
    )
    model.wv.vectors[:] = starting_vectors(start, shape, int(seed))[order]
    if start_context is not None:
        model.syn1neg[:] = start_context[order]
    _train(model, Path(corpus_path), shards * int(epochs), label)
    return Embeddings(
        vectors=_by_node(model.wv.vectors, order, shape),
        context_vectors=_by_node(model.syn1neg, order, shape),
        frequency=frequency,
    )


def check_parameters(
    *,
    node_count: int,
    dimensions: int,
    window: int,
    negative: int,
    ns_exponent: float,
    sample: float,
    epochs: int,
    learning_rate: float,
    seed: int,
    initial_vectors: np.ndarray | None,
    initial_context_vectors: np.ndarray | None,
) -> tuple[np.ndarray | None, np.ndarray | None]:
    """Validate for `train_skipgram`; return both starting matrices as float32 (n, d), or None.

    Raises
    ------
    ValueError
        Naming the argument.
    """
    _check_positive(
        node_count=node_count,
        dimensions=dimensions,
        window=window,
        negative=negative,
        epochs=epochs,
    )
    if not 0 <= sample < 1:
        raise ValueError(f"sample must be at least 0 and below 1, not {sample!r}")
    if not math.isfinite(ns_exponent):
        raise ValueError(f"ns_exponent must be a finite number, not {ns_exponent!r}")
    if not (math.isfinite(learning_rate) and learning_rate > 0):
        raise ValueError(f"learning_rate must be above 0, not {learning_rate!r}")
    if int(seed) != seed or not 0 <= seed < 2**32:
        raise ValueError(f"seed must be an integer in [0, 2**32), not {seed!r}")
    shape = (int(node_count), int(dimensions))
    return (
        _check_initial("initial_vectors", initial_vectors, shape),
        _check_initial("initial_context_vectors", initial_context_vectors, shape),
    )


def _check_positive(**values: int) -> None:
    for name, value in values.items():
        if int(value) != value or value < 1:
            raise ValueError(f"{name} must be a whole number of at least 1, not {value!r}")


def _check_initial(
    name: str, values: np.ndarray | None, shape: tuple[int, int]
) -> np.ndarray | None:
    if values is None:
        return None
    values = np.asarray(values)
    if values.shape != shape:
        raise ValueError(f"{name} must have shape {shape}, not {values.shape}")
    values = values.astype(np.float32, copy=False)
    if not np.isfinite(values).all():
        raise ValueError(f"{name} holds NaN or infinite values")
    return values


def _gensim_model(
    frequency: np.ndarray,
    order: np.ndarray,
    *,
    dimensions: int,
    window: int,
    negative: int,
    ns_exponent: float,
    sample: float,
    learning_rate: float,
    seed: int,
    passes: int,
):
    from gensim.models import Word2Vec

    model = Word2Vec(
        vector_size=dimensions,
        window=window,
        sg=1,
        hs=0,
        negative=negative,
        ns_exponent=ns_exponent,
        sample=sample,
        min_count=1,
        workers=1,
        alpha=learning_rate,
        min_alpha=min(END_LEARNING_RATE, learning_rate),
        seed=seed,
        epochs=passes,
        sorted_vocab=0,
    )
    words = pc.cast(pa.array(order), pa.string()).to_pylist()
    model.build_vocab_from_freq(dict(zip(words, frequency[order].tolist(), strict=True)))
    return model


def starting_vectors(start: np.ndarray | None, shape: tuple[int, int], seed: int) -> np.ndarray:
    """Fill rows without a vector as word2vec does: uniform in (-.5, .5) / d."""
    random = np.random.default_rng(seed).random(shape, dtype=np.float32)
    random -= 0.5
    random /= shape[1]
    if start is None:
        return random
    return np.where(start.any(axis=1)[:, None], start, random)


def _train(model, path: Path, shards: list[Shard], label: str) -> None:
    """Call gensim's kernel once per shard: this gives progress, and raises errors.

    ``Word2Vec.train`` runs the same kernel once per epoch in its own thread, reports nothing within
    an epoch and hangs when that thread fails. The kernel takes its learning rate from (pass, share
    of the pass done, passes), so shards as passes keep the decay linear.
    """
    import gensim
    from gensim.models.word2vec_corpusfile import CythonVocab, train_epoch_sg

    if not gensim.__version__.startswith(_GENSIM):
        raise RuntimeError(
            f"gensim {gensim.__version__} is installed; its compiled kernel is called directly, "
            f"which was tried with gensim {_GENSIM}x: install that version"
        )
    vocabulary = CythonVocab(model.wv, hs=0)
    work, neurons = model._get_thread_working_mem()
    for number, shard in enumerate(track(shards, len(shards), label)):
        # gensim reads until it exceeds the count: one less stops it at the end of the shard.
        train_epoch_sg(
            model,
            os.fspath(path),
            shard.offset,
            vocabulary,
            number,
            None,
            max(1, shard.tokens - 1),
            work,
            neurons,
            False,
        )


def _by_node(rows: np.ndarray, order: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    matrix = np.zeros(shape, dtype=np.float32)
    matrix[order] = rows
    return matrix
