"""Attributes of a product: the most frequent ones, its last price, its activity."""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from oracle.events import Event


class Product(NamedTuple):
    """Attributes of a product; None where no event gives one."""

    category_id: str | None
    category_code: str | None
    brand: str | None
    price: float | None


class Kind(NamedTuple):
    """The deepest category known of a product, and its first two levels."""

    leaf: str
    branch: str


def described_by(events: Iterable[Event], end: datetime) -> dict[str, list[Event]]:
    """Return the events that describe each product: those before the log's end, else all.

    Distinct events of all users, robots included.
    """
    by_product = defaultdict(list)
    for event in events:
        by_product[event.product].append(event)
    return {
        product: [event for event in found if event.at < end] or found
        for product, found in by_product.items()
    }


def catalogue(by_product: Mapping[str, Collection[Event]]) -> dict[str, Product]:
    """Return the attributes of products by id."""
    return {
        product: Product(
            *most_frequent(found, lambda event: (event.category_id, event.category_code)),
            *most_frequent(found, lambda event: (event.brand,)),
            last_price(found),
        )
        for product, found in by_product.items()
    }


def with_cold_products(products: Mapping[str, int], rows: Iterable[Mapping]) -> dict[str, int]:
    """Add the products that only the shop's catalogue has, in the order of their ids."""
    cold = sorted({row["product_id"] for row in rows} - products.keys())
    return {**products, **{product: len(products) + n for n, product in enumerate(cold)}}


def in_catalogue(
    said: Mapping[str, Product], products: Iterable[str], rows: Iterable[Mapping]
) -> dict[str, Product]:
    """Override events by the shop's catalogue; a code belongs to its category id."""
    rows, found = {row["product_id"]: row for row in rows}, {}
    for product in products:
        old, row = said.get(product, Product(None, None, None, None)), rows.get(product, {})
        category_id, code = row.get("category_id"), row.get("category_code")
        if code is None and category_id in (None, old.category_id):
            code = old.category_code
        if code is None and old.category_id is None:
            code = old.category_code
        price = old.price if row.get("price") is None else float(row["price"])
        brand = row.get("brand") or old.brand
        found[product] = Product(category_id or old.category_id, code, brand, price)
    return found


def not_available(rows: Iterable[Mapping]) -> set[str]:
    """Return the products marked unavailable, or without stock and not marked available."""
    return {
        row["product_id"]
        for row in rows
        if row["is_available"] == "no" or (row["is_available"] is None and row["stock"] == "0")
    }


def most_frequent(events: Iterable[Event], values: Callable[[Event], tuple]) -> tuple:
    """Return the most frequent values, the latest on ties; missing values do not count."""
    votes = defaultdict(list)
    for event in events:
        votes[values(event)].append(event.at)
    empty = next((vote for vote in votes if vote.count(None) == len(vote)), None)
    if empty and len(votes) > 1:
        del votes[empty]

    def order(vote: tuple) -> tuple:
        smallest_last = tuple((value is None, value or "") for value in vote)
        return -len(votes[vote]), -max(votes[vote]).timestamp(), smallest_last

    return min(votes, key=order)


def last_price(events: Iterable[Event]) -> float | None:
    """Return the price of the last event that has one, the largest of that moment."""
    prices = [(event.at, event.price) for event in events if event.price is not None]
    return max(prices)[1] if prices else None


def level(category_code: str | None, depth: int) -> str | None:
    """Return the name at one level of "a.b.c", from 1; None where there is none."""
    names = (category_code or "").split(".")
    return (names[depth - 1] or None) if depth <= len(names) else None


def kinds(catalogue: Mapping[str, Product]) -> dict[str, Kind]:
    """Return the leaf and branch of products; empty if the shop has a single leaf.

    A leaf is the product's code, the code that most products of its category_id have (the smaller
    one on ties), or that id.
    """
    codes = defaultdict(Counter)
    for product in catalogue.values():
        if product.category_id and product.category_code:
            codes[product.category_id][product.category_code] += 1
    usual = {
        category_id: min(found, key=lambda code: (-found[code], code))
        for category_id, found in codes.items()
    }
    leaves = {
        name: leaf
        for name, product in catalogue.items()
        if (leaf := product.category_code or usual.get(product.category_id, product.category_id))
    }
    if len(set(leaves.values())) < 2:
        return {}
    return {name: Kind(leaf, ".".join(leaf.split(".")[:2])) for name, leaf in leaves.items()}
