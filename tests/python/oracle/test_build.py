"""A whole build, with its batches, days and embeddings, against the oracle."""

from collections import defaultdict

from compiled_models import all_vars
from dbt_shop import HEADER, Shop
from odd_log import odd_events

from oracle.recompute import Given, recompute
from oracle.test_tables import KEYS, differences_by_table


def scores(shop: Shop, table: str) -> dict[str, dict[str, float]]:
    """Return a table of neighbours as the oracle takes it."""
    found = defaultdict(dict)
    query = f"select product_id, neighbour_product_id, score from {table} order by all"
    for product, other, score in shop.query(query):
        found[product][other] = score
    return dict(found)


def test_published_tables_are_what_the_oracle_says(shop, odd_build):
    rows = [
        dict(zip(HEADER, (str(value) for value in event), strict=True)) for event in odd_events()
    ]
    settings = all_vars(**{name: v for name, v in shop.vars.items() if name != "events"})
    given = Given(
        scores(shop, "neighbours_deepwalk"),
        scores(shop, "neighbours_node2vec"),
        scores(shop, "successors_deepwalk"),
        dict(shop.query("select product_id, vector from embeddings_deepwalk")),
    )
    schemas = dict(shop.query("select table_name, table_schema from information_schema.tables"))
    tables = {name: shop.rows(f"from {schemas[name]}.{name}") for name in KEYS if name in schemas}
    assert tables.keys() == KEYS.keys()
    expected = recompute(rows, settings, given)
    assert not differences_by_table(tables, expected, settings)
