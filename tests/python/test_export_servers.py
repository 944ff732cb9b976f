"""Lists in PostgreSQL and Redis, with real servers that the tests start, and real clients."""

import contextlib
import glob
import importlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from odd_log import ODD_IDS

from longtail.export.__main__ import main

pytestmark = pytest.mark.server


def client(request, package: str, requirement: str):
    """Import a client, installed once into pytest's cache if the project lacks it."""
    try:
        return importlib.import_module(package)
    except ModuleNotFoundError:
        folder = request.config.cache.mkdir(f"client-{package}")
    if not (folder / package).exists():
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--only-binary", ":all:"]
        done = subprocess.run(
            [*command, "--target", str(folder), requirement], capture_output=True, text=True
        )
        if done.returncode:
            reason = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
            pytest.skip(f"{requirement} cannot be installed: {(reason or ['no pip'])[-1]}")
    sys.path.append(str(folder))
    request.addfinalizer(lambda: sys.path.remove(str(folder)))
    return importlib.import_module(package)


def program(name: str, *places: str) -> str:
    """Return the path of a server's program; skip if it is not installed."""
    found = shutil.which(name) or next(
        (path for place in places for path in sorted(glob.glob(place), reverse=True)), None
    )
    return found or pytest.skip(f"{name} is not installed: apt-get install postgresql redis-server")


@contextlib.contextmanager
def running(command: list[str], **options) -> Iterator[None]:
    """Run a server for a while."""
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait(timeout=30)


@pytest.fixture(scope="module")
def postgres(request) -> Iterator[str]:
    """Yield the URL of a PostgreSQL server on its own socket. It refuses to run as root."""
    psycopg = client(request, "psycopg", "psycopg[binary]")
    postgres = program("postgres", "/usr/lib/postgresql/*/bin/postgres")
    initdb = str(Path(postgres).with_name("initdb"))
    other = {"user": "postgres"} if os.geteuid() == 0 else {}
    with tempfile.TemporaryDirectory(prefix="pg", dir="/tmp") as folder:
        if other:
            shutil.chown(folder, **other)
        data = f"{folder}/data"
        setup = [initdb, "-D", data, "-U", "longtail", "-A", "trust", "-E", "UTF8", "--no-sync"]
        subprocess.run(setup, check=True, capture_output=True, cwd=folder, **other)
        serve = [postgres, "-D", data, "-k", folder, "-c", "listen_addresses=", "-c", "fsync=off"]
        with running(serve, cwd=folder, **other):
            server = f"postgresql:///postgres?host={folder}&user=longtail"
            for _ in range(100):
                try:
                    psycopg.connect(server).close()
                    break
                except psycopg.OperationalError:
                    time.sleep(0.1)
            yield server


@pytest.fixture(scope="module")
def redis_server(request) -> Iterator[str]:
    """A Redis or Valkey server on a free port; its URL."""
    redis = client(request, "redis", "redis")
    name = "valkey-server" if shutil.which("valkey-server") else "redis-server"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [program(name), "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
    with tempfile.TemporaryDirectory() as folder, running(command, cwd=folder):
        server = f"redis://127.0.0.1:{port}/0"
        for _ in range(100):
            try:
                redis.Redis.from_url(server).ping()
                break
            except redis.ConnectionError:
                time.sleep(0.1)
        yield server


@pytest.fixture
def warehouse(database, tmp_path) -> Path:
    """A warehouse with the tiny shop's database."""
    shutil.copy(database, tmp_path / "longtail.duckdb")
    return tmp_path


def export(warehouse: Path, to: str, server: str, *options: str) -> int:
    return main(["--warehouse", str(warehouse), "--to", to, "--out", server, *options])


def change(warehouse: Path, sql: str, *rows: list) -> None:
    with duckdb.connect(str(warehouse / "longtail.duckdb")) as shop:
        if rows:
            shop.executemany(sql, list(rows))
        else:
            shop.execute(sql)


def odd(warehouse: Path) -> None:
    """Let the users and products be those with odd ids."""
    change(warehouse, "delete from user_recommendations")
    change(
        warehouse,
        "insert into user_recommendations values (?, 1, ?, 1.0, 'graph', null, null, false)",
        *[[name, name] for name in ODD_IDS],
    )


def ask(server: str, sql: str) -> list[tuple]:
    import psycopg

    with psycopg.connect(server) as connection:
        return connection.execute(sql).fetchall()


def test_postgres_has_the_rows_with_keys_and_a_note(warehouse, postgres, capsys):
    assert export(warehouse, "postgres", postgres, "--k", "1", "--with-seen") == 0
    assert ask(postgres, "select * from longtail.recommendations order by user_id") == [
        ("ann", 1, "cable", 2.3, "graph", "case"),
        ("bob", 1, "case", 4.5, "seen before", "phone"),
    ]
    similar = "select product_id, relation, similar_product_id from longtail.similar_products"
    assert sorted(ask(postgres, similar)) == [
        ("case", "complement", "cable"),
        ("phone", "complement", "case"),
        ("phone", "substitute", "lamp"),
    ]
    note = dict(ask(postgres, "select name, value from longtail.export"))
    assert (note["format"], note["build_id"], note["k"]) == ("1", "new", "1")
    keys = "select indexname from pg_indexes where schemaname = 'longtail' order by 1"
    assert [key for (key,) in ask(postgres, keys)] == [
        *("export_pkey", "recommendations_pkey", "similar_products_pkey")
    ]
    assert "host=" not in capsys.readouterr().out


def test_postgres_takes_odd_ids_and_nulls_as_they_are(warehouse, postgres):
    odd(warehouse)
    assert export(warehouse, "postgres", postgres) == 0
    rows = ask(
        postgres, "select user_id, product_id, because_product_id from longtail.recommendations"
    )
    assert sorted(rows) == sorted((name, name, None) for name in ODD_IDS)


def test_rights_on_the_tables_of_postgres_stay(warehouse, postgres):
    assert export(warehouse, "postgres", postgres) == 0
    import psycopg

    with psycopg.connect(postgres) as connection:
        connection.execute('create role "odd reader"')
        connection.execute('grant select on longtail.recommendations to "odd reader"')
        connection.execute("grant select, insert on longtail.similar_products to public")
    assert export(warehouse, "postgres", postgres) == 0
    assert ask(
        postgres,
        "select has_table_privilege('odd reader', 'longtail.recommendations', 'select'),"
        " has_table_privilege('odd reader', 'longtail.recommendations', 'delete'),"
        " has_table_privilege('odd reader', 'longtail.similar_products', 'insert')",
    ) == [(True, False, True)]


def test_an_export_that_fails_leaves_postgres_as_it_was(warehouse, postgres, capsys):
    assert export(warehouse, "postgres", postgres) == 0
    tables = "select * from longtail.recommendations order by 1, 2"
    before = ask(postgres, tables)
    change(warehouse, "alter table similar_products rename score to points")
    assert export(warehouse, "postgres", postgres) == 1
    assert "No export: " in capsys.readouterr().err
    assert ask(postgres, tables) == before
    left = "select count(*) from pg_tables where tablename like '%\\_new'"
    assert ask(postgres, left) == [(0,)]


def test_a_reader_of_postgres_never_meets_a_half_written_list(warehouse, postgres):
    """A list has 3,000 rows, then 6,000: no count in between is ever seen."""
    import psycopg

    rows = "insert into user_recommendations select 'u' || n, 1, 'lamp', 1.0, 'graph', null, null, "
    change(warehouse, "delete from user_recommendations")
    change(warehouse, f"{rows} false from range(3000) as numbers (n)")
    assert export(warehouse, "postgres", postgres) == 0
    counts, stop = set(), threading.Event()

    def read():
        with psycopg.connect(postgres, autocommit=True) as connection:
            while not stop.is_set():
                sql = "select count(*) from longtail.recommendations"
                counts.add(connection.execute(sql).fetchone()[0])

    reader = threading.Thread(target=read)
    reader.start()
    change(warehouse, f"{rows} false from range(3000, 6000) as numbers (n)")
    assert export(warehouse, "postgres", postgres) == 0
    time.sleep(0.2)
    stop.set()
    reader.join()
    assert counts == {3000, 6000}


def test_a_server_that_is_not_there_is_said_in_a_line(warehouse, postgres, redis_server, capsys):
    nowhere = "postgresql:///postgres?host=/nowhere&password=secret"
    assert export(warehouse, "postgres", nowhere) == 1
    error = capsys.readouterr().err
    assert error.startswith("No export: PostgreSQL: ") and "secret" not in error
    assert error.count("\n") == 1
    assert export(warehouse, "redis", "redis://:secret@127.0.0.1:1/0") == 1
    error = capsys.readouterr().err
    assert error.startswith("No export: Redis: ") and "secret" not in error
    assert export(warehouse, "redis", "no url") == 1
    assert capsys.readouterr().err.startswith("No export: Redis: ")


@pytest.fixture
def cache(redis_server):
    """A client of an empty Redis that answers in text."""
    import redis

    with redis.Redis.from_url(redis_server, decode_responses=True) as connection:
        connection.flushall()
        yield connection


def test_redis_has_a_field_per_user_and_per_product(warehouse, redis_server, cache):
    assert export(warehouse, "redis", redis_server, "--k", "1") == 0
    assert sorted(cache.keys()) == [
        "longtail:export",
        "longtail:recommendations",
        "longtail:similar_products:complement",
        "longtail:similar_products:substitute",
    ]
    assert cache.hkeys("longtail:recommendations") == ["ann"]  # all of bob's are seen
    assert json.loads(cache.hget("longtail:recommendations", "ann")) == [
        {
            **{"rank": 1, "product_id": "cable", "score": 2.3, "source": "graph"},
            "because_product_id": "case",
        }
    ]
    assert json.loads(cache.hget("longtail:similar_products:substitute", "phone")) == [
        {"rank": 1, "similar_product_id": "lamp", "score": 0.9, "source": "graph"}
    ]
    assert cache.hget("longtail:export", "build_id") == "new"


def test_redis_forgets_who_is_gone_and_what_an_earlier_try_left(warehouse, redis_server, cache):
    cache.hset("longtail:recommendations:new", "ghost", "[]")
    assert export(warehouse, "redis", redis_server) == 0
    assert "ghost" not in cache.hkeys("longtail:recommendations")
    change(
        warehouse,
        "delete from user_recommendations;"
        " delete from similar_products where relation = 'substitute'",
    )
    assert export(warehouse, "redis", redis_server) == 0
    assert sorted(cache.keys()) == ["longtail:export", "longtail:similar_products:complement"]


def test_redis_takes_odd_ids_as_they_are(warehouse, redis_server, cache):
    odd(warehouse)
    assert export(warehouse, "redis", redis_server) == 0
    found = {
        user: json.loads(items)[0]["product_id"]
        for user, items in cache.hgetall("longtail:recommendations").items()
    }
    assert found == {name: name for name in ODD_IDS}


def test_an_export_that_fails_leaves_redis_as_it_was(warehouse, redis_server, cache):
    assert export(warehouse, "redis", redis_server) == 0
    before = cache.hgetall("longtail:recommendations")
    change(warehouse, "alter table similar_products rename score to points")
    assert export(warehouse, "redis", redis_server) == 1
    assert cache.hgetall("longtail:recommendations") == before
    assert cache.hget("longtail:export", "build_id") == "new"
