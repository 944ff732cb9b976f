import subprocess
import sys

import numpy as np
import pytest
from sklearn.manifold import trustworthiness
from umap.umap_ import find_ab_params, fuzzy_simplicial_set, simplicial_set_embedding

from longtail.kernels.layout import curve_of, fuzzy_graph, laid_out
from longtail.kernels.search import nearest_by_cosine

EPOCHS = 200


@pytest.fixture(scope="module")
def groups():
    random = np.random.default_rng(0)
    centres = random.normal(size=(12, 16))
    label = random.integers(0, 12, 700)
    vectors = (centres[label] + 0.7 * random.normal(size=(700, 16))).astype(np.float32)
    vectors[:20] = vectors[20]  # equal products have neighbours at distance 0
    near = nearest_by_cosine(vectors, k=14, label="test")
    return vectors, near.index, np.maximum(1 - near.score, 0)


def umaps_graph(vectors, index, distance):
    own = np.arange(len(vectors), dtype=np.int32)[:, None]
    graph, _, _ = fuzzy_simplicial_set(
        vectors,
        index.shape[1] + 1,
        np.random.RandomState(0),
        "cosine",
        knn_indices=np.hstack([own, index]),
        knn_dists=np.hstack([np.zeros_like(own, np.float32), distance.astype(np.float32)]),
    )
    return graph


def umaps_layout(vectors, graph, start, seed):
    a, b = find_ab_params(1.0, 0.1)
    random = np.random.RandomState(seed)
    places, _ = simplicial_set_embedding(
        data=vectors, graph=graph, n_components=2, initial_alpha=1.0, a=a, b=b, gamma=1.0,
        negative_sample_rate=5, n_epochs=EPOCHS, init=start, random_state=random, metric="cosine",
        metric_kwds={}, densmap=False, densmap_kwds={}, output_dens=False, parallel=False,
    )  # fmt: skip
    return places


def test_graph_is_umaps(groups):
    vectors, index, distance = groups
    theirs = umaps_graph(vectors, index, distance).tocsr()
    ours = fuzzy_graph(index, distance).tocsr()
    assert abs(ours - theirs).max() < 1e-5
    assert ours.nnz == theirs.nnz


@pytest.mark.parametrize("min_dist", [0.0, 0.1, 0.5])
def test_curve_is_umaps(min_dist):
    assert curve_of(min_dist) == pytest.approx(find_ab_params(1.0, min_dist), rel=1e-6)


def test_layout_keeps_neighbours_as_well_as_umaps(groups):
    vectors, index, distance = groups
    graph = fuzzy_graph(index, distance)
    start = np.random.default_rng(5).normal(size=(700, 2)).astype(np.float32)

    def kept(places):
        return trustworthiness(vectors, places, n_neighbors=15, metric="cosine")

    theirs = [kept(umaps_layout(vectors, graph, start, seed)) for seed in range(3)]
    ours = [
        kept(laid_out(graph, start, curve=curve_of(0.1), epochs=EPOCHS, seed=seed))
        for seed in range(3)
    ]
    assert kept(start) < 0.6
    assert np.mean(ours) > np.mean(theirs) - 0.01


def test_two_linked_points_settle_where_the_curve_is_near_one():
    # One edge and no other point: noise is drawn from the same two, which push each other away.
    graph = fuzzy_graph(np.array([[1], [0]]), np.array([[0.3], [0.3]]))
    assert graph.toarray().tolist() == [[0, 1], [1, 0]]
    start = np.array([[0.0, 0.0], [1.0, 1.0]])
    places = laid_out(graph, start, curve=curve_of(0.1), epochs=EPOCHS, seed=1)
    gap = np.linalg.norm(places[0] - places[1])
    assert 0 < gap < 2 < np.linalg.norm([10, 10])


def test_a_map_is_drawn_without_umap_and_from_compiled_code():
    code = (
        "import sys, numpy as np\n"
        "from longtail.build.warm_up import warm_up\n"
        "from longtail.kernels._layout_steps import optimise\n"
        "from longtail.kernels.projection import project\n"
        "project(np.random.default_rng(0).normal(size=(30, 4)).astype('f'), seed=1)\n"
        "assert not {'umap', 'pynndescent'} & set(sys.modules)\n"
        "warm_up()\n"
        "print(len(optimise.signatures))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split()[-1] == "1"  # the installation compiles what a build calls
