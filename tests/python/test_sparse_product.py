"""The sparse product: against plain Python, and its two spellings in SQL against each other."""

from collections import defaultdict

import duckdb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_dialect import rendered

from longtail.build.functions import add_functions
from longtail.kernels.sparse_product import LEFT_OUT, _multiply, sparse_product

TERM = st.tuples(st.integers(0, 6), st.integers(-20, 40))
ENTRY = st.tuples(st.integers(0, 8), st.integers(0, 3), st.lists(TERM, max_size=6))
"""Weight, cause, and (key, score) of its terms; in quarters, which floats hold exactly."""
ROWS = st.lists(st.lists(ENTRY, max_size=4), max_size=4)
DIVISORS = (1, 2, 4, 8, 1, 2, 4)


def by_hand(entries, size, left_out=()):
    """Return (key, score, cause) of a row, best first."""
    terms = defaultdict(list)
    for weight, cause, links in entries:
        for key, score in links:
            terms[key].append((weight / 4 * (score / 4), cause))
    values = []
    for key, found in terms.items():
        largest = max(term for term, _ in found)
        cause = min(cause for term, cause in found if term == largest)
        values.append((key, sum(term for term, _ in found) / DIVISORS[key], cause))
    values.sort(key=lambda value: (-value[1], value[0]))
    return [value for value in values if value[0] not in left_out][:size]


def multiplied(rows, **options):
    """Return what the kernel makes of rows of entries, as `by_hand`."""
    entries = [entry for row in rows for entry in row]
    terms = [term for _, _, links in entries for term in links]
    found = sparse_product(
        np.cumsum([0, *map(len, rows)], dtype=np.int32),
        np.array([weight / 4 for weight, _, _ in entries], np.float64),
        np.cumsum([0, *(len(links) for _, _, links in entries)], dtype=np.int32),
        np.array([key for key, _ in terms], np.int32),
        digits=9,
        scores=np.array([score / 4 for _, score in terms], np.float64),
        causes=np.array([cause for _, cause, _ in entries], np.int64),
        divisors=np.array([DIVISORS[key] for key, _ in terms], np.float64),
        **options,
    )
    values = list(
        zip(found.keys.tolist(), found.scores.tolist(), found.causes.tolist(), strict=True)
    )
    return [values[a:b] for a, b in zip(found.offsets[:-1], found.offsets[1:], strict=True)]


@settings(deadline=None)
@given(ROWS, st.sampled_from([1, 2, 3, 5, None]))
def test_the_largest_values_of_each_row(rows, size):
    assert multiplied(rows, size=size) == [by_hand(row, size) for row in rows]


@settings(deadline=None)
@given(ROWS, st.sets(st.integers(0, 6)))
def test_what_is_left_out_is_in_no_row(rows, left_out):
    marked = [[*row, (4, LEFT_OUT, [(key, 4) for key in left_out])] for row in rows]
    expected = [by_hand(row, 3, left_out) for row in rows]
    assert multiplied(marked, size=3) == expected
    assert multiplied([row[::-1] for row in marked], size=3) == expected


def test_a_long_row_among_short_ones():
    keys = np.random.default_rng(1).permutation(5000)
    links = [(int(key), 4) for key in keys]
    found = sparse_product(
        np.array([0, 1, 2, 3], np.int32),
        np.array([1.0, 2.0, 3.0]),
        np.array([0, 1, 5001, 5002], np.int32),
        np.array([7, *(key for key, _ in links), 7], np.int32),
        digits=12,
        size=20,
    )
    assert found.offsets.tolist() == [0, 1, 21, 22]
    assert found.keys.tolist() == [7, *range(20), 7]
    assert found.scores.tolist() == [1, *[2] * 20, 3]


def test_terms_are_rounded_halves_away_from_zero_before_they_are_added():
    rows = [[(4, 0, [(0, 1), (0, 1)]), (4, 0, [(1, -1), (1, -1)])]]  # scores of a quarter
    weights, terms = np.array([6.0, 6.0]), np.array([0.25, 0.25, -0.25, -0.25])
    assert [len(row) for row in rows] == [2]
    found = sparse_product(
        np.array([0, 2], np.int32),
        weights,
        np.array([0, 2, 4], np.int32),
        np.array([0, 0, 1, 1], np.int32),
        digits=0,
        scores=terms,
    )
    assert found.scores.tolist() == [4, -4]  # 1.5 + 1.5 as 2 + 2


def test_sums_are_raised_to_the_power():
    one = np.array([0, 1], np.int32)
    found = sparse_product(one, np.array([3.0]), one, one[:1], digits=9, power=0.5)
    assert found.scores[0] == 3**0.5


def test_one_compilation_serves_arrays_of_each_kind():
    one, weight = np.array([0, 1], np.int32), np.array([2.0])
    frozen = weight.copy()
    frozen.flags.writeable = False
    for options in ({}, {"scores": frozen}, {"scores": weight, "divisors": frozen}):
        for weights in (weight, frozen):
            sparse_product(one, weights, one, one[:1], digits=9, **options)
    assert len(_multiply.signatures) == 1


@pytest.mark.parametrize("weight", [np.nan, np.inf, 1e10])
def test_a_sum_that_does_not_fit_is_refused(weight):
    one = np.array([0, 1], np.int32)
    with pytest.raises(ValueError, match=r"not finite, or above 4e\+06 \(with 12 decimals\)"):
        sparse_product(one, np.array([weight]), one, one[:1], digits=12)


TABLES = """
create table entries as from (values (1, 10, .5, 7, 2), (1, 11, .25, 8, 1), (2, 11, 1., 8, 1))
    as _ (list_key, link_key, weight, because, place);
create table links as from (values
    (10, 3, .1, 2.), (10, 4, .7, 1.), (11, 3, .2, 2.), (11, 5, 1 / 3, 4.), (12, 6, 1., 1.))
    as _ (link_key, product_key, score, divisor);
create table more as from (values (1, 7, 7, 2, .3), (3, 9, 7, 1, .1))
    as _ (list_key, product_key, because, place, term);
create table hidden as from (values (1, 4), (4, 1)) as _ (list_key, product_key);
"""


@pytest.mark.parametrize(
    ("options", "rows"),
    [
        (
            "score='score', cause='because', more_terms='more', left_out='hidden', size=2",
            [
                (1, 7, 7, 0.3, 1),
                (1, 3, 8, 0.1, 2),  # of equal terms that of the smaller place
                (2, 5, 8, 0.333333333333, 1),
                (2, 3, 8, 0.2, 2),
                (3, 9, 7, 0.1, 1),
            ],
        ),
        (
            "divisor='divisor', power=2, left_out='hidden'",
            [(1, 3, 0.28125, 1), (1, 5, 0.015625, 2), (2, 3, 0.5, 1), (2, 5, 0.25, 2)],
        ),
    ],
)
@pytest.mark.parametrize("engine", ["duckdb", "any"])
def test_both_spellings(engine, options, rows):
    call = (
        "{{ sparse_product('entries', 'links', row='list_key', via='link_key', "
        f"key='product_key', digits=12, {options}) }}}}"
    )
    with duckdb.connect() as connection:
        add_functions(connection)
        connection.execute(TABLES)
        found = connection.execute(
            f"select * from ({rendered(call, engine)}) order by list_key, rank"
        )
        names = [column[0] for column in found.description]
        order = [name for name in ("list_key", "product_key", "because") if name in names]
        places = [names.index(name) for name in (*order, "score", "rank")]
        assert [tuple(row[place] for place in places) for row in found.fetchall()] == rows
