"""Users' interests, their excluded products, and their targets."""

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from oracle.arithmetic import aged, exact_sum
from oracle.events import Event
from oracle.sessions import Visit


class Interest(NamedTuple):
    """A product of a user's history."""

    place: int
    product: str
    event_type: str
    last_event_at: datetime
    interest: float
    repeat_interest: float


def histories(
    visits: Iterable[Visit], products: Mapping[str, int], settings: Mapping
) -> dict[str, list[Interest]]:
    """Return each user's latest products, up to `history_length`, the latest first.

    Interest is the sum of the event weights, each halved per `history_half_life_days` between it
    and the user's own last event. Products with an interest of 0 or less are dropped.
    """
    of_users = defaultdict(list)
    for visit in visits:
        of_users[visit.event.user].append(visit)
    return {
        user: history
        for user, found in of_users.items()
        if (history := history_of(found, products, settings))
    }


def history_of(
    visits: Collection[Visit], products: Mapping[str, int], settings: Mapping
) -> list[Interest]:
    """Return the history of one user from all their clean events."""
    end = max(visit.event.at for visit in visits)
    half_life = settings["history_half_life_days"]
    by_product = defaultdict(list)
    for visit in visits:
        by_product[visit.event.product].append(visit)
    found = []
    for product, of_product in by_product.items():
        weights = [
            visit.weight * aged((end - visit.event.at).total_seconds() / 86400, half_life)
            for visit in of_product
        ]
        heaviest = max(of_product, key=lambda v: (v.weight, v.event.at, v.event.type))
        last = max(visit.event.at for visit in of_product)
        interest = exact_sum(weights, 1e6)
        if interest > 0:
            found.append((last, interest, product, heaviest.event.type))
    found.sort(key=lambda row: products[row[2]])
    found.sort(key=lambda row: row[:2], reverse=True)
    return [
        Interest(
            place,
            product,
            event_type,
            last,
            interest * settings["history_step_decay"] ** (place - 1),
            interest * settings["repeat_step_decay"] ** (place - 1),
        )
        for place, (last, interest, product, event_type) in enumerate(
            found[: settings["history_length"]], 1
        )
    ]


def withheld(events: Iterable[Event], settings: Mapping) -> dict[tuple[str, str], datetime]:
    """Return the products that `exclude` withholds from users, with the time of the first reason.

    Over all events: purchases by a robot, or by a user with a fast clock, count too.
    """
    found: dict[tuple[str, str], datetime] = {}
    for event in events:
        is_reason = {
            "purchased": event.type in settings["purchase_event_types"],
            "seen": settings["event_weights"][event.type] > 0,
            "none": False,
        }[settings["exclude"]]
        if is_reason:
            key = event.user, event.product
            found[key] = min(found.get(key, event.at), event.at)
    return found


def targets(
    held_out: Iterable[Visit], excluded: Collection[tuple[str, str]], settings: Mapping
) -> dict[str, dict[str, bool]]:
    """Return what users took after the cut and could be recommended: user -> product.

    The value says whether they bought it. If there are too many users, those with the smallest md5
    are kept.
    """
    found: dict[str, dict[str, bool]] = defaultdict(dict)
    for visit in held_out:
        user, product = visit.event.user, visit.event.product
        if visit.weight > 0 and (user, product) not in excluded:
            is_purchase = visit.event.type in settings["purchase_event_types"]
            found[user][product] = found[user].get(product, False) or is_purchase
    asked = sorted(found, key=lambda user: (hashlib.md5(user.encode()).hexdigest(), user))
    return {user: found[user] for user in asked[: settings["evaluation_users"]]}
