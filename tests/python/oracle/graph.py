"""From steps to pairs of products, and from pairs to the edges of the graph."""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple

from oracle.arithmetic import aged, exact_sum, rounded
from oracle.sessions import Step

Pair = tuple[str, str]
"""Two products, the one that appeared first on the left."""


class Together(NamedTuple):
    """How often, and how strongly, sessions hold both products of a pair."""

    sessions: int
    weight: float


class Edge(NamedTuple):
    """An edge of the graph: cosine of the pair, and its sessions."""

    sessions: int
    weight: float


def pairs_of_session(
    steps: Sequence[Step], products: Mapping[str, int], settings: Mapping
) -> dict[Pair, float]:
    """Return the pairs up to `window` steps apart, each with its heaviest occurrence.

    An occurrence weighs the geometric mean of both steps, times `window_decay` per further step
    apart. Window 0: any two products of the first `rp3_group_size` steps, whatever their distance.
    """
    window = settings["window"]
    if not window:
        steps = steps[: settings["rp3_group_size"]]
    found: dict[Pair, float] = {}
    for place, one in enumerate(steps):
        reach = steps[place + 1 : place + 1 + window] if window else steps[place + 1 :]
        for distance, other in enumerate(reach, 1):
            if one.product != other.product:
                pair = tuple(sorted((one.product, other.product), key=products.__getitem__))
                decay = settings["window_decay"] ** (distance - 1) if window else 1.0
                weight = decay * math.sqrt(one.weight * other.weight)
                found[pair] = max(found.get(pair, 0.0), weight)
    return found


def pairs_of_days(
    sessions: Iterable[tuple[date, Sequence[Step]]], products: Mapping[str, int], settings: Mapping
) -> dict[tuple[date, Pair], Together]:
    """Sum the pairs of sessions by the day on which the session started."""
    weights = defaultdict(list)
    for day, steps in sessions:
        for pair, weight in pairs_of_session(steps, products, settings).items():
            weights[day, pair].append(weight)
    return {key: Together(len(found), exact_sum(found, 1e6)) for key, found in weights.items()}


def pairs_of_log(
    by_day: Mapping[tuple[date, Pair], Together], cut: datetime, settings: Mapping
) -> dict[Pair, Together]:
    """Sum the days; a day's weight is halved per `half_life_days` between it and the cut."""
    sessions, weights = defaultdict(int), defaultdict(int)
    for (day, pair), together in by_day.items():
        sessions[pair] += together.sessions
        age = (cut.date() - day).days
        millionths = rounded(1e6 * together.weight)
        weights[pair] += rounded(millionths * aged(age, settings["half_life_days"]))
    pairs = {pair: Together(sessions[pair], weights[pair] / 1e6) for pair in sessions}
    return {pair: together for pair, together in pairs.items() if together.weight > 0}


def edges(
    pairs: Mapping[Pair, Together], products: Mapping[str, int], settings: Mapping
) -> dict[Pair, Edge]:
    """Return the cosine of each pair among the `max_neighbours` strongest of either end."""
    degrees = degrees_of(pairs)
    cosine = {
        (one, other): together.weight / math.sqrt(degrees[one] * degrees[other])
        for (one, other), together in pairs.items()
    }
    strongest = set()
    for product, of_product in pairs_of_products(pairs).items():
        in_order = sorted(
            of_product,
            key=lambda pair: (-cosine[pair], products[other_end(pair, product)]),
        )
        strongest.update(in_order[: settings["max_neighbours"]])
    return {pair: Edge(pairs[pair].sessions, cosine[pair]) for pair in strongest}


def degrees_of(pairs: Mapping[Pair, Together]) -> dict[str, float]:
    """Return the sum of the weights of each product's pairs."""
    return {
        product: exact_sum((pairs[pair].weight for pair in of_product), 1e6)
        for product, of_product in pairs_of_products(pairs).items()
    }


def pairs_of_products(pairs: Iterable[Pair]) -> dict[str, list[Pair]]:
    """Return the pairs that each product is in."""
    found = defaultdict(list)
    for pair in pairs:
        for product in pair:
            found[product].append(pair)
    return found


def other_end(pair: Pair, product: str) -> str:
    """Return the pair's other product."""
    return pair[1] if pair[0] == product else pair[0]
