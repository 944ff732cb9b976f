"""Metrics of lists: per user against their targets, and over all lists together."""

import hashlib
import math
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

from oracle.sessions import Visit

CUTOFFS = (5, 10, 20)
"""Lengths at which lists are evaluated."""
HEAD = 0.8
"""Share of all interactions that makes up the head (Anderson 2006)."""
POISSON = (0.36787944, 0.73575888, 0.91969860, 0.98101184, 0.99634015, 0.99940582)
"""Distribution function of Poisson with mean 1 at 0, 1, ... 5."""


class Exposure(NamedTuple):
    """A product's popularity at evaluation time."""

    interactions: int
    users: int
    decile: int
    is_long_tail: bool


def user_metrics(listed: Sequence[str], wanted: Collection[str], k: int) -> dict[str, float]:
    """Score one list, cut at k, against the products that its user took."""
    hits = [place for place, product in enumerate(listed[:k], 1) if product in wanted]
    gain = sum(1 / math.log2(place + 1) for place in hits)
    ideal = sum(1 / math.log2(place + 1) for place in range(1, min(k, len(wanted)) + 1))
    return {
        "recall": len(hits) / len(wanted),
        "ndcg": gain / ideal,
        "hit_rate": float(bool(hits)),
        "mrr": 1 / hits[0] if hits else 0.0,
    }


def tasks(
    targets: Mapping[str, Mapping[str, bool]], exposure: Mapping[str, Exposure]
) -> dict[tuple[str, str], dict[str, set[str]]]:
    """Return the targets: (task, group of targets) -> user -> products."""
    asked = defaultdict(lambda: defaultdict(set))
    for user, products in targets.items():
        for product, is_purchase in products.items():
            group = "tail targets" if exposure[product].is_long_tail else "head targets"
            for task in ("next interaction", "next purchase")[: 1 + is_purchase]:
                asked[task, "all"][user].add(product)
                asked[task, group][user].add(product)
    return asked


def segment(products_before: int) -> str:
    """Name a user's segment by the number of products they had taken before the cut."""
    if not products_before:
        return "new users"
    return "light users" if products_before < 5 else "heavy users"


def exposures(known: Iterable[Visit], products: Mapping[str, int]) -> dict[str, Exposure]:
    """Return popularity by deciles of products, and head and tail by share of interactions."""
    counts, users = Counter(), defaultdict(set)
    for visit in known:
        counts[visit.event.product] += 1
        users[visit.event.product].add(visit.event.user)
    in_order = sorted(products, key=lambda product: (-counts[product], products[product]))
    total, above, found = sum(counts.values()), 0, {}
    size, larger = divmod(len(in_order), 10)
    tenths = [tenth for tenth in range(1, 11) for _ in range(size + (tenth <= larger))]
    for product, decile in zip(in_order, tenths, strict=True):
        is_tail = above >= HEAD * total
        found[product] = Exposure(counts[product], len(users[product]), decile, is_tail)
        above += counts[product]
    return found


def gini(amounts: Iterable[int]) -> float:
    """Return the Gini coefficient: half the mean difference of two amounts, over their mean."""
    amounts = sorted(amounts)
    if not sum(amounts):
        return 0.0
    # A pair of places (i, j), i < j, differs by amounts[j] - amounts[i]; each amount is added once
    # per smaller place and subtracted once per larger one.
    last = len(amounts) - 1
    differences = sum(amount * (place - (last - place)) for place, amount in enumerate(amounts))
    return differences / (len(amounts) * sum(amounts))


def list_metrics(
    lists: Mapping[str, Sequence[str]],
    k: int,
    exposure: Mapping[str, Exposure],
    shop_users: int,
    categories: Mapping[str, str | None],
    vectors: Mapping[str, Sequence[float]],
) -> dict[str, float]:
    """Return the metrics of all users' lists together, cut at k."""
    cut = [listed[:k] for listed in lists.values()]
    slots = Counter(product for listed in cut for product in listed)
    places = sum(slots.values())
    if not places:
        return {}
    surprise = {
        product: -math.log2(max(exposure[product].users, 1) / max(shop_users, 1))
        for product in slots
    }
    found = {
        "coverage": len(slots) / len(exposure),
        "exposure_gini": gini(slots[product] for product in exposure),
        "novelty": sum(surprise[product] * count for product, count in slots.items()) / places,
        "long_tail_share": sum(
            count for product, count in slots.items() if exposure[product].is_long_tail
        )
        / places,
    }
    shares = [
        mean(categories[one] != categories[other] for one, other in combinations(listed, 2))
        for listed in cut
        if len(listed) > 1
    ]
    if shares:
        found["category_diversity"] = mean(shares)
    angles = [
        1 - cosine(vectors[one], vectors[other])
        for listed in cut
        for one, other in combinations([p for p in listed if p in vectors], 2)
    ]
    if k == 10 and angles:
        found["embedding_diversity"] = mean(angles)
    return found


def mean(values: Iterable[float]) -> float:
    """Return the mean."""
    values = list(values)
    return math.fsum(values) / len(values)


def cosine(one: Sequence[float], other: Sequence[float]) -> float:
    """Return the cosine of two vectors."""
    product = math.fsum(a * b for a, b in zip(one, other, strict=True))
    return product / (math.hypot(*one) * math.hypot(*other))


def bootstrap_weights(user: str, samples: int) -> dict[int, int]:
    """Return how often a user counts in each sample: Poisson with mean 1, drawn by md5."""
    found = {}
    for sample in range(1, samples + 1):
        digest = hashlib.md5(f"{user}:{sample}".encode()).digest()
        draw = int.from_bytes(digest[8:], "little") % 1000000007 / 1000000007
        weight = sum(draw >= bound for bound in POISSON)
        if weight:
            found[sample] = weight
    return found


def bootstrap_interval(
    values: Mapping[str, float], weights: Mapping[str, Mapping[int, int]]
) -> tuple[float, float] | None:
    """Return the 2.5 % and 97.5 % quantiles of the samples' means; None when all are empty."""
    sums, counts = defaultdict(list), defaultdict(int)
    for user, value in values.items():
        for sample, weight in weights[user].items():
            sums[sample].append(value * weight)
            counts[sample] += weight
    means = sorted(math.fsum(sums[sample]) / counts[sample] for sample in sums)
    return (quantile(means, 0.025), quantile(means, 0.975)) if means else None


def quantile(in_order: Sequence[float], share: float) -> float:
    """Return a quantile, linear between the two nearest values."""
    place = share * (len(in_order) - 1)
    low, high = in_order[math.floor(place)], in_order[math.ceil(place)]
    return low + (high - low) * (place - math.floor(place))


def shares_by_decile(
    lists: Iterable[Sequence[str]], exposure: Mapping[str, Exposure]
) -> Iterator[tuple[int, float, float, float]]:
    """Yield deciles with their share of products, of interactions, and of the lists' places."""
    slots = Counter(exposure[product].decile for listed in lists for product in listed)
    products = Counter(found.decile for found in exposure.values())
    interactions = Counter()
    for found in exposure.values():
        interactions[found.decile] += found.interactions
    for decile, count in products.items():
        yield (
            decile,
            count / len(exposure),
            interactions[decile] / max(sum(interactions.values()), 1),
            slots[decile] / sum(slots.values()),
        )
