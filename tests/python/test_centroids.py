import numpy as np
import pytest

from longtail.kernels.centroids import VECTOR_SOURCES, fill_missing_vectors, mean_directions


def unit(row):
    row = np.asarray(row, dtype=float)
    return row / np.linalg.norm(row)


def test_sources_fall_from_the_closest_kind_to_the_shop():
    vectors = np.array(
        [[2, 0, 0], [0, 3, 0], [0, 0, 5], [0, 0, 1]] + [[9, 9, 9]] * 6, dtype=np.float32
    )
    has_vector = np.array([True] * 4 + [False] * 6)
    top = np.array([0, 0, 0, 1, 0, 0, 0, -1, -1, 7])
    deep = np.array([0, 0, 1, -1, 0, 0, 9, -1, -1, -1])
    brand = np.array([0, 1, 0, 2, 1, 5, 0, 2, 8, -1])
    got = fill_missing_vectors(vectors, has_vector, categories=[top, deep], brands=brand)
    names = [VECTOR_SOURCES[code] for code in got.source]
    assert names == ["walks"] * 4 + [
        "category_and_brand",  # deep category 0, brand 1: row 1
        "category",  # deep category 0: rows 0 and 1, each of length 1
        "category",  # deep category 9 is unknown: top category 0, rows 0, 1 and 2
        "brand",  # row 3
        "shop",
        "shop",
    ]
    assert np.array_equal(got.vectors[:4], vectors[:4])
    assert got.vectors[4] == pytest.approx([0, 1, 0])
    assert got.vectors[5] == pytest.approx(unit([1, 1, 0]))
    assert got.vectors[6] == pytest.approx(unit([1, 1, 1]))
    assert got.vectors[7] == pytest.approx([0, 0, 1])
    assert got.vectors[8] == pytest.approx(unit([1, 1, 2]))
    assert got.vectors.dtype == np.float32
    assert got.source.dtype == np.int8


def test_equals_a_plain_loop_on_random_products():
    random = np.random.default_rng(0)
    count = 400
    vectors = random.normal(size=(count, 6))
    has_vector = random.random(count) < 0.6
    vectors[~has_vector] = np.nan
    levels = [random.integers(-1, size, count) for size in (4, 12, 40)]
    for codes in levels:
        codes[:100] = -1
    brand = random.integers(-1, 15, count) * 1_000_003
    got = fill_missing_vectors(vectors, has_vector, categories=levels, brands=brand)

    def mean(members):
        members &= has_vector
        return (
            unit(np.mean([unit(row) for row in vectors[members]], axis=0))
            if members.any()
            else None
        )

    everything = np.ones(count, dtype=bool)
    for row in np.flatnonzero(~has_vector):
        tries = []
        known_levels = [level for level in (2, 1, 0) if levels[level][row] >= 0]
        if known_levels and brand[row] >= 0:
            deepest = np.full((2, count), -1)
            for level, codes in enumerate(levels):
                deepest = np.where(codes >= 0, [np.full(count, level), codes], deepest)
            same = (deepest == deepest[:, [row]]).all(axis=0)
            tries.append(("category_and_brand", same & (brand == brand[row])))
        tries += [("category", levels[level] == levels[level][row]) for level in known_levels]
        if brand[row] >= 0:
            tries.append(("brand", brand == brand[row]))
        tries.append(("shop", everything.copy()))
        name, expected = next(
            (name, found) for name, members in tries if (found := mean(members)) is not None
        )
        assert VECTOR_SOURCES[got.source[row]] == name
        assert got.vectors[row] == pytest.approx(expected, abs=1e-6)
    assert len(set(got.source.tolist())) == len(VECTOR_SOURCES)


def test_without_any_kind_everyone_gets_the_shop():
    got = fill_missing_vectors(np.array([[3.0, 0], [0, 0]]), np.array([True, False]))
    assert got.vectors.tolist() == [[3, 0], [1, 0]]
    assert got.source.tolist() == [0, VECTOR_SOURCES.index("shop")]


def test_means_that_cancel_out_are_passed_over():
    vectors = np.array([[1.0, 0], [-1, 0], [0, 0]])
    has_vector = np.array([True, True, False])
    got = fill_missing_vectors(vectors, has_vector, categories=[np.zeros(3, dtype=int)])
    assert VECTOR_SOURCES[got.source[2]] == "shop"
    assert got.vectors[2].tolist() == [1, 0]


def test_nothing_missing_changes_nothing():
    vectors = np.random.default_rng(0).normal(size=(9, 3)).astype(np.float32)
    before = vectors.copy()
    got = fill_missing_vectors(vectors, np.ones(9, dtype=bool), brands=np.zeros(9, dtype=int))
    assert np.array_equal(got.vectors, before)
    assert not got.source.any()
    got.vectors[0] = 7
    assert np.array_equal(vectors, before)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"vectors": np.ones(3)}, "vectors must be"),
        ({"vectors": np.ones((3, 2), dtype=int)}, "vectors must be"),
        ({"vectors": np.full((3, 2), np.nan)}, "vectors holds NaN"),
        ({"vectors": np.zeros((3, 2))}, "vectors holds zeros"),
        ({"has_vector": np.array([1, 0, 1])}, "has_vector must be"),
        ({"has_vector": np.array([True, False])}, "has_vector must be"),
        ({"has_vector": np.zeros(3, dtype=bool)}, "has_vector: no row"),
        ({"categories": [np.zeros(2, dtype=int)]}, r"categories\[0\] must be"),
        ({"categories": [np.zeros(3, dtype=int), np.zeros(3)]}, r"categories\[1\] must be"),
        ({"brands": np.zeros(4, dtype=int)}, "brands must be"),
        ({"brands": np.array(["a", "b", "c"])}, "brands must be"),
    ],
)
def test_bad_argument_is_named(changes, says):
    arguments = {
        "vectors": np.ones((3, 2)),
        "has_vector": np.array([True, False, True]),
        **changes,
    }
    with pytest.raises(ValueError, match=f"^{says}"):
        fill_missing_vectors(arguments.pop("vectors"), arguments.pop("has_vector"), **arguments)


def test_a_mean_direction_weighs_directions_and_not_lengths():
    vectors = np.array([[10, 0], [0, 0.1], [3, 4], [1, 0], [-5, 0]], dtype=np.float32)
    weights = np.array([1.0, 1, 0.5, 2, 2])
    means, is_usable = mean_directions(vectors, weights, np.array([0, 2, 3]))
    assert means[0] == pytest.approx(unit([1, 1]))
    assert means[1] == pytest.approx([0.6, 0.8])
    assert means[2].tolist() == [0, 0]  # the two cancel out
    assert is_usable.tolist() == [True, True, False]
    assert means.dtype == np.float32


def test_of_no_run_there_is_no_mean_direction():
    none = np.empty(0)
    means, is_usable = mean_directions(np.empty((0, 3)), none, none.astype(np.int64))
    assert means.shape == (0, 3)
    assert is_usable.shape == (0,)
