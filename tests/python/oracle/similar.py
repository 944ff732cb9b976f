"""Similar products: substitutes, complements, the evidence for both, and fill-up."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from oracle.arithmetic import exact_sum, rounded
from oracle.catalogue import Kind
from oracle.lists import Popularity
from oracle.neighbours import best_first
from oracle.sessions import Step

Table = Mapping[str, Mapping[str, float]]
"""Product -> other product -> figure."""
CLOSEST = 10
"""Substitutes whose evidence a product borrows."""
FITTING = 3
"""Related categories that fill a list; and products of one category before any other's."""
RELATIONS = ("substitute", "complement")


class Wish(NamedTuple):
    """A product of a session with a want: when it was first seen, and first wanted."""

    product: str
    first_step: int
    wanted_step: int | None
    wanted_at: datetime | None
    place: int


class After(NamedTuple):
    """How often a product was viewed, or wanted, after another was wanted."""

    sessions: int
    sessions_wanted_both: int
    weight: float


class Evidence(NamedTuple):
    """What follows a wanted product more often than by chance."""

    sessions: int
    weight: float
    expected: float
    is_decided: bool


class Borrowed(NamedTuple):
    """Evidence borrowed from a product's closest substitutes."""

    weight: float
    expected: float
    share: float


class Complement(NamedTuple):
    """A complement by a product's own sessions and those of its substitutes."""

    score: float
    lift: float
    sessions_after: int
    is_decided: bool


class Similar(NamedTuple):
    """A similar product."""

    product: str
    score: float
    source: str
    sessions_after: int = 0
    lift: float | None = None


# ---- substitutes ---------------------------------------------------------------------------------


def mean_cosines(deepwalk: Table, node2vec: Table) -> dict[str, dict[str, float]]:
    """Return half the sum of both cosines; a model that does not list the pair counts 0."""
    cosines = defaultdict(lambda: defaultdict(list))
    for table in (deepwalk, node2vec):
        for product, row in table.items():
            for other, cosine in row.items():
                cosines[product][other].append(cosine)
    return {
        product: {other: exact_sum(found, 1e9) / 2 for other, found in row.items()}
        for product, row in cosines.items()
    }


def substitutes(
    cosines: Table,
    kinds: Mapping[str, Kind],
    looks: Mapping[str, int],
    walked: Collection[str],
    settings: Mapping,
) -> dict[str, dict[str, float]]:
    """Shrink cosines of products with few views, and stay within the second category level.

    A product's cosine is averaged with that of its category in the same list, which counts as
    `substitute_prior` views. Another second level needs `other_branch_cosine` and a product with
    walks.
    """
    prior, found = settings["substitute_prior"], {}
    for product, row in cosines.items():
        of_leaves = defaultdict(list)
        for other, cosine in row.items():
            of_leaves[leaf_of(kinds, other)].append(cosine)
        found[product] = {}
        for other, cosine in row.items():
            category = of_leaves[leaf_of(kinds, other)]
            mean = sum(category) / len(category)
            seen = looks.get(other, 0)
            score = (seen * cosine + prior * mean) / (seen + prior)
            known = product in kinds and other in kinds
            is_same_branch = not known or kinds[product].branch == kinds[other].branch
            is_near = score >= settings["other_branch_cosine"] and product in walked
            if is_same_branch or is_near:
                found[product][other] = score
    return found


def leaf_of(kinds: Mapping[str, Kind], product: str) -> str | None:
    """Return the leaf of a product, None where it has none."""
    return kinds[product].leaf if product in kinds else None


# ---- evidence for complements --------------------------------------------------------------------


def wanting_sessions(
    sessions: Mapping[int, Sequence[Step]], settings: Mapping
) -> dict[int, list[Wish]]:
    """Return the products of each session with a want, up to `rp3_group_size` of them.

    A want is an event that weighs more than a click. In a log of clicks only, a view is a want.
    """
    click = max([0, *(settings["event_weights"][t] for t in settings["click_event_types"])])
    only_looks = not any(step.weight > click for steps in sessions.values() for step in steps)
    found = {}
    for number, steps in sessions.items():
        of_products = defaultdict(list)
        for step in steps:
            of_products[step.product].append(step)
        wishes = []
        for product, own in of_products.items():
            wants = [step for step in own if step.weight > click]
            first_wants = own if only_looks else wants
            wishes.append(
                Wish(
                    product,
                    own[0].number,
                    first_wants[0].number if first_wants else None,
                    wants[0].at if wants else None,
                    len(wishes) + 1,
                )
            )
        if any(wish.wanted_step for wish in wishes):
            found[number] = wishes[: settings["rp3_group_size"]]
    return found


def bought_after(
    sessions: Iterable[Sequence[Wish]], settings: Mapping
) -> dict[str, dict[str, After]]:
    """Count what sessions viewed or wanted after they wanted a product.

    Wanting both counts 1; a view up to `window` steps later `complement_decay` per further step.
    Window 0: everything else in the session counts 1.
    """
    weights, wanted_both = defaultdict(list), defaultdict(int)
    for wishes in sessions:
        for wanted in wishes:
            for later in wishes:
                if wanted.wanted_step is None or wanted.product == later.product:
                    continue
                wants = wanted.wanted_at, later.wanted_at
                is_wanted_too = None not in wants and wants[0] <= wants[1]
                distance = later.first_step - wanted.wanted_step
                is_near = 1 <= distance <= settings["window"]
                if is_wanted_too or is_near or not settings["window"]:
                    key = wanted.product, later.product
                    is_whole = is_wanted_too or not settings["window"]
                    decay = 1 if is_whole else settings["complement_decay"] ** (distance - 1)
                    weights[key].append(decay)
                    wanted_both[key] += is_wanted_too
    found = defaultdict(dict)
    for (product, other), decays in weights.items():
        weight = exact_sum(decays, 1e6)
        found[product][other] = After(len(decays), wanted_both[product, other], weight)
    return found


def complement_evidence(
    after: Mapping[str, Mapping[str, After]],
    kinds: Mapping[str, Kind],
    products: Mapping[str, int],
    settings: Mapping,
) -> dict[str, dict[str, Evidence]]:
    """Keep products that follow more often than by chance, of another or an unknown category.

    Products of one category count when they are wanted together in `same_category_sessions`
    sessions, and in most of those in which one follows the other. The best `neighbours` stay.
    """
    after_product = {
        p: exact_sum((a.weight for a in row.values()), 1e6) for p, row in after.items()
    }
    of_product = defaultdict(list)
    for row in after.values():
        for other, found in row.items():
            of_product[other].append(found.weight)
    before_product = {p: exact_sum(found, 1e6) for p, found in of_product.items()}
    shop = exact_sum(after_product.values(), 1e6)
    evidence = {}
    for product, row in after.items():
        kept = {}
        for other, found in row.items():
            expected = after_product[product] * before_product[other] / shop
            leaves = leaf_of(kinds, product), leaf_of(kinds, other)
            is_known = None not in leaves
            together = found.sessions_wanted_both
            is_wanted_together = (
                together >= settings["same_category_sessions"] and 2 * together >= found.sessions
            )
            is_other = is_known and leaves[0] != leaves[1]
            beyond = rounded(1e6 * found.weight) * rounded(1e6 * shop) > rounded(
                1e6 * after_product[product]
            ) * rounded(1e6 * before_product[other])
            if beyond and (is_other or not is_known or is_wanted_together):
                is_decided = is_other or is_wanted_together
                kept[other] = Evidence(found.sessions, found.weight, expected, is_decided)
        beyond_chance = {other: e.weight / (e.expected + 1) for other, e in kept.items()}
        best = best_first(beyond_chance, products)[: settings["neighbours"]]
        evidence[product] = {other: kept[other] for other in best}
    return evidence


def borrowed_evidence(
    substitutes: Table,
    after: Mapping[str, Mapping[str, After]],
    evidence: Mapping[str, Mapping[str, Evidence]],
    kinds: Mapping[str, Kind],
    products: Mapping[str, int],
) -> dict[str, dict[str, Borrowed]]:
    """Return what follows a product's ten closest substitutes, each times its cosine.

    Nothing is passed on to a product of the same category.
    """
    found = {}
    for product, row in substitutes.items():
        closest = {s: row[s] for s in best_first(row, products)[:CLOSEST] if row[s] > 0}
        wanted = {
            s: cosine * exact_sum((a.weight for a in after[s].values()), 1e6)
            for s, cosine in closest.items()
            if after.get(s)
        }
        total = sum(wanted.values())
        parts = defaultdict(list)
        for substitute in wanted:
            for other, e in evidence.get(substitute, {}).items():
                leaves = leaf_of(kinds, product), leaf_of(kinds, other)
                if other != product and (None in leaves or leaves[0] != leaves[1]):
                    cosine = closest[substitute]
                    weight = cosine * e.weight
                    parts[other].append((weight, cosine * e.expected, weight / total))
        found[product] = {}
        for other, of_other in parts.items():
            weights, expected, shares = zip(*of_other, strict=True)
            found[product][other] = Borrowed(
                exact_sum(weights, 1e6), exact_sum(expected, 1e6), exact_sum(shares, 1e9)
            )
    return found


def complements(
    evidence: Mapping[str, Mapping[str, Evidence]],
    borrowed: Mapping[str, Mapping[str, Borrowed]],
    settings: Mapping,
) -> dict[str, dict[str, Complement]]:
    """Score complements: sessions beyond chance, with the substitutes' as `complement_prior` more.

    A list ends at `complement_floor`; if nothing reaches 1, at half of its best score.
    """
    nothing, nothing_borrowed = Evidence(0, 0.0, 0.0, False), Borrowed(0.0, 0.0, 0.0)
    found = {}
    for product in {*evidence, *borrowed}:
        own, more = evidence.get(product, {}), borrowed.get(product, {})
        row = {}
        for other in {*own, *more}:
            e, b = own.get(other, nothing), more.get(other, nothing_borrowed)
            score = (e.weight + settings["complement_prior"] * b.share) / (e.expected + 1)
            lift = (e.weight + b.weight) / (e.expected + b.expected)
            row[other] = Complement(score, lift, e.sessions, e.is_decided)
        best = max((c.score for c in row.values()), default=0.0)
        found[product] = {
            other: c
            for other, c in row.items()
            if c.score >= settings["complement_floor"] and (c.score >= 1 or 2 * c.score >= best)
        }
    return found


# ---- both relations ------------------------------------------------------------------------------


def one_relation_per_pair(
    substitutes: Table,
    complements: Mapping[str, Mapping[str, Complement]],
    products: Mapping[str, int],
    size: int,
) -> dict[str, dict[str, list[str]]]:
    """Return relation -> product -> listed products: no pair is in both relations.

    A certain complement is not a substitute; otherwise a listed substitute is not a complement.
    """
    in_order = {
        product: best_first({other: c.score for other, c in row.items()}, products)
        for product, row in complements.items()
    }
    decided = {
        frozenset((product, other))
        for product, found in in_order.items()
        for other in found[:size]
        if complements[product][other].is_decided
    }
    listed = {
        product: [s for s in best_first(row, products) if frozenset((product, s)) not in decided]
        for product, row in substitutes.items()
    }
    listed = {product: found[:size] for product, found in listed.items()}
    taken = {frozenset((product, other)) for product, found in listed.items() for other in found}
    return {
        "substitute": listed,
        "complement": {
            product: [c for c in found if frozenset((product, c)) not in taken][:size]
            for product, found in in_order.items()
        },
    }


# ---- what fills a list up ------------------------------------------------------------------------


def fitting_leaves(
    evidence: Mapping[str, Mapping[str, Evidence]], kinds: Mapping[str, Kind]
) -> dict[str, list[str]]:
    """Return up to three categories that buyers of a category visit next, beyond chance."""
    pairs = defaultdict(list)
    for product, row in evidence.items():
        for other, e in row.items():
            leaves = leaf_of(kinds, product), leaf_of(kinds, other)
            if None not in leaves and leaves[0] != leaves[1]:
                pairs[leaves].append(e)
    scores = defaultdict(dict)
    for (leaf, fitting), found in pairs.items():
        weight = exact_sum((e.weight for e in found), 1e6)
        scores[leaf][fitting] = weight / (exact_sum((e.expected for e in found), 1e6) + 1)
    return {
        leaf: sorted(row, key=lambda fitting: (-row[fitting], fitting))[:FITTING]
        for leaf, row in scores.items()
    }


def shelf(
    leaf: str | None,
    relation: str,
    fitting: Mapping[str, Sequence[str]],
    popular: Popularity,
    kinds: Mapping[str, Kind],
    size: int,
) -> list[tuple[str, str]]:
    """Return (product, source) of popular products: in fitting categories, then in the shop.

    Substitutes fit in the category itself, complements in turns in the categories that its buyers
    go on to. Then the top of the shop, and so that it is not of one category alone, the first three
    products of each. A category's own products come last among its complements.
    """
    of_leaves = defaultdict(list)
    for product in popular.shop:
        of_leaves[leaf_of(kinds, product)].append(product)
    fits = [] if leaf is None else [leaf] if relation == "substitute" else fitting.get(leaf, [])
    source = "popular in category" if relation == "substitute" else "popular in related category"
    turns = [
        (place, turn, product)
        for turn, fit in enumerate(fits)
        for place, product in enumerate(of_leaves[fit][:size])
    ]
    found = {product: source for _, _, product in sorted(turns)}
    first_of_leaves = {p for products in of_leaves.values() for p in products[:FITTING]}
    varied = [p for p in popular.shop if p in first_of_leaves]
    varied += [p for p in popular.shop if p not in first_of_leaves]
    top = {*popular.shop[:size], *varied[:size]}
    in_shop = [product for product in popular.shop if product in top]
    if relation == "complement" and leaf is not None:
        in_shop.sort(key=lambda product: leaf_of(kinds, product) == leaf)
    for product in in_shop:
        found.setdefault(product, "popular in shop")
    return list(found.items())[:size]


def filled(
    product: str, listed: Sequence[Similar], in_other: Iterable[str], shelf: Iterable, size: int
) -> Iterator[Similar]:
    """Yield the listed rows, then the shelf's; products of the other relation come last.

    `shelf` yields (product, source, score).
    """
    yield from listed[:size]
    own, in_other = {product, *(row.product for row in listed)}, set(in_other)
    reach = len(listed) + len(in_other) + 1 + size
    rows = [Similar(other, score, source) for other, source, score in list(shelf)[:reach]]
    rows = [row for row in rows if row.product not in own]
    rows.sort(key=lambda row: row.product in in_other)
    yield from rows[: max(size - len(listed), 0)]
