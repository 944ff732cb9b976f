"""Inspect the files of a product catalogue and propose the vars that read them."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from longtail.build import catalogue_files, settings
from longtail.build.event_files import find_files
from longtail.build.file_rows import EventFile, identifier, rows_of
from longtail.inspect.profile import PROFILED_ROWS, TIMES, Column, profile
from longtail.inspect.propose import NAMES, Proposal
from longtail.inspect.sample import Sample, take_sample
from longtail.inspect.shapes import plain
from longtail.inspect.staging import Rejected, catalogue_sql, rejected_rows

CATALOGUE_NAMES: dict[str, tuple[str, ...]] = {
    "product_id": (*NAMES["product_id"], "id", "variant_sku", "handle", "gtin", "ean"),
    "product_name": (*NAMES["product_name"], "prod_name", "product_display_name"),
    "url": tuple("url link product_url permalink product_link".split()),
    "image_url": tuple(
        "image_url image_link image images image_src img_url picture thumbnail".split()
    ),
    "price": (*NAMES["price"], "regular_price", "variant_price", "list_price"),
    "currency": ("currency", "currency_code", "price_currency"),
    "category_id": tuple("category_id categoryid cat_id aisle_id 商品类目id 类目id".split()),
    "category_code": tuple(
        "category_code category_path categories google_product_category product_category_name "
        "genres genre 商品类目 类目".split()
    ),
    "brand": (*NAMES["brand"], "maker", "manufacturer_id"),
    "is_available": tuple(
        "is_available availability available in_stock instock is_in_stock stock_status".split()
    ),
    "stock": tuple(
        "stock stock_quantity inventory inventory_quantity variant_inventory_qty "
        "units_in_stock quantity qty 库存".split()
    ),
    "available_from": ("available_from", "availability_date", "launch_date"),
    "available_until": ("available_until", "expiration_date", "valid_until"),
}
"""Canonical column to its usual names, normalised by `plain`, the likeliest first."""
LEVELS = tuple(
    "index_group_name department product_department section section_name main_category "
    "product_group_name category category_name product_category sub_category subcategory "
    "product_subcategory product_type product_type_name type".split()
)
"""Names of the levels of a category, the widest first."""
PRICE = re.compile(r"[-+]?[\d.,]+ *[A-Za-z]{3}")


@dataclass(frozen=True)
class StagedCatalogue:
    """The result of staging a sample.

    Attributes
    ----------
    kept
        Products.
    rejected
        The other rows by reason, the most frequent first.
    filled
        Canonical column to products that have a value of it.
    unavailable
        Products sold out or not available today.
    shared
        Products that are also in the events' sample; None without events.
    notes
        Messages that a build would print about the files.
    """

    kept: int
    rejected: tuple[Rejected, ...]
    filled: dict[str, int]
    unavailable: int
    shared: int | None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class CatalogueLook:
    """What is in the catalogue that a pattern names.

    Attributes
    ----------
    paths, size, sample, columns, proposal, problem
        As in `longtail.inspect.look.Look`.
    staged
        The result of staging the sample with the proposal; None when there is a `problem`.
    """

    paths: tuple[str, ...]
    size: int
    sample: Sample
    columns: tuple[Column, ...]
    proposal: Proposal
    staged: StagedCatalogue | None
    problem: str


def look_at_catalogue(
    pattern: str, given: Mapping[str, Any] | None = None, event_products: Collection[str] = ()
) -> CatalogueLook:
    """Inspect the files of a catalogue.

    Parameters
    ----------
    pattern
        Path or glob.
    given
        Vars; `catalogue_columns` is not guessed when it is among them.
    event_products
        Product ids of events: the column that holds most of them is the key.

    Raises
    ------
    ValueError
        If no file matches or the first cannot be read.
    """
    given = dict(given or {})
    paths = find_files(pattern)
    first = next((path for path in paths if os.path.getsize(path)), paths[0])
    with tempfile.TemporaryDirectory(prefix="longtail-") as folder, duckdb.connect() as connection:
        sample = take_sample(first, given.get("catalogue_csv_options", {}), Path(folder))
        if not sample.file.columns or not sample.file.has_rows:
            raise ValueError(f"{first!r} has no rows")
        connection.execute(
            f"create table sample as select * from ({rows_of(sample.file)}) limit {PROFILED_ROWS}"
        )
        columns = tuple(profile(connection, "sample", sample.file))
        if "catalogue_columns" in given:
            proposal = Proposal({"catalogue_columns": dict(given["catalogue_columns"])})
        else:
            proposal = _proposal(connection, columns, event_products)
        if sample.csv_options:
            proposal.given["catalogue_csv_options"] = sample.csv_options
        staged, problem = None, "no column was found for product_id"
        if not proposal.missing:
            given |= proposal.given | {"catalogue": pattern}
            checked = settings.check(given, settings.load_defaults())
            try:
                staged, problem = _staged(sample.file, checked, event_products), ""
            except (ValueError, duckdb.Error) as error:
                problem = str(error).partition("\n")[0]
    size = sum(map(os.path.getsize, paths))
    return CatalogueLook(tuple(paths), size, sample, columns, proposal, staged, problem)


def _proposal(
    connection: duckdb.DuckDBPyConnection,
    columns: Sequence[Column],
    event_products: Collection[str],
) -> Proposal:
    """Return the vars guessed from names and content."""
    free = [column for column in columns if column.kind not in ("nested", "empty")]
    found: dict[str, Column] = {}
    if key := _key(connection, free, event_products):
        found["product_id"] = key
    for canonical, names in CATALOGUE_NAMES.items():
        by_name = {
            plain(column.name): column
            for column in reversed(free)
            if column not in found.values() and _may_be(canonical, column)
        }
        name = next((name for name in names if name in by_name), None)
        if name and canonical != "product_id":
            found[canonical] = by_name[name]
    mapped = {
        canonical: column.name
        for canonical, column in found.items()
        if column.name.lower() != canonical
    }
    proposal = Proposal({"catalogue_columns": mapped})
    if "product_id" not in found:
        proposal.missing.append("product_id")
    _categories(connection, proposal, found, free)
    return proposal


def _may_be(canonical: str, column: Column) -> bool:
    """Whether a column's values are consistent with its name."""
    if canonical.startswith("available_"):
        return bool(set(TIMES) & column.kinds)
    if canonical == "stock":
        return "number" in column.kinds
    if canonical == "price":
        return "number" in column.kinds or all(map(PRICE.fullmatch, column.examples))
    if canonical == "is_available":
        return column.distinct <= 12
    return column.kind not in ("time", "date")


def _key(
    connection: duckdb.DuckDBPyConnection, columns: Sequence[Column], products: Collection[str]
) -> Column | None:
    """Return the id column: the one with most of the events' products, else by name or content."""
    ids = [column for column in columns if column.kind not in ("time", "date", "number")]
    by_name = {plain(column.name): column for column in reversed(ids)}
    named = next((by_name[n] for n in CATALOGUE_NAMES["product_id"] if n in by_name), None)
    ((rows,),) = connection.execute("select count(*) from sample").fetchall()
    others = {name for names in CATALOGUE_NAMES.values() for name in names}
    unnamed = [column for column in ids if plain(column.name) not in others]
    unique = next((column for column in unnamed if column.distinct == rows > 1), None)
    best = named or unique
    if not products:
        return best
    shared = {column.name: _shared(connection, column, products) for column in ids}
    fullest = max(ids, key=lambda column: shared[column.name], default=None)
    if fullest and (best is None or shared[fullest.name] > shared[best.name]):
        return fullest
    return best


def _shared(
    connection: duckdb.DuckDBPyConnection, column: Column, products: Collection[str]
) -> int:
    """Count the products that a column of the sample holds."""
    ((shared,),) = connection.execute(
        f"""
        select count(distinct trim(cast({identifier(column.name)} as varchar))) from sample
        where trim(cast({identifier(column.name)} as varchar)) in (select unnest(?))
        """,
        [list(products)],
    ).fetchall()
    return shared


def _categories(
    connection: duckdb.DuckDBPyConnection,
    proposal: Proposal,
    found: Mapping[str, Column],
    columns: Sequence[Column],
) -> None:
    """Join a category's levels, or take the first of several categories."""
    mapped = proposal.given["catalogue_columns"]
    if column := found.get("category_code"):
        name = identifier(column.name)
        ((lists,),) = connection.execute(
            f"""
            select coalesce(avg(cast(contains({name}, '|') as int)), 0)
            from (select cast({name} as varchar) as {name} from sample)
            """
        ).fetchall()
        if lists > 0.2:
            mapped["category_code"] = f"split_part({name}, '|', 1)"
            proposal.comments["category_code"] = "the first of several"
        return
    levels = {
        plain(column.name): column
        for column in reversed(columns)
        if column not in found.values() and column.kind == "text"
    }
    names = [identifier(levels[level].name) for level in LEVELS if level in levels]
    if len(names) == 1:
        mapped["category_code"] = next(levels[n].name for n in LEVELS if n in levels)
    elif names:
        parts = ", ".join(f"nullif(trim({name}), '')" for name in names)
        mapped["category_code"] = f"concat_ws(' > ', {parts})"
        proposal.comments["category_code"] = "its levels, the widest first"


def _staged(
    file: EventFile, given: Mapping[str, Any], event_products: Collection[str]
) -> StagedCatalogue:
    """Stage the rows of a file with the models' own SQL."""
    notes: list[str] = []
    rows = catalogue_files.catalogue_sql(
        catalogue_files.queried_catalogue([file], given),
        given["catalogue_columns"],
        catalogue_files.content_columns(given),
        notes.append,
    )
    shown = [name for name in settings.CATALOGUE_COLUMNS if name != "product_id"]
    with duckdb.connect() as connection:  # its own: it records the lines that it cannot split
        connection.execute("set TimeZone = 'UTC'")
        connection.execute(f"create table staged as {catalogue_sql(rows, given)}")
        rejected = rejected_rows(
            connection, {name: f"raw_{name}" for name in settings.CATALOGUE_COLUMNS}
        )
        ((kept, unavailable, shared, *filled),) = connection.execute(
            f"""
            select count(*),
                count(*) filter (
                    where not coalesce(is_available, stock > 0, true)
                    or available_from > current_timestamp
                    or available_until <= current_timestamp
                ),
                count(*) filter (where product_id in (select unnest(?))),
                {", ".join(f"count({name})" for name in shown)}
            from staged where reject_reason is null
            """,
            [list(event_products)],
        ).fetchall()
    return StagedCatalogue(
        kept,
        rejected,
        {name: count for name, count in zip(shown, filled, strict=True) if count},
        unavailable,
        shared if event_products else None,
        tuple(notes),
    )
