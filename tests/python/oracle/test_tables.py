"""Every table against the oracle, on made-up logs."""

import functools
import re
from collections.abc import Callable, Iterable, Mapping, Sequence

import hypothesis
import pytest
from compiled_models import ROOT, CompiledModels, all_vars
from hypothesis import HealthCheck, Phase, assume, given

from oracle.compare import LIMIT, differences, with_ids
from oracle.logs import as_tables, logs, made_up_neighbours
from oracle.neighbour_tables import PARTS
from oracle.recompute import Given, recompute
from oracle.sessions import NothingCleanError

KEYS = {
    "int_product_keys": ["product_id"],
    "int_user_keys": ["user_id"],
    "int_user_days": ["event_date", "user_id"],
    "int_log_days": ["event_date"],
    "int_robots": ["user_id"],
    "int_events_flagged": [],
    "int_interactions": [],
    "int_timeline": [],
    "int_time_scales": [],
    "cleaning_report": ["step", "rule"],
    "int_session_steps": ["session_id", "step"],
    "int_daily_pairs": ["session_date", "product_key_a", "product_key_b"],
    "int_robot_pairs": ["session_date", "product_key_a", "product_key_b"],
    "int_product_pairs": ["product_key_a", "product_key_b"],
    "product_nodes": ["product_id"],
    "product_edges": ["source_product_id", "target_product_id"],
    "products": ["product_id"],
    "product_availability": ["product_id"],
    "int_product_leaves": ["product_key"],
    "int_group_products": ["group_key", "product_key"],
    "neighbours_covisit": ["product_id", "neighbour_product_id"],
    "neighbours_rp3beta": ["product_id", "neighbour_product_id"],
    "int_product_factors": ["product_key"],
    "int_neighbours": ["model", "product_key", "neighbour_key"],
    "int_strongest_groups": ["product_key", "group_key"],
    "int_similar_groups": ["scope", "user_key", "group_key"],
    "int_withheld_products": ["user_key", "product_key"],
    "int_targets": ["user_key", "product_key"],
    "int_user_histories": ["scope", "user_key", "product_key"],
    "int_excluded_products": ["scope", "user_key", "product_key"],
    "int_popularity": ["scope", "product_key"],
    "repurchases": ["category_code"],
    "popular_products": ["category_code", "rank"],
    "user_recommendations": ["user_id", "rank"],
    "int_product_looks": ["product_key"],
    "int_substitutes": ["product_key", "neighbour_key"],
    "int_wanting_sessions": ["session_id", "product_key"],
    "int_bought_after": ["product_key", "neighbour_key"],
    "int_complement_evidence": ["product_key", "neighbour_key"],
    "int_borrowed_evidence": ["product_key", "neighbour_key"],
    "int_complements": ["product_key", "neighbour_key"],
    "similar_products": ["product_id", "relation", "rank"],
    "int_product_exposure": ["product_key"],
    "int_evaluated_recommendations": ["model", "user_key", "rank"],
    "int_task_targets": ["task", "target_group", "user_key", "product_key"],
    "int_user_metrics": ["model", "task", "target_group", "user_key", "k", "metric"],
    "int_evaluated_users": ["user_key", "segment"],
    "int_bootstrap_weights": ["user_key", "sample_id"],
    "int_list_metrics": ["model", "k", "metric"],
    "model_metrics": ["model", "task", "segment", "metric", "k"],
    "long_tail_exposure": ["model", "decile"],
}
"""The tables that are compared, in the order of the data, each with its key."""
LEFT_OUT = {"long_tail_exposure": {"build_id", "built_at"}}
"""Columns about the build, not about the log."""
DECLARED = re.findall(
    r'"(\w+)": {"table"', (ROOT / "macros/recommend/neighbour_models.sql").read_text("utf-8")
)
UNKNOWN_MODELS = set(DECLARED) - set(PARTS)
"""Models of neighbours that the oracle does not know: their own rows are not compared."""
EXAMPLES = 16
"""Made-up logs per settings; each costs a third of a second."""
TRIES = 60
"""Tries to shrink a failing log."""


SETTINGS = {
    "narrow": {
        "window": 3,
        "half_life_days": 2,
        "max_neighbours": 3,
        "neighbours": 4,
        "robot_days": 2,
        "robot_clicks": 11,
        "robot_purchases": 4,
        "rp3_group_size": 5,
        "history_length": 6,
        "history_half_life_days": 1,
        "recommendations": 5,
        "similar_products": 4,
        "popular_products": 3,
        "other_branch_cosine": 0.7,
        "complement_decay": 0.7,
        "complement_floor": 0.6,
        "same_category_sessions": 1,
        "blend": {"covisit": 1, "rp3beta": 0.5, "deepwalk": 0.1, "successors": 0.2},
        "bootstrap_samples": 5,
        "terms_per_batch": 1000,
    },
    "baskets": {
        "window": 0,
        "half_life_days": 0,
        "max_neighbours": 2,
        "neighbours": 5,
        "session_gap_minutes": 1,
        "min_stay_seconds": 2,
        "day_share": 0.25,
        "click_event_types": ["view"],
        "purchase_event_types": ["purchase", "cart"],
        "robot_clicks": 11,
        "robot_purchases": 9,
        "graph_cutoff": "2024-03-01 12:00:00",
        "covisit_beta": 0.4,
        "rp3_groups": "sessions",
        "rp3_group_size": 4,
        "rp3_group_exponent": 0.5,
        "rp3_alpha": 1.3,
        "row_exponent": 0.5,
        "knn_groups": 3,
        "knn_product_groups": 3,
        "interactions_exponent": -0.3,
        "trend_weight": 0.5,
        "trend_half_life_days": 2,
        "blend": {"covisit": 1, "rp3beta": 0.5, "deepwalk": 0.1, "group_knn": 0.7},
        "exclude": "none",
        "repeat_weight": 0.8,
        "repeat_step_decay": 0.9,
        "history_step_decay": 0.8,
        "category_cap": 2,
        "recommendations": 3,
        "evaluation_users": 3,
        "bootstrap_samples": 3,
        "terms_per_batch": 1000,
    },
}
"""Vars: limits so tight that small logs reach them; sessions for baskets."""


@pytest.fixture(scope="module")
def compiled(tmp_path_factory) -> Callable[[str], CompiledModels]:
    """A function from the name of settings to the models compiled with them."""
    folder = tmp_path_factory.mktemp("compiled")
    return functools.cache(lambda name: CompiledModels(folder, **SETTINGS[name]))


def compared(models: CompiledModels, rows: Sequence[dict]) -> dict[str, list[str]]:
    """Run models and oracle over the rows of a log; return the differences by table."""
    settings = all_vars(**models.given)
    given = made_up_parents(rows, settings)
    expected = recompute(rows, settings, given)
    tables = models.run(rows, list(KEYS), as_tables(given))
    return differences_by_table(tables, expected, settings)


def made_up_parents(rows: Sequence[dict], settings: Mapping) -> Given:
    """Return made-up tables beside a log's; every other log has a catalogue."""
    return made_up_neighbours(rows, settings, with_catalogue=len(rows) % 2 == 1)


def comparable(name: str, rows: Iterable[Mapping]) -> list[dict]:
    """Return what the oracle covers: rows of its models, most columns."""
    left_out = LEFT_OUT.get(name, set())
    return [
        {column: value for column, value in row.items() if column not in left_out}
        for row in rows
        if row.get("model") not in UNKNOWN_MODELS
    ]


def differences_by_table(
    tables: Mapping[str, list[dict]], expected: Mapping[str, list[dict]], settings: Mapping
) -> dict[str, list[str]]:
    """Return the differences by table, for tables with any."""
    users = {row["user_key"]: row["user_id"] for row in tables["int_user_keys"]}
    products = {row["product_key"]: row["product_id"] for row in tables["int_product_keys"]}
    said = {}
    for name, key in KEYS.items():
        found = comparable(name, tables[name])
        if name not in ("int_product_keys", "int_user_keys"):
            found = with_ids(found, users, products, settings["rp3_groups"])
        said[name] = differences(found, expected[name], key)[:LIMIT]
    return {name: lines for name, lines in said.items() if lines}


@pytest.mark.parametrize("settings", ["narrow", pytest.param("baskets", marks=pytest.mark.build)])
def test_tables_are_what_the_oracle_says_on_made_up_logs(compiled, settings):
    models = compiled(settings)

    @hypothesis.settings(
        max_examples=EXAMPLES,
        derandomize=True,
        deadline=None,
        database=None,
        phases=[Phase.generate],  # its shrinking would take minutes; `fewer` takes seconds
        suppress_health_check=list(HealthCheck),
    )
    @given(logs(1, 16))
    def check(rows):
        try:
            said = compared(models, rows)
        except NothingCleanError:
            assume(False)
        if said:
            rows, said = fewer(models, rows, said)
            pytest.fail(describe(rows, said), pytrace=False)

    check()


def fewer(models: CompiledModels, rows: list[dict], said: dict) -> tuple[list[dict], dict]:
    """Drop rows while the first differing table still differs, in `TRIES` tries."""
    table, size, tries = next(iter(said)), len(rows) // 2, TRIES
    while size and tries:
        for start in range(0, len(rows), size):
            fewer_rows = rows[:start] + rows[start + size :]
            tries -= 1
            try:
                still = compared(models, fewer_rows)
            except NothingCleanError:
                continue
            if table in still:
                rows, said = fewer_rows, still
                break
            if not tries:
                break
        else:
            size //= 2
    return rows, said


def describe(rows: Sequence[dict], said: Mapping[str, list[str]]) -> str:
    """Describe the differences and their log."""
    lines = [f"{table}: {line}" for table, found in said.items() for line in found]
    return "\n".join([*lines, f"on these {len(rows)} rows:", *(str(row) for row in rows)])


def test_sessions_together_does_not_depend_on_the_order_of_ids(compiled):
    """A product with a smaller id that first appears on a later day."""
    log = [("2024-01-01 10:00:00", "u", "z"), ("2024-01-01 10:00:01", "u", "y")]
    log += [
        (f"2024-01-02 10:00:{2 * n + number:02d}", f"u{n}", product)
        for n in range(5)
        for number, product in enumerate(("z", "a"))
    ]
    log += [("2024-01-09 10:00:12", "u", "y")]  # held out
    assert not compared(compiled("narrow"), views(log))


def test_a_session_across_midnight_is_one_whatever_day_a_build_begins_with(compiled):
    """A session gap that ends at the first moment of the day at which tables are split."""
    log = [("2024-01-01 23:00:00", "u", "a"), ("2024-01-02 00:00:00", "u", "b")]
    log += [(f"2024-01-02 10:00:{n:02d}", f"u{n}", "a") for n in range(5)]
    log += [("2024-01-09 10:00:00", "u", "y")]  # held out
    assert not compared(compiled("narrow"), views(log))


def views(log: Sequence[tuple[str, str, str]]) -> list[dict]:
    """Return the raw rows of views: time, user and product each, one session per user."""
    return [
        {
            "event_time": f"{time} UTC",
            "event_type": "view",
            "product_id": product,
            "category_id": None,
            "category_code": None,
            "brand": None,
            "price": None,
            "user_id": user,
            "user_session": user,
        }
        for time, user, product in log
    ]
