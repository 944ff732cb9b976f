"""The dbt-duckdb plugin (profiles.yml): opens the warehouse and answers macros.

The macro `longtail_package` calls it.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import duckdb
from dbt.adapters.duckdb.credentials import DuckDBCredentials
from dbt.adapters.duckdb.plugins import BasePlugin
from dbt.adapters.duckdb.utils import TargetConfig
from dbt_common.exceptions import DbtRuntimeError

from longtail.build import machine
from longtail.build.actions import Actions
from longtail.build.compiling import lock_ephemeral_models
from longtail.build.functions import add_functions
from longtail.build.messages import hint, in_use, show_progress
from longtail.build.warehouse import Warehouse

_LOGGER = logging.getLogger(__name__)


class Plugin(BasePlugin):
    """Answers the macro `longtail_package`."""

    def initialize(self, plugin_config: dict[str, Any]) -> None:
        """Create the warehouse before DuckDB opens the build's database in it."""
        assert self.creds is not None
        show_progress()
        lock_ephemeral_models()
        self.warehouse = Warehouse(Path(self.creds.external_root).parent)
        self.actions = Actions(self.warehouse)
        # profiles.yml cannot do this: from here on every path is absolute.
        self.creds.external_root = str(self.warehouse.work)
        self.creds.path = str(self.warehouse.work / Path(self.creds.path).name)
        try:
            machine.check_limits(self.creds.config_options)
        except ValueError as error:
            raise DbtRuntimeError(str(error)) from None
        if found := set("'?") & set(str(self.warehouse.root)):
            raise DbtRuntimeError(
                f"the warehouse folder {self.warehouse.root} has a {found.pop()} in its path: "
                "set LONGTAIL_WAREHOUSE (make: WAREHOUSE=) to one without"
            )
        try:
            self.warehouse.prepare()
        except OSError as error:
            raise DbtRuntimeError(
                f"cannot write to the warehouse folder {self.warehouse.root}: "
                f"{error.strerror or error}; "
                "set LONGTAIL_WAREHOUSE (make: WAREHOUSE=) to one that you may write"
            ) from error
        self._open_once()

    def update_connection_config(self, creds: DuckDBCredentials, config: dict[str, Any]) -> None:
        """Let DuckDB spill into the warehouse."""
        config["temp_directory"] = str(self.warehouse.work / "spill")

    def configure_connection(self, conn: duckdb.DuckDBPyConnection) -> None:
        """Add the compiled functions of the models."""
        add_functions(conn)

    def _open_once(self) -> None:
        """Open and close the build's database, to report in one line why it cannot be opened.

        While it is open no other build is running, so repair what a killed build left.
        """
        path = self.creds.path
        try:
            with duckdb.connect(path) as connection:
                self.warehouse.repair()
                if before := self.warehouse.follow_move(connection):
                    _LOGGER.info(
                        "The warehouse was in %s: its views now read the files here.", before
                    )
        except duckdb.IOException as error:
            if "Could not set lock" in str(error):
                raise DbtRuntimeError(in_use(self.warehouse.root)) from None
            raise DbtRuntimeError(
                hint(str(error))
                or f"cannot open {path}, which every `dbt build` can rebuild: remove it"
            ) from None
        except OSError as error:
            raise DbtRuntimeError(
                hint(str(error))
                or f"cannot repair {self.warehouse.root} after an interrupted build: "
                f"{error.strerror or error}"
            ) from error

    def store(self, target_config: TargetConfig) -> None:
        """Answer one message: an action with its request; `answer` holds what it returned."""
        message = target_config.config
        try:
            message["answer"] = self.actions.answer(message["action"], message["request"])
        except ValueError as error:
            raise DbtRuntimeError(str(error)) from None
        except (OSError, duckdb.Error) as error:
            raise DbtRuntimeError(hint(str(error)) or str(error)) from None
