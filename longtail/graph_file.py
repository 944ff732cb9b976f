"""Walks, vectors, neighbours and a map of any graph: ``python -m longtail.graph_file my.edg``.

For any graph, without events or dbt. Nodes keep their names from the file; the tables are those of
the dbt models, with nodes instead of products.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from longtail.build.warehouse import write_parquet
from longtail.kernels.graph import read_edgelist
from longtail.kernels.walks import walks_to_arrow
from longtail.tables.embeddings import embedding_table
from longtail.tables.projection import map_table
from longtail.tables.search import neighbour_table


def learn(
    path: str | Path,
    output: str | Path,
    *,
    walks_per_node: int = 10,
    walk_length: int = 40,
    p: float = 1.0,
    q: float = 1.0,
    dimensions: int = 64,
    window: int = 3,
    neighbours: int = 20,
    seed: int = 42,
    threads: int = 2,
) -> dict[str, int]:
    """Write walks, embeddings, neighbours and map of an edge list as parquet files.

    Parameters
    ----------
    path
        See `longtail.kernels.graph.read_edgelist`.
    output
        Folder of the tables; created if missing.
    walks_per_node, walk_length, p, q
        Of `longtail.kernels.walks.sample_walks`; p = q = 1 is DeepWalk.
    dimensions, window
        Of `longtail.kernels.skipgram.train_skipgram`.
    neighbours
        Nearest nodes per node, by cosine.
    seed, threads
        Used in every step; the same seed gives the same walks and vectors.

    Returns
    -------
    dict
        File name to number of rows.

    Raises
    ------
    ValueError
        If the file is not an edge list.
    OSError
        If it cannot be read, or the output cannot be written.
    """
    graph, names = read_edgelist(path)
    output = Path(output)
    output.mkdir(parents=True, exist_ok=True)
    walks = walks_to_arrow(
        graph,
        walks_per_node=walks_per_node,
        walk_length=walk_length,
        p=p,
        q=q,
        seed=seed,
        threads=threads,
        progress=True,
    ).read_all()
    nodes = pa.table(
        {
            "product_id": pa.array(names, pa.string()),
            "node_id": pa.array(np.arange(names.size), pa.int32()),
            "brand": pa.nulls(names.size, pa.string()),
        }
    )
    embeddings = embedding_table(
        walks.to_reader(),
        nodes,
        node_count=names.size,
        work_folder=output,
        label="embeddings",
        dimensions=dimensions,
        window=window,
        negative=5,
        ns_exponent=0.75,
        learning_rate=0.15,
        epochs=1,
        seed=seed,
    )
    tables = {
        "walks": walks,
        "embeddings": embeddings,
        "neighbours": neighbour_table(
            embeddings,
            k=neighbours,
            label="neighbours",
            exact_below=50_000,
            threads=threads,
            seed=seed,
        ),
        "map": map_table(embeddings, neighbours=15, seed=seed, threads=threads),
    }
    rows = {}
    for name, table in tables.items():
        renamed = [column.replace("product_id", "node") for column in table.column_names]
        write_parquet(table.rename_columns(renamed), output / f"{name}.parquet")
        rows[f"{name}.parquet"] = len(table)
    return rows


def main(arguments: Sequence[str] | None = None) -> int:
    """Learn from the file that the command line names; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m longtail.graph_file", description=__doc__)
    parser.add_argument("path", help="edge list: node, node, weight, separated by tabs")
    parser.add_argument("--output", default="graph", help="folder of the tables")
    for name, default in (
        *(("walks_per_node", 10), ("walk_length", 40), ("p", 1.0), ("q", 1.0)),
        *(("dimensions", 64), ("window", 3), ("neighbours", 20), ("seed", 42), ("threads", 2)),
    ):
        flag = f"--{name.replace('_', '-')}"
        parser.add_argument(flag, type=type(default), default=default, metavar=str(default))
    options = vars(parser.parse_args(arguments))
    try:
        rows = learn(options.pop("path"), options["output"], **_without(options, "output"))
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    for name, count in rows.items():
        print(f"{options['output']}/{name}  {count:,} rows")
    return 0


def _without(options: dict, name: str) -> dict:
    return {key: value for key, value in options.items() if key != name}


if __name__ == "__main__":
    sys.exit(main())
