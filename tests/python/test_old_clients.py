"""longtail.duckdb and its functions, in older clients of DuckDB than the one that wrote it."""

import json
import subprocess
import sys

import duckdb
import pytest
from dbt_shop import Demo

from longtail.build.analyst_macros import MACROS

VERSIONS = ("1.1.3", "1.4.4", "1.5.6")
"""The README names the first as the oldest that works."""

USER = "(select max_by(user_id, (source = 'graph', user_id)) from user_recommendations)"
PRODUCT = "(select min(product_id) from similar_products)"
OTHER = "(select max(product_id) from products)"
BOUGHT = f"(select min(product_id) from user_recommendations where user_id = {USER} and rank = 1)"
QUESTIONS = (
    f"from recommend_for_user({USER})",
    f"from recommend_for_user({USER}, k := 40, popularity := -0.5, max_price := 100)",
    f"from recommend_for_user({USER}, k := 9, skip := 9, per_category := 2, per_brand := 2)",
    "from recommend_for_user('nobody', k := 5, category := 'electronics')",
    "from recommend_for_user('nobody', category := ['electronics', 'home'], min_price := 5)",
    f"from recommend_for_basket([{PRODUCT}])",
    f"from recommend_for_basket([{PRODUCT}], relation := 'complement', k := 3)",
    "from recommend_for_basket(['unknown'], brand := (select max(brand) from products))",
    f"from similar_to({PRODUCT})",
    f"from similar_to({PRODUCT}, k := 3, relation := 'substitute', popularity := 1)",
    f"from similar_to({PRODUCT}, exclude := ['unknown', {OTHER}], per_category := 1)",
    f"from explain({USER}, {BOUGHT})",
    "select * exclude (hours_since_last_event, hours_since_published) from status",
)
REFUSED = (
    "from recommend_for_user('nobody', k := 0)",
    "from recommend_for_basket([], category := 'electronic')",
    "from similar_to('unknown')",
    "from explain('nobody', 'unknown')",
)
ASK = """
import duckdb, json, sys
database, questions = json.loads(sys.stdin.read())
answers = {"version": duckdb.__version__}
with duckdb.connect() as connection:
    connection.execute("set enable_progress_bar = false")  # on a busy machine it enters the answer
    quoted = database.replace("'", "''")
    connection.execute(f"attach '{quoted}' as shop (read_only)")
    connection.execute("use shop")
    for question in questions:
        try:
            rows = connection.execute(question).fetchall()
        except duckdb.InvalidInputException as error:
            rows = [["refused", str(error)]]
        cells = [[round(x, 6) if isinstance(x, float) else str(x) for x in row] for row in rows]
        answers[question] = sorted(cells, key=str)
print(json.dumps(answers))
"""


def answers(demo: Demo, environment: dict[str, str]) -> dict[str, list]:
    """Return a client's answer to each query, and the first rows of each view."""
    database = str(demo.warehouse / "longtail.duckdb")
    with duckdb.connect(database, read_only=True) as connection:
        views = connection.execute(
            "select schema_name, view_name from duckdb_views() where not internal"
        ).fetchall()
    shown = [
        f'from {schema}."{view}" order by all limit 3'
        for schema, view in views
        if view != "status"  # it says how many hours ago
    ]
    done = subprocess.run(
        [sys.executable, "-c", ASK],
        input=json.dumps([database, [*QUESTIONS, *REFUSED, *shown]]),
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def own_answers(demo):
    return answers(demo, {})


@pytest.fixture(params=VERSIONS)
def old_client(request) -> tuple[str, str]:
    """A version, and the folder of its package, installed once into pytest's cache."""
    version = request.param
    folder = request.config.cache.mkdir(f"duckdb-{version}")
    if not (folder / "duckdb").exists():
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps"]
        command += ["--only-binary", ":all:", "--target", str(folder), f"duckdb=={version}"]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            reason = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
            pytest.skip(f"duckdb {version} cannot be installed: {(reason or ['no pip'])[-1]}")
    return version, str(folder)


def test_an_older_client_gives_the_same_answers(demo, own_answers, old_client):
    version, folder = old_client
    found = answers(demo, {"PYTHONPATH": folder})
    assert found.pop("version") == version
    assert all(found[question] for question in QUESTIONS)
    assert not any(found[question][0][0] == "refused" for question in QUESTIONS)
    assert all(found[question][0][0] == "refused" for question in REFUSED)
    for question, rows in found.items():
        assert rows == own_answers[question], question


def test_every_function_is_asked():
    asked = " ".join(QUESTIONS)
    assert all(f"from {file.stem}" in asked for file in MACROS.glob("*.sql"))
