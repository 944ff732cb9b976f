"""Every table against the oracle, on the demo and on real events, with nearly the default vars."""

import collections
import csv
import gzip
import itertools
from collections.abc import Sequence

import pytest
from compiled_models import CompiledModels

from oracle.test_tables import compared

pytestmark = pytest.mark.build


@pytest.fixture(scope="module")
def models(tmp_path_factory) -> CompiledModels:
    folder = tmp_path_factory.mktemp("compiled")
    return CompiledModels(folder, exclude="seen", bootstrap_samples=20)


def test_tables_are_what_the_oracle_says_on_the_demo(models):
    said = compared(models, rows_of_some_users(models.demo_rows(), 2000))
    assert not said


def test_tables_are_what_the_oracle_says_on_real_events(models, shared_data):
    with gzip.open(shared_data("rees46_2019_oct_head.csv.gz"), "rt", encoding="utf-8") as file:
        rows = [
            {name: text or None for name, text in row.items()}
            for row in itertools.islice(csv.DictReader(file), 20_000)
        ]
    said = compared(models, rows_of_some_users(rows, 2000))
    assert not said


def rows_of_some_users(rows: Sequence[dict], count: int) -> list[dict]:
    """Return about `count` rows, all of some users, so that sessions stay whole."""
    of_users = collections.defaultdict(list)
    for row in rows:
        of_users[row["user_id"]].append(row)
    found = []
    for user in sorted(of_users, key=lambda user: (-len(of_users[user]) % 7, user or "")):
        if len(found) < count:
            found += of_users[user]
    return found
