"""The linear ranker: a fit with a known answer."""

import numpy as np
import pytest

from longtail.kernels.ranker import linear_scores, train_linear


def test_linear_weight_is_the_log_odds():
    # Of two candidates one has the feature; it is taken in 3 of 4 cases. The fit of a logit is
    # then log(3), over what the transformation makes of the value: log(1 + 1 / 1).
    cases = 4000
    features = np.tile(np.asarray([[1.0], [0.0]]), (cases, 1))
    relevance = np.zeros((cases, 2), np.int64)
    relevance[np.arange(cases), (np.arange(cases) % 4 == 0).astype(int)] = 1
    found = train_linear(features, relevance.ravel(), np.full(cases, 2), purchase_weight=1)
    assert found.scales == pytest.approx([1.0])
    assert found.weights[0] * np.log(2) == pytest.approx(np.log(3), rel=0.02)
    assert linear_scores(found, features)[:2] == pytest.approx([np.log(3), 0], rel=0.02)
