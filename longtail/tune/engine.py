"""dbt in a process of its own, on the project as an earlier run of it was parsed.

    python -m longtail.tune.engine PARSED run --select ...

PARSED is dbt's partial_parse.msgpack of a run whose vars gave the same project; without such a file
the project is parsed. Parsing takes most of a small trial's time.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from longtail.build.console import collect_garbage_seldom


def main(arguments: Sequence[str]) -> int:
    """Run the dbt command; return its exit code."""
    from dbt.cli.main import dbtRunner
    from dbt.contracts.graph.manifest import Manifest
    from dbt.parser.manifest import extended_mashumuro_decoder

    collect_garbage_seldom()
    parsed, manifest = Path(arguments[0]), None
    if parsed.exists():
        manifest = Manifest.from_msgpack(parsed.read_bytes(), decoder=extended_mashumuro_decoder)
        manifest.build_flat_graph()
    outcome = dbtRunner(manifest=manifest).invoke(list(arguments[1:]))
    if outcome.exception:
        print(outcome.exception)
    return int(not outcome.success)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
