"""A lock that dbt 1.11 lacks: ephemeral models are compiled by one thread at a time.

Two threads may compile models that read the same ephemeral model. Each then compiles it too, and
one thread starts from the other's result: a query with the same CTE twice, or `with` within `with`
(dbt-core #12619, fixed in 1.12).
"""

from __future__ import annotations

import functools
import threading

from dbt.compilation import Compiler
from dbt.version import installed
from dbt_common.semver import VersionSpecifier

MENDED_IN = VersionSpecifier.from_version_string("1.12.0")


def lock_ephemeral_models() -> None:
    """Serialise compilation across threads; a no-op when already done or when dbt does it."""
    unlocked = Compiler._recursively_prepend_ctes
    if installed.compare(MENDED_IN) >= 0 or hasattr(unlocked, "__wrapped__"):
        return
    lock = threading.RLock()  # an ephemeral model may read another

    @functools.wraps(unlocked)
    def locked(*arguments, **named):
        with lock:
            return unlocked(*arguments, **named)

    Compiler._recursively_prepend_ctes = locked
