"""The machine resources of a build: folder, threads and memory.

The environment sets them (LONGTAIL_WAREHOUSE, LONGTAIL_THREADS, LONGTAIL_MEMORY_LIMIT),
`profiles.yml` passes them to dbt, and everything else reads them from DuckDB's settings.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb

DEFAULT_WAREHOUSE = "warehouse"
LIMITS = {
    "LONGTAIL_THREADS": ("threads", "a whole number from 1 to 999", "[1-9][0-9]{0,2}"),
    "LONGTAIL_MEMORY_LIMIT": (
        "memory_limit",
        "an amount with its unit, such as 6GB",
        ".*[MGT]i?B|.*%",
    ),
}
"""Variable -> DuckDB's setting, its valid values in words, and their pattern."""
REMOTE = re.compile(r"(?!file:)[a-z][a-z0-9+.-]+:/", re.IGNORECASE)
"""How the address of a file on another machine begins; a Path leaves one slash of two."""


def refuse_remote(path: str) -> None:
    """Refuse an address such as s3://bucket/log.parquet in place of a path.

    DuckDB would read it with its extension httpfs, which is not part of duckdb and has no package
    for this version: nothing here could be tested.

    Raises
    ------
    ValueError
        If `path` is an address.
    """
    if REMOTE.match(path):
        raise ValueError(
            f"{path!r} is an address, and longtail reads and writes local files only: fetch "
            "files before a build, upload tables after it (aws s3 cp, gcloud storage cp, azcopy)"
        )


def warehouse_folder(name: str = "") -> Path:
    """Return the absolute folder of the tables; "" is the default, "~" the user's home.

    Raises
    ------
    ValueError
        If the name is an address.
    """
    refuse_remote(name)
    return Path(os.path.abspath(os.path.expanduser(name or DEFAULT_WAREHOUSE)))


def check_limits(options: Mapping[str, Any]) -> None:
    """Refuse values of threads and memory that DuckDB does not accept.

    Parameters
    ----------
    options
        The `config_options` of a target of profiles.yml.

    Raises
    ------
    ValueError
        The message names the variable and its valid values.
    """
    for variable, (option, wanted, form) in LIMITS.items():
        value = str(options[option])
        try:
            if not re.fullmatch(form, value, re.IGNORECASE):
                raise ValueError
            duckdb.connect(config={option: value}).execute("from range(1)").fetchall()
        except (ValueError, duckdb.Error):
            raise ValueError(f"{variable} takes {wanted}; it is {value!r}") from None


def work_folder(session: duckdb.DuckDBPyConnection) -> Path:
    """Return the folder of the tables in progress: the one with the build's database."""
    database = "select path from duckdb_databases() where database_name = current_database()"
    return Path(session.execute(database).fetchall()[0][0]).parent


def threads(session: duckdb.DuckDBPyConnection) -> int:
    """Return DuckDB's number of threads."""
    return session.execute("select current_setting('threads')").fetchall()[0][0]


if __name__ == "__main__":
    print(warehouse_folder(os.environ.get("LONGTAIL_WAREHOUSE", "")))
