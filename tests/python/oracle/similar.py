"""Products similar to a product: substitutes, complements, and the evidence for both."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from oracle.arithmetic import exact_sum
from oracle.catalogue import Product
from oracle.lists import Popularity, Row, filled_up
from oracle.neighbours import from_log_odds
from oracle.sessions import Visit

Table = Mapping[str, Mapping[str, float]]
"""Product -> other product -> figure."""


class Complement(NamedTuple):
    """How often it was looked at after the product was wanted; the same plus likelihood."""

    sessions: int
    score: float


def substitutes(deepwalk: Table, node2vec: Table) -> dict[str, dict[str, float]]:
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


def bought_after(
    learned: Iterable[Visit], products: Mapping[str, int], settings: Mapping
) -> dict[str, dict[str, int]]:
    """Count sessions in which a product was wanted, and another was first looked at afterwards.

    Wanted: an event that weighs more than a click. Two products that are both wanted count in the
    order in which they were, or both ways at once. The first `rp3_group_size` products of a session
    count.
    """
    click = max([0, *(settings["event_weights"][t] for t in settings["click_event_types"])])
    by_session = defaultdict(lambda: defaultdict(list))
    for visit in learned:
        if visit.weight > 0:
            by_session[visit.session.id][visit.event.product].append(visit)
    sessions = defaultdict(lambda: defaultdict(int))
    for session in by_session.values():
        seen = {product: min(v.event.at for v in visits) for product, visits in session.items()}
        wanted = {
            product: min(v.event.at for v in visits if v.weight > click)
            for product, visits in session.items()
            if any(v.weight > click for v in visits)
        }
        first = sorted(seen, key=lambda product: (seen[product], products[product]))
        first = first[: settings["rp3_group_size"]]
        for product in first:
            for other in first:
                if product != other and product in wanted:
                    is_later = seen[other] > wanted[product]
                    is_wanted_later = other in wanted and wanted[other] >= wanted[product]
                    sessions[product][other] += is_later or is_wanted_later
    return {
        product: {other: count for other, count in row.items() if count}
        for product, row in sessions.items()
    }


def complements(
    evidence: Mapping[str, Mapping[str, int]],
    successors: Table,
    close_substitutes: Mapping[str, Collection[str]],
) -> dict[str, dict[str, Complement]]:
    """Return what comes next: sessions, plus likelihood, the likeliest of a row being 1.

    A close substitute is a complement only when sessions say so.
    """
    likely = from_log_odds(successors)
    found: dict[str, dict[str, Complement]] = {}
    for product in {*evidence, *likely}:
        after, row = evidence.get(product, {}), likely.get(product, {})
        found[product] = {
            other: Complement(after.get(other, 0), after.get(other, 0) + row.get(other, 0.0))
            for other in {*after, *row}
            if other in after or other not in close_substitutes.get(product, ())
        }
    return found


def best_by_id(row: Mapping[str, float]) -> list[str]:
    """Return the products of a row, the largest score first, the smaller id on ties."""
    return sorted(row, key=lambda product: (-row[product], product))


def similar_rows(
    product: str,
    scores: Mapping[str, float],
    has_edges: bool,
    popular: Popularity,
    catalogue: Mapping[str, Product],
    size: int,
) -> list[Row]:
    """Return `size` rows: by evidence, then popular in the category, then in the shop."""
    source = "graph" if has_edges else "category and brand"
    rows = [Row(other, scores[other], source, None) for other in best_by_id(scores)[:size]]
    category = catalogue[product].category_code
    steps = [
        ("popular in category", popular.categories[category] if category is not None else ()),
        ("popular in shop", popular.shop),
    ]
    return filled_up(rows, steps, popular.score, lambda other: other != product, size)
