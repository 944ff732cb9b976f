"""Popularity, and the lists of users: a ladder from neighbours down to the whole shop."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from oracle.arithmetic import aged, exact_sum, midnights
from oracle.catalogue import Product
from oracle.groups import Like
from oracle.histories import Interest
from oracle.neighbours import Member, Scores, best_first


class Popularity(NamedTuple):
    """Products by popularity: of the shop, and of each category_code (None for those without)."""

    score: dict[str, float]
    shop: list[str]
    categories: dict[str | None, list[str]]


class Row(NamedTuple):
    """A row of a user's list; its causes are products of the history, the strongest first."""

    product: str
    score: float
    source: str
    causes: tuple[str, ...] = ()


class Term(NamedTuple):
    """The contribution of one product of a history to a candidate."""

    value: float
    place: int
    because: str


def popularity(
    weights: Iterable[tuple[str, float, datetime]],
    end: datetime,
    catalogue: Mapping[str, Product],
    products: Mapping[str, int],
    settings: Mapping,
) -> Popularity:
    """Rank all products by the sum of their event weights, aged in days up to `end`."""
    terms = defaultdict(list)
    for product, weight, at in weights:
        age = midnights(at, end)
        terms[product].append(weight * aged(age, settings["half_life_days"]))
    score = {product: exact_sum(terms[product], 1e3) for product in products}
    shop = best_first(score, products)
    categories = defaultdict(list)
    for product in shop:
        categories[catalogue[product].category_code].append(product)
    return Popularity(score, shop, dict(categories))


def terms_of_history(
    history: Collection[Interest], neighbours: Scores, settings: Mapping
) -> dict[str, list[Term]]:
    """Return a history's contributions: interest * score per neighbour, and for itself."""
    terms = defaultdict(list)
    for interest in history:
        for product, score in neighbours.get(interest.product, {}).items():
            value = interest.interest * score
            terms[product].append(Term(value, interest.place, interest.product))
        if settings["repeat_weight"] > 0:
            value = interest.repeat_interest * settings["repeat_weight"]
            terms[interest.product].append(Term(value, interest.place, interest.product))
    return terms


def terms_of_groups(
    history: Collection[Interest],
    likes: Iterable[Like],
    groups: Mapping[str | int, Collection[Member]],
    factors: Mapping[str, float],
) -> dict[str, list[Term]]:
    """Return the contributions of similar groups to their other products."""
    own = {interest.product for interest in history}
    terms = defaultdict(list)
    for like in likes:
        for member in groups[like.group]:
            if member.product not in own and member.product in factors:
                value = like.weight * factors[member.product]
                terms[member.product].append(Term(value, like.because_place, like.because))
    return terms


def best_candidates(
    terms: Mapping[str, Collection[Term]],
    is_allowed: Callable[[str], bool],
    catalogue: Mapping[str, Product],
    products: Mapping[str, int],
    size: int,
    cap: int,
) -> list[Row]:
    """Sum the terms; keep the best `size` products, at most `cap` of a category (0: any number).

    Causes go by the size of their terms; between equal ones the more recent product comes first.
    """
    scores = {
        product: exact_sum((term.value for term in found), 1e12) for product, found in terms.items()
    }
    rows, taken = [], defaultdict(int)
    for product in best_first(scores, products):
        category = catalogue[product].category_code or product
        if is_allowed(product) and not (cap and taken[category] >= cap):
            taken[category] += 1
            in_order = sorted(terms[product], key=lambda term: (-term.value, term.place))
            causes = tuple(term.because for term in in_order)
            rows.append(Row(product, scores[product], "neighbour", causes))
    return rows[:size]


def first_category(history: Collection[Interest], catalogue: Mapping[str, Product]) -> str | None:
    """Return the category with most of a history's interest; the smaller code on ties."""
    interests = defaultdict(list)
    for interest in history:
        category = catalogue[interest.product].category_code
        if category is not None:
            interests[category].append(interest.interest)
    return min(interests, key=lambda code: (-exact_sum(interests[code], 1e6), code), default=None)


def filled_up(
    rows: Collection[Row],
    steps: Iterable[tuple[str, Iterable[str]]],
    scores: Mapping[str, float],
    is_allowed: Callable[[str], bool],
    size: int,
) -> list[Row]:
    """Go down the ladder: append each step's unlisted products until the list is full."""
    found = list(rows)
    listed = {row.product for row in found}
    for source, products in steps:
        for product in products:
            if len(found) < size and product not in listed and is_allowed(product):
                listed.add(product)
                found.append(Row(product, scores[product], source))
    return found


def causes_shown(rows: Collection[Row]) -> list[str | None]:
    """Return each row's "because": its first cause that is not listed above it, or its first."""
    shown, above = [], set()
    for row in rows:
        others = [cause for cause in row.causes if cause not in above]
        shown.append(next(iter((*others, *row.causes)), None))
        above.add(row.product)
    return shown
