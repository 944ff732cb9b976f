"""Builds with a product catalogue: product attributes and availability."""

import pytest
from dbt_shop import Shop

LEARNED = ("events", "graph", "embeddings", "neighbours", "ranking")
"""Rooms that learn."""
REFRESH = ("build", "--select", "tag:availability+", "--exclude-resource-type", "unit_test")
PRODUCTS = [f"p{number}" for number in range(12)]
SHOWN = """
    select user_id, product_id from user_recommendations
    union all select null, similar_product_id from similar_products
    union all select null, product_id from popular_products
"""


def events() -> list[tuple]:
    """Sessions of neighbouring products, each product in some, p1 in most."""
    return [
        (
            f"2024-01-{1 + user % 9:02d} 10:{step:02d}:{user:02d} UTC",
            "purchase" if step == 3 and user % 4 == 0 else "view",
            product,
            *("1", "old.code", "old", 5),
            *(f"u{user}", f"s{user}"),
        )
        for user in range(60)
        for step, product in enumerate(["p1", *(PRODUCTS[(user + n) % 12] for n in range(4))])
    ]


@pytest.fixture(scope="module")
def stocked(shop):
    """A published build of a shop with a catalogue, and what dbt said."""
    shop.write(events())
    shop.catalogue = shop.events.parent / "it's products.csv"
    hidden = shop.events.parent / "hidden.csv"
    hidden.write_text("user_id,product_id\nu1,p3\n,p5\nnobody,p4\n")
    allowed = shop.events.parent / "all.csv"  # given throughout: the project is parsed once
    allowed.write_text("\n".join(["product_id", *PRODUCTS, "cold", "old"]) + "\n")
    shop.vars |= {"catalogue": str(shop.catalogue), "hidden": str(hidden), "allowed": str(allowed)}
    shop.vars |= {"recommendations": 5, "similar_products": 4, "shown_at": "2024-06-01"}
    write_catalogue(shop, sold_out=["p1"])
    outcome = shop.build()
    assert outcome.is_good, outcome.text
    return outcome


def write_catalogue(shop: Shop, sold_out: list[str]) -> None:
    """Write a catalogue of all products but p2, plus two without events."""
    lines = ["id,title,category,brand,price,stock,available_until"]
    for product in [*PRODUCTS, "cold", "old"]:
        if product != "p2":
            until = "2024-05-31" if product == "old" else ""
            stock = 0 if product in sold_out else 3
            lines.append(f"{product},The {product},Home > Cups,new,12.50 EUR,{stock},{until}")
    shop.catalogue.write_text("\n".join([*lines, ",nameless,,,,,", "p3,cut off"]) + "\n")


def shown(shop: Shop) -> set[str]:
    """Products in any published list."""
    return {product for (product,) in shop.query(f"select distinct product_id from ({SHOWN})")}


def test_the_catalogue_says_what_a_product_is(shop, stocked):
    columns = (
        "product_name, category_code, brand, price, currency, is_in_catalogue, interactions > 0"
    )
    found = {
        product: row for product, *row in shop.query(f"select product_id, {columns} from products")
    }
    assert found.keys() == {*PRODUCTS, "cold", "old"}
    assert found["p3"] == ["The p3", "Home.Cups", "new", 12.5, "EUR", True, True]
    assert found["cold"] == ["The cold", "Home.Cups", "new", 12.5, "EUR", True, False]
    assert found["p2"] == [None, "old.code", "old", 5.0, None, False, True]
    reasons = shop.query("select reason, count(*) from rejected_products group by 1 order by 1")
    assert reasons == [("broken line: missing columns", 1), ("missing product_id", 1)]
    assert (
        "13 products, 2 of them without events; 1 products of the log are not in it; "
        "rows rejected: 2" in stocked.text
    )
    assert "3 products: hidden 1, no longer available 1, unavailable 1" in stocked.text


def test_what_may_not_be_shown_is_in_no_list_and_no_answer(shop, stocked):
    assert shown(shop) == {*PRODUCTS, "cold"} - {"p1", "p5"}
    assert ("u1", "p3") not in shop.query(SHOWN)
    assert ("u0", "p3") in shop.query(SHOWN)
    # p1 teaches: it is in the graph, and recommends others.
    assert shop.query("select degree > 5 from product_nodes where product_id = 'p1'") == [(True,)]
    because = "select count(*) > 0 from user_recommendations where because_product_id = 'p1'"
    assert shop.query(because) == [(True,)]
    assert shop.query("select count(*) from similar_products where product_id = 'p1'") == [(8,)]
    for user in ("u1", "nobody"):
        answer = shop.query(f"select product_id from recommend_for_user('{user}', 99)")
        products = {product for (product,) in answer}
        assert products & {"p1", "p5", "old", {"u1": "p3", "nobody": "p4"}[user]} == set()
        assert len(products) >= 8


def test_a_cold_product_has_lists_and_is_in_them(shop, stocked):
    sources = shop.query("select distinct source from similar_products where product_id = 'cold'")
    assert ("category and brand",) in sources
    assert ("Home.Cups", "cold") in shop.query(
        "select category_code, product_id from popular_products"
    )


def test_a_change_of_availability_alone_retrains_nothing(shop, stocked):
    work = shop.warehouse / ".work"

    def files() -> dict[str, int]:
        return {path.name: path.stat().st_mtime_ns for path in work.glob("*.parquet")}

    before, vectors = files(), shop.query("from embeddings_deepwalk order by all")
    write_catalogue(shop, sold_out=["p4", "cold"])
    outcome = shop.dbt(*REFRESH)
    assert outcome.is_good, outcome.text
    assert "Published" in outcome.text
    assert shown(shop) == set(PRODUCTS) - {"p4", "p5"}
    changed = {name.removesuffix(".parquet") for name, at in files().items() if before[name] != at}
    assert {"user_recommendations", "similar_products", "popular_products"} <= changed
    rooms = {node.name: node.fqn[1] for node in shop.models().values()}
    assert {rooms[name] for name in changed - {"model_runs"}} <= {
        *("staging", "catalogue", "recommendations", "evaluation", "insights"),
    }
    assert changed & {"model_metrics", "int_evaluated_recommendations", "products"} == set()
    assert shop.query("from embeddings_deepwalk order by all") == vectors
    write_catalogue(shop, sold_out=["p1"])
    assert shop.dbt(*REFRESH).is_good
    assert shown(shop) == {*PRODUCTS, "cold"} - {"p1", "p5"}


def test_a_shop_with_nothing_to_show_is_not_published(shop, stocked):
    published, before = shop.published(), shown(shop)
    write_catalogue(shop, sold_out=[*PRODUCTS, "cold"])
    empty = shop.events.parent / "allowed.csv"
    empty.write_text("product_id\np1\nunknown\n")
    outcome = shop.dbt(*REFRESH, allowed=str(empty))
    assert not outcome.is_good
    assert "every product is withheld: look at stock" in outcome.text
    assert shop.published() == published
    write_catalogue(shop, sold_out=["p1"])
    assert shop.dbt(*REFRESH).is_good
    assert shown(shop) == before


BAD_LISTS = {
    "no such file": ("hidden", None, "there is no file"),
    "no product": ("hidden", "user_id\nu1\n", "needs the column product_id; it has user_id"),
    "users in allowed": ("allowed", "user_id,product_id\nu1,p1\n", "has a column user_id"),
    "a broken line": ("hidden", "user_id,product_id\nu1,p1\nu2\n", "has a line that cannot be"),
    "ids alone, without a header": ("hidden", "17\n18\n", "looks like a row, not a header"),
}


@pytest.mark.parametrize("case", BAD_LISTS)
def test_a_bad_list_ends_in_one_clear_line(case, shop, stocked):
    var, content, message = BAD_LISTS[case]
    path = shop.events.parent / "list.csv"
    path.unlink(missing_ok=True)
    if content:
        path.write_text(content)
    published = shop.published()
    outcome = shop.dbt(*REFRESH, **{var: str(path)})
    assert not outcome.is_good
    assert f"var '{var}': " in outcome.end
    assert message in outcome.end
    assert shop.published() == published


def test_only_the_last_tables_depend_on_availability(shop, stocked):
    models = shop.models()
    found, waiting = set(), [n for n, m in models.items() if "availability" in m.tags]
    assert len(waiting) >= 3
    while waiting:
        parent = waiting.pop()
        found.add(parent)
        waiting += [
            name
            for name, node in models.items()
            if parent in node.depends_on.nodes and name not in found
        ]
    assert not {name for name in found if set(models[name].tags) & set(LEARNED)}
    assert "model.longtail.user_recommendations" in found
    assert all(models[name].language == "sql" for name in found)
