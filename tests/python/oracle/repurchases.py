"""Repurchase rates: how many buyers buy a product again, after how many days, by category."""

import itertools
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from typing import NamedTuple

from oracle.catalogue import Product


class Rate(NamedTuple):
    """Rate of a category ("" for the shop); days are None if nothing was bought again."""

    buyers: int
    repeaters: int
    share: float
    usual_days: float | None
    soonest_days: float | None


def quantile(values: Iterable[float], share: float) -> float:
    """Return the value below which a share lies, interpolated between two of the values."""
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


def categories_of(code: str | None) -> list[str]:
    """Return the shop and the categories that a code lies in: "", "a", "a.b" for "a.b"."""
    names = code.split(".") if code else []
    return ["", *(".".join(names[: depth + 1]) for depth in range(len(names)))]


def repurchases(
    purchases: Iterable[tuple[str, str, date]], catalogue: Mapping[str, Product], prior: float
) -> dict[str, Rate]:
    """Return the rate of each category, shrunk towards its parent's rate."""
    days = defaultdict(set)
    for user, product, day in purchases:
        days[user, product].add(day)
    gaps = defaultdict(list)
    for (_, product), bought in days.items():
        ordered = sorted(bought)
        found = [(b - a).days for a, b in itertools.pairwise(ordered)]
        for category in categories_of(catalogue[product].category_code):
            gaps[category].append(found)
    rates: dict[str, Rate] = {}
    for category in sorted(gaps, key=lambda code: (code != "", code.count("."), code)):
        pairs = gaps[category]
        all_gaps = [gap for found in pairs for gap in found]
        repeaters = sum(map(bool, pairs))
        own = [quantile(all_gaps, share) if all_gaps else None for share in (0.5, 0.05)]
        if category == "":
            rates[""] = Rate(len(pairs), repeaters, repeaters / len(pairs), *own)
            continue
        above = rates[category.rpartition(".")[0]]
        share = (repeaters + prior * above.share) / (len(pairs) + prior)
        shrunk = [
            None
            if parent is None
            else (repeaters * (parent if mine is None else mine) + prior * parent)
            / (repeaters + prior)
            for mine, parent in zip(own, above[3:], strict=True)
        ]
        rates[category] = Rate(len(pairs), repeaters, share, *shrunk)
    return rates
