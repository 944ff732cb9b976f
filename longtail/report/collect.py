"""The report's data, read from the published database by the queries beside this file."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from longtail.build.summary import served_model
from longtail.report.shop import Shop
from longtail.report.spread import spread

COUNTED = ("products", "product_edges", "user_recommendations")

# The report's own tables; columns are given where the source table may be missing.
OWN = {
    "report_users": "user_id varchar, user_key integer, kind varchar, place bigint",
    "report_events": "user_key integer, place bigint, product_key integer, event_at timestamp,"
    " event_type varchar",
    "report_recommendations": "user_id varchar, rank integer, product_id varchar, source varchar,"
    " because_product_id varchar, because_event_type varchar, is_seen boolean",
    "report_map": "product_id varchar, x float, y float, x3 float, y3 float, z3 float,"
    " cluster_id integer, cluster_label varchar",
    "report_products": "",
}

WEEK = (
    *("hidden_winners", "products_nobody_finds", "top_movers", "abandoned_carts"),
    *("cheaper_substitutes", "category_flow", "brand_flow", "experiment_verdicts"),
)
"""Tables of lists to act on, in the order of the page."""

GRID = 5000
"""Coordinates on the page are whole numbers, this many to each side of the middle."""


def collect(database: Path) -> dict[str, Any]:
    """Return all data of the page, as JSON-compatible values.

    Parameters
    ----------
    database
        The published database; it is opened read-only.

    Returns
    -------
    dict
        A key per section. A table that is missing or empty leaves its section's list empty.

    Raises
    ------
    FileNotFoundError
        If there is no such database.
    longtail.report.shop.UnreadableTableError
        Naming the table, if a published table cannot be read.
    """
    shop = Shop(database)
    try:
        week = {name: shop.rows(f"week_{name}") for name in WEEK if name in shop.schemas}
        shop.give("report_listed", "product_id", _product_ids(week))
        for name, empty in OWN.items():
            shop.keep(name, empty)
        return {
            "overview": _overview(shop),
            "week": week,
            "since": shop.rows("since_last_build"),
            "gates": shop.rows("release_gates"),
            "products": _products(shop),
            "similar": _similar(shop),
            "clusters": shop.rows("clusters"),
            "whole_map": _only(shop, "whole_map"),
            "metrics": shop.rows("model_metrics"),
            "dial": shop.rows("popularity_dial"),
            "exposure": shop.rows("long_tail_exposure"),
            "users": shop.rows("users"),
            "cleaning": shop.rows("cleaning_report"),
            "rejected": shop.rows("rejected_events"),
            "build": shop.rows("build_info"),
            "tables": _tables(shop, database),
            "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        }
    finally:
        shop.close()


def _only(shop: Shop, name: str) -> dict[str, Any]:
    """Return a query's only row; empty when it has none."""
    return (shop.rows(name) or [{}])[0]


def _overview(shop: Shop) -> dict[str, Any]:
    """Return the figures of the latest build, and the model whose lists it serves."""
    figures = _only(shop, "overview")
    served = served_model(figures.pop("settings", None))
    return figures | {"served": served} | {name: shop.count(name) for name in COUNTED}


def _product_ids(week: dict[str, list[dict[str, Any]]]) -> list[str]:
    """Return the ids of all products in the rows."""
    cells = (cell for rows in week.values() for row in rows for cell in row.items())
    return sorted({value for column, value in cells if column.endswith("product_id")})


def _products(shop: Shop) -> dict[str, Any]:
    """Return the products by column: texts with few values are dictionary-encoded."""
    rows = shop.rows("products")
    names = rows[0].keys() if rows else ()
    columns: dict[str, Any] = {name: [row[name] for row in rows] for name in names}
    for name in ("category", "brand"):
        found = columns.get(name, [])
        values = sorted({value for value in found if value is not None})
        places = {value: place for place, value in enumerate(values)}
        columns[name] = {"values": values, "places": [places.get(value, -1) for value in found]}
    if not any(columns.get("url", [])):
        columns.pop("url", None)  # without a catalogue there are none
    mapped = sum(value is not None for value in columns.get("x", []))
    if mapped:
        _lay_out(columns, ("x", "y"), mapped)
        _lay_out(columns, ("x3", "y3", "z3"), mapped)
    return columns


def _lay_out(columns: dict[str, Any], axes: tuple[str, ...], mapped: int) -> None:
    """Scale coordinates to the page's grid; on the flat map, separate overlapping dots."""
    places = np.array([columns[axis][:mapped] for axis in axes], dtype=float).T
    # A few outliers must not squeeze the rest.
    low, high = np.quantile(places, [0.002, 0.998], axis=0)
    places = (places - (low + high) / 2) / max((high - low).max() / 2, 1e-9)
    if len(axes) == 2:
        # Spread evenly over a quarter of the frame, dots would be 1 / sqrt(n) apart.
        places = spread(places, 0.8 / np.sqrt(mapped))
    placed = np.rint(GRID * places).astype(int)
    for axis, values in zip(axes, placed.T.tolist(), strict=True):
        columns[axis][:mapped] = values


def _similar(shop: Shop) -> dict[str, dict[int, Any]]:
    """Return relation -> position of a product -> [similar products, sessions together]."""
    found: dict[str, dict[int, Any]] = {"substitute": {}, "complement": {}}
    for row in shop.rows("similar"):
        found.setdefault(row["relation"], {})[row["position"]] = [row["similar"], row["together"]]
    return found


def _tables(shop: Shop, database: Path) -> list[dict[str, Any]]:
    """Return the published tables with rows, bytes and the time of the newest file."""
    tables = []
    for name in sorted(shop.schemas):
        path = database.resolve().parent / f"{name}.parquet"
        if not path.exists():
            continue
        # A table kept by day is a folder of files.
        files = [file.stat() for file in (path.rglob("*.parquet") if path.is_dir() else [path])]
        written = datetime.fromtimestamp(max(file.st_mtime for file in files), UTC)
        tables.append(
            {
                "name": name,
                "rows": shop.count(name),
                "bytes": sum(file.st_size for file in files),
                "written_at": written.isoformat(timespec="seconds"),
            }
        )
    return tables
