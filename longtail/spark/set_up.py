"""What a build on Spark needs beside packages: ``python -m longtail.spark.set_up [target]``.

dbt looks for adapters in `dbt.adapters`; a line in the environment's `longtail_spark.pth` lets it
find longtail's. Environments without requirements-spark.lock have no such line.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

OLDEST_JAVA = 17
NAMES_VERSION = re.compile(r'version "(?:1\.)?(\d+)')


def find_java(environment: dict[str, str]) -> str | None:
    """Return the java that Spark would start: that of JAVA_HOME, else the one on PATH."""
    if home := environment.get("JAVA_HOME"):
        return shutil.which("java", path=str(Path(home) / "bin"))
    return shutil.which("java", path=environment.get("PATH"))


def check_java(environment: dict[str, str]) -> None:
    """Refuse a machine on which a Spark session could not start.

    Raises
    ------
    ValueError
        One line that says what to install.
    """
    wanted = f"Spark needs Java {OLDEST_JAVA} or newer (apt-get install openjdk-17-jre-headless)"
    if (java := find_java(environment)) is None:
        raise ValueError(f"{wanted}; there is none on PATH or in JAVA_HOME")
    said = subprocess.run([java, "-version"], capture_output=True, text=True).stderr
    found = NAMES_VERSION.search(said)
    if found is None or int(found[1]) < OLDEST_JAVA:
        raise ValueError(f"{wanted}; {java} is {found[1] if found else 'no working Java'}")


def make_findable(site_packages: Path) -> None:
    """Let dbt find the adapter."""
    line = str(Path(__file__).with_name("dbt_path"))
    (site_packages / "longtail_spark.pth").write_text(f"{line}\n", encoding="utf-8")


def main(target: str = "spark") -> int:
    """Set up, or say in one line what is missing; a Connect server brings its own Java."""
    if target != "spark_connect":
        try:
            check_java(dict(os.environ))
        except ValueError as error:
            print(f"error: {error}", file=sys.stderr)
            return 1
    make_findable(Path(sysconfig.get_path("purelib")))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
