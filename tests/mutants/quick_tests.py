"""The quick tests as queries over a model's SQL: dbt's unit tests, and the oracle on tiny logs.

Everything that does not depend on the tested model is computed once: its parents' tables and the
oracle's results for each log, and the fixtures of unit tests. A broken model then costs
milliseconds.
"""

import json
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
from compiled_models import CompiledModels, all_vars
from oracle import test_tables
from oracle.compare import differences, with_ids
from oracle.logs import as_tables
from oracle.recompute import recompute

from longtail.build.functions import add_functions

SECONDS = 20
"""Seconds; a slower query counts as caught."""
NO_QUERY = (duckdb.ParserException, duckdb.BinderException, duckdb.CatalogException)


class NoQueryError(Exception):
    """A mutant is not a valid query, so every build would fail at once."""


class Check(NamedTuple):
    """A test of a model: its SQL, the position of the model's own part, and the check."""

    name: str
    sql: str
    start: int
    end: int
    notices: Callable[[str], bool]


def ask(connection: duckdb.DuckDBPyConnection, sql: str) -> list[dict] | None:
    """Return the rows of a query; None when it fails on its values, or takes too long."""
    return attempt(connection, lambda: connection.execute(sql).to_arrow_table().to_pylist())


def attempt(
    connection: duckdb.DuckDBPyConnection, action: Callable[[], list[dict]]
) -> list[dict] | None:
    """Return the rows of an action on a database; None when it fails, or takes too long."""
    alarm = threading.Timer(SECONDS, connection.interrupt)
    alarm.start()
    try:
        return action()
    except NO_QUERY as error:
        raise NoQueryError(str(error).splitlines()[0]) from error
    except (duckdb.Error, OverflowError):  # the latter for a time out of Python's range
        return None
    finally:
        alarm.cancel()


def end_of_fixtures(sql: str) -> int:
    """Return where the last fixture of an ephemeral parent ends; 0 when there is none.

    A unit test provides all its inputs, so each such part of its SQL is a fixture.
    """
    starts = [match.end() for match in re.finditer(r"__dbt__cte__\w+ as \(", sql)]
    if not starts:
        return 0
    depth = 1
    for match in re.finditer(r"'(?:[^']|'')*'|--[^\n]*|[()]", sql[starts[-1] :]):
        depth += {"(": 1, ")": -1}.get(match[0], 0)
        if depth == 0:
            return starts[-1] + match.end()
    raise ValueError("a fixture that does not end")


class UnitTests:
    """dbt's unit tests, from a target folder in which dbt has run them."""

    BEGIN = "dbt_internal_unit_test_actual as ("
    END = ") _dbt_internal_unit_test_actual"

    def __init__(self, target: Path) -> None:
        manifest = json.loads((target / "manifest.json").read_text(encoding="utf-8"))
        self.models = {node["name"]: node["model"] for node in manifest["unit_tests"].values()}
        self.files = {file.stem: file for file in target.glob("run/**/*unit_tests.yml/**/*.sql")}

    def of(self, model: str) -> Iterator[Check]:
        """Yield the unit tests of a model."""
        for name, tested in self.models.items():
            if tested == model and name in self.files:
                sql = self.files[name].read_text(encoding="utf-8")
                assert not self.notices(sql), name
                start = max(sql.index(self.BEGIN), end_of_fixtures(sql))
                yield Check(f"unit test {name}", sql, start, sql.index(self.END), self.notices)

    def notices(self, sql: str) -> bool:
        """Whether the rows differ from the expected ones."""
        with duckdb.connect() as connection:
            connection.execute("set threads = 1; set TimeZone = 'UTC'")
            add_functions(connection)
            rows = ask(connection, sql)
        if rows is None:
            return True
        kinds: dict[str, Counter] = {"actual": Counter(), "expected": Counter()}
        for row in rows:
            kinds[row.pop("actual_or_expected")][tuple(map(str, row.values()))] += 1
        return kinds["actual"] != kinds["expected"]


class Log(NamedTuple):
    """A tiny log: a database with all its tables, and the oracle's expected tables."""

    connection: duckdb.DuckDBPyConnection
    expected: Mapping[str, list[dict]]
    users: Mapping[int, str]
    products: Mapping[int, str]


class Oracle:
    """The oracle on the logs of its own test, with one of its settings."""

    def __init__(self, settings: str, folder: Path) -> None:
        self.name = f"oracle, {settings}"
        self.models = CompiledModels(folder, **test_tables.SETTINGS[settings])
        self.vars = all_vars(**self.models.given)
        self.children = {name: set() for name in self.models.models}
        for name, parents in self.models.parents.items():
            for parent in parents & self.children.keys():
                self.children[parent].add(name)
        self.logs: list[Log] = []
        _run_with(settings, self._keep)

    def _keep(self, _: Any, rows: list[dict]) -> dict[str, list[str]]:
        """Replace the comparison in the oracle's test: keep what it would compare."""
        given = test_tables.made_up_parents(rows, self.vars)
        expected = recompute(rows, self.vars, given)
        connection = self.models.loaded(rows, list(test_tables.KEYS), as_tables(given))
        users, products = (
            dict(
                connection.execute(
                    f"select {kind}_key, {kind}_id from {self.models.relations[f'int_{kind}_keys']}"
                ).fetchall()
            )
            for kind in ("user", "product")
        )
        self.logs.append(Log(connection, expected, users, products))
        return {}

    def of(self, model: str) -> Iterator[Check]:
        """Yield the oracle's checks of a model; none if it sees none of its rows."""
        if model in self.models.models and self.affected(model)[-1] in test_tables.KEYS:
            sql = self.models.models[model]
            yield Check(self.name, sql, 0, len(sql), lambda broken: self.notices(model, broken))

    def affected(self, model: str) -> list[str]:
        """Return the model and its descendants, up to the first that the oracle compares."""
        found, waiting = set(), [model]
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting += [] if name in test_tables.KEYS else self.children[name]
        in_order = [name for name in self.models.models if name in found]
        while len(in_order) > 1 and in_order[-1] not in test_tables.KEYS:
            in_order.pop()
        return in_order

    def notices(self, model: str, sql: str) -> bool:
        """Whether a table differs from the oracle's, on some log, with this SQL for the model."""
        return any(self._differs(log, model, sql) for log in self.logs)

    def _differs(self, log: Log, model: str, sql: str) -> bool:
        log.connection.execute("begin")
        try:
            for name in self.affected(model):
                query = sql if name == model else self.models.models[name]
                rows = attempt(log.connection, lambda n=name, q=query: self._made(log, n, q))
                if rows is None or (name in test_tables.KEYS and self._is_wrong(log, name, rows)):
                    return True
        finally:
            log.connection.execute("rollback")
        return False

    def _made(self, log: Log, name: str, sql: str) -> list[dict]:
        """Compute a table, in parts as a build may; return its rows if the oracle compares them."""
        if name in test_tables.KEYS and "getvariable(" not in self.models.models[name]:
            return log.connection.execute(sql).to_arrow_table().to_pylist()
        self.models.make(log.connection, name, sql)
        if name not in test_tables.KEYS:
            return []
        table = log.connection.execute(f"from {self.models.relations[name]}")
        return table.to_arrow_table().to_pylist()

    def _is_wrong(self, log: Log, name: str, rows: list[dict]) -> bool:
        rows = test_tables.comparable(name, rows)
        if name not in ("int_user_keys", "int_product_keys"):
            rows = with_ids(rows, log.users, log.products, self.vars["rp3_groups"])
        return bool(differences(rows, log.expected[name], test_tables.KEYS[name]))


def _run_with(settings: str, compared: Callable[[Any, list[dict]], dict]) -> None:
    """Run the oracle's tests with another function instead of their comparison."""
    usual = test_tables.compared
    test_tables.compared = compared
    try:
        test_tables.test_tables_are_what_the_oracle_says_on_made_up_logs(lambda _: None, settings)
        if settings == "narrow":
            test_tables.test_sessions_together_does_not_depend_on_the_order_of_ids(lambda _: None)
            test_tables.test_a_session_across_midnight_is_one_whatever_day_a_build_begins_with(
                lambda _: None
            )
    finally:
        test_tables.compared = usual
