"""Differences between a table and the oracle's rows, column by column."""

import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

PRODUCT_COLUMNS = (
    "product_key",
    "neighbour_key",
    "because_product_key",
    "product_key_a",
    "product_key_b",
)
TOLERANCE = 1e-9
TOLERANCES = {"embedding_diversity": 1e-6}
"""Of metrics that are computed in single precision."""
LIMIT = 5
"""Differences named per table."""


def with_ids(
    rows: Iterable[Mapping], users: Mapping[int, str], products: Mapping[int, str], groups: str
) -> list[dict]:
    """Replace the numbers of users, products and groups (users or sessions) by ids."""
    names = {column: products for column in PRODUCT_COLUMNS} | {"user_key": users}
    if groups == "users":
        names["group_key"] = users
    return [
        {
            column: names[column].get(value) if column in names else value
            for column, value in row.items()
        }
        for row in rows
    ]


def differences(
    found: Sequence[Mapping], expected: Sequence[Mapping], key: Collection[str]
) -> list[str]:
    """Return a description of how rows differ from the expected ones; empty if they do not.

    `key` names the columns that identify rows; without any, the rows are compared as a bag.
    """
    columns = sorted({*(found[0] if found else ()), *(expected[0] if expected else ())})
    for rows, name in ((found, "table"), (expected, "oracle")):
        missing = [column for column in columns if rows and column not in rows[0]]
        if missing:
            return [f"the {name} lacks the columns {', '.join(missing)}"]
    if not key:
        return _bag(found, columns, "table", expected) + _bag(expected, columns, "oracle", found)
    by_key = {tuple(row[column] for column in key): row for row in found}
    expected_by_key = {tuple(row[column] for column in key): row for row in expected}
    said = []
    if len(by_key) != len(found):
        said.append("the key of the table is not unique")
    said += [f"not in the table: {row}" for k, row in expected_by_key.items() if k not in by_key]
    said += [f"only in the table: {row}" for k, row in by_key.items() if k not in expected_by_key]
    for k in expected_by_key.keys() & by_key.keys():
        for column in columns:
            value, wanted = by_key[k][column], expected_by_key[k][column]
            if not equal(value, wanted, TOLERANCES.get(by_key[k].get("metric"), TOLERANCE)):
                where = ", ".join(f"{name} {part}" for name, part in zip(key, k, strict=True))
                said.append(f"{column} is {value!r}, the oracle says {wanted!r}, for {where}")
    return said


def _bag(rows, columns, name, others) -> list[str]:
    counts = Counter(tuple(row[column] for column in columns) for row in rows)
    counts.subtract(Counter(tuple(row[column] for column in columns) for row in others))
    return [
        f"{count} more in the {name}: {dict(zip(columns, row, strict=True))}"
        for row, count in counts.items()
        if count > 0
    ]


def equal(value: object, wanted: object, tolerance: float = 1e-9) -> bool:
    """Whether two values are equal, numbers to nine places and times to a microsecond."""
    if isinstance(value, float) and isinstance(wanted, float | int):
        return math.isclose(value, wanted, rel_tol=tolerance, abs_tol=tolerance)
    if isinstance(value, datetime) and isinstance(wanted, datetime):
        return abs(value - wanted) <= timedelta(microseconds=1)
    return value == wanted
