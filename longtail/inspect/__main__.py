"""Inspect event files or a product catalogue, and propose the preset that reads them.

``python -m longtail.inspect 'FILES' [--products 'FILES'] [--write PRESET.yml]``; make hands over
EVENTS, PRODUCTS, DATASET, VARS and WRITE in the environment. A catalogue inspected alone is added
to an existing preset.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from longtail.build.console import show
from longtail.build.vars import merge
from longtail.inspect.catalogue import look_at_catalogue
from longtail.inspect.look import Look, look_at
from longtail.inspect.preset import preset_text, with_catalogue
from longtail.inspect.words import words_of, words_of_catalogue


def main(arguments: Sequence[str] | None = None) -> int:
    """Print what is in the files, or an error; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m longtail.inspect", description=__doc__)
    default = os.environ.get("EVENTS", "")
    what = "path or glob of the event files, in quotes; default: EVENTS"
    parser.add_argument("files", nargs="?", default=default, help=what)
    for name, what in (
        ("products", "path or glob of the product catalogue"),
        ("dataset", "preset of datasets/, or the path of one, instead of guesses"),
        ("vars", "mapping of vars, YAML or JSON"),
        ("write", "file for the preset"),
    ):
        default = os.environ.get(name.upper(), "")
        parser.add_argument(f"--{name}", default=default, help=f"{what}; default: {name.upper()}")
    options = parser.parse_args(arguments)
    name = options.write or "PRESET.yml"
    try:
        if not options.files and not options.products:
            raise ValueError("name the event files (make: EVENTS=) or a catalogue (PRODUCTS=)")
        if not name.endswith((".yml", ".yaml")):
            raise ValueError(f"the name of a preset file ends in .yml, not {name!r}")
        lines, text = _looked_at(options, name)
        if options.write:
            Path(options.write).write_text(text, encoding="utf-8")
            end = [
                f"Wrote {options.write}: look it over, then",
                f"  {command(options.files, name, options.products)}",
            ]
        else:
            shown = (f"  {line}".rstrip() for line in text.splitlines())
            end = ["The preset (--write PRESET.yml, make: WRITE=PRESET.yml):", "", *shown]
        show([*lines, "", *end])
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


def _looked_at(options: argparse.Namespace, name: str) -> tuple[list[str], str]:
    """Return the report on the files, and the preset."""
    given = merge(options.dataset, options.vars, options.files or options.products)
    del given["events"]
    lines, products = [], frozenset[str]()
    if options.files:
        look = look_at(options.files, given)
        text = preset(look, options.files, name, options.products)
        lines = words_of(look)
        products = look.staged.product_ids if look.staged else products
    elif options.write and os.path.exists(options.write):
        text = Path(options.write).read_text(encoding="utf-8")
    else:
        title = os.path.basename(options.products)
        text = f"# {title}\n#\n#   {command('', name, options.products)}\n"
    if options.products:
        catalogue = look_at_catalogue(options.products, given, products)
        lines += [""] * bool(lines) + words_of_catalogue(catalogue, len(products))
        text = with_catalogue(text, catalogue.proposal)
    return lines, text


def preset(look: Look, pattern: str, name: str, products: str = "") -> str:
    """Return the text of the preset for the files of a pattern."""
    title = look.shape.title if look.shape else os.path.basename(pattern)
    return preset_text(look.proposal, title, command(pattern, name, products))


def command(pattern: str, name: str, products: str = "") -> str:
    """Return the command that builds with a preset."""
    events = f"'{pattern}'" if pattern else "..."
    catalogue = f" PRODUCTS='{products}'" if products else ""
    return f"make build EVENTS={events}{catalogue} DATASET={name}"


if __name__ == "__main__":
    sys.exit(main())
