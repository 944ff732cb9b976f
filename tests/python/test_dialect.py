"""The SQL of macros/dialect, run in DuckDB; DuckDB-only SQL is used nowhere else."""

import re
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import duckdb
import jinja2
import pytest

ROOT = Path(__file__).resolve().parents[2]
FILES = (
    *sorted((ROOT / "macros" / "dialect").glob("*.sql")),
    *(ROOT / "macros" / "events" / name for name in ("moment_id.sql", "date_of_moment.sql")),
)
OWN_FORMS = re.compile(
    r"date_diff|[^:/'\"]//|\bunnest|array_contains|string_split|array_to_string|\blen\(|"
    r"\blist_(?!key)\w+\(|\* (?:exclude|replace)|quantile_cont|arg_m(?:ax|in)|hugeint|varchar|::|"
    r"md5_number|86400\.0|union (?:all )?by name|starts_with\(|->>|"
    r"\bsum\((?:[^()]|\([^()]*\))*\border by\b"
)
"""SQL that Spark does not understand or interprets differently."""
COMMENT = re.compile(r"{#.*?#}", re.DOTALL)
OF_DUCKDB_ALONE = {
    *("staging", "demo", "build", "dialect"),
    *("keep_broken_lines", "given_text", "reject_reason", "note_files_read", "note_files_staged"),
    *("typed_catalogue", "typed_impressions", "category_of_path", "joined_by_dots"),
}
"""Rooms and files that are DuckDB's: those of the input files."""


MACROS = "".join(path.read_text(encoding="utf-8") for path in FILES)


def rendered(text: str, engine: str) -> str:
    """Return SQL with the macros of that engine, or else the default ones, in place."""

    @jinja2.pass_context
    def dispatch(context, name, _):
        return context.resolve(f"{engine}__{name}") or context.resolve(f"default__{name}")

    environment = jinja2.Environment()
    environment.globals |= {
        "adapter": SimpleNamespace(
            dispatch=dispatch, escape_sql_string=lambda text: text.replace("'", "''")
        ),
        "return": lambda value: value,
        "var": {"event_weights": {"view": 1, "cart": 3, "remove_from_cart": -1}}.get,
    }
    return environment.from_string(f"{MACROS} {text}").render()


def value_of(expression: str, engine: str = "duckdb") -> object:
    """Return the value of an SQL expression."""
    sql = rendered(f"select {expression}", engine)
    with duckdb.connect() as connection:
        return connection.execute(sql).fetchall()[0][0]


@pytest.mark.parametrize("engine", ["duckdb", "any"])
@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("{{ whole_quotient('7', '2') }}", 3),
        ("{{ whole_quotient('0', '5') }}", 0),
        ("{{ whole_quotient('9007199254740991', '2') }}", 4503599627370495),
        ("{{ whole_quotient('3 * 4294967296 - 1', '4294967296') }}", 2),
        ("{{ is_one_of(\"'b'\", ['a', 'b']) }}", True),
        ("{{ is_one_of(\"'c'\", {'a': 1, 'b': 2}) }}", False),
        ("{{ is_one_of(\"'it''s'\", [\"it's\"]) }}", True),
        ("{{ is_one_of(\"'a'\", []) }}", False),
        ('{{ text_literal("it\'s \\\\ 5") }}', "it's \\ 5"),
        ("{{ category_depth(\"'a.b.c'\") }}", 3),
        ("{{ category_depth(\"'a'\") }}", 1),
        ("{{ category_prefix(\"'a.b.c'\", 2) }}", "a.b"),
        ("{{ category_prefix(\"'a.b'\", 3) }}", None),
        ("{{ exact_sum('x', 6) }} from (values (.1e0), (.2e0), (.3e0)) as t (x)", 0.6),
        ("{{ exact_sum('x', 6, bits=64) }} from (values (.3e0), (.2e0), (.1e0)) as t (x)", 0.6),
    ],
)
def test_values(engine, expression, value):
    assert value_of(expression, engine) == value


@pytest.mark.parametrize("engine", ["duckdb", "any"])
@pytest.mark.parametrize(
    ("rows", "key"),
    [
        ("(5, .25, 2), (7, .5, 3), (6, .5, 1), (8, .5, 4)", 6),
        ("(5, -.25, 2), (7, -.5, 1)", 5),
        ("(2147483647, 1e9, 10000), (7, 1e9 - 1, 1)", 2147483647),
        ("(1, .3, 2), (2, .1 + .2, 1)", 2),
        ("(0, 0.0, 1), (3, 0.0, 2)", 0),
        ("(cast(null as integer), cast(null as double), cast(null as integer))", None),
    ],
)
def test_the_largest_value_and_the_smallest_place_give_the_key(engine, rows, key):
    macro = "{{ key_of_largest('key', 'value', 'place') }}"
    assert value_of(f"{macro} from (values {rows}) as t (key, value, place)", engine) == key


@pytest.mark.parametrize("engine", ["duckdb", "any"])
def test_only_rows_of_the_condition_give_a_key(engine):
    macro = "{{ key_of_largest('key', 'value', 'place', where='place < 3') }}"
    rows = "(values (1, 0.9, 3), (2, 0.4, 2)) as t (key, value, place)"
    assert value_of(f"{macro} from {rows}", engine) == 2


@pytest.mark.parametrize("engine", ["duckdb", "any"])
@pytest.mark.parametrize(
    ("rows", "event_type"),
    [
        ("('view', 1, '2024-01-02'), ('cart', 3, '2024-01-01')", "cart"),
        ("('view', 2.5, '2024-01-02'), ('cart', 2.5, '2024-01-01')", "view"),
        ("('cart', 1, '2024-01-01'), ('view', 1, '2024-01-01')", "view"),
        ("('remove_from_cart', -1, '1960-01-01')", "remove_from_cart"),
        ("('remove_from_cart', -1, '2099-01-01'), ('view', 1e-6, '1960-01-01')", "view"),
        ("('view', 1e12, '2024-01-01'), ('cart', 1e12 - 1, '2024-01-02')", "view"),
    ],
)
def test_the_heaviest_event_gives_the_type(engine, rows, event_type):
    macro = "{{ heaviest_event_type('event_type', 'weight', 'cast(event_at as timestamp)') }}"
    rows = f"(values {rows}) as t (event_type, weight, event_at)"
    assert value_of(f"{macro} from {rows}", engine) == event_type


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        # Midnights and full seconds are counted, not whole days and spans.
        ("{{ days_between(\"timestamp '2024-01-01 23:59'\", \"date '2024-01-03'\") }}", 2),
        ("{{ days_between(\"date '2024-01-03'\", \"date '2024-01-01'\") }}", -2),
        (
            "{{ seconds_between(\"timestamp '2024-01-01 00:00:00.9'\","
            " \"timestamp '2024-01-01 00:00:02.1'\") }}",
            2,
        ),
        ("{{ cosine('[3e0, 4e0]', '[4e0, 3e0]') }}", 0.96),
        ("{{ dot_product('[3e0, 4e0]', '[4e0, 3e0]') }}", 24),
        # G1 of 0, 0, 0, 1 by hand: 2.
        ("{{ sample_skewness('x') }} from (values (0e0), (0e0), (0e0), (1e0)) as t (x)", 2),
        ("{{ sample_skewness('x') }} from (values (1e0), (2e0)) as t (x)", 0),
    ],
)
def test_values_of_duckdb(expression, value):
    assert value_of(expression) == pytest.approx(value, abs=1e-12)


def test_a_session_has_the_day_of_its_first_moment():
    """Up to the last place that a day has, and in the order of time."""
    last = "{{ moment_id(\"date '2024-05-06'\", 4294967295) }}"
    first = "{{ moment_id(\"date '2024-05-07'\", 0) }}"
    assert value_of(f"{last} < {first}")
    moment = value_of(last)
    assert value_of(f"{{{{ date_of_moment('{moment}') }}}}") == date(2024, 5, 6)


def sql_files() -> list[Path]:
    """The SQL that other engines must run too."""
    return [
        path
        for room in ("models", "macros")
        for path in sorted((ROOT / room).rglob("*.sql"))
        if not {path.stem, *path.relative_to(ROOT).parts} & OF_DUCKDB_ALONE
    ]


def test_only_the_dialect_has_forms_of_one_engine():
    found = {
        path.name: OWN_FORMS.findall(COMMENT.sub("", path.read_text(encoding="utf-8")))
        for path in sql_files()
    }
    assert len(found) > 100
    assert {name: forms for name, forms in found.items() if forms} == {}
