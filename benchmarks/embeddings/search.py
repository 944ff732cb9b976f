"""Exact against approximate search on a build's own vectors: seconds and recall.

python benchmarks/embeddings/search.py --embeddings warehouse/embeddings_deepwalk.parquet
"""

import argparse
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from longtail.kernels.search import nearest_by_context, nearest_by_cosine


def main() -> None:
    """Print a table of both searches, exact and at three recalls."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--embeddings", type=Path, required=True, help="with vector, context_vector, frequency"
    )
    parser.add_argument("--k", type=int, default=20)
    options = parser.parse_args()
    if not options.embeddings.is_file():
        sys.exit(f"skipped: there is no embeddings file {options.embeddings}")
    table = pq.read_table(options.embeddings)
    frequency = table["frequency"].to_numpy()
    walked = frequency > 0
    vectors, context = (
        np.stack(table[name].to_numpy()).astype(np.float32)[walked]
        for name in ("vector", "context_vector")
    )
    print("| search | products | method | lists read | recall@k of the sample | s | recall@k |")
    print("|" + " --- |" * 7)
    for name, search in (
        ("cosine", lambda **how: nearest_by_cosine(vectors, k=options.k, **how)),
        (
            "context",
            lambda **how: nearest_by_context(
                vectors, context, frequency[walked], k=options.k, **how
            ),
        ),
    ):
        exact, seconds = timed(search)
        print(row(name, exact.report, seconds, 1.0))
        for target in (0.9, 0.95, 0.99):
            got, seconds = timed(search, exact_below=0, target_recall=target)
            found = np.mean(
                [np.isin(one, two).mean() for one, two in zip(exact.index, got.index, strict=True)]
            )
            print(row(name, got.report, seconds, found))


def timed(search, **how):
    """Run the search; return its result and seconds."""
    started = time.perf_counter()
    return search(**how), time.perf_counter() - started


def row(name, report, seconds, recall) -> str:
    """One line of the table."""
    lists = f"{report.probes} of {report.lists}" if report.lists else "all"
    return (
        f"| {name} | {report.database_size:,} | {report.method} | {lists} "
        f"| {report.recall_at_k:.3f} | {seconds:.1f} | {recall:.3f} |"
    )


if __name__ == "__main__":
    main()
