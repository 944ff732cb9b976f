"""Builds with features and vectors in the catalogue: products without events by their content."""

import json
import math

import numpy as np
import pytest

WARM = [f"p{number}" for number in range(12)]
NEW = {
    "both": {"material": "oak | Steel", "tags": ["sale"], "embedding": [1, 0.1, 0]},
    "features": {"material": "steel", "tags": ["x", "sale"]},
    "vector": {"embedding": [0, 0.2, 1]},
    "neither": {},
    "unknown": {"material": "never seen"},
}
LENDERS = 10


def events() -> list[tuple]:
    """Sessions of neighbouring products; one user has looked at a new product on the last day."""
    rows = [
        (
            *(f"2024-01-{1 + user % 8:02d} 10:{step:02d}:{user:02d} UTC", "view"),
            *(WARM[(user + step) % 12], "", "", "", 5, f"u{user}", f"s{user}"),
        )
        for user in range(60)
        for step in range(4)
    ]
    late = ("2024-01-08 23:00:00 UTC", "view", "both", "", "", "", 5, "late", "late")
    return [*rows, late]


def catalogue() -> list[dict]:
    """Objects of a product each: old ones of three materials and directions, and new ones."""
    directions = np.eye(3)
    products = [
        {
            "id": product,
            "category": "home > chairs" if place % 2 else "home > tables",
            "brand": "old" if place % 5 else None,
            "material": ("oak", "steel", "oak|glass")[place % 3],
            "tags": ["sale", f"t{place}"] if place % 4 == 0 else [],
            "embedding": (directions[place % 3] + 0.01 * place).tolist(),
        }
        for place, product in enumerate(WARM)
    ]
    for product, content in NEW.items():
        products.append({"id": product, "category": "home > chairs", "brand": "old", **content})
    bad = {"long": [1, 2, 3, 4], "zero": [0, 0, 0], "text": "red"}
    return products + [{"id": name, "embedding": vector} for name, vector in bad.items()]


@pytest.fixture(scope="module")
def described(shop):
    """A published build of a shop whose catalogue has features and vectors."""
    shop.write(events())
    file = shop.events.parent / "products.json"
    file.write_text("\n".join(map(json.dumps, catalogue())))
    outcome = shop.build(
        catalogue=str(file),
        catalogue_features=["material", "tags"],
        catalogue_vector="embedding",
        recommendations=5,
        similar_products=8,
    )
    assert outcome.is_good, outcome.text
    return shop


def test_a_bad_vector_is_a_rejected_row(described):
    assert described.query("select reason from rejected_products order by 1") == [
        ("unreadable vector",),
        ("vector of another length than most",),
        ("vector of zeros",),
    ]


def test_a_list_of_values_is_several_features(described):
    features = described.query(
        "select feature, feature_value from stg_product_features "
        "where product_id = 'both' order by all"
    )
    assert features == [("material", "oak"), ("material", "steel"), ("tags", "sale")]


def words(product: dict) -> set[str]:
    """What the catalogue says of a product."""
    values = [("m", value.strip().lower()) for value in (product.get("material") or "").split("|")]
    values += [("t", value) for value in product.get("tags", [])]
    category, brand = product["category"].replace(" > ", "."), product["brand"]
    values += [("c", category.split(".")[0]), ("c", category)]
    values += [("b", brand), ("cb", category, brand)] if brand else []
    return {value for value in values if value[1]}


def likenesses(product: dict, others: list[dict]) -> dict[str, float]:
    """The expected score of one product with each other."""
    known = [words(other) for other in others]
    found: dict[str, float] = {}

    def weight(token) -> float:
        holders = sum(token in of_other for of_other in known)
        return math.log(1 + len(others) / holders) ** 2 if holders else 0

    def length(tokens) -> float:
        return math.sqrt(sum(map(weight, tokens)))

    for other, of_other in zip(others, known, strict=True):
        score = 0.0
        mine = words(product)
        score += sum(map(weight, mine & of_other)) / (length(mine) * length(of_other))
        if "embedding" in product:
            a, b = np.array(product["embedding"]), np.array(other["embedding"])
            score += max(0, a @ b / np.linalg.norm(a) / np.linalg.norm(b))
        if score > 0:
            found[other["id"]] = score / 2
    return found


def test_neighbours_are_those_of_a_plain_recomputation(described):
    products = {product["id"]: product for product in catalogue()}
    others = [products[name] for name in WARM]
    rows = described.query("""
        select asked.product_id, found.product_id, neighbours.score
        from internal.int_content_neighbours as neighbours
        inner join products as asked on neighbours.product_key = asked.product_key
        inner join products as found on neighbours.neighbour_key = found.product_key
        order by asked.product_id, neighbours.rank
    """)
    assert {asked for asked, *_ in rows} == {*NEW} - {"neither"}
    for name in {*NEW} - {"neither"}:
        expected = likenesses(products[name], others)
        got = {found: score for asked, found, score in rows if asked == name}
        assert len(got) == min(LENDERS, len(expected))
        assert {found: expected[found] for found in got} == pytest.approx(got, abs=1e-6)
        rest = [expected[found] for found in expected.keys() - got.keys()]
        assert min(got.values()) >= max(rest, default=0) - 1e-6


def test_a_new_product_has_the_direction_of_its_neighbours(described):
    rows = described.query("select product_id, vector_source, vector from embeddings_node2vec")
    source = {product: of for product, of, _ in rows}
    vectors = {product: np.array(vector) for product, _, vector in rows}
    assert {product for product in source if source[product] == "content"} == {*NEW} - {"neither"}
    assert source["neither"] == "category_and_brand"
    neighbours = described.query("""
        select found.product_id, neighbours.score
        from internal.int_content_neighbours as neighbours
        inner join products as asked on neighbours.product_key = asked.product_key
        inner join products as found on neighbours.neighbour_key = found.product_key
        where asked.product_id = 'both'
    """)
    total = sum(score * vectors[p] / np.linalg.norm(vectors[p]) for p, score in neighbours)
    assert vectors["both"] == pytest.approx(total / np.linalg.norm(total), abs=1e-4)


def test_lists_of_new_products_say_where_they_come_from(described):
    sources = described.query(
        "select product_id, source from similar_products "
        "where relation = 'substitute' and rank = 1 and product_id in "
        f"({', '.join(repr(name) for name in NEW)}) order by 1"
    )
    assert dict(sources) == {
        name: "category and brand" if name == "neither" else "content" for name in NEW
    }
    assert described.query(
        "select distinct source, because_product_id from user_recommendations "
        "where user_id = 'late' and because_product_id is not null and not is_seen"
    ) == [("content", "both")]


def test_a_new_product_is_a_substitute_of_some_that_lent_it_its_vectors(described):
    listed = described.query(f"""
        select product_id, similar_product_id, relation from similar_products
        where
            source = 'content'
            and product_id in ({", ".join(map(repr, WARM))})
            and similar_product_id in ({", ".join(map(repr, NEW))})
    """)
    lent = described.query("""
        select found.product_id, asked.product_id
        from internal.int_content_neighbours as neighbours
        inner join products as asked on neighbours.product_key = asked.product_key
        inner join products as found on neighbours.neighbour_key = found.product_key
    """)
    assert len(listed) > 5
    assert {relation for *_, relation in listed} == {"substitute"}
    assert {(product, new) for product, new, _ in listed} <= set(lent)
    lists = [product for product, *_ in listed]
    assert max(map(lists.count, lists)) <= 2
    categories = dict(described.query("select product_id, category_code from products"))
    assert all(categories[new] == categories[product] for product, new, _ in listed)
