"""A shop whose event files arrive day by day, with everything that makes a refresh hard."""

import csv
import gzip
import random
import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
from dbt_shop import HEADER, Shop

DAYS = 7
FIRST = datetime(2024, 1, 1)
TABLES = (
    *("stg_events", "rejected_events", "int_user_keys", "int_product_keys", "int_robots"),
    *("int_events_flagged", "int_timeline", "int_interactions", "int_session_steps"),
    *("int_daily_pairs", "int_product_pairs", "int_bought_after", "cleaning_report"),
    *("products", "product_nodes", "product_edges"),
)
BY_DAY = (
    *("stg_events", "int_events_deduplicated", "int_user_days", "int_product_days"),
    *("int_events_flagged", "int_session_steps", "int_daily_pairs"),
)
TOO_LATE = "too late (lookback_days)"


def events_of(day: int) -> list[tuple]:
    """One day's events: ties, repeats, duplicates, bad rows, sessions over midnight."""
    draw = random.Random(day)
    midnight = FIRST + timedelta(days=day)
    events = []
    for visit in range(40):
        user = f"u{draw.randrange(25)}"
        session = draw.choice(["", "s", f"s{day}{visit}"])
        at = midnight + timedelta(seconds=draw.randrange(86400))
        for _ in range(draw.randrange(1, 9)):
            at += timedelta(seconds=draw.choice([0, 0, 1, 40, 900, 3700]))
            events.append((at, draw.choice(["view", "view", "cart"]), user, session))
    # A session over midnight, one over many midnights, and a user who finally becomes a robot.
    minutes = [("owl", place) for place in (0, 1, 1439)]
    minutes += [("awake", 50 * place) for place in range(29 if day >= 3 else 0)]
    minutes += [("crawler", 600 + place) for place in range(15 * day)]
    events += [(midnight + timedelta(minutes=at), "view", user, user) for user, at in minutes]
    rows = []
    for at, kind, user, session in events:
        product = f"p{draw.randrange(12 + 3 * day)}"
        brand, price = draw.choice(["", "x", "y"]), draw.choice(["", 5, 7])
        if at < midnight + timedelta(days=1):
            rows.append((f"{at} UTC", kind, product, "c", "a.b", brand, price, user, session))
    rows += [(f"{midnight} UTC", "view", "p1", "c", "a.b", "", price, "u1", "") for price in "?!"]
    return rows + rows[:5]


class Nights:
    """A shop whose files arrive one by one."""

    def __init__(self, folder: Path, days: range = range(DAYS)) -> None:
        self.shop = Shop(folder)
        self.folder = folder
        self.work = self.shop.warehouse / ".work"
        self.vars = {
            "events": str(folder / "day*"),
            "robot_clicks": 200,
            "lookback_days": 2,
            "session_gap_minutes": 60,
        }
        for day in days:
            self.write(f"day{day}.csv", events_of(day))

    def write(self, name: str, rows: list[tuple]) -> None:
        opened = gzip.open if name.endswith(".gz") else open
        with opened(self.folder / name, "wt", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([HEADER, *rows])

    def run(self, *options: str, select=("+product_edges", "+cleaning_report"), **overrides):
        more = ("+int_bought_after", "+products") if len(select) > 1 else ()
        return self.shop.dbt(
            "run", *options, "--select", *select, *more, **{**self.vars, **overrides}
        )

    def refresh(self, *options: str, **overrides) -> str:
        outcome = self.run(*options, **overrides)
        assert outcome.is_good, outcome.text
        assert not list(self.work.glob("*.parquet.*")), "left behind"
        return outcome.text

    def rows_of(self, table: str) -> list[tuple]:
        return duckdb.sql(
            f"from read_parquet('{self.work}/{table}.parquet') order by all"
        ).fetchall()

    def tables(self) -> dict[str, list[tuple]]:
        """Every table, with files by name instead of path."""
        tables = {name: self.rows_of(name) for name in TABLES}
        folder = str(self.folder)
        return {
            name: [tuple(str(value).replace(folder, "") for value in row) for row in rows]
            for name, rows in tables.items()
        }

    def files_read(self) -> set[str]:
        """Names of the files that the staged events are from."""
        rows = duckdb.sql(
            f"select distinct source_file from read_parquet('{self.work}/stg_events.parquet')"
        ).fetchall()
        return {Path(name).name for (name,) in rows}

    def everything(self) -> str:
        """All values of all tables in progress, as text."""
        tables = [path for path in self.work.glob("*.parquet") if "." not in path.stem]
        return str([duckdb.from_parquet(str(path)).fetchall() for path in tables])

    def files(self, table: str) -> dict[str, int]:
        """Files of a table by day and their inodes: another inode, another file."""
        root = self.work / f"{table}.parquet"
        return {str(file.relative_to(root)): file.stat().st_ino for file in root.rglob("*.parquet")}


def assert_same(found: dict, expected: dict) -> None:
    for name in TABLES:
        assert found[name] == expected[name], name


def given_back(shop: Nights) -> Iterator[Nights]:
    """Yield a shop that a test may change, then restore its folder."""
    saved = shop.folder.with_name("saved")
    shutil.copytree(shop.folder, saved, symlinks=True)
    yield shop
    shutil.rmtree(shop.folder)
    saved.rename(shop.folder)
