"""The dial of int_ranker: accuracy cost of reach, and the setting that keeps the blend's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from longtail.kernels.reach import list_reach, placed, places_with_floor

TAIL_WEIGHTS = (*(step / 20 for step in range(10)), *(step / 10 for step in range(5, 11)))
"""Settings of the dial: bonuses added to the scores of the long tail."""
EXPOSURE_FLOOR = 0.1
"""Share of a product's lists by the blend that the ranked lists must keep, if the blend's reach is
to be kept."""
LEAST_REACH = 0.9
"""With less of the wanted reach no ranker serves."""


@dataclass(frozen=True)
class ListedCases:
    """Candidates of some cases, with the scores of the two lists to compare.

    Attributes
    ----------
    cases
        Mask over all cases, bool.
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
        relevance, products, is_tail, blend_places = (
            np.asarray(examples.column(name))[rows]
            for name in ("relevance", "product_key", "is_tail", "blend_place")
        )
        return cls(
            cases,
            sizes[cases],
            scores[rows],
            relevance,
            products,
            is_tail,
            blend_places - 1,
        )

    def places(self, setting: tuple[float, float]) -> np.ndarray:
        """Return the place of each row, from 0, for a tail weight and an exposure floor."""
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
    """Return the first setting with the wanted reach, and columns of the ranker.

    Reach is the smaller of two ratios to the blend's lists: the long tail's share of places, and
    the number of distinct products. If no setting reaches enough, the one with the most reach.

    Parameters
    ----------
    listed
        Cases that the scores were not trained on.
    wanted
        Reach, as a multiple of the blend's; 0 for no constraint.
    ndcg
        Mean NDCG@20 of places.
    lifts
        The whole blend's tail share and distinct products, as multiples of those in `listed`.
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
