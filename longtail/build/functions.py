"""Compiled functions that models call in DuckDB's SQL, through macros of macros/dialect."""

from __future__ import annotations

from typing import Any

import duckdb

SPARSE_PRODUCT = "longtail_sparse_product"
"""By the macro `sparse_product`."""
MODULES = {SPARSE_PRODUCT: "longtail.tables.sparse_product"}
"""The module of each function."""
_PARAMETERS = (
    *("double[]", "bigint[]", "integer[][]", "double[][]", "double[][]"),
    *("integer", "double", "integer"),
)
_ROWS = "struct(key integer, score double, cause bigint)[]"


def add_functions(connection: duckdb.DuckDBPyConnection) -> None:
    """Register the functions with a database, for all its connections."""
    connection.create_function(
        SPARSE_PRODUCT,
        _sparse_product,
        list(_PARAMETERS),
        _ROWS,
        type="arrow",
    )


def _sparse_product(
    weights: Any,
    causes: Any,
    keys: Any,
    scores: Any,
    divisors: Any,
    digits: Any,
    power: Any,
    size: Any,
) -> Any:
    """Import the compiled code when it is first called: most runs of dbt do not call it.

    DuckDB counts the parameters.
    """
    from longtail.tables.sparse_product import product_of_lists

    return product_of_lists(weights, causes, keys, scores, divisors, digits, power, size)
