"""Run the project's own SQL over any log without a build: compiled once, run in memory."""

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import yaml

from longtail.build.functions import add_functions

ROOT = Path(__file__).resolve().parents[2]
LOG = "demo_events"
"""The model replaced by the rows of a log; compiled without `events`."""
CATALOGUE = "demo_catalogue"
"""Likewise for the rows of a product catalogue."""
CATALOGUE_COLUMNS = (
    *("product_id", "product_name", "url", "image_url", "price", "currency"),
    *("category_id", "category_code", "brand"),
    *("is_available", "stock", "available_from", "available_until"),
)
ALONE = ("--indirect-selection", "empty")  # without the tests of the models
VARIABLES = ("first_day", "last_day", "batch", "batches")
"""DuckDB variables with which a build computes a part of a table."""
COLUMNS = (
    "event_time",
    "event_type",
    "product_id",
    "category_id",
    "category_code",
    "brand",
    "price",
    "user_id",
    "user_session",
    "event_weight",
)


def all_vars(**given: Any) -> dict[str, Any]:
    """Return every var of the project: the defaults of dbt_project.yml, and those given."""
    project = yaml.safe_load((ROOT / "dbt_project.yml").read_text(encoding="utf-8"))
    assert not given.keys() - project["vars"].keys()
    return {**project["vars"], **given}


class CompiledModels:
    """The SQL models with the vars given, ready to run over any number of logs.

    Models compiled in the same folder share the demo rows.
    """

    def __init__(self, folder: Path, **given: Any) -> None:
        # A ranker needs Python models: without one the lists are the blend's.
        without = {"demo_events": 10_000, "ranker": "off"}
        self.folder, self.given = folder, {**without, **given}
        self.demo = folder / "warehouse" / ".work" / f"{LOG}.parquet"
        if not self.demo.exists():
            # Staging reuses rows of earlier builds: its SQL depends on what exists.
            self._dbt("run", "--select", "+stg_raw_events")
        compiled = self._dbt("compile", "--select", "resource_type:model", *ALONE)
        nodes = {node.unique_id: node for node in (result.node for result in compiled.results)}
        of_models = [node for node in nodes.values() if node.resource_type == "model"]
        self.relations = {node.name: node.relation_name for node in of_models}
        models = {
            node.unique_id: node
            for node in of_models
            if node.language == "sql" and node.relation_name
        }
        parents = {key: _tables_read(key, nodes) for key in models}
        self.models = {models[key].name: models[key].compiled_code for key in _in_order(parents)}
        self.models["stg_raw_events"] = _with_own_weights(self.models["stg_raw_events"])
        self.parents = {
            models[key].name: {nodes[parent].name for parent in found}
            for key, found in parents.items()
        }

    def _dbt(self, *command: str) -> Any:
        from dbt.cli.main import dbtRunner
        from quick_dbt import hears_no_debug

        errors: list[str] = []

        @hears_no_debug
        def note(event) -> None:
            if event.info.level == "error":
                errors.append(event.info.msg)

        folder, warehouse = os.getcwd(), os.environ.get("LONGTAIL_WAREHOUSE")
        os.chdir(ROOT)
        os.environ["LONGTAIL_WAREHOUSE"] = str(self.folder / "warehouse")
        target = str(self.folder / "target")
        try:
            outcome = dbtRunner(callbacks=[note]).invoke(
                [
                    *command,
                    *("--vars", json.dumps(self.given), "--no-use-colors", "--no-write-json"),
                    *("--log-level", "none", "--log-level-file", "none"),
                    *("--target-path", target, "--log-path", target),
                ]
            )
        finally:
            os.chdir(folder)
            os.environ.pop("LONGTAIL_WAREHOUSE")
            if warehouse is not None:
                os.environ["LONGTAIL_WAREHOUSE"] = warehouse
        assert outcome.success, (outcome.exception, errors)
        return outcome.result

    def demo_rows(self) -> list[dict]:
        """Return the demo's raw rows."""
        rows = duckdb.sql(f"from read_parquet('{self.demo}') order by all")
        return rows.to_arrow_table().to_pylist()

    def needed_for(self, tables: Iterable[str], given: Iterable[str]) -> list[str]:
        """Return the models to run for some tables, in order, given other tables."""
        given, needed, waiting = set(given), set(), list(tables)
        while waiting:
            name = waiting.pop()
            if name not in needed and name not in given:
                needed.add(name)
                waiting += self.parents[name]
        return [name for name in self.models if name in needed]

    def loaded(
        self,
        rows: Iterable[Mapping[str, str | None]],
        tables: Sequence[str],
        given: Mapping[str, pa.Table],
    ) -> duckdb.DuckDBPyConnection:
        """Run the models over the rows of a log; return a database with the tables asked for.

        Parameters
        ----------
        rows
            Raw rows: a text, or None or nothing, for each of `COLUMNS`.
        tables
            Names of models; their parents are run too.
        given
            Tables of Python models, by name; `demo_catalogue` if there is a catalogue.
        """
        schema = pa.schema([pa.field(name, pa.string()) for name in COLUMNS])
        log = pa.Table.from_pylist([dict(row) for row in rows], schema)
        no_products = pa.table({name: pa.array([], pa.string()) for name in CATALOGUE_COLUMNS})
        schemas = {relation.rpartition(".")[0] for relation in self.relations.values() if relation}
        connection = duckdb.connect()
        add_functions(connection)
        connection.execute("set threads = 1; set TimeZone = 'UTC'")
        connection.execute("attach ':memory:' as build; use build")
        for schema_name in schemas:
            connection.execute(f"create schema if not exists {schema_name}")
        for name, table in {LOG: log, CATALOGUE: no_products, **given}.items():
            connection.register("given", table)
            connection.execute(f"create table {self.relations[name]} as from given")
        schema_name = self.relations["stg_raw_events"].rpartition(".")[0]
        connection.execute(
            f"""create table {schema_name}.broken_lines as
            select '' as source_file, 0 as line_number, '' as raw_text, '' as error_type
            where false"""
        )
        for name in self.needed_for(tables, {LOG, CATALOGUE, *given}):
            self.make(connection, name, self.models[name])
        return connection

    def make(self, connection: duckdb.DuckDBPyConnection, name: str, sql: str) -> None:
        """Compute a model's table by its SQL, in parts where a build may: they must add up.

        A table by day is computed up to a day and then from it on, a table in batches batch by
        batch.
        """
        table, condition = self.relations[name], ""
        verb = f"create or replace table {table} as"
        whole = self.models[name]  # `sql` may be a mutant that lost its condition
        for variables in self._parts(connection, whole):
            for variable in VARIABLES:
                connection.execute(f"set variable {variable} = {variables.get(variable, 'null')}")
            if "getvariable('first_day')" in whole and "getvariable('last_day')" not in whole:
                condition = f"where session_date <= {variables.get('last_day', 'session_date')}"
            connection.execute(f"{verb} select * from ({sql}) {condition}")
            verb = f"insert into {table}"

    def _parts(self, connection: duckdb.DuckDBPyConnection, sql: str) -> list[dict[str, str]]:
        """Return the variables that a build may set for each part of a table."""
        days, batches = [{}], [{}]
        if "getvariable('first_day')" in sql:
            ((day,),) = connection.execute(
                f"""select coalesce(quantile_disc(cast(event_at as date), 0.5), '2000-01-01')
                from {self.relations["stg_raw_events"]} where reject_reason is null"""
            ).fetchall()
            days = [{"last_day": f"date '{day}' - 1"}, {"first_day": f"date '{day}'"}]
        if "getvariable('batches')" in sql:
            batches = [{"batches": "2", "batch": str(batch)} for batch in range(2)]
        elif "getvariable('batch')" in sql:
            ((last,),) = connection.execute(
                f"select coalesce(max(batch), 0) from {self.relations['int_user_batches']}"
            ).fetchall()
            batches = [{"batch": str(batch)} for batch in range(last + 2)]
        return [{**of_days, **batch} for of_days in days for batch in batches]

    def run(
        self,
        rows: Iterable[Mapping[str, str | None]],
        tables: Sequence[str],
        given: Mapping[str, pa.Table],
    ) -> dict[str, list[dict]]:
        """Return the tables asked for, as `loaded` makes them."""
        with self.loaded(rows, tables, given) as connection:
            return {
                name: connection.sql(f"from {self.relations[name]}").to_arrow_table().to_pylist()
                for name in tables
            }


def _tables_read(key: str, nodes: Mapping[str, Any]) -> set[str]:
    """Return the models whose tables a model reads, directly or through an ephemeral model."""
    found = set()
    for parent in nodes[key].depends_on.nodes:
        if parent in nodes:
            is_table = nodes[parent].relation_name
            found |= {parent} if is_table else _tables_read(parent, nodes)
    return found


def _with_own_weights(sql: str) -> str:
    """Return the query of the raw events with the log's `event_weight`, which the demo lacks."""
    before, none, after = sql.partition("null as event_weight,")
    assert none
    return before + after


def _in_order(parents: Mapping[str, set[str]]) -> list[str]:
    """Return the keys in topological order."""
    found: list[str] = []
    while len(found) < len(parents):
        found += [
            key
            for key, of_key in parents.items()
            if key not in found and not (of_key & parents.keys()) - set(found)
        ]
    return found
