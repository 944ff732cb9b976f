"""Break the SQL models one at a time; list the breaks that no quick test catches.

    python tests/mutants/run.py                                every model, about an hour
    python tests/mutants/run.py --models int_neighbours        some models
    python tests/mutants/run.py --sample 300                   so many mutants of all, at random

A mutant drops a condition, a join key, a column of a partition or a branch of a union, swaps < and
<=, least and greatest, min and max, + and -, reverses an order, or changes a number by 1
(`mutations.py`). The quick tests are dbt's unit tests and the oracle on tiny logs
(`quick_tests.py`). Invalid queries are not counted: they would fail every build at once.

Survivors that cannot or need not be caught are in `survivors/`, by the rooms of their models, each
with its reason: `model` is a pattern of names, `breaks` are parts of what is printed of mutants. A
new survivor is a test to write, or an entry with an honest reason.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import time
import tomllib
from collections import Counter, defaultdict
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "tests" / "python")]

from oracle.test_tables import SETTINGS  # noqa: E402 (needs the paths above)

from mutants.mutations import Mutant, mutants_of  # noqa: E402 (needs the paths above)
from mutants.quick_tests import Check, NoQueryError, Oracle, UnitTests  # noqa: E402 (needs the paths above)

SURVIVORS = Path(__file__).with_name("survivors")
ROOMS_LEFT_OUT = ("demo",)
"""Made-up events are data, not a computation."""


class Broken(NamedTuple):
    """One break of a model, in every compiled form of the model."""

    model: str
    rule: str
    shown: str
    places: list[tuple[Check, Mutant]]

    @property
    def name(self) -> str:
        return f"{self.rule}: {self.shown}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--models", nargs="*", help="names of models; all by default")
    parser.add_argument("--sample", type=int, help="how many mutants to try, chosen at random")
    parser.add_argument("--seed", type=int, default=0, help="of the sample")
    parser.add_argument("--at-least", type=float, default=0.85, help="share to be noticed")
    parser.add_argument("--folder", type=Path, default=ROOT / "target" / "mutants")
    options = parser.parse_args()

    unit_tests = UnitTests(unit_tests_run(options.folder))
    oracles = [Oracle(name, options.folder / "oracle") for name in SETTINGS]
    found, untested = all_mutants(options.models, [unit_tests, *oracles])
    if options.sample and options.sample < len(found):
        found = random.Random(options.seed).sample(found, options.sample)
    print(f"{len(found):,} mutants of {len({broken.model for broken in found})} models")
    fates = try_all(found, options.folder / "fates.jsonl")
    return report(found, fates, untested, options.at_least)


def unit_tests_run(folder: Path) -> Path:
    """Build a small demo and run dbt's unit tests, which leaves their SQL in a target folder."""
    target = folder / "target"
    environment = os.environ | {"LONGTAIL_WAREHOUSE": str(folder / "warehouse")}
    arguments = ["--vars", "{demo_events: 10000, map_products: 0}", "--quiet"]
    arguments += ["--target-path", str(target), "--log-path", str(target)]
    for command in (["run"], ["test", "--select", "test_type:unit"]):
        dbt = Path(sys.executable).with_name("dbt")
        subprocess.run([dbt, *command, *arguments], cwd=ROOT, env=environment, check=True)
    return target


def all_mutants(
    names: list[str] | None, tests: list[UnitTests | Oracle]
) -> tuple[list[Broken], list[str]]:
    """Return the mutants of the models named, and the models that no quick test runs."""
    files = sorted((ROOT / "models").glob("**/*.sql"))
    models = [
        file.stem
        for file in files
        if file.relative_to(ROOT / "models").parts[0] not in ROOMS_LEFT_OUT
    ]
    found, untested = [], []
    for model in names or models:
        checks = [check for test in tests for check in test.of(model)]
        places: dict[tuple, list[tuple[Check, Mutant]]] = defaultdict(list)
        for check in checks:
            for mutant in mutants_of(check.sql, check.start, check.end):
                places[mutant.known_by].append((check, mutant))
        for of_mutant in places.values():
            check, mutant = of_mutant[-1]
            found.append(Broken(model, mutant.rule, mutant.shown_in(check.sql), of_mutant))
        if not checks:
            untested.append(model)
    return found, untested


def fate_of(broken: Broken) -> str:
    """Return the name of the first test that catches it, "" if none does, or "no query"."""
    queries = 0
    for check, mutant in broken.places:
        try:
            if check.notices(mutant.applied_to(check.sql)):
                return check.name
            queries += 1
        except NoQueryError:
            pass
    return "" if queries else "no query"


def try_all(found: list[Broken], file: Path) -> list[str]:
    """Return each mutant's outcome; also write it to the file, one line each."""
    fates, started = [], time.monotonic()
    with file.open("w", encoding="utf-8") as lines:
        for number, broken in enumerate(found, 1):
            fates.append(fate_of(broken))
            fields = {"model": broken.model, "mutant": broken.name, "noticed_by": fates[-1]}
            lines.write(json.dumps(fields) + "\n")
            lines.flush()
            if number % 100 == 0 or number == len(found):
                seconds = time.monotonic() - started
                print(f"{number:,} of {len(found):,}, {seconds:,.0f} s", flush=True)
    return fates


def report(found: list[Broken], fates: list[str], untested: list[str], at_least: float) -> int:
    """Print the shares caught and the survivors; return the exit code."""
    queries = [(b, fate) for b, fate in zip(found, fates, strict=True) if fate != "no query"]
    for title, part in (("model", "model"), ("rule", "rule")):
        counts = Counter(getattr(broken, part) for broken, _ in queries)
        noticed = Counter(getattr(broken, part) for broken, fate in queries if fate)
        print(f"\n{title:32} mutants  noticed")
        for name in sorted(counts, key=lambda name: noticed[name] / counts[name]):
            print(f"{name:32} {counts[name]:7,} {noticed[name] / counts[name]:8.0%}")
    explained = [
        entry
        for file in sorted(SURVIVORS.glob("*.toml"))
        for entry in tomllib.loads(file.read_text(encoding="utf-8"))["survivor"]
    ]
    survivors = [broken for broken, fate in queries if not fate]
    unexplained = [broken for broken in survivors if not reason_for(broken, explained)]
    if unexplained:
        print("\nSurvivors without a reason in survivors/:")
        for broken in unexplained:
            print(f"{broken.model}: {broken.name}")
    if untested:
        print(f"\nNo quick test runs {', '.join(untested)}")
    for model, part in unneeded(explained, found, survivors):
        print(f"\nNo survivor of {model} is meant by: {part}")
    noticed = len(queries) - len(survivors)
    to_notice = noticed + len(unexplained)
    share = noticed / max(1, len(queries))
    print(
        f"\n{share:.1%} of {len(queries):,} mutants are noticed; {len(survivors):,} survive,"
        f" {len(unexplained):,} of them without a reason:"
        f" {noticed / max(1, to_notice):.1%} without those that have one"
    )
    return int(share < at_least or bool(unexplained))


def reason_for(broken: Broken, explained: list[dict]) -> str | None:
    """Return why a mutant need not be caught."""
    for entry in explained:
        if any(is_meant(entry["model"], part, broken) for part in entry["breaks"]):
            return entry["reason"]
    return None


def is_meant(model: str, part: str, broken: Broken) -> bool:
    """Whether a line of `survivors/` matches a mutant."""
    return fnmatchcase(broken.model, model) and part in broken.name


def unneeded(
    explained: list[dict], found: list[Broken], survivors: list[Broken]
) -> list[tuple[str, str]]:
    """Return the lines of `survivors/` that match no survivor although their models ran."""
    models = {broken.model for broken in found}
    return [
        (entry["model"], part)
        for entry in explained
        if any(fnmatchcase(model, entry["model"]) for model in models)
        for part in entry["breaks"]
        if not any(is_meant(entry["model"], part, broken) for broken in survivors)
    ]


if __name__ == "__main__":
    sys.exit(main())
