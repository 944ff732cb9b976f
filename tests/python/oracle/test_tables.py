"""Every table against the oracle: on made-up logs, on the demo, on real events."""

from oracle.compare import differences, with_ids
from oracle.logs import as_tables, made_up_neighbours
from oracle.recompute import recompute

KEYS = {
    "int_product_keys": ["product_id"],
    "int_user_keys": ["user_id"],
    "int_user_days": ["event_date", "user_id"],
    "int_robots": ["user_id"],
    "int_events_flagged": [],
    "int_interactions": [],
    "int_timeline": [],
    "cleaning_report": ["step", "rule"],
    "int_session_steps": ["session_id", "step"],
    "int_daily_pairs": ["session_date", "product_key_a", "product_key_b"],
    "int_robot_pairs": ["session_date", "product_key_a", "product_key_b"],
    "int_product_pairs": ["product_key_a", "product_key_b"],
    "product_nodes": ["product_id"],
    "product_edges": ["source_product_id", "target_product_id"],
    "products": ["product_id"],
    "int_group_products": ["group_key", "product_key"],
    "neighbours_covisit": ["product_id", "neighbour_product_id"],
    "neighbours_rp3beta": ["product_id", "neighbour_product_id"],
    "int_product_factors": ["product_key"],
    "int_neighbours": ["model", "product_key", "neighbour_key"],
    "int_product_groups": ["product_key", "group_key"],
    "int_similar_groups": ["scope", "user_key", "group_key"],
    "int_targets": ["user_key", "product_key"],
    "int_user_histories": ["scope", "user_key", "product_key"],
    "int_excluded_products": ["scope", "user_key", "product_key"],
    "int_popularity": ["scope", "product_key"],
    "popular_products": ["category_code", "rank"],
    "user_recommendations": ["user_id", "rank"],
    "int_substitutes": ["product_id", "neighbour_product_id"],
    "int_bought_after": ["product_key", "neighbour_key"],
    "int_complements": ["product_id", "neighbour_product_id"],
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
"""Columns that say something about the build and not about the log."""


def compared(models, rows, settings):
    given = made_up_neighbours(rows, settings)
    expected = recompute(rows, settings, given)
    tables = models.run(rows, list(KEYS), as_tables(given))
    users = {row["user_key"]: row["user_id"] for row in tables["int_user_keys"]}
    products = {row["product_key"]: row["product_id"] for row in tables["int_product_keys"]}
    said = {}
    for name, key in KEYS.items():
        found = [
            {column: value for column, value in row.items() if column not in LEFT_OUT.get(name, ())}
            for row in tables[name]
        ]
        if not name.endswith("_keys"):
            found = with_ids(found, users, products, settings["rp3_groups"])
        said[name] = differences(found, expected[name], key)
    return said
