"""dbt-spark with two additions: the package's actions, and Python models run with DuckDB.

dbt finds it by `type: longtailspark` in profiles.yml; macros are dispatched as `spark__...`.
"""

from __future__ import annotations

import logging
import os
import sys
import traceback
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
from dbt.adapters.base import available
from dbt.adapters.contracts.connection import AdapterResponse, Connection
from dbt.adapters.spark import SparkAdapter, SparkConnectionManager, SparkCredentials
from dbt_common.exceptions import DbtRuntimeError
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from longtail.build import machine
from longtail.build.compiling import lock_ephemeral_models
from longtail.build.messages import hint, in_use, show_progress
from longtail.build.warehouse import Warehouse
from longtail.spark import set_up
from longtail.spark.actions import SparkActions

ENGINE = "longtailspark"
OF_JAVA = "spark.driver.extraJavaOptions"
# pyspark logs each failed query with its stack as JSON, and warns about pandas, which passes no
# rows; dbt-spark requests Hive from a Connect server, which refuses.
logging.getLogger("SQLQueryContextLogger").disabled = True
for text in ("PySpark does not yet fully", "Failed to set spark.sql.catalogImplementation"):
    warnings.filterwarnings("ignore", message=text)


@dataclass
class Credentials(SparkCredentials):
    """Credentials of dbt-spark, plus the resources of the machine that runs dbt.

    Attributes
    ----------
    warehouse
        Folder of the tables; Spark's executors must see it under the same path.
    duckdb_options
        DuckDB's threads and memory_limit for Python models.
    """

    warehouse: str = ""
    duckdb_options: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Let a local session log errors, and leave no folder where dbt runs."""
        super().__post_init__()
        options = self.server_side_parameters
        if "spark.remote" not in options:
            logs = Path(__file__).with_name("log4j2.properties")
            given = options.get(OF_JAVA, "")
            options[OF_JAVA] = f'{given} "-Dlog4j2.configurationFile={logs}"'
            folder = Warehouse(self.warehouse).work / "spill"  # empty: each table has its own place
            options["spark.sql.warehouse.dir"] = str(folder)
            if options.get("spark.master", "").startswith("local"):
                # Tasks that run Python find here what this process has.
                os.environ.setdefault("PYSPARK_PYTHON", sys.executable)

    @property
    def type(self) -> str:
        """Return the profile type, which names the adapter."""
        return ENGINE

    def find_java(self) -> None:
        """Let a session of this machine find Java; a Connect server has its own.

        Raises
        ------
        DbtRuntimeError
            One line that says what to install.
        """
        try:
            if "spark.remote" not in self.server_side_parameters:
                set_up.choose_java(os.environ)
        except ValueError as error:
            raise DbtRuntimeError(str(error)) from None


class ConnectionManager(SparkConnectionManager):
    """Connections of dbt-spark, with a recent enough Java."""

    TYPE = ENGINE

    @classmethod
    def open(cls, connection: Connection) -> Connection:
        """Open a session; the first one starts Java."""
        connection.credentials.find_java()
        return super().open(connection)


class LongtailsparkAdapter(SparkAdapter):
    """Tables are folders of parquet files in the warehouse, registered in Spark's catalogue."""

    ConnectionManager = ConnectionManager
    _actions: SparkActions | None = None

    @property
    def actions(self) -> SparkActions:
        """The package's actions on this run's warehouse, with the session; created on first use."""
        if self._actions is None:
            show_progress()
            lock_ephemeral_models()
            given = self.config.credentials
            builder = SparkSession.builder
            for name, value in given.server_side_parameters.items():
                builder = builder.config(name, value)
            warehouse = Warehouse(given.warehouse)
            try:
                machine.check_limits(given.duckdb_options)
                warehouse.prepare()
                given.find_java()
                self._actions = SparkActions(warehouse, builder.getOrCreate(), given.duckdb_options)
            except (OSError, ValueError, duckdb.Error, PySparkException) as error:
                if "Could not set lock" in str(error):
                    raise DbtRuntimeError(in_use(warehouse.root)) from None
                raise DbtRuntimeError(hint(str(error)) or str(error)) from None
        return self._actions

    @available.parse(lambda *_, **__: None)
    def longtail(self, action: str, request: dict[str, Any]) -> Any:
        """Call an action of `longtail.spark.actions` and return its result."""
        try:
            return self.actions.answer(action, request)
        except ValueError as error:
            raise DbtRuntimeError(str(error)) from None
        except (OSError, duckdb.Error) as error:
            raise DbtRuntimeError(hint(str(error)) or str(error)) from None
        except PySparkException as error:
            raise DbtRuntimeError(str(error).partition("\n\nJVM stacktrace")[0]) from None

    @available.parse(lambda *_, **__: "")
    def work_folder(self) -> str:
        """Return the folder of the tables in progress."""
        return str(self.actions.work)

    @available.parse(lambda *_, **__: "")
    def escape_sql_string(self, text: str) -> str:
        """Escape like dbt-duckdb: the staging models' macros call it, and DuckDB runs them."""
        return text.replace("'", "''")

    def submit_python_job(self, parsed_model: dict, compiled_code: str) -> AdapterResponse:
        """Run a Python model in this process, with DuckDB over its parents' files."""
        try:
            self.actions.run_python(parsed_model["alias"], compiled_code)
        except Exception as error:
            raise DbtRuntimeError("".join(traceback.format_exception(error))) from error
        return AdapterResponse("OK")
