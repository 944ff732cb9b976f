"""The map of longtail.projection against umap-learn: seconds, and neighbours kept.

    python benchmarks/embeddings/map.py --embeddings warehouse/embeddings_deepwalk.parquet

umap-learn gets the same neighbours and epochs. Seconds are those of a fresh process: imports and
compiling count, because a build pays them.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

OURS = """
import numpy as np
from longtail.projection import project
got = project(np.load("vectors.npy"), seed=1)
np.savez("map.npz", plane=got.plane, space=got.space)
"""
UMAP_LEARN = """
import numpy as np
import umap.umap_ as umap
from longtail.search import nearest_by_cosine
vectors = np.load("vectors.npy")
near = nearest_by_cosine(vectors, k=14)
rows = np.arange(len(vectors))[:, None]
index = np.hstack([rows, near.index]).astype(np.int32)
distance = np.hstack([rows * 0.0, 1 - near.score]).clip(0).astype(np.float32)
random = np.random.RandomState(1)
graph, _, _ = umap.fuzzy_simplicial_set(
    vectors, 15, random, "cosine", knn_indices=index, knn_dists=distance)
a, b = umap.find_ab_params(1.0, 0.1)
plane, space = (
    umap.simplicial_set_embedding(
        vectors, graph, dim, 1.0, a, b, 1.0, 5, 200, "spectral", random, "cosine", {},
        False, {}, False)[0]
    for dim in (2, 3))
np.savez("map.npz", plane=plane, space=space)
"""


def main() -> None:
    """Print a table of both."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--embeddings", type=Path, required=True, help="parquet with vector")
    parser.add_argument("--sample", type=int, default=5000, help="products laid out")
    options = parser.parse_args()
    if not options.embeddings.is_file():
        sys.exit(f"skipped: there is no embeddings file {options.embeddings}")
    vectors = np.stack(pq.read_table(options.embeddings, columns=["vector"])["vector"].to_numpy())
    vectors = vectors[vectors.any(axis=1)].astype(np.float32)
    rows = np.random.default_rng(0).permutation(len(vectors))[: options.sample]
    print("| map | products | first run s | second run s | kept in 2D | kept in 3D |")
    print("|" + " --- |" * 6)
    for name, code in (("longtail", OURS), ("umap-learn", UMAP_LEARN)):
        with tempfile.TemporaryDirectory() as folder:
            np.save(Path(folder) / "vectors.npy", vectors[rows])
            seconds = [run(code, folder) for _ in range(2)]
            got = np.load(Path(folder) / "map.npz")
            kept = [neighbours_kept(vectors[rows], got[part]) for part in ("plane", "space")]
        print(
            f"| {name} | {len(rows):,} | {seconds[0]:.1f} | {seconds[1]:.1f} "
            f"| {kept[0]:.3f} | {kept[1]:.3f} |"
        )


def run(code: str, folder: str) -> float:
    """Seconds of the code in a process of its own."""
    started = time.perf_counter()
    root = str(Path(__file__).resolve().parents[2])
    header = f"import sys; sys.path.insert(0, {root!r})\n"
    subprocess.run([sys.executable, "-W", "ignore", "-c", header + code], cwd=folder, check=True)
    return time.perf_counter() - started


def neighbours_kept(vectors: np.ndarray, places: np.ndarray, k: int = 15) -> float:
    """Share of the k nearest by cosine that are among the k nearest on the map."""
    from scipy.spatial import KDTree

    from longtail.search import nearest_by_cosine

    near = nearest_by_cosine(vectors, k=k).index
    on_map = KDTree(places).query(places, k + 1)[1]
    pairs = zip(near, on_map, strict=True)
    return float(np.mean([np.isin(one, two).mean() for one, two in pairs]))


if __name__ == "__main__":
    main()
