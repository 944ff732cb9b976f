"""The SQL macros that analysts find in the published database.

One file per macro in ``longtail/build/sql``; `Warehouse.publish` runs their statements in the new
database. DuckDB looks up the tables in a macro when it is called.
"""

from pathlib import Path

import duckdb

MACROS = Path(__file__).with_name("sql")


def macro_statements() -> list[str]:
    """Return the statements that create the macros and their comments, in a working order.

    Returns
    -------
    list of str
        One SQL statement each, for `Warehouse.publish(..., statements=...)`.
    """
    files = sorted(MACROS.glob("*.sql"))
    return [
        statement.query.strip()
        for file in files
        for statement in duckdb.extract_statements(file.read_text(encoding="utf-8"))
    ]
