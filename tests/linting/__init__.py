"""dbt's Jinja context for sqlfluff's jinja templater: the project's vars, without a database.

sqlfluff's own stand-ins have no values of vars, so loops over them would be wrong. Its dbt
templater has them, but compiles the whole project first and needs the build's database.
"""

import hashlib
import re
from collections.abc import Callable
from datetime import datetime
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import yaml
from jinja2 import pass_context
from jinja2.runtime import Context

PROJECT_FILE = Path(__file__).resolve().parents[2] / "dbt_project.yml"


@cache
def _project_vars() -> dict[str, Any]:
    return yaml.safe_load(PROJECT_FILE.read_text(encoding="utf-8"))["vars"]


EXAMPLES = {
    "experiments": [
        {"name": "tail", "share": 0.5, "vars": {"ranker": "off", "exclude": "none"}},
        {"name": "head", "share": 0.5, "vars": {"ranker": "off", "trend_weight": 1}},
        {"name": "few", "share": 0.5, "vars": {"category_cap": 2}},
    ],
    "catalogue_features": ["material"],
    "catalogue_vector": "embedding",
}
"""Values of vars that models loop over: without them the SQL would be invalid."""


def var(name: str, default: Any = None) -> Any:
    """Return a var's default value, or an example of it."""
    return (_project_vars() | EXAMPLES).get(name, default)


class _Adapter:
    """The adapter's methods that macros call while a model is compiled."""

    @pass_context
    def dispatch(self, context: Context, name: str, _package: str) -> Callable[..., str]:
        """Return DuckDB's macro of that name, or the one for every engine."""
        return context.resolve(f"duckdb__{name}") or context.resolve(f"default__{name}")

    def escape_sql_string(self, value: str) -> str:
        return value.replace("'", "''")

    def external_root(self) -> str:
        return "work_folder"


adapter = _Adapter()
modules = SimpleNamespace(re=re)
dbt_version = "1.11"
execute = False
invocation_id = "invocation_id"
run_started_at = datetime(2000, 1, 1)


def local_md5(text: str) -> str:
    """Return the same hash as dbt's function of that name."""
    return hashlib.md5(text.encode("utf-8"), usedforsecurity=False).hexdigest()
