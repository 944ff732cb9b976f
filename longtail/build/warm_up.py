"""Compile the walk kernels once, after the installation: ``python -m longtail.build.warm_up``.

numba keeps the result beside the package; without this, the first build pays for it, twice over,
as both walk models compile side by side.
"""

import tempfile
from pathlib import Path

from longtail.kernels.graph import read_edgelist
from longtail.kernels.walks import sample_walks


def warm_up() -> None:
    """Walk a triangle, first and second order, along the path that a build takes."""
    with tempfile.TemporaryDirectory() as folder:
        edgelist = Path(folder) / "triangle.edg"
        edgelist.write_text("0\t1\t0.5\n0\t2\t0.5\n1\t2\t1.0\n")
        graph = read_edgelist(edgelist, node_count=3)
    for p, q in ((1.0, 1.0), (0.5, 2.0)):
        for _ in sample_walks(graph, walks_per_node=1, walk_length=3, p=p, q=q, seed=0):
            pass


if __name__ == "__main__":
    warm_up()
