"""walks_deepwalk and walks_node2vec."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from longtail.kernels.graph import graph_from_edges
from longtail.kernels.walks import WALK_SCHEMA, walks_to_arrow
from longtail.tables.columns import every_setting


@every_setting
def walk_table(edges: pa.Table, *, node_count: int, **parameters: Any) -> pa.RecordBatchReader:
    """Sample walks over a graph: walk_id, node_ids.

    Parameters
    ----------
    edges
        Columns source_node_id, target_node_id and weight, each undirected edge once.
    node_count
        Nodes of the graph; 0 gives no walks.
    **parameters
        Of `longtail.kernels.walks.walks_to_arrow`.
    """
    if node_count == 0:
        return pa.RecordBatchReader.from_batches(WALK_SCHEMA, [])
    names = ("source_node_id", "target_node_id", "weight")
    graph = graph_from_edges(*(edges.column(name) for name in names), node_count=node_count)
    return walks_to_arrow(graph, progress=True, **parameters)
