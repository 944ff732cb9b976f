"""The functions that analysts call in the published database, and the view `status`.

One file each in ``longtail/build/sql``; helpers that only other functions call are in its folder
``internal``, named like their schema; `Warehouse.publish` runs their statements in the new
database. DuckDB looks up the tables in a function when it is called.
"""

from pathlib import Path

import duckdb

MACROS = Path(__file__).with_name("sql")


def macro_statements() -> list[str]:
    """Return the statements that create functions, view and comments, in dependency order.

    Returns
    -------
    list of str
        One SQL statement each, for `Warehouse.publish(..., statements=...)`.
    """
    inner = [file.read_text(encoding="utf-8") for file in sorted(MACROS.glob("internal/*.sql"))]
    outer = [file.read_text(encoding="utf-8") for file in sorted(MACROS.glob("*.sql"))]
    inner.sort(key=lambda text: "as table" in text)  # a table function may call a scalar one
    return [
        statement.query.strip()
        for text in inner + outer
        for statement in duckdb.extract_statements(text)
    ]
