"""Contributions to a ranked row: Shapley values that add up to its score, largest first."""

import numpy as np
import pyarrow as pa
import pytest
from toy_ranker import examples, gains, learned, toy, trained

from longtail.kernels.ranker import tree_contributions, tree_scores
from longtail.tables.contributions import CONTRIBUTION_SCHEMA, contribution_table


def test_contributions_add_up_to_the_score_less_the_mean():
    text, (features, _) = trained().text, toy(seed=2)
    added = tree_contributions(text, features, threads=1)
    rest = tree_scores(text, features, threads=1) - added.sum(axis=1)
    assert rest == pytest.approx(np.full(len(rest), rest[0]), abs=1e-9)
    assert (np.abs(added).argmax(axis=1) == 1).mean() > 0.9  # what decides
    assert (added == tree_contributions(text, features, threads=3)).all()


@pytest.mark.parametrize("kind", ["trees", "linear"])
def test_the_largest_contributions_come_first_and_only_when_the_ranker_is_used(kind):
    table = examples()
    batches = pa.RecordBatchReader.from_batches(table.schema, table.to_batches(1000))
    ranker = pa.Table.from_pylist([learned(table, kind)])
    found = contribution_table(batches, ranker, threads=1).read_all()
    assert found.schema == CONTRIBUTION_SCHEMA
    first = found.filter(np.asarray(found.column("place")) == 1)
    assert len(first) > 0.9 * len(table)
    assert set(first.column("feature").to_pylist()[:20]) == {"what_decides"}
    amounts = np.abs(np.asarray(found.column("contribution")))
    falls = np.asarray(found.column("place"))[1:] > 1
    assert (amounts[1:] <= amounts[:-1])[falls].all() and (amounts > 0).all()
    batches = pa.RecordBatchReader.from_batches(table.schema, table.to_batches(1000))
    unused = pa.Table.from_pylist([learned(table, kind, compared=gains(counted=1.0))])
    assert len(contribution_table(batches, unused, threads=1).read_all()) == 0
