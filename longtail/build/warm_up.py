"""Compile the walk kernels once, after the installation: ``python -m longtail.build.warm_up``.

numba keeps the result beside the package; without this, the first build pays for it, twice over,
as both walk models compile side by side.
"""

from longtail.kernels.graph import graph_from_edges
from longtail.kernels.walks import sample_walks


def warm_up() -> None:
    """Walk a triangle, first and second order, with the types that a build has."""
    graph = graph_from_edges([0, 0, 1], [1, 2, 2], [0.5, 0.5, 1.0], node_count=3)
    for p, q in ((1.0, 1.0), (0.5, 2.0)):
        for _ in sample_walks(graph, walks_per_node=1, walk_length=3, p=p, q=q, seed=0):
            pass


if __name__ == "__main__":
    warm_up()
