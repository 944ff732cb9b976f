"""Skip-gram with negative sampling over random walks (DeepWalk, node2vec).

A corpus is a text file with one walk a line, node ids separated by single spaces. It is written by
Arrow kernels, counted by numpy and read by gensim's C++ reader: no Python loop sees a token.

References
----------
Mikolov, Sutskever, Chen, Corrado, Dean 2013, *Distributed Representations of Words and Phrases and
their Compositionality*, section 2.2 (negative sampling) and 2.3 (subsampling of frequent words).
Perozzi, Al-Rfou, Skiena 2014, *DeepWalk*, section 4 (walks as sentences).
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from longtail.kernels.progress import track

MAX_WALK_LENGTH = 10_000
"""Nodes gensim reads from one line; it would cut a longer walk without a word."""

_TOKENS_PER_JOIN = 4_000_000
_BYTES_PER_READ = 1 << 25
_GENSIM = "4.4."
_BATCH_TOKENS = 10_000
_SHARD_TOKENS = 400_000
_END_LEARNING_RATE = 1e-4


class CorpusSize(NamedTuple):
    """What ``write_corpus`` wrote: lines, node ids, and one more than the largest of these."""

    walks: int
    tokens: int
    node_count: int


@dataclass(frozen=True)
class Embeddings:
    """Both weight matrices of a skip-gram model, one row per node id.

    Attributes
    ----------
    vectors : ndarray of float32, shape (n, d)
        Input vectors (``in``). Not normalised. Zeros for a node that the corpus does not hold.
    context_vectors : ndarray of float32, shape (n, d)
        Output vectors (``out``, gensim's ``syn1neg``). Zeros for such a node, too.
    frequency : ndarray of int64, shape (n,)
        How often the corpus holds the node; 0 marks the rows of zeros above.
    """

    vectors: np.ndarray
    context_vectors: np.ndarray
    frequency: np.ndarray


def write_corpus(walks: Iterable[pa.RecordBatch], path: str | os.PathLike) -> CorpusSize:
    """Write walks as a text corpus, one walk a line.

    Parameters
    ----------
    walks : iterable of pyarrow.RecordBatch
        Each with a column ``node_ids`` of lists of integers. Empty and null walks are skipped.
    path : path
        File to write. It appears whole or not at all: a neighbouring ``.part`` file is renamed.

    Returns
    -------
    CorpusSize
        Walks and node ids written, and how many nodes they number.

    Raises
    ------
    ValueError
        ``walks`` without a ``node_ids`` column of integer lists, with a null or negative node
        id, or with a walk longer than ``MAX_WALK_LENGTH``.

    Notes
    -----
    O(tokens) time; memory of one record batch plus about 4 million node ids as text.
    """
    target = Path(path)
    part = target.with_name(target.name + ".part")
    walk_count = token_count = node_count = 0
    try:
        with open(part, "wb") as file:
            for batch in walks:
                for lists in _slices(_walk_column(batch)):
                    file.write(_as_lines(lists))
                    walk_count += len(lists)
                    nodes = lists.flatten()
                    token_count += len(nodes)
                    node_count = max(node_count, pc.max(nodes).as_py() + 1)
        os.replace(part, target)
    finally:
        part.unlink(missing_ok=True)
    return CorpusSize(walk_count, token_count, node_count)


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

    gensim's compiled kernel on one thread, which releases the interpreter lock: two calls from two
    threads run side by side. The same corpus, parameters and seed give bit-equal arrays, in another
    process and beside another training too: the starting vectors are drawn here, by node id, not
    from gensim's string hash.

    Parameters
    ----------
    corpus_path : path
        Text file of ``write_corpus``.
    node_count : int
        n. Node ids of the corpus are below it.
    dimensions : int
        d, length of a vector.
    window : int
        Furthest neighbour in a walk that is predicted. As in word2vec each position draws its own
        window between 1 and this, so that nearer nodes weigh more.
    negative : int
        Noise nodes drawn per predicted node.
    ns_exponent : float
        Noise nodes are drawn in proportion to frequency ** ns_exponent. It is also the calibrated
        popularity weight of ``longtail.kernels.search.nearest_by_context``.
    sample : float
        Threshold of subsampling, 0 <= sample < 1: nodes that hold more than this share of the
        corpus are skipped at random, more so the more frequent. 0 keeps every token.
    epochs : int
        Passes over the corpus.
    learning_rate : float
        At the start; falls linearly to 0.0001 over all epochs. word2vec's .025 suits texts of
        billions of words: on walks .1 to .2 reaches with a quarter of the tokens what .025 does,
        from .3 on the vectors of hubs blow up (benchmarks/embeddings). .025 for a warm start.
    seed : int
        Of starting vectors, windows, subsampling and noise. 0 <= seed < 2 ** 32.
    initial_vectors, initial_context_vectors : ndarray, shape (n, d), optional
        Start from these (a previous build's vectors, in this build's node order). A row of zeros
        in ``initial_vectors`` marks a node without one: it starts at random like in a cold start.
    label : str
        Name of this training in the progress display.

    Returns
    -------
    Embeddings
        float32 (n, d) twice and int64 (n,). A node that the corpus does not hold has zeros in both
        matrices, whatever it started from, and frequency 0.

    Raises
    ------
    ValueError
        Naming the argument: a corpus that is missing, empty, malformed or holds an id outside
        [0, node_count); a parameter outside its range; starting vectors of a wrong shape or not
        finite.

    Notes
    -----
    O(tokens * epochs * window * (negative + 1) * dimensions) time. Memory: two float32 (n, d)
    matrices, twice while they are put in node order, and the vocabulary (about 500 bytes a node).
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
    start = _check_initial("initial_vectors", initial_vectors, shape)
    start_context = _check_initial("initial_context_vectors", initial_context_vectors, shape)
    frequency, shards = _scan(Path(corpus_path), int(node_count), keeps_all=sample == 0)

    # Descending frequency keeps the hot rows together in the cache; ties go by node id.
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
    model.wv.vectors[:] = _starting_vectors(start, shape, int(seed))[order]
    if start_context is not None:
        model.syn1neg[:] = start_context[order]
    _train(model, Path(corpus_path), shards * int(epochs), label)
    return Embeddings(
        vectors=_by_node(model.wv.vectors, order, shape),
        context_vectors=_by_node(model.syn1neg, order, shape),
        frequency=frequency,
    )


def _walk_column(batch: pa.RecordBatch) -> pa.Array:
    if "node_ids" not in batch.schema.names:
        raise ValueError(f"walks must have a column node_ids, found {batch.schema.names}")
    lists = batch.column("node_ids")
    kind = lists.type
    is_list = (
        pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)
    )
    if not is_list or not pa.types.is_integer(kind.value_type):
        raise ValueError(f"walks: node_ids must be lists of integers, not {kind}")
    lengths = pc.fill_null(pc.list_value_length(lists), 0)
    lists = lists.filter(pc.greater(lengths, 0))
    if len(lists) == 0:
        return lists
    longest = pc.max(lengths).as_py()
    if longest > MAX_WALK_LENGTH:
        raise ValueError(f"walks: {longest} nodes in a walk, at most {MAX_WALK_LENGTH} are trained")
    values = lists.flatten()
    if values.null_count or pc.min(values).as_py() < 0:
        raise ValueError("walks: node_ids holds a null or a negative node id")
    return lists


def _slices(lists: pa.Array) -> Iterable[pa.Array]:
    """Pieces whose text stays far below the 2 GB of an Arrow string array."""
    if len(lists) == 0:
        return
    longest = pc.max(pc.list_value_length(lists)).as_py()
    rows = max(1, _TOKENS_PER_JOIN // longest)
    for first in range(0, len(lists), rows):
        yield lists.slice(first, rows)


def _as_lines(lists: pa.Array) -> memoryview:
    # Rebuilt as plain lists: binary_join takes no large or fixed-size ones.
    lengths = pc.list_value_length(lists).to_numpy(zero_copy_only=False)
    offsets = np.zeros(len(lists) + 1, dtype=np.int32)
    np.cumsum(lengths, out=offsets[1:])
    words = pa.ListArray.from_arrays(pa.array(offsets), pc.cast(lists.flatten(), pa.string()))
    lines = pc.binary_join_element_wise(pc.binary_join(words, " "), "", "\n")
    _, bounds, data = lines.buffers()
    bounds = np.frombuffer(bounds, dtype=np.int32)[lines.offset : lines.offset + len(lines) + 1]
    return memoryview(data)[bounds[0] : bounds[-1]]


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


class _Shard(NamedTuple):
    """A run of whole gensim batches: its first byte in the file, and the tokens gensim counts."""

    offset: int
    tokens: int


def _scan(path: Path, node_count: int, *, keeps_all: bool) -> tuple[np.ndarray, list[_Shard]]:
    """Frequency of each node, and the corpus cut into shards that are trained one by one."""
    if not path.is_file():
        raise ValueError(f"corpus_path: there is no file {path}")
    frequency = np.zeros(node_count, dtype=np.int64)
    line_tokens, line_ends, tokens, offset = [], [], 0, 0
    with open(path, "rb") as file:
        for text in _whole_lines(file):
            try:
                nodes = np.fromstring(text, dtype=np.int64, sep=" ")
            except ValueError as error:
                raise ValueError(f"corpus_path: {path} holds more than node ids") from error
            separators = np.flatnonzero(np.frombuffer(text, dtype=np.uint8) <= 32)
            if len(separators) != len(nodes):
                raise ValueError(
                    f"corpus_path: {path} is not one walk a line with single spaces between ids"
                )
            low, high = int(nodes.min()), int(nodes.max())
            if low < 0 or high >= node_count:
                raise ValueError(
                    f"node_count is {node_count}, the corpus holds {low if low < 0 else high}"
                )
            frequency += np.bincount(nodes, minlength=node_count)
            last = np.flatnonzero(np.frombuffer(text, dtype=np.uint8)[separators] == 10)
            line_tokens.append(tokens + last + 1)
            line_ends.append(offset + separators[last] + 1)
            tokens += len(nodes)
            offset += len(text)
    if tokens == 0:
        raise ValueError(f"corpus_path: {path} is empty, there are no walks to train on")
    line_tokens, line_ends = np.concatenate(line_tokens), np.concatenate(line_ends)
    longest = int(np.diff(line_tokens, prepend=0).max())
    if longest > MAX_WALK_LENGTH:
        raise ValueError(
            f"corpus_path: a line of {longest} nodes, at most {MAX_WALK_LENGTH} are trained"
        )
    return frequency, _cut(line_tokens, line_ends, keeps_all=keeps_all)


def _whole_lines(file) -> Iterable[bytes]:
    rest = b""
    while piece := file.read(_BYTES_PER_READ):
        cut = piece.rfind(b"\n") + 1
        if cut:
            yield rest + piece[:cut]
            rest = piece[cut:]
        else:
            rest += piece
    if rest:
        yield rest + b"\n"


def _cut(line_tokens: np.ndarray, line_ends: np.ndarray, *, keeps_all: bool) -> list[_Shard]:
    """Cut where gensim's own batches end, so that no shard runs into the next.

    gensim reads lines until a batch is above 10,000 tokens and trains the first 10,000 of it: the
    end of the line that overflows is lost, at most one walk in 10,000 tokens. When lines fill the
    10,000 exactly it does not count the lost line either. The loop is over batches, 100 for a
    million tokens.
    """
    total, lines = int(line_tokens[-1]), len(line_tokens)
    per_shard = total / math.ceil(total / _SHARD_TOKENS)
    shards, start, counted, read, line = [], 0, 0, 0, 0
    while line < lines:
        full = int(np.searchsorted(line_tokens, read + _BATCH_TOKENS, side="right"))
        exact = keeps_all and full > line and line_tokens[full - 1] == read + _BATCH_TOKENS
        line = min(full + 1, lines)
        batch = int(line_tokens[line - 1]) - read
        counted += _BATCH_TOKENS if exact else batch
        read += batch
        if read >= per_shard * (len(shards) + 1) or line == lines:
            shards.append(_Shard(start, counted))
            start, counted = int(line_ends[line - 1]), 0
    return shards


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
        min_alpha=min(_END_LEARNING_RATE, learning_rate),
        seed=seed,
        epochs=passes,
        sorted_vocab=0,
    )
    words = pc.cast(pa.array(order), pa.string()).to_pylist()
    model.build_vocab_from_freq(dict(zip(words, frequency[order].tolist(), strict=True)))
    return model


def _starting_vectors(start: np.ndarray | None, shape: tuple[int, int], seed: int) -> np.ndarray:
    """word2vec's start, uniform in (-.5, .5) / d, for each node without a vector of its own."""
    random = np.random.default_rng(seed).random(shape, dtype=np.float32)
    random -= 0.5
    random /= shape[1]
    if start is None:
        return random
    return np.where(start.any(axis=1)[:, None], start, random)


def _train(model, path: Path, shards: list[_Shard], label: str) -> None:
    """One call of gensim's kernel per shard: that gives progress, and errors come as exceptions.

    ``Word2Vec.train`` runs the same kernel once per epoch in a thread of its own, says nothing
    within an epoch and waits for ever when that thread fails. The kernel takes its learning rate
    from (pass, share of the pass done, passes), so shards as passes keep the fall linear.
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
        # gensim goes on until it is above the count: one less stops it at the end of the shard.
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
