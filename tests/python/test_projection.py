import warnings

import numpy as np
import pytest

from longtail.kernels import projection
from longtail.kernels.projection import cluster, project


@pytest.fixture(scope="module")
def groups():
    random = np.random.default_rng(0)
    centres = random.normal(size=(8, 20))
    label = random.integers(0, 8, 600)
    return (centres[label] + 0.5 * random.normal(size=(600, 20))).astype(np.float32), label


@pytest.fixture(scope="module")
def drawn(groups):
    return project(groups[0], seed=4)


def shared_neighbours(vectors, positions, k=10):
    """Share of each point's k nearest by cosine that are among its 2 k nearest on the map."""
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    cosine = unit @ unit.T
    gap = np.linalg.norm(positions[:, None] - positions[None], axis=2)
    np.fill_diagonal(cosine, -np.inf)
    np.fill_diagonal(gap, np.inf)
    near, on_map = np.argsort(-cosine)[:, :k], np.argsort(gap)[:, : 2 * k]
    return np.mean([np.isin(one, two).mean() for one, two in zip(near, on_map, strict=True)])


@pytest.mark.slow
def test_neighbours_stay_neighbours(groups, drawn):
    vectors, _ = groups
    assert (drawn.plane.shape, drawn.space.shape) == ((600, 2), (600, 3))
    assert drawn.plane.dtype == drawn.space.dtype == np.float32
    start = projection._principal(vectors, 2)
    kept = shared_neighbours(vectors, drawn.plane)
    assert kept > 0.5
    assert kept > shared_neighbours(vectors, start) + 0.1  # the layout did it, not its start
    assert shared_neighbours(vectors, drawn.space) > 0.5


@pytest.mark.slow
def test_what_umap_compiles_is_kept_from_the_installation_on(drawn):
    from umap import layouts, umap_

    for loop in (
        umap_.smooth_knn_dist,
        umap_.compute_membership_strengths,
        layouts._nb_optimize_layout_euclidean_single_epoch,
    ):
        assert loop.stats.cache_hits and not loop.stats.cache_misses, loop


@pytest.mark.slow
def test_groups_of_vectors_are_clusters_of_the_map(groups, drawn):
    _, label = groups
    found = cluster(drawn.plane)
    assert found.dtype == np.int32
    largest_share = [np.bincount(label[found == one]).max() for one in np.unique(found)]
    assert sum(largest_share) / 600 > 0.95


@pytest.mark.slow
def test_same_seed_same_map_for_one_and_two_threads(groups, drawn):
    vectors, _ = groups
    again = project(vectors, seed=4, threads=2)
    assert np.array_equal(drawn.plane, again.plane)
    assert np.array_equal(drawn.space, again.space)
    assert not np.array_equal(drawn.plane, project(vectors, seed=5).plane)


@pytest.mark.slow
def test_rows_are_the_sample_in_its_order(groups):
    vectors, _ = groups
    rows = np.random.default_rng(1).permutation(600)[:100]
    sample = project(vectors, rows=rows, seed=4, epochs=20)
    assert np.array_equal(sample.plane, project(vectors[rows], seed=4, epochs=20).plane)


@pytest.mark.slow
@pytest.mark.parametrize("count", [1, 2, 3, 5, 7, 8, 9, 16])
def test_tiny_shops_have_a_map(groups, count):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        got = project(groups[0][:count], seed=1)
        assert got.plane.shape == (count, 2)
        assert got.space.shape == (count, 3)
        assert np.isfinite(got.plane).all()
        assert np.isfinite(got.space).all()
        assert len(np.unique(got.plane, axis=0)) == count
        assert cluster(got.plane).tolist() == [0] * count


@pytest.mark.slow
def test_equal_vectors_and_one_dimension_have_a_map():
    same = project(np.ones((40, 6)), seed=1)
    assert np.isfinite(same.plane).all()
    line = project(np.array([[1.0], [-1.0]] * 10), seed=1)
    assert np.isfinite(line.space).all()


def test_separate_islands_do_not_fall_apart():
    random = np.random.default_rng(3)
    vectors = np.repeat(np.eye(3, dtype=np.float32), 60, axis=0)
    vectors += 0.05 * random.normal(size=vectors.shape).astype(np.float32)
    found = cluster(project(vectors, seed=1).plane, smallest=20)
    island = np.repeat(np.arange(3), 60)
    assert all(len(np.unique(island[found == one])) == 1 for one in np.unique(found))


def test_clusters_are_numbered_by_size_and_take_in_stragglers():
    random = np.random.default_rng(0)
    small, large = random.normal(size=(60, 2)), random.normal(size=(140, 2)) + 50
    straggler = np.array([[20.0, 20.0]])
    found = cluster(np.concatenate([small, large, straggler]), smallest=50)
    assert set(found[:60]) == {1}
    assert set(found[60:200]) == {0}
    assert found[200] == 1


def test_equal_sizes_are_numbered_by_first_point():
    assert projection._by_size(np.array([5, 2, 2, 9, 5, 9])).tolist() == [0, 1, 1, 2, 0, 2]


def test_points_without_a_split_are_one_cluster():
    assert not cluster(np.zeros((100, 2))).any()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"vectors": np.zeros((20, 3))}, "vectors: 20 rows are zero"),
        ({"vectors": np.full((20, 3), np.nan)}, "vectors holds NaN"),
        ({"vectors": np.ones(20)}, "vectors must be"),
        ({"vectors": np.ones((0, 3))}, "vectors must be"),
        ({"rows": np.array([20])}, "rows must be"),
        ({"rows": np.array([-1])}, "rows must be"),
        ({"rows": np.array([], dtype=int)}, "rows must be"),
        ({"rows": np.array([0.5])}, "rows must be"),
        ({"neighbours": 1}, "neighbours must be"),
        ({"min_dist": -0.1}, "min_dist must be"),
        ({"min_dist": 1}, "min_dist must be"),
        ({"epochs": 0}, "epochs must be"),
        ({"threads": 0}, "threads must be"),
        ({"seed": -1}, "seed must be"),
    ],
)
def test_bad_argument_is_named(changes, says):
    arguments = {"vectors": np.ones((20, 3)), "seed": 1, **changes}
    with pytest.raises(ValueError, match=f"^{says}"):
        project(arguments.pop("vectors"), **arguments)


@pytest.mark.parametrize(
    ("positions", "smallest", "says"),
    [
        (np.ones(5), None, "positions must be"),
        (np.ones((5, 2), dtype=int), None, "positions must be"),
        (np.full((5, 2), np.inf), None, "positions holds NaN"),
        (np.ones((5, 2)), 1, "smallest must be"),
    ],
)
def test_bad_cluster_argument_is_named(positions, smallest, says):
    with pytest.raises(ValueError, match=f"^{says}"):
        cluster(positions, smallest=smallest)
