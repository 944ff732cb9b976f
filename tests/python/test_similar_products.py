"""Substitutes and complements of a handmade log with obvious answers."""

import duckdb
import pytest

PHONES = ("phone a", "phone b", "phone c", "phone d")
CATEGORIES = dict.fromkeys(PHONES, "electronics.phones.smartphones") | {
    "case": "electronics.accessories.cases",
    "cable": "electronics.accessories.cables",
    "sock": "fashion.shoes.socks",
}


def session(day: int, user: str, *steps: str) -> list[tuple]:
    """Return the events of a session, half a minute apart: "cart x", or "x" for a view of it."""
    rows = []
    for place, step in enumerate(steps):
        product = step.removeprefix("cart ")
        category = CATEGORIES.get(product, "letters.latin.small")
        time = f"2024-01-{day:02d} 10:{place // 2:02d}:{place % 2 * 30:02d}"
        event_type = "view" if step == product else "cart"
        rows.append((time, event_type, product, category, category, "", 1, user, f"{user} {day}"))
    return rows


def keys_unlike_ids() -> list[tuple]:
    """z and y are known from the first day, a from the second: five sessions view z, then a."""
    rows = session(1, "u0", "z", "y")
    for user in range(5):
        rows += session(2, f"u{user}", "z", "a")
    return rows + session(9, "u9", "z", "a", "y")


def phones_and_what_goes_with_them() -> list[tuple]:
    """Users who cart a phone view the case, then three more phones.

    All users view the sock, whatever they cart.
    """
    rows = []
    for user in range(12):
        phone = PHONES[user % 4]
        others = [other for other in PHONES if other != phone]
        rows += session(3, f"buyer {user}", phone, f"cart {phone}", "case", *others)
        rows += session(4, f"reader {user}", phone, *others, phone)
        rows += session(5, f"wirer {user}", "cable", "cart cable", "sock")
        rows += session(6, f"walker {user}", phone, f"cart {phone}", "sock")
    return rows


@pytest.fixture(scope="module")
def similar(shop) -> list[tuple]:
    """Rows of similar_products: product, relation, similar product, source, sessions together."""
    shop.write([*keys_unlike_ids(), *phones_and_what_goes_with_them()])
    built = shop.dbt("run", "--select", "+similar_products")
    assert built.is_good, built.text
    return duckdb.sql(
        f"""
        select product_id, relation, similar_product_id, source, sessions_together
        from '{shop.warehouse}/.work/similar_products.parquet'
        order by product_id, relation, rank
        """
    ).fetchall()


def by_evidence(similar: list[tuple], product: str, relation: str) -> list[str]:
    return [
        row[2]
        for row in similar
        if row[:2] == (product, relation) and not row[3].startswith("popular")
    ]


@pytest.mark.parametrize(("one", "other"), [("z", "a"), ("a", "z")])
def test_sessions_together_do_not_depend_on_the_order_of_ids(similar, one, other):
    assert {row[4] for row in similar if (row[0], row[2]) == (one, other)} == {5}


def test_a_pair_that_never_met_was_in_no_session_together(similar):
    assert {row[4] for row in similar if (row[0], row[2]) == ("case", "sock")} == {0}


@pytest.mark.parametrize("phone", PHONES)
def test_what_goes_with_a_phone_is_the_case_and_no_phone(similar, phone):
    complements = by_evidence(similar, phone, "complement")
    assert complements[0] == "case"
    assert not set(complements) & set(PHONES)


@pytest.mark.parametrize("phone", PHONES)
def test_what_stands_in_for_a_phone_is_a_phone(similar, phone):
    others = set(PHONES) - {phone}
    substitutes = by_evidence(similar, phone, "substitute")
    assert set(substitutes[:3]) == others
    assert not set(substitutes) & {"case", "cable", "sock"}


def test_evidence_never_fills_a_list_with_less_than_popularity_says(similar):
    """Within a list, no row of evidence follows one that is merely popular."""
    lists = {}
    for product, relation, _, source, _ in similar:
        lists.setdefault((product, relation), []).append(source.startswith("popular"))
    assert all(flags == sorted(flags) for flags in lists.values())
