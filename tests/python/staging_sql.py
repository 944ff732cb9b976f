"""The staging models' own SQL over any input, without a build for each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import duckdb
import jinja2
import pytest

from longtail.build import catalogue_files, event_files, scan
from longtail.build.file_rows import EventFile

ROOT = Path(__file__).resolve().parents[2]
PLACE_OF_ROWS = "select 'the rows of the files' as rows"


@dataclass
class Staged:
    """Staged and rejected rows of some files."""

    kept: list[dict]
    rejected: list[dict]
    broken_lines: list[dict]
    availability: list[dict] = field(default_factory=list)

    @property
    def reasons(self) -> list[str]:
        """Why rows were rejected, one reason per row."""
        broken = [f"broken line: {row['error_type']}" for row in self.broken_lines]
        return [row["reject_reason"] for row in self.rejected] + broken


def described(
    pattern: str, csv_options: dict | None = None, options: Mapping | None = None
) -> list[EventFile]:
    """Describe the files of a pattern as a build does."""
    expressions = [
        sql for var in ("columns", "reject_when") for sql in (options or {}).get(var, {}).values()
    ]
    names = set().union(*map(scan.names_in, expressions))
    files = event_files.describe_files(event_files.find_files(pattern), csv_options, names)
    event_files.require_rows(pattern, files)
    return files


def compile_staging(shop) -> Callable[..., Staged]:
    """Compile stg_raw_events once; return a function that runs it over described files."""
    shop.write([("2024-01-01", "view", "p", "c", "a.b", "br", 1, "u", "s")])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scan, "union_of", lambda _: PLACE_OF_ROWS)
        compiled = shop.dbt("compile", "--full-refresh", "--select", "stg_raw_events")
    assert compiled.is_good, compiled.text
    file = shop.target / "compiled/longtail/models/staging/stg_raw_events.sql"
    model = file.read_text(encoding="utf-8")
    assert model.count(PLACE_OF_ROWS) == 1
    hook = (ROOT / "macros/events/keep_broken_lines.sql").read_text(encoding="utf-8")

    def stage(files: list[EventFile], **options) -> Staged:
        rows = scan.scan_sql(files, **options)
        with duckdb.connect() as connection:
            connection.execute("set preserve_insertion_order = false; set TimeZone = 'UTC'")
            connection.execute(f"create table staged as {model.replace(PLACE_OF_ROWS, rows)}")
            unpacked = {file.local: file.path for file in files}
            connection.execute(_render(hook, connection, options.get("user_salt", ""), unpacked))
            return Staged(
                _rows(connection, "from staged where reject_reason is null"),
                _rows(
                    connection,
                    "select * exclude (event_at) from staged where reject_reason is not null",
                ),
                _rows(connection, "from main.broken_lines"),
            )

    return stage


CATALOGUE_MODELS = ("stg_raw_catalogue", "stg_availability")


def compile_catalogue(shop) -> Callable[..., Staged]:
    """Compile the models that read a catalogue once; return a function that runs them over files.

    It takes a pattern and vars, and returns the staged rows.
    """
    shop.write([("2024-01-01", "view", "p", "c", "a.b", "br", 1, "u", "s")])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(catalogue_files, "catalogue_sql", lambda *_, **__: PLACE_OF_ROWS)
        compiled = shop.dbt("compile", "--select", *CATALOGUE_MODELS)
    assert compiled.is_good, compiled.text
    folder = shop.target / "compiled/longtail/models/staging"
    models = [(folder / f"{name}.sql").read_text(encoding="utf-8") for name in CATALOGUE_MODELS]
    hook = (ROOT / "macros/events/keep_broken_lines.sql").read_text(encoding="utf-8")

    def stage(pattern: str, **given) -> Staged:
        settings = {"catalogue": pattern, "catalogue_columns": {}, "catalogue_csv_options": {}}
        settings |= given
        files = catalogue_files.describe_catalogue(settings)
        rows = catalogue_files.catalogue_sql(files, settings["catalogue_columns"])
        with duckdb.connect() as connection:
            connection.execute("set preserve_insertion_order = false; set TimeZone = 'UTC'")
            raw, availability = (model.replace(PLACE_OF_ROWS, rows) for model in models)
            connection.execute(f"create table staged as {raw}")
            connection.execute(_render(hook, connection, "", {f.local: f.path for f in files}))
            return Staged(
                _rows(connection, "from staged where reject_reason is null order by product_id"),
                _rows(connection, "from staged where reject_reason is not null"),
                _rows(connection, "from main.broken_lines"),
                _rows(connection, f"from ({availability}) order by product_id"),
            )

    return stage


def _render(hook: str, connection: duckdb.DuckDBPyConnection, salt: str, unpacked: dict) -> str:
    """Render the hook as dbt does, after the model and on its connection."""
    environment = jinja2.Environment(extensions=["jinja2.ext.do"])
    template = environment.from_string(hook + "{{ duckdb__keep_broken_lines() }}")
    return template.render(
        execute=True,
        run_query=lambda sql: connection.execute(sql).fetchall(),
        this=SimpleNamespace(schema="main"),
        var={"hash_user_ids": salt}.get,
        longtail_package=lambda action, request: unpacked,
        run_request=dict,
        adapter=SimpleNamespace(escape_sql_string=lambda text: text.replace("'", "''")),
    )


def _rows(connection: duckdb.DuckDBPyConnection, sql: str) -> list[dict]:
    return connection.sql(sql).to_arrow_table().to_pylist()
