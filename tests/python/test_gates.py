"""Gates from the log to the exit code, and their statistics."""

import hashlib
import io
import json
import math
from functools import partial

import duckdb
import jinja2
import pytest
from dbt.cli.main import dbtRunner
from dbt_shop import ROOT, parsed_for
from odd_log import odd_events

from longtail.build import console

WORSE = {"graph_cutoff": "2023-12-31", "gate_fall": 0.5, "gate_edges": 100}
"""No event is before the cut: the graph is empty."""


# ---- closed, and let through once --------------------------------------------------------------


@pytest.fixture(scope="module")
def closed(shop, odd_build):
    """A build of a third of a published log, with an empty graph: its output and the first's."""
    if shop.query("select count(*) from stg_events")[0][0] != len(odd_events()):
        shop.write(odd_events())
        assert shop.build().is_good
    before = shop.published()
    shop.write(odd_events(130))
    return shop.build(**WORSE), before


def test_a_worse_build_changes_no_published_table(shop, closed):
    outcome, before = closed
    assert not outcome.is_good
    assert "Failed: test assert_release_gates_pass" in outcome.text
    assert "Nothing was published; the tables of the last good build are unchanged." in outcome.end
    assert shop.published() == before


def test_a_closed_gate_says_what_fell_and_which_var_lets_it_pass(shop, closed):
    figures = dict(shop.query("select figure, value from build_figures where builds_ago = 0"))
    events = duckdb.sql(f"from '{shop.warehouse}/.work/int_interactions.parquet'").shape[0]
    lines = "\n".join(line.strip() for line in closed[0].lines if len(line) <= 300)
    assert (
        f"clean events since the last build: fell from {figures['clean events']:.0f} to {events}, "
        f"below {figures['clean events'] / 2:g}: if that is right, gate_fall: 1 lets it pass once"
    ) in lines
    assert f"edges since the last build: fell from {figures['edges']:.0f} to 0, below" in lines
    assert "edges of the graph: 0, must be at least 1: check event_time" in lines
    assert "users since the last build" not in lines


def test_a_closed_gate_gives_an_exit_code(shop, closed, monkeypatch):
    """By the command that make runs, on the project as it is parsed already."""
    parsed = parsed_for(shop.vars | WORSE, shop.options)
    monkeypatch.setattr("dbt.cli.main.dbtRunner", partial(dbtRunner, manifest=parsed))
    said = io.StringIO()
    monkeypatch.setattr(console, "Console", partial(console.Console, said))
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("LONGTAIL_WAREHOUSE", str(shop.warehouse))
    vars = json.dumps(shop.vars | WORSE, ensure_ascii=False)
    given = ("test", "--select", "assert_release_gates_pass", "--vars", vars)
    assert (
        console.main([*given, "--target-path", str(shop.target), "--log-level-file", "none"]) == 1
    )
    assert "edges of the graph: 0, must be at least 1" in said.getvalue()
    assert shop.published() == closed[1]


def test_a_var_lets_it_pass_once_and_the_next_build_is_compared_with_it(shop, closed):
    builds = shop.query("select max(builds_ago) from build_figures")[0][0]
    gates = ("build", "--select", "build_figures+")
    passed = shop.dbt(*gates, **WORSE | {"gate_fall": 1, "gate_edges": 0})
    assert passed.is_good, passed.text
    assert "undecided gates  recall@20 of the hybrid against its best part, " in passed.text
    assert "popularity: not enough to judge: evaluated users: 15 of 100 (gate_users)" in passed.text
    assert shop.query("select max(builds_ago) from build_figures")[0][0] == builds + 1
    again = shop.dbt(*gates, **WORSE | {"gate_edges": 0})
    assert again.is_good, again.text
    events = shop.query("""
        select value, last_value from release_gates where gate like 'clean events since%'
    """)
    assert events[0][0] == events[0][1]


# ---- intervals ---------------------------------------------------------------------------------

# Newcombe 1998, Statistics in Medicine 17:857, table I; the last from 29 / (29 + 1.96 ** 2).
SCORE_INTERVALS = {
    (81, 263): (0.2553, 0.3662),
    (15, 148): (0.0624, 0.1605),
    (0, 20): (0.0000, 0.1611),
    (1, 29): (0.0061, 0.1718),
    (29, 29): (0.8830, 1.0000),
}


@pytest.mark.parametrize(("hits", "trials"), SCORE_INTERVALS)
def test_the_score_interval_is_the_published_one(hits, trials):
    macro = (ROOT / "macros" / "build" / "wilson_end.sql").read_text(encoding="utf-8")
    ends = jinja2.Template(
        macro + "{{ wilson_end('share', 'trials', '-') }}, {{ wilson_end('share', 'trials', '+') }}"
    ).render()
    found = duckdb.sql(
        f"select {ends} from (select {hits / trials} as share, {trials} as trials)"
    ).fetchall()[0]
    assert tuple(round(end, 4) for end in found) == SCORE_INTERVALS[hits, trials]


def poisson_weight(draw: float) -> int:
    """Return how often a user counts for whom a share `draw` of Poisson(1) lies below."""
    weight, below = 0, math.exp(-1)
    while draw >= below and weight < 6:
        weight += 1
        below += math.exp(-1) / math.factorial(weight)
    return weight


def test_bootstrap_weights_are_poisson_draws_of_the_hash_of_user_and_sample(shop, closed):
    samples = 300
    run = shop.dbt("run", "--select", "int_bootstrap_weights", **WORSE, bootstrap_samples=samples)
    assert run.is_good, run.text
    work = f"{shop.warehouse}/.work"
    users = duckdb.sql(f"""
        select distinct user_id, user_key from '{work}/int_targets.parquet'
        inner join '{work}/int_user_keys.parquet' using (user_key)
    """).fetchall()
    expected = {}
    for user_id, user_key in users:
        for sample in range(1, samples + 1):
            digest = hashlib.md5(f"{user_id}:{sample}".encode()).digest()
            draw = int.from_bytes(digest[8:], "little") % 1000000007 / 1000000007
            expected[user_key, sample] = poisson_weight(draw)
    assert len(users) == 15
    found = duckdb.sql(f"from '{work}/int_bootstrap_weights.parquet'").fetchall()
    assert {(key, sample): weight for key, sample, weight in found} == {
        place: weight for place, weight in expected.items() if weight > 0
    }
    # 4500 draws of mean and variance 1: four standard errors are 0.06 and, for the variance, 0.10.
    weights = list(expected.values())
    mean = sum(weights) / len(weights)
    assert abs(mean - 1) < 0.06
    assert abs(sum((weight - mean) ** 2 for weight in weights) / len(weights) - 1) < 0.11
