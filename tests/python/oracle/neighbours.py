"""Products near a product: covisit, rp3beta, and the blend with neighbours by embedding."""

import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from oracle.arithmetic import aged, exact_sum, midnights
from oracle.graph import Pair, Together, degrees_of
from oracle.sessions import Visit

Scores = dict[str, dict[str, float]]
"""Product -> neighbour -> score, the best first."""


class Member(NamedTuple):
    """A product of a group (a user or session), with the weight that the group passes on."""

    product: str
    user: str
    weight: float


def covisit(
    pairs: Mapping[Pair, Together], products: Mapping[str, int], settings: Mapping
) -> Scores:
    """Return the products that share most sessions, relative to degree ** covisit_beta."""
    degrees = degrees_of(pairs)
    scores = defaultdict(dict)
    for (one, other), together in pairs.items():
        for start, end in ((one, other), (other, one)):
            scores[start][end] = together.weight / degrees[end] ** settings["covisit_beta"]
    return scaled_rows(scores, products, settings)


def groups(
    learned: Iterable[Visit], cut: datetime, products: Mapping[str, int], settings: Mapping
) -> dict[str | int, list[Member]]:
    """Return rp3beta's groups: users, or sessions, with their latest `rp3_group_size` products.

    A group of n products passes 1 / n ** rp3_group_exponent from one to another, aged from its last
    event to the cut. A group of one product passes nothing and is dropped.
    """
    last_events = defaultdict(dict)
    user_of = {}
    for visit in learned:
        if visit.weight > 0:
            by_user = settings["rp3_groups"] == "users"
            group = visit.event.user if by_user else visit.session.id
            user_of[group] = visit.event.user
            seen = last_events[group]
            product = visit.event.product
            seen[product] = max(seen.get(product, visit.event.at), visit.event.at)
    found = {}
    for group, seen in last_events.items():
        latest = sorted(seen, key=lambda product: products[product])
        latest.sort(key=lambda product: seen[product], reverse=True)
        latest = latest[: settings["rp3_group_size"]]
        if len(latest) > 1:
            age = midnights(max(seen.values()), cut)
            size = len(latest) ** settings["rp3_group_exponent"]
            weight = aged(age, settings["half_life_days"]) / size
            found[group] = [Member(product, user_of[group], weight) for product in latest]
    return found


def rp3beta(
    groups: Mapping[str | int, Collection[Member]],
    products: Mapping[str, int],
    settings: Mapping,
) -> Scores:
    """Return the ends of walks product -> group -> product (Christoffel et al. 2015, section 3)."""
    degrees, passed = defaultdict(int), defaultdict(lambda: defaultdict(list))
    for members in groups.values():
        for start in members:
            degrees[start.product] += 1
            for end in members:
                if start.product != end.product:
                    passed[start.product][end.product].append(start.weight)
    scores = defaultdict(dict)
    for start, ends in passed.items():
        for end, weights in ends.items():
            weight = exact_sum(weights, 1e9)
            if weight > 0:
                popular = degrees[end] ** settings["rp3_beta"]
                scores[start][end] = weight ** settings["rp3_alpha"] / popular
    return scaled_rows(scores, products, settings)


def scaled_rows(
    scores: Mapping[str, Mapping[str, float]], products: Mapping[str, int], settings: Mapping
) -> Scores:
    """Keep the best `neighbours` of each row; divide by the sum of those ** row_exponent."""
    found = {}
    for product, row in scores.items():
        best = best_first(row, products)[: settings["neighbours"]]
        total = sum(row[neighbour] for neighbour in best) ** settings["row_exponent"]
        found[product] = {neighbour: row[neighbour] / total for neighbour in best}
    return found


def best_first(row: Mapping[str, float], products: Mapping[str, int]) -> list[str]:
    """Return the products of a row, the largest score first, the earlier product on ties."""
    return sorted(row, key=lambda product: (-row[product], products[product]))


def product_factors(learned: Iterable[Visit], cut: datetime, settings: Mapping) -> dict[str, float]:
    """Return the per-product multiplier of scores: trend and popularity, to powers.

    The largest is 1. Products without interactions before the cut have none.
    """
    times = defaultdict(list)
    for visit in learned:
        times[visit.event.product].append(visit.event.at)
    factors = {}
    for product, found in times.items():
        half_life = settings["trend_half_life_days"]
        recent = exact_sum((aged(midnights(at, cut), half_life) for at in found), 1e6)
        trend = max(recent / len(found), 1e-3) ** settings["trend_weight"]
        factors[product] = trend * len(found) ** settings["interactions_exponent"]
    largest = max(factors.values(), default=1.0)
    return {product: factor / largest for product, factor in factors.items()}


def from_cosines(cosines: Mapping[str, Mapping[str, float]], settings: Mapping) -> Scores:
    """Raise cosines above 0, by the row's best, to a power: the nearest stand out from the rest."""
    power = settings["cosine_power"]
    return {
        product: {
            other: (cosine / max(row.values())) ** power
            for other, cosine in row.items()
            if cosine > 0
        }
        for product, row in cosines.items()
    }


def from_log_odds(log_odds: Mapping[str, Mapping[str, float]]) -> Scores:
    """Turn log odds into odds relative to the row's best."""
    return {
        product: {other: math.exp(odds - max(row.values())) for other, odds in row.items()}
        for product, row in log_odds.items()
    }


def comparable(scores: Mapping[str, Scores], factors: Mapping[str, float]) -> dict[str, Scores]:
    """Normalise models to one unit: rows of embeddings sum to 1 like those of the SQL models.

    Then every score is multiplied by the neighbour's factor; a neighbour without one is dropped.
    """
    found: dict[str, Scores] = {}
    for model, rows in scores.items():
        found[model] = {}
        for product, row in rows.items():
            positive = {other: score for other, score in row.items() if score > 0}
            total = 1.0
            if model in ("deepwalk", "node2vec", "successors"):
                total = exact_sum(positive.values(), 1e9)
            if total > 0:
                found[model][product] = {
                    other: score / total * factors[other]
                    for other, score in positive.items()
                    if other in factors
                }
    return found


def blended(models: Mapping[str, Scores], settings: Mapping) -> Scores:
    """Sum the models' scores, each by its weight in `blend`."""
    terms = defaultdict(lambda: defaultdict(list))
    for model, rows in models.items():
        weight = settings["blend"].get(model, 0)
        for product, row in rows.items():
            for other, score in row.items():
                terms[product][other].append(score * weight)
    sums = {
        product: {other: exact_sum(found, 1e12) for other, found in row.items()}
        for product, row in terms.items()
    }
    return {
        product: {other: score for other, score in row.items() if score > 0}
        for product, row in sums.items()
    }


def all_neighbours(
    tables: Mapping[str, Scores],
    factors: Mapping[str, float],
    products: Mapping[str, int],
    settings: Mapping,
) -> dict[str, Scores]:
    """Return every model's neighbours in comparable units, and the hybrid's; the best of a row.

    `tables` holds covisit and rp3beta, cosines by deepwalk and node2vec, successors' log odds.
    """
    scores = {
        "covisit": tables["covisit"],
        "rp3beta": tables["rp3beta"],
        "deepwalk": from_cosines(tables["deepwalk"], settings),
        "node2vec": from_cosines(tables["node2vec"], settings),
        "successors": from_log_odds(tables["successors"]),
    }
    models = comparable(scores, factors)
    models["hybrid"] = blended(models, settings)
    return {
        model: {
            product: {
                other: row[other] for other in best_first(row, products)[: settings["neighbours"]]
            }
            for product, row in rows.items()
        }
        for model, rows in models.items()
    }
