"""Logs to compare on: made up by hypothesis, and what stands in for Python models' tables."""

import random
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta

import pyarrow as pa
from compiled_models import CATALOGUE_COLUMNS
from hypothesis import strategies as st

from oracle.events import typed_events
from oracle.recompute import Given

USERS = ("u9", "u10", "Zoë", "7", "it's", "A")
PRODUCTS = ("z", "y", "a", "10", "9", "é", "b c", "x", "Q", "p")
"""Ids whose order says nothing about when the log first sees them."""
CATEGORIES = (("1", "shop.phones"), ("2", "shop.cases"), ("3", None), (None, None), ("1", "shop"))
TYPES = (*("view",) * 5, "search", *("cart",) * 2, *("purchase",) * 2, "remove_from_cart")
STARTS = (0, 1, 43200, 43200, 43200, 43201, 46800, 79200, 86390, 86398, 86399)
"""Seconds of a day at which visits start: the same for many, an hour apart, before midnight."""
PAUSES = (0, 0, 1, 1, 2, 7, 60, 61, 3599, 3600, 3601)
"""Seconds since the event before: none, about as long as a short stay, about a session's gap."""
FAULTS = (
    {"event_time": "2024-13-01 00:00:00 UTC"},
    {"event_time": None},
    {"event_type": "refund"},
    {"product_id": " "},
    {"user_id": None},
    {"price": "-1"},
    {"price": "dear"},
    {"user_id": "NULL"},
    {"event_weight": "much"},
    {"event_weight": "-1e7"},
    {"event_weight": "null"},
    {"brand": "n/a", "category_code": "None", "price": "nan"},
)
OWN_WEIGHTS = (None, "1", "1", "0.5", "2", "4", "0", "-1")
"""A rating, a quantity; some rows have none, some 0 or less."""
START = datetime(2024, 2, 27)

EVENTS = st.fixed_dictionaries(
    {
        "pause": st.sampled_from(PAUSES),
        "product": st.sampled_from(PRODUCTS),
        "type": st.sampled_from(TYPES),
        "category": st.sampled_from((None,) * 6 + CATEGORIES),
        "brand": st.sampled_from(("own", "own", "other", None)),
        "price": st.sampled_from((None, "0", "1.5", "1.5", "20")),
        "own_weight": st.sampled_from(OWN_WEIGHTS),
        "fault": st.sampled_from((None,) * 30 + FAULTS),
        "copies": st.sampled_from((1,) * 9 + (2,)),
    }
)
VISITS = st.fixed_dictionaries(
    {
        "user": st.sampled_from(USERS),
        "session": st.sampled_from((None, "s", "s", "t")),
        "day": st.integers(0, 5),
        "start": st.sampled_from(STARTS),
        "is_weighted": st.sampled_from((False, False, True)),
        "events": st.integers(1, 12).flatmap(
            lambda size: st.lists(EVENTS, min_size=size, max_size=size)
        ),
    }
)


def logs(fewest_visits: int, most_visits: int) -> st.SearchStrategy[list[dict]]:
    """Return a strategy for raw rows."""
    return st.lists(VISITS, min_size=fewest_visits, max_size=most_visits).map(raw_rows)


def raw_rows(visits: Iterable[Mapping]) -> list[dict]:
    """Turn draws into raw rows, in the columns of the input."""
    rows = []
    for visit in visits:
        at = START + timedelta(days=visit["day"], seconds=visit["start"])
        for event in visit["events"]:
            at += timedelta(seconds=event["pause"])
            usual = CATEGORIES[PRODUCTS.index(event["product"]) % len(CATEGORIES)]
            category_id, category_code = event["category"] or usual
            row = {
                "event_time": f"{at} UTC",
                "event_type": event["type"],
                "product_id": event["product"],
                "category_id": category_id,
                "category_code": category_code,
                "brand": event["brand"],
                "price": event["price"],
                "user_id": visit["user"],
                "user_session": visit["session"],
                "event_weight": event["own_weight"] if visit["is_weighted"] else None,
            }
            rows += [row | (event["fault"] or {})] * event["copies"]
    return rows


def made_up_catalogue(products: Collection[str], draw: random.Random) -> list[dict]:
    """Return a catalogue with most of some products and two that no event names."""
    columns = ("url", "image_url", "available_from", "available_until")
    rows = []
    for product in [*products, "cold", "0 cold"]:
        category_id, category_code = draw.choice((*CATEGORIES, (None, None)))
        row = {
            **dict.fromkeys(columns),
            "product_id": product,
            "product_name": f"{product} of the catalogue",
            "price": draw.choice((None, "0", "7.5")),
            "currency": "EUR",
            "category_id": category_id,
            "category_code": category_code,
            "brand": draw.choice((None, "own", "third")),
            "is_available": draw.choice((None, None, "yes", "no")),
            "stock": draw.choice((None, "0", "3")),
        }
        if draw.random() < 0.8:
            rows.append(row)
    return rows


def made_up_neighbours(
    rows: Iterable[Mapping], settings: Mapping, seed: int = 0, *, with_catalogue: bool = False
) -> Given:
    """Return neighbours as embeddings could give them: ties, cosines near 0 and below, gaps.

    With them, if asked for, a product catalogue; its cold products have neighbours too.
    """
    products = sorted({event.product for event in typed_events(rows, settings)[0]})
    draw = random.Random(seed)
    catalogue = made_up_catalogue(products, draw) if with_catalogue else []
    products = sorted({*products, *(row["product_id"] for row in catalogue)})

    def table(scores: Collection[float]) -> dict[str, dict[str, float]]:
        found = {}
        for product in products:
            others = [other for other in products if other != product]
            size = draw.randint(0, min(len(others), settings["neighbours"]))
            if size:
                found[product] = {other: draw.choice(scores) for other in draw.sample(others, size)}
        return found

    cosines = (-0.25, 0.03, 0.5, 0.625, 0.625, 0.75, 0.875, 0.9375)
    return Given(
        table(cosines),
        table(cosines),
        table((-6.0, -5.5, -5.5, -4.0, -3.25)),
        {product: [draw.choice((-1.0, 1.0)) for _ in range(4)] for product in products},
        catalogue,
    )


def as_tables(given: Given) -> dict[str, pa.Table]:
    """Return what is given as the tables of the Python models."""
    schema = pa.schema(
        {
            "product_id": pa.string(),
            "neighbour_product_id": pa.string(),
            "rank": pa.int32(),
            "score": pa.float64(),
        }
    )

    def table(scores: Mapping[str, Mapping[str, float]]) -> pa.Table:
        rows = []
        for product, row in scores.items():
            in_order = sorted(row, key=lambda other: (-row[other], other))
            for rank, other in enumerate(in_order, 1):
                rows.append((product, other, rank, row[other]))
        return pa.Table.from_pylist([dict(zip(schema.names, r, strict=True)) for r in rows], schema)

    vectors = pa.table(
        [list(given.vectors), list(given.vectors.values())],
        schema=pa.schema({"product_id": pa.string(), "vector": pa.list_(pa.float32())}),
    )
    products = pa.schema([pa.field(name, pa.string()) for name in CATALOGUE_COLUMNS])
    return {
        "demo_catalogue": pa.Table.from_pylist(list(given.catalogue), products),
        "neighbours_deepwalk": table(given.deepwalk),
        "neighbours_node2vec": table(given.node2vec),
        "successors_deepwalk": table(given.successors),
        "embeddings_deepwalk": vectors,
    }
