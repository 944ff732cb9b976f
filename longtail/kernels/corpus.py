"""Corpus of random walks: a text file with one walk a line, node ids separated by single spaces.

Arrow kernels write it, numpy counts it and gensim's C++ reader reads it: no Python loop runs over
tokens. For the numba trainer the same walks are a binary file of numbers.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

MAX_WALK_LENGTH = 10_000
"""Nodes gensim reads from one line; it would silently cut a longer walk."""

_TOKENS_PER_JOIN = 4_000_000
_BYTES_PER_READ = 1 << 25
_BATCH_TOKENS = 10_000
_SHARD_TOKENS = 400_000


class CorpusSize(NamedTuple):
    """Size of a written corpus: lines, node ids, and the largest node id plus one."""

    walks: int
    tokens: int
    node_count: int


def write_corpus(walks: Iterable[pa.RecordBatch], path: str | os.PathLike) -> CorpusSize:
    """Write walks as a text corpus, one walk a line.

    Parameters
    ----------
    walks : iterable of pyarrow.RecordBatch
        Each with a column ``node_ids`` of lists of integers. Empty and null walks are skipped.
    path : path
        File to write. It appears only when complete: a ``.part`` file beside it is renamed.

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


def write_tokens(walks: Iterable[pa.RecordBatch], path: str | os.PathLike) -> CorpusSize:
    """Write walks as one run of int32 node ids with -1 after each walk.

    `longtail.kernels.shared_negatives` memory-maps it. Parameters, return value and errors as of
    `write_corpus`.
    """
    target = Path(path)
    part = target.with_name(target.name + ".part")
    walk_count = token_count = node_count = 0
    try:
        with open(part, "wb") as file:
            for batch in walks:
                lists = _walk_column(batch)
                if len(lists) == 0:
                    continue
                ends = np.cumsum(pc.list_value_length(lists).to_numpy(zero_copy_only=False))
                nodes = lists.flatten().to_numpy(zero_copy_only=False)
                np.insert(nodes.astype(np.int32), ends, -1).tofile(file)
                walk_count += len(lists)
                token_count += len(nodes)
                node_count = max(node_count, int(nodes.max()) + 1)
        os.replace(part, target)
    finally:
        part.unlink(missing_ok=True)
    return CorpusSize(walk_count, token_count, node_count)


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
    """Slices whose text stays far below the 2 GB limit of an Arrow string array."""
    if len(lists) == 0:
        return
    longest = pc.max(pc.list_value_length(lists)).as_py()
    rows = max(1, _TOKENS_PER_JOIN // longest)
    for first in range(0, len(lists), rows):
        yield lists.slice(first, rows)


def _as_lines(lists: pa.Array) -> memoryview:
    # Rebuilt as plain lists: binary_join accepts no large or fixed-size lists.
    lengths = pc.list_value_length(lists).to_numpy(zero_copy_only=False)
    offsets = np.zeros(len(lists) + 1, dtype=np.int32)
    np.cumsum(lengths, out=offsets[1:])
    words = pa.ListArray.from_arrays(pa.array(offsets), pc.cast(lists.flatten(), pa.string()))
    lines = pc.binary_join_element_wise(pc.binary_join(words, " "), "", "\n")
    _, bounds, data = lines.buffers()
    bounds = np.frombuffer(bounds, dtype=np.int32)[lines.offset : lines.offset + len(lines) + 1]
    return memoryview(data)[bounds[0] : bounds[-1]]


class Shard(NamedTuple):
    """A run of whole gensim batches: its first byte in the file, and the tokens gensim counts."""

    offset: int
    tokens: int


def scan_corpus(path: Path, node_count: int, *, keeps_all: bool) -> tuple[np.ndarray, list[Shard]]:
    """Frequency of each node, and the corpus cut into shards that are trained in turn."""
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


def _cut(line_tokens: np.ndarray, line_ends: np.ndarray, *, keeps_all: bool) -> list[Shard]:
    """Cut where gensim's own batches end, so that no shard overlaps the next.

    gensim reads lines until a batch is above 10,000 tokens and trains the first 10,000 of it: the
    end of the line that overflows is lost, at most one walk in 10,000 tokens. When lines fill the
    10,000 exactly it does not count the lost line either. The loop is over batches: 100 per million
    tokens.
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
            shards.append(Shard(start, counted))
            start, counted = int(line_ends[line - 1]), 0
    return shards
