"""What is known of a product: its most frequent attributes, its last price, its activity."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import NamedTuple

from oracle.events import Event


class Product(NamedTuple):
    """Attributes of a product; None where no event gives one."""

    category_id: str | None
    category_code: str | None
    brand: str | None
    price: float | None


def catalogue(events: Iterable[Event]) -> dict[str, Product]:
    """Return the products by id, from all distinct events, those of robots too."""
    by_product = defaultdict(list)
    for event in events:
        by_product[event.product].append(event)
    return {
        product: Product(
            *most_frequent(found, lambda event: (event.category_id, event.category_code)),
            *most_frequent(found, lambda event: (event.brand,)),
            last_price(found),
        )
        for product, found in by_product.items()
    }


def most_frequent(events: Iterable[Event], values: Callable[[Event], tuple]) -> tuple:
    """Return the values that most events have, the latest on ties; nothing at all does not vote."""
    votes = defaultdict(list)
    for event in events:
        votes[values(event)].append(event.at)
    empty = next((vote for vote in votes if vote.count(None) == len(vote)), None)
    if empty:
        nothing = votes.pop(empty)
        if not votes:
            return empty
        del nothing

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
