"""Vars of a build, merged for ``dbt --vars``: ``python -m longtail.build.vars``.

A preset of ``datasets/``, then what the user passes, then the paths of the events, of the product
catalogue and of the impressions; later ones win. make passes them in the environment (DATASET,
VARS, EVENTS, PRODUCTS, IMPRESSIONS), where no shell changes a quote or a dollar sign in them.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from longtail.build import settings
from longtail.build.machine import warehouse_folder

PRESETS = settings.PROJECT / "datasets"


def load_preset(name: str, folder: Path = PRESETS) -> dict[str, Any]:
    """Return the vars of a preset: of `folder` by its name, or any file by its path.

    Raises
    ------
    ValueError
        If there is no such preset; the message lists the existing ones.
    """
    if name.endswith((".yml", ".yaml")):
        try:
            text = Path(name).expanduser().read_text(encoding="utf-8")
        except OSError as error:
            raise ValueError(f"cannot read the preset {name!r}: {error.strerror}") from error
        return _mapping(text, name)
    file = folder / f"{name}.yml"
    known = sorted(path.stem for path in folder.glob("*.yml"))
    if name not in known:
        raise ValueError(f"there is no dataset preset '{name}': give one of {', '.join(known)}")
    return _mapping(file.read_text(encoding="utf-8"), str(file))


def merge(
    preset: str = "",
    given: str = "",
    events: str = "",
    base: str = "",
    products: str = "",
    impressions: str = "",
) -> dict[str, Any]:
    """Return the vars of a build.

    Parameters
    ----------
    preset
        Name of a file in ``datasets/``, without its ending, or path of one; "" for none.
    given
        YAML or JSON mapping from var to value; "" for none.
    events
        Path or glob of the event files; "" for none.
    base
        A mapping like `given`, overridden by everything else.
    products
        Path or glob of the product catalogue; "" for none.
    impressions
        Path or glob of what was shown and clicked; "" for none.

    Vars given under an old name come back under the new one.

    Raises
    ------
    ValueError
        If the preset is unknown, `given` is not a mapping, or a var is unknown or out of range.
    """
    merged: dict[str, Any] = {}
    for layer in (
        _mapping(base, "--base"),
        load_preset(preset) if preset else {},
        _mapping(given, "VARS"),
    ):
        merged |= settings.by_new_names(layer)
    if events:
        merged["events"] = events
    if products:
        merged["catalogue"] = products
    if impressions:
        merged["impressions"] = impressions
    if preset and not merged.get("events"):
        raise ValueError(
            f"the preset '{preset}' says how to read files, but not which: give EVENTS too"
        )
    settings.check(merged, settings.load_defaults())
    return merged


def _mapping(text: str, name: str) -> dict[str, Any]:
    try:
        value = yaml.safe_load(text)
        value = {} if value is None else value  # nothing, or nothing but comments
    except yaml.YAMLError as error:
        raise ValueError(f"{name} is not YAML or JSON: {' '.join(str(error).split())}") from error
    if not isinstance(value, Mapping):
        raise ValueError(f"{name} must be a mapping from var to value, such as {{window: 3}}")
    return dict(value)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the vars as one line of JSON, or an error; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m longtail.build.vars", description=__doc__)
    for name, what in (
        ("dataset", "preset of datasets/, without .yml, or the path of one"),
        ("vars", "mapping of vars, YAML or JSON"),
        ("events", "path or glob of the event files"),
        ("products", "path or glob of the product catalogue"),
        ("impressions", "path or glob of what was shown and clicked"),
    ):
        variable = name.upper()
        parser.add_argument(
            f"--{name}", default=os.environ.get(variable, ""), help=f"{what}; default: {variable}"
        )
    parser.add_argument("--base", default="", help="mapping of vars that all others override")
    options = parser.parse_args(arguments)
    try:
        warehouse_folder(os.environ.get("LONGTAIL_WAREHOUSE", ""))
        merged = merge(
            options.dataset,
            options.vars,
            options.events,
            options.base,
            options.products,
            options.impressions,
        )
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    for line in settings.renamed(_mapping(options.vars, "VARS")):
        print(line, file=sys.stderr)
    print(json.dumps(merged, default=str, ensure_ascii=False))  # YAML cannot hold surrogates
    return 0


if __name__ == "__main__":
    sys.exit(main())
