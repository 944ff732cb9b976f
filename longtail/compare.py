"""What differs between two builds: ``python -m longtail.compare BUILD_A BUILD_B``.

A build is a warehouse, a folder of its `.builds`, or a longtail.duckdb. The figures are those of
the table `build_diff`, by the same query: this module renders the macro without dbt.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import jinja2

from longtail.build.console import show
from longtail.build.file_rows import text_literal
from longtail.build.settings import PROJECT
from longtail.build.warehouse import DATABASE

MACROS = (
    "dialect/exact_sum.sql",
    "build/difference/list_overlap.sql",
    "build/difference/key_changes.sql",
    "build/difference/product_changes.sql",
    "build/difference/build_difference.sql",
)
TABLES = (
    *("user_recommendations", "similar_products", "products"),
    *("model_metrics", "long_tail_exposure", "cleaning_report"),
)
PARTS = ("lists", "keys", "products", "metrics", "exposure", "cleaning")


def difference_sql(before: str, after: str) -> str:
    """Return the query of `build_diff` for two attached databases.

    Parameters
    ----------
    before, after
        Their names in SQL.
    """
    source = "".join((PROJECT / "macros" / file).read_text(encoding="utf-8") for file in MACROS)
    template = jinja2.Environment(autoescape=False).from_string(source)  # SQL, not a page
    builds = [{table: f"{name}.{table}" for table in TABLES} for name in (before, after)]
    return str(template.module.build_difference(*builds))


def compare(before: Path, after: Path) -> list[dict[str, Any]]:
    """Return the figures of two builds, as rows of `build_diff`, without `rank`.

    Parameters
    ----------
    before, after
        Warehouses, builds or databases.

    Raises
    ------
    FileNotFoundError
        If one of them is not a published build.
    """
    with duckdb.connect() as connection:
        for name, build in (("before", before), ("after", after)):
            database = build / DATABASE if build.is_dir() else build
            if not database.exists():
                raise FileNotFoundError(f"{build} is not a published build")
            path = text_literal(str(database.resolve()))
            connection.execute(f'attach {path} as "{name}" (read_only)')
        query = difference_sql('"before"', '"after"')
        rows = connection.sql(f"from ({query}) order by subject, figure").to_arrow_table()
    return sorted(rows.to_pylist(), key=lambda row: PARTS.index(row["part"]))


def lines(rows: Sequence[dict[str, Any]], *, every: bool = False) -> list[str]:
    """Return the figures as lines of text; unchanged ones only on request."""
    shown = [row for row in rows if every or _has_changed(row)]
    found, part = [], None
    for row in shown:
        if row["part"] != part:
            part = row["part"]
            found.append(part)
        is_count = part in ("keys", "products") or row["figure"] == "lists compared"
        before, after = (_number(row[build], is_count) for build in ("before", "after"))
        is_comparison = row["before"] is None and part in ("lists", "keys")
        change = after if is_comparison else f"{before} -> {after}"
        verdict = f"  ({row['verdict']})" if row["verdict"] else ""
        found.append(f"  {row['subject']}: {row['figure']}  {change}{verdict}")
    return found


def _has_changed(row: dict[str, Any]) -> bool:
    """Return whether a figure shows a difference."""
    if row["change"] is None:
        return (
            row["part"] in ("lists", "products") or row["before"] is not None or bool(row["after"])
        )
    return row["change"] != 0


def _number(value: float | None, is_count: bool) -> str:
    """Return a figure as text: a count as a whole number, others with four digits."""
    if value is None:
        return "none"
    return f"{value:,.0f}" if is_count else f"{value:.4f}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Say what differs between two builds: lists, products, metrics, exposure, cleaning.

    Parameters
    ----------
    arguments
        The options; None takes those of the command line.

    Returns
    -------
    int
        The exit code: 0, or 1 when there is no such build.
    """
    parser = argparse.ArgumentParser(prog="python -m longtail.compare", description=main.__doc__)
    parser.add_argument(
        "before", type=Path, help="a warehouse, a build in it, or a longtail.duckdb"
    )
    parser.add_argument("after", type=Path, help="the same, of the build to compare with it")
    parser.add_argument("--all", action="store_true", help="also figures that did not change")
    given = parser.parse_args(arguments)
    try:
        rows = compare(given.before, given.after)
    except (OSError, duckdb.Error) as error:
        print(f"No comparison: {' '.join(str(error).split())}", file=sys.stderr)
        return 1
    show(lines(rows, every=given.all))
    return 0


if __name__ == "__main__":
    sys.exit(main())
