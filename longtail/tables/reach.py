"""The dial of int_ranker: what reach costs in accuracy, and the setting that holds the blend's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from longtail.kernels.reach import list_reach, placed, places_with_floor

TAIL_WEIGHTS = (*(step / 20 for step in range(10)), *(step / 10 for step in range(5, 11)))
"""Settings of the dial: added to the scores of the long tail."""
EXPOSURE_FLOOR = 0.1
"""Share of the lists in which the blend shows a product that the ranked ones leave it, where the
blend's reach is to be held."""
LEAST_REACH = 0.9
"""With less of the wanted reach no ranker serves."""


@dataclass(frozen=True)
class ListedCases:
    """Candidates of some cases, with the scores of the two lists that are compared.

    Attributes
    ----------
    cases
        Which cases of all they are, bool.
    sizes
        Rows of each case.
    scores, relevance, products, is_tail
        Of each row.
    blend_places
        Place of each row in the blend's list, from 0.
    """

    cases: np.ndarray
    sizes: np.ndarray
    scores: np.ndarray
    relevance: np.ndarray
    products: np.ndarray
    is_tail: np.ndarray
    blend_places: np.ndarray

    @classmethod
    def of(
        cls, examples: pa.Table, sizes: np.ndarray, cases: np.ndarray, scores: np.ndarray
    ) -> ListedCases:
        """Return those of `examples` (columns of `longtail.tables.ranker.ranker_table`)."""
        rows = np.repeat(cases, sizes)
        relevance, products, is_tail, blend = (
            np.asarray(examples.column(name))[rows]
            for name in ("relevance", "product_key", "is_tail", "blend_score")
        )
        return cls(
            cases,
            sizes[cases],
            scores[rows],
            relevance,
            products,
            is_tail,
            placed(blend, sizes[cases]),
        )

    def places(self, setting: tuple[float, float]) -> np.ndarray:
        """Return the place of each row, from 0, by a tail weight and an exposure floor."""
        tail_weight, floor = setting
        places = placed(self.scores + tail_weight * self.is_tail, self.sizes)
        if not floor:
            return places
        return places_with_floor(places, self.blend_places, self.sizes, self.products, floor)


def dial(
    listed: ListedCases,
    wanted: float,
    ndcg: Callable[[np.ndarray], float],
    lifts: tuple[float, float] = (1, 1),
) -> tuple[tuple[float, float], dict[str, Any]]:
    """Return the first setting that reaches as much as wanted, and columns of the ranker.

    Reach is the smaller of two shares: of the long tail's places in the blend's lists, and of the
    different products there. If no setting reaches enough, it is the one that reaches most.

    Parameters
    ----------
    listed
        Cases that the scores were not learned from.
    wanted
        Reach, as a multiple of the blend's; 0 asks for none.
    ndcg
        Mean NDCG@20 of places.
    lifts
        What the whole blend shows, as multiples of what `listed` knows of it: of the tail's share,
        and of the products.
    """
    shown = list_reach(listed.blend_places, listed.products, listed.is_tail)
    wanted_share, wanted_products = (of * lift for of, lift in zip(shown, lifts, strict=True))
    settings = [(0.0, 0.0)]
    if wanted:
        settings += [(weight, EXPOSURE_FLOOR * wanted) for weight in TAIL_WEIGHTS]
    rows = []
    for tail_weight, floor in settings:
        places = listed.places((tail_weight, floor))
        tail_share, products = list_reach(places, listed.products, listed.is_tail)
        rows.append(
            {
                "tail_weight": tail_weight,
                "exposure_floor": floor,
                "ndcg": ndcg(places),
                "tail_share": tail_share,
                "products": products,
                "reach": min(
                    tail_share / wanted_share if wanted_share else 1.0,
                    products / wanted_products if wanted_products else 1.0,
                ),
            }
        )
    enough = [row for row in rows if row["reach"] >= wanted]
    chosen = enough[0] if enough else max(rows, key=lambda row: row["reach"])
    columns = {name: chosen[name] for name in ("tail_weight", "exposure_floor", "reach")}
    return (chosen["tail_weight"], chosen["exposure_floor"]), columns | {"dial": rows}
