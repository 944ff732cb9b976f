"""The request of a dbt run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from longtail.build import settings


@dataclass(frozen=True)
class Run:
    """A run, as the macro `run_request` describes it.

    Attributes
    ----------
    vars
        Those of the command line.
    full_refresh
        Whether to rebuild reused rows too.
    target
        dbt's target: "dev", "prod" ...
    part
        "empty" or "sample" when dbt builds tables from a part of the rows, else "".
    """

    vars: Mapping[str, Any] = field(default_factory=dict)
    full_refresh: bool = False
    target: str = ""
    part: str = ""

    @cached_property
    def checked(self) -> dict[str, Any]:
        """Every var with its value in this run.

        Raises
        ------
        ValueError
            If one of them is out of its range.
        """
        return settings.check(self.vars, settings.load_defaults())

    @property
    def told(self) -> dict[str, Any]:
        """Every var with its value in this run, as JSON, without secrets."""
        secret = {"hash_user_ids": "set"} if self.checked["hash_user_ids"] else {}
        return json.loads(json.dumps({**self.checked, **secret}, default=str))
