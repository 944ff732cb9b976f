"""Another dbt project uses this one as a local package."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from dbt_shop import ROOT

pytestmark = pytest.mark.build


@pytest.fixture(scope="module")
def other(tmp_path_factory) -> Path:
    """A project whose one model counts a table of the package."""
    folder = tmp_path_factory.mktemp("other")
    (folder / "models").mkdir()
    model = "select count(*) as branches from {{ ref('longtail', 'demo_branches') }}"
    (folder / "models" / "counted.sql").write_text(model)
    (folder / "packages.yml").write_text(yaml.safe_dump({"packages": [{"local": str(ROOT)}]}))
    profile = (ROOT / "profiles.yml").read_text()
    (folder / "profiles.yml").write_text(
        profile.replace('module_paths: ["."]', f"module_paths: [{ROOT}]")
    )
    return folder


def dbt(folder: Path, *command: str, **own_vars) -> subprocess.CompletedProcess:
    """Run dbt in a project whose dbt_project.yml sets some vars of the package."""
    project = {"name": "other", "version": "1.0", "profile": "longtail"}
    if own_vars:
        project["vars"] = {"longtail": own_vars}
    (folder / "dbt_project.yml").write_text(yaml.safe_dump(project))
    return subprocess.run(
        [Path(sys.executable).with_name("dbt"), *command],
        cwd=folder,
        env=os.environ | {"LONGTAIL_WAREHOUSE": str(folder / "warehouse")},
        capture_output=True,
        text=True,
    )


def test_a_model_of_another_project_reads_a_table_of_the_package(other):
    installed = dbt(other, "deps")
    assert installed.returncode == 0, installed.stdout
    ran = dbt(other, "run", "--select", "demo_branches", "counted")
    assert ran.returncode == 0, ran.stdout
    assert "created sql view model main.counted" in ran.stdout


def test_vars_that_only_models_would_see_are_refused(other):
    ran = dbt(other, "run", "--select", "demo_branches", window=3)
    assert ran.returncode != 0
    assert "pass longtail's var 'window' by --vars" in ran.stdout
