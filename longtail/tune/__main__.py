"""Find a shop's vars on its own training history, and write them as a preset.

``python -m longtail.tune 'FILES' [--dataset PRESET] [--minutes 15] [--write PRESET.yml]``; make
hands over EVENTS, PRODUCTS, DATASET, VARS, MINUTES and WRITE in the environment. Without event
files it searches on the demo events.
"""

from __future__ import annotations

import argparse
import os
import re
import shlex
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from longtail.build.settings import PROJECT
from longtail.build.vars import PRESETS, merge
from longtail.tune.halving import Budget
from longtail.tune.preset import curve, gain_lines, tuned_preset
from longtail.tune.search import search

DEFAULT_MINUTES = 15.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a search's progress and result, or an error; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m longtail.tune", description=__doc__)
    default = os.environ.get("EVENTS", "")
    what = "path or glob of the event files, in quotes; default: EVENTS"
    parser.add_argument("files", nargs="?", default=default, help=what)
    for name, what in (
        ("products", "path or glob of the product catalogue"),
        ("dataset", "preset of datasets/, or the path of one, to start from"),
        ("vars", "mapping of vars, YAML or JSON, to start from"),
        ("minutes", f"time that the search may take; {DEFAULT_MINUTES:g}"),
        ("write", "file for the preset; default: datasets/, by the name of the event file"),
    ):
        default = os.environ.get(name.upper(), "")
        parser.add_argument(f"--{name}", default=default, help=f"{what}; default: {name.upper()}")
    options = parser.parse_args(arguments)
    try:
        minutes = minutes_of(options.minutes)
        target = preset_file(options.write, options.files)
        given = merge(options.dataset, options.vars, options.files, products=options.products)
        work = PROJECT / "target"
        work.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=work, prefix="tune_") as folder:
            budget = Budget(60 * minutes)
            found = search(given, Path(folder), budget, say)
        say("")
        for line in curve(found.points):
            say(line)
        if found.verdict is None or not found.verdict.is_better:
            say(f"\n{found.trials} trials found nothing better: nothing is written.")
            for line in gain_lines(found.verdict) if found.verdict else ():
                say(f"  {line}")
            return 0
        text = tuned_preset(
            given,
            found.candidate,
            found.verdict,
            command=command(options.files, target),
            cost=f"{found.trials} trials in {budget.used / 60:.0f} minutes",
        )
        target.write_text(text, encoding="utf-8")
        say(f"\nWrote {target}; gained on days that the search did not see:")
        for line in gain_lines(found.verdict):
            say(f"  {line}")
        say(f"  {command(options.files, target)}")
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


def minutes_of(text: str) -> float:
    """Return the minutes of a search; "" is the default.

    Raises
    ------
    ValueError
        If the text is not a number above 0.
    """
    try:
        minutes = float(text or DEFAULT_MINUTES)
    except ValueError:
        minutes = 0.0
    if not 0 < minutes < float("inf"):
        raise ValueError(f"minutes must be a number above 0, not {text!r}")
    return minutes


def preset_file(write: str, events: str, folder: Path = PRESETS) -> Path:
    """Return the file to write: the one given, or in `folder` by the name of the event files.

    Raises
    ------
    ValueError
        If the given one is not a .yml file, or the one in `folder` exists.
    """
    if write:
        if not write.endswith((".yml", ".yaml")):
            raise ValueError(f"the name of a preset file ends in .yml, not {write!r}")
        return Path(write).expanduser()
    stem = re.sub(r"\W+", "_", Path(events).name.split(".")[0]).strip("_").lower() or "demo"
    file = folder / f"{stem}.yml"
    if file.exists():
        raise ValueError(f"{file} exists: name a file to write (make: WRITE=shop.yml)")
    return file


def command(events: str, preset: Path) -> str:
    """Return the command that builds with a preset."""
    return f"make build EVENTS={shlex.quote(events)} DATASET={shlex.quote(str(preset))}"


def say(line: str) -> None:
    """Print a line at once."""
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
