"""Run once after the installation: ``python -m longtail.build.warm_up``.

Compiles the kernels, which numba caches beside the package: otherwise the first build compiles
them, and twice, as both walk models run side by side. Also makes the package importable for a dbt
of this environment that starts in another folder (``--project-dir``).
"""

import sysconfig
import tempfile
from pathlib import Path

import numpy as np

from longtail.build.settings import PROJECT
from longtail.kernels.corpus import write_tokens
from longtail.kernels.graph import graph_from_edges
from longtail.kernels.projection import project
from longtail.kernels.shared_negatives import train_shared_negatives
from longtail.kernels.sparse_product import sparse_product
from longtail.kernels.walks import sample_walks, walks_to_arrow

# The working directory's checkout comes first: several checkouts can share an environment.
IMPORT_LINE = (
    "import os, sys; os.path.exists('longtail/__init__.py') or sys.path.append({project!r})\n"
)


def warm_up() -> None:
    """Walk a triangle, train on it, lay out eight points, multiply 1 by 1: with a build's types."""
    graph = graph_from_edges([0, 0, 1], [1, 2, 2], [0.5, 0.5, 1.0], node_count=3)
    for p, q in ((1.0, 1.0), (0.5, 2.0)):
        for _ in sample_walks(graph, walks_per_node=1, walk_length=3, p=p, q=q, seed=0):
            pass
    with tempfile.TemporaryDirectory() as folder:
        corpus = Path(folder) / "walks"
        write_tokens(walks_to_arrow(graph, walks_per_node=1, walk_length=3, seed=0), corpus)
        train_shared_negatives(corpus, node_count=3, dimensions=2, seed=0)
    one = np.array([0, 1], np.int32)
    sparse_product(one, np.ones(1), one, one[:1], digits=9)
    project(np.eye(8, dtype=np.float32), epochs=1, seed=0)


def make_importable(site_packages: Path) -> None:
    """Make the package importable from any folder."""
    line = IMPORT_LINE.format(project=str(PROJECT))
    (site_packages / "longtail.pth").write_text(line, encoding="utf-8")


if __name__ == "__main__":
    warm_up()
    make_importable(Path(sysconfig.get_path("purelib")))
