"""Cleaning: the end of the log, the resolution of clocks, exclusions per user."""

import csv
from datetime import date, datetime, timedelta
from pathlib import Path

import duckdb
import jinja2
import pytest
from dbt_shop import HEADER, ROOT, Shop
from hypothesis import given, settings
from hypothesis import strategies as st

MACRO = ROOT / "macros" / "events" / "days_of_the_log.sql"
FIRST = date(2024, 1, 1)
LAST_MOMENT = "2038-01-19 03:14:07"
"""Of a clock of 32 bits."""

# ---- the first and the last day of the log -----------------------------------------------------

Days = dict[date, tuple[int, int]]
"""Events and users by day."""


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


def traffic(*counts: tuple[int, int]) -> Days:
    """Return days in a row with these events and users."""
    return {day(number): count for number, count in enumerate(counts)}


def span_of(days: Days, day_share: float = 0.01) -> tuple[date, date]:
    """Return the first and the last day with traffic, by the project's own SQL."""
    template = jinja2.Template(MACRO.read_text() + "{{ days_of_the_log('days') }}")
    ctes = template.render(var={"day_share": day_share}.get)
    rows = ", ".join(f"(date '{at}', {events}, {users})" for at, (events, users) in days.items())
    (span,) = duckdb.sql(
        f"with days (event_date, events, users) as (values {rows}), {ctes}"
        " select min(event_date), max(event_date) from days_of_the_log where has_traffic"
    ).fetchall()
    return span


STRAY = (1, 1)
CLOCKS = {day(number): STRAY for number in (-3000, -9, 40, 80, 5000)}
"""A single event each."""
SPANS = {
    # days, first and last day of the log
    "an event of 2038": (traffic(*[(1000, 300)] * 20) | {date(2038, 1, 19): STRAY}, 0, 19),
    "an event three days ahead": (traffic(*[(1000, 300)] * 20) | {day(22): STRAY}, 0, 19),
    "a visit three days ahead": (traffic(*[(1000, 300)] * 20) | {day(22): (40, 1)}, 0, 19),
    "a crawler a day ahead": (traffic(*[(1000, 300)] * 20) | {day(20): (5000, 1)}, 0, 19),
    "an event of 1995": (traffic(*[(1000, 300)] * 20) | {date(1995, 1, 1): STRAY}, 0, 19),
    "one day, and five clocks": (traffic((20_000, 900)) | CLOCKS, 0, 0),
    "two days, and five clocks": (traffic((900, 200), (700, 200)) | CLOCKS, 0, 1),
    "ten events a day, and five clocks": (traffic(*[(10, 4)] * 20) | CLOCKS, 0, 19),
    "a log that ends at two in the night": (traffic(*[(1000, 300)] * 20, (12, 5)), 0, 20),
    "ten events a day, the last has two": (traffic(*[(10, 4)] * 20, (2, 2)), 0, 20),
    "one event a day": (traffic(*[STRAY] * 20), 0, 19),
    "one event": (traffic(STRAY), 0, 0),
    "one user": (traffic(*[(10, 1)] * 20), 0, 19),
    "two users, of whom one came last": (traffic(*[(10, 2)] * 20, (9, 1)), 0, 20),
    "a day of a hundred times the events": (
        traffic(*[(100, 30)] * 10, (10_000, 3000), *[(100, 30)] * 3, (3, 2)), 0, 14,
    ),
    "the last day has a hundred times the events": (
        traffic(*[(100, 30)] * 10, (10_000, 3000)), 0, 10,
    ),
    "a shop that grew a hundredfold": (
        traffic(*[(20 * 2**week, 9 * 2**week) for week in range(8) for _ in range(7)]), 0, 55,
    ),
    "a quiet day between": (traffic(*[(1000, 300)] * 9, (1, 1), (1000, 300)), 0, 10),
    "a crawler's day, then one of people": (traffic((20_000, 1), (10, 10)), 1, 1),
    "people, then a crawler's day": (traffic((10, 10), (20_000, 1)), 0, 0),
}  # fmt: skip


@pytest.mark.parametrize("case", SPANS)
def test_the_log_begins_and_ends_with_a_day_of_traffic(case):
    days, first, last = SPANS[case]
    assert span_of(days) == (day(first), day(last))


def test_every_day_counts_when_no_share_is_asked_for():
    assert span_of(traffic((1000, 300)) | CLOCKS, day_share=0) == (min(CLOCKS), max(CLOCKS))


@pytest.mark.slow
@settings(derandomize=True, deadline=None, max_examples=100)
@given(
    real=st.lists(st.integers(300, 30_000), min_size=3, max_size=40),
    strays=st.dictionaries(st.integers(1, 5000), st.integers(1, 3), max_size=3),
)
def test_clocks_of_single_users_move_no_log_of_any_size(real, strays):
    days = traffic(*[(events, events // 10) for events in real])
    ahead = {max(days) + timedelta(days=after): (events, 1) for after, events in strays.items()}
    assert span_of(days | ahead) == span_of(days)


# ---- builds ------------------------------------------------------------------------------------

LEARNED = ("int_interactions", "product_edges", "int_user_histories", "int_targets")
TABLES = (*LEARNED, "int_popularity", "int_excluded_products", "products", "cleaning_report")


class Log:
    """A shop that tests build up to the inputs of the lists."""

    def __init__(self, folder: Path, **overrides) -> None:
        self.shop = Shop(folder)
        self.folder = folder
        self.vars = {"events": str(folder / "*.csv"), **overrides}

    def write(self, name: str, rows: list[tuple]) -> None:
        """Write a file of rows (time, type, product, user)."""
        with open(self.folder / f"{name}.csv", "w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(HEADER)
            for at, kind, product, user in rows:
                writer.writerow([at, kind, product, "c", "a.b", "br", 5, user, ""])

    def run(self, *options: str) -> None:
        models = [f"+{table}" for table in TABLES]
        built = self.shop.dbt("run", *options, "--select", *models, **self.vars)
        assert built.is_good, built.text

    def query(self, sql: str) -> list[tuple]:
        """Ask the tables in progress."""
        with duckdb.connect() as connection:
            for table in (*TABLES, "int_timeline", "int_user_keys", "int_product_keys"):
                file = self.shop.warehouse / ".work" / f"{table}.parquet"
                connection.execute(f"create view {table} as from read_parquet('{file}')")
            return connection.execute(sql).fetchall()

    def tables(self, *names: str) -> dict[str, list[tuple]]:
        return {name: self.query(f"from {name} order by all") for name in names}

    def removed(self) -> dict[str, tuple[int, int | None]]:
        """Events and users by rule."""
        rows = self.query("select rule, events, users from cleaning_report where events > 0")
        return {rule: (events, users) for rule, events, users in rows}


def visits(number: int) -> list[tuple]:
    """A day of 30 users who look at four products of ten and buy one."""
    begin = datetime(2024, 1, 1, 10) + timedelta(days=number)
    return [
        (
            begin + timedelta(minutes=user, seconds=20 * step),
            "purchase" if step == 4 else "view",
            f"p{(user + number * step + step) % 10 + 10 * (user % 2)}",
            f"u{user}",
        )
        for user in range(30)
        for step in range(5)
    ]


CLOCK_RULE = "after the log's end (clock)"


@pytest.fixture(scope="module")
def log(tmp_path_factory) -> Log:
    """Five days, built."""
    log = Log(tmp_path_factory.mktemp("clock"))
    for number in range(5):
        log.write(f"day{number}", visits(number))
    log.run()
    return log


def test_a_fast_clock_moves_nothing_and_comes_back_when_its_day_is_real(log):
    learned = log.tables(*LEARNED)
    assert len(learned["product_edges"]) > 50
    assert log.query("select count(distinct user_key) > 5 from int_targets") == [(True,)]
    assert CLOCK_RULE not in log.removed()

    # A file of its own: one user in 2038 and on the day after the next.
    log.write(
        "fast",
        [
            (LAST_MOMENT, "view", "p1", "u1"),
            ("2024-01-07 12:00:00", "view", "p2", "u1"),
            ("2024-01-07 12:00:30", "purchase", "p3", "u1"),
            ("2024-01-07 12:01:00", "view", "seen by a fast clock only", "u1"),
        ],
    )
    log.run()
    assert log.tables(*LEARNED) == learned
    assert log.removed()[CLOCK_RULE] == (4, 1)
    assert log.query("select log_ends_at::varchar, last_event_at::varchar from int_timeline") == [
        ("2024-01-06 00:00:00", "2024-01-05 10:30:20")
    ]
    # It affects no product's price, age or popularity.
    assert log.query("select max(last_seen_at) from products where interactions > 0") == [
        (datetime(2024, 1, 5, 10, 30, 20),)
    ]
    assert log.query("select distinct score from int_popularity where shop_rank > 20") == [(0,)]
    # A purchase with a fast clock still counts as a purchase.
    bought = """
        select scope from int_excluded_products
        natural join int_user_keys natural join int_product_keys
        where user_id = 'u1' and product_id = 'p3'
    """
    assert log.query(bought) == [("published",)]

    # Two nights later the day is real.
    log.write("day5", visits(5))
    log.write("day6", visits(6))
    log.run()
    assert log.removed()[CLOCK_RULE] == (1, 1)
    assert log.query("select log_ends_at::varchar from int_timeline") == [("2024-01-08 00:00:00",)]
    assert log.query(
        "select count(*) from int_interactions natural join int_user_keys"
        " where user_id = 'u1' and event_at between '2024-01-07 12:00:00' and '2024-01-07 12:01:00'"
    ) == [(3,)]
    refreshed = log.tables(*TABLES)
    log.run("--full-refresh")
    assert log.tables(*TABLES) == refreshed


@pytest.fixture(scope="module")
def clocks(tmp_path_factory) -> Log:
    """Two days of dates, one of whole minutes, one of seconds; and a customer like a robot."""
    log = Log(tmp_path_factory.mktemp("clocks"), robot_purchases=30)
    times = ("2024-01-01", "2024-01-02", "2024-01-03 10:{:02d}:00", "2024-01-04 10:{:02d}:13")
    rows = [
        (at.format(user), "view", f"g{user % 4} {(user // 4 + number + 2 * step) % 10}", f"u{user}")
        for number, at in enumerate(times)
        for user in range(20)
        for step in range(5)
    ]
    rows += [("2024-01-02", "purchase", f"b{place}", "customer") for place in range(40)]
    copies = [rows[0], rows[1], rows[1], rows[25]]
    log.write("log", [*rows, *copies, ("never", "view", "g0 1", "u0")])
    log.run()
    return log


def test_each_rule_is_counted_with_its_events_and_users(clocks):
    assert clocks.removed() == {
        "clean event": (3 * 20 * 5 + 20, 20),
        "short stay": (20 * 4, 20),
        "robot": (40, 1),
        "exact duplicate": (4, 2),
        "unreadable event_time": (1, None),
    }


def test_clicks_of_one_moment_make_edges_where_the_clock_shows_no_seconds(clocks):
    """A user views the even or the odd products of a group of ten, all at the same time."""
    edges = clocks.query(
        """
        select
            left(source_product_id, 2) = left(target_product_id, 2) as is_of_one_group,
            right(source_product_id, 1)::integer % 2 as source_is_odd,
            right(target_product_id, 1)::integer % 2 as target_is_odd,
            sessions_together,
            count(*)
        from product_edges group by all order by all
        """
    )
    # Five users of a group and three days without seconds: 8 visits to the even, 7 to the odd.
    assert edges == [(True, 0, 0, 8, 4 * 10), (True, 1, 1, 7, 4 * 10)]


def test_what_a_robot_bought_is_not_recommended_to_it(clocks):
    bought = """
        select scope, count(*) from int_excluded_products
        natural join int_user_keys where user_id = 'customer' group by scope
    """
    assert clocks.query(bought) == [("published", 40)]


@pytest.mark.build
def test_a_log_of_dates_loses_nothing(shared_data, tmp_path):
    """300 users look at five products a day, of the ten of one of six groups."""
    log = Log(tmp_path, events=str(shared_data("shapes/tiny_dateonly.csv")))
    log.run()
    assert log.removed().keys() <= {"clean event", "exact duplicate"}
    assert sum(events for events, _ in log.removed().values()) == 6000
    assert log.query("select count(*) from product_edges") == [(6 * 45,)]


@pytest.mark.build
def test_a_customer_like_a_robot_has_all_purchases_excluded(shared_data, tmp_path):
    """340 purchases in 20 days, beside 60 ordinary users."""
    file = shared_data("shapes/tiny_robot.csv")
    log = Log(tmp_path, events=str(file))
    log.run()
    assert log.removed()["robot"][1] == 1
    with open(file, newline="", encoding="utf-8") as rows:
        bought = {
            (row["user_id"], row["product_id"])
            for row in csv.DictReader(rows)
            if row["event_type"] == "purchase"
        }
    excluded = """
        select user_id, product_id from int_excluded_products
        natural join int_user_keys natural join int_product_keys where scope = 'published'
    """
    assert set(log.query(excluded)) == bought
