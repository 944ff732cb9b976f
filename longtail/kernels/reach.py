"""How much of a catalogue ranked lists show, and lists that show as much as a reference.

The most accurate ranker favours what most users take and drops other products entirely. Some lists
therefore grant places at their end to products that a less accurate model would show there, to each
product in the lists where it ranks best (exposure floors: Singh and Joachims 2018, Fairness of
Exposure in Rankings).
"""

from __future__ import annotations

import numpy as np

K = 20
"""Length of the lists for measuring reach."""
KEPT = K - K // 4
"""Top places of a list that are never changed."""


def placed(scores: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Return the place of each row in its list: int64 of shape (rows,), 0 for the highest score.

    Parameters
    ----------
    scores
        Per row; rows of a list are contiguous, equal scores keep their order.
    sizes
        Rows of each list; their sum is the number of rows.
    """
    return _places_by((-scores, np.repeat(np.arange(len(sizes)), sizes)), sizes)


def places_with_floor(
    places: np.ndarray,
    other_places: np.ndarray,
    sizes: np.ndarray,
    products: np.ndarray,
    floor: float,
) -> np.ndarray:
    """Return places in which each product keeps a share of its lists by `other_places`.

    A product with fewer places among the first `KEPT` than `floor` times its lists by
    `other_places` claims the rest in the lists that held it there, best ranks first. A list grants
    its places after `KEPT`, first to the product that other lists show least.

    Parameters
    ----------
    places, other_places
        Of `placed`, by the two scores.
    sizes
        As in `placed`.
    products
        Product number of each row, from 0.
    floor
        Share of a product's lists; 0 moves nothing.
    """
    lists = np.repeat(np.arange(len(sizes)), sizes)
    shown, kept = (
        np.bincount(products[rows], minlength=int(products.max(initial=0)) + 1)
        for rows in (other_places < K, places < KEPT)
    )
    missing = np.maximum(np.ceil(floor * shown).astype(np.int64) - kept, 0)
    asking = np.flatnonzero((other_places < K) & (places >= KEPT) & (missing[products] > 0))
    asking = asking[np.lexsort((lists[asking], places[asking], products[asking]))]
    asking = asking[_number_in_run(products[asking]) < missing[products[asking]]]
    asking = asking[np.lexsort((places[asking], shown[products[asking]], lists[asking]))]
    granted = asking[_number_in_run(lists[asking]) < K - KEPT]
    step = np.where(places < KEPT, 0, 2)
    step[granted] = 1
    return _places_by((places, step, lists), sizes)


def _places_by(keys: tuple[np.ndarray, ...], sizes: np.ndarray) -> np.ndarray:
    """Return each row's place in its list by sort keys, the last one (the list) first."""
    places = np.empty(len(keys[-1]), np.int64)
    places[np.lexsort(keys)] = np.arange(len(places)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return places


def _number_in_run(keys: np.ndarray) -> np.ndarray:
    """Return each key's position, from 0, within its run of equal, contiguous keys."""
    starts = np.flatnonzero(np.r_[True, keys[1:] != keys[:-1]][: len(keys)])
    return np.arange(len(keys)) - np.repeat(starts, np.diff(np.r_[starts, len(keys)]))


def list_reach(places: np.ndarray, products: np.ndarray, is_tail: np.ndarray) -> tuple[float, int]:
    """Reach of lists of 20: the long tail's share of places, and the number of distinct products.

    Parameters
    ----------
    places, products
        As in `places_with_floor`.
    is_tail
        Whether each row's product belongs to the long tail.
    """
    listed = places < K
    return float(is_tail[listed].mean()), len(np.unique(products[listed]))
