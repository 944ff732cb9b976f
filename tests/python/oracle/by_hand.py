"""Small logs, written down event by event."""

from datetime import datetime, timedelta

from compiled_models import all_vars

from oracle import events
from oracle.recompute import Given, Log

NOON = datetime(2024, 3, 1, 12)
NOTHING_GIVEN = Given({}, {}, {}, {})
VARS = all_vars()


def event(seconds=0, kind="view", product="p", user="u", session="s", **more) -> events.Event:
    at = NOON + timedelta(seconds=seconds)
    known = {"category_id": None, "category_code": None, "brand": None, "price": None, **more}
    return events.Event(at, kind, product, user=user, shop_session=session, **known)


def log(*found: events.Event, **given) -> Log:
    """Return the log of some events."""
    rows = [
        {
            "event_time": f"{e.at:%Y-%m-%d %H:%M:%S} UTC",
            "event_type": e.type,
            "product_id": e.product,
            "category_id": e.category_id,
            "category_code": e.category_code,
            "brand": e.brand,
            "price": None if e.price is None else str(e.price),
            "user_id": e.user,
            "user_session": e.shop_session,
            "event_weight": None if e.own_weight is None else str(e.own_weight),
        }
        for e in found
    ]
    return Log(rows, all_vars(**given), NOTHING_GIVEN)
