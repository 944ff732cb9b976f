"""Write report.html: ``python -m longtail.report --warehouse warehouse``."""

import argparse
import os
import sys
import time
from pathlib import Path

from longtail.build.machine import warehouse_folder
from longtail.build.warehouse import DATABASE
from longtail.report import build_report
from longtail.report.shop import UnreadableTableError


def main() -> int:
    """Write the report of a warehouse and say where it is.

    Returns
    -------
    int
        The exit code: 0, or 1 when there is no published build, a table cannot be read or the file
        cannot be written.
    """
    parser = argparse.ArgumentParser(prog="python -m longtail.report", description=main.__doc__)
    parser.add_argument(
        "--warehouse",
        default=os.environ.get("LONGTAIL_WAREHOUSE", ""),
        help="default: LONGTAIL_WAREHOUSE, or warehouse",
    )
    parser.add_argument("--output", type=Path, help="default: report.html in the warehouse")
    arguments = parser.parse_args()
    started = time.perf_counter()
    try:
        warehouse = warehouse_folder(arguments.warehouse)
        output = arguments.output or warehouse / "report.html"
        build_report(warehouse / DATABASE, output)
    except (OSError, ValueError, UnreadableTableError) as error:
        print(f"No report: {error}", file=sys.stderr)
        return 1
    size = output.stat().st_size / 1e6
    seconds = time.perf_counter() - started
    print(f"Wrote {os.path.relpath(output)} ({size:.1f} MB, {seconds:.1f} s)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
