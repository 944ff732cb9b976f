"""Show what is in event files, and the preset that reads them.

``python -m longtail.inspect 'FILES' [--write PRESET.yml]``; make hands over EVENTS, DATASET, VARS
and WRITE in the environment.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from longtail.build.console import show
from longtail.build.vars import merge
from longtail.inspect.look import Look, look_at
from longtail.inspect.preset import preset_text
from longtail.inspect.words import words_of


def main(arguments: Sequence[str] | None = None) -> int:
    """Print what is in the files, or an error; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m longtail.inspect", description=__doc__)
    default = os.environ.get("EVENTS", "")
    what = "path or glob of the event files, in quotes; default: EVENTS"
    parser.add_argument("files", nargs="?", default=default, help=what)
    for name, what in (
        ("dataset", "preset of datasets/, or the path of one, instead of guesses"),
        ("vars", "mapping of vars, YAML or JSON"),
        ("write", "file for the preset"),
    ):
        default = os.environ.get(name.upper(), "")
        parser.add_argument(f"--{name}", default=default, help=f"{what}; default: {name.upper()}")
    options = parser.parse_args(arguments)
    name = options.write or "PRESET.yml"
    try:
        if not options.files:
            raise ValueError("name the event files (make: EVENTS=)")
        if not name.endswith((".yml", ".yaml")):
            raise ValueError(f"a preset is a .yml file, by which make knows it, not {name!r}")
        given = merge(options.dataset, options.vars, options.files)
        del given["events"]
        look = look_at(options.files, given)
        text = preset(look, options.files, name)
        if options.write:
            Path(options.write).write_text(text, encoding="utf-8")
            end = [
                f"Wrote {options.write}: look it over, then",
                f"  {command(options.files, name)}",
            ]
        else:
            shown = (f"  {line}".rstrip() for line in text.splitlines())
            end = [f"The preset (--write {name}, make: WRITE={name}):", "", *shown]
        show([*words_of(look), "", *end])
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


def preset(look: Look, pattern: str, name: str) -> str:
    """Return the text of the preset for the files of a pattern."""
    title = look.shape.title if look.shape else os.path.basename(pattern)
    return preset_text(look.proposal, title, command(pattern, name))


def command(pattern: str, name: str) -> str:
    """Return the command that builds with a preset."""
    return f"make build EVENTS='{pattern}' DATASET={name}"


if __name__ == "__main__":
    sys.exit(main())
