"""Arms of an experiment in a build with a ranker: their lists are those of a whole build."""

import shutil
from collections import Counter

import pytest
from dbt_shop import RANKED_VARS, Shop
from test_experiments import by_user, made

CAPS = {"one": 1, "any": 0, "control": 2}
VARS = {**RANKED_VARS, "category_cap": 2}
EXPERIMENTS = [
    {"name": "one", "share": 0.3, "vars": {"category_cap": 1}},
    {"name": "any", "share": 0.5, "vars": {"category_cap": 0}},
]


@pytest.fixture(scope="module")
def arms_built(ranked_shop, tmp_path_factory) -> tuple[list[dict], dict[str, list[dict]]]:
    """Return the lists of a build with the experiments, and of whole builds by each cap."""
    shop = Shop(tmp_path_factory.mktemp("arms"))
    shutil.copytree(ranked_shop.warehouse, shop.warehouse, symlinks=True)
    shop.vars = {**VARS}

    def lists(**given) -> list[dict]:
        ran = shop.dbt("run", "--select", "+user_recommendations", **given)
        assert ran.is_good, ran.text
        (ranker,) = made(shop, "int_ranker")
        assert ranker["is_used"], ranker["reason"]
        return made(shop, "user_recommendations")

    whole = {arm: lists(parsed=True, category_cap=cap) for arm, cap in CAPS.items()}
    return lists(experiments=EXPERIMENTS), whole


@pytest.mark.parametrize("arm", CAPS)
def test_an_arm_has_the_ranked_lists_of_a_build_with_its_vars(arms_built, arm):
    lists, whole = arms_built
    shown = by_user([row for row in lists if row["arm"] == arm])
    expected = by_user(whole[arm])
    assert len(shown) > 50
    assert shown == {user: expected[user] for user in shown}


def test_other_caps_make_other_lists(arms_built):
    _, whole = arms_built
    one, every, two = (by_user(whole[arm]) for arm in CAPS)
    users = len(two)
    assert Counter(one[user] != two[user] for user in two)[True] > users / 4
    assert Counter(every[user] != two[user] for user in two)[True] > users / 4
