"""Every script of benchmarks/ starts: its imports, and how it reads the command line."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from dbt_shop import ROOT

OF_OTHER_ENVIRONMENTS = (
    "benchmarks/quality/peers.py",
    "benchmarks/quality/searched_peer.py",
    "benchmarks/scale/peer.py",
)
"""Scripts that import packages of an environment of their own."""
SCRIPTS = sorted(
    name
    for script in (ROOT / "benchmarks").glob("*/*.py")
    if (name := script.relative_to(ROOT).as_posix()) not in OF_OTHER_ENVIRONMENTS
)


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_benchmark_starts(script: str, tmp_path: Path) -> None:
    text = (ROOT / script).read_text(encoding="utf-8")
    asked = [sys.executable, str(ROOT / script), "--help"]
    if "ArgumentParser(" not in text:  # a module of the scripts beside it
        asked = [sys.executable, "-c", f"import {Path(script).stem}"]
    run = subprocess.run(
        asked,
        env=os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{(ROOT / script).parent}"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.startswith("usage:") == ("--help" in asked)
