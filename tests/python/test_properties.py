"""Properties of every log, tested on random logs."""

import collections
import csv
import datetime
import hashlib
import io
import random
import re
import shutil
import unicodedata

import duckdb
import pyarrow.parquet as pq
import pytest
from dbt_shop import HEADER
from hypothesis import HealthCheck, Phase, settings
from hypothesis import given as all_of
from hypothesis import strategies as st

# ---- staging: nothing is lost, nothing is made up ----------------------------------------------

BLANKS = "".join(chr(code) for code in range(65536) if unicodedata.category(chr(code)) == "Zs")
"""Characters that DuckDB's trim removes: blanks of any kind, but not tabs and newlines."""
GOOD_TIMES = ("2024-01-01 10:00:00 UTC", "2024-02-29", "2024-01-01T10:00:00+02:00", "1999-12-31")
BAD_TIMES = (
    "",
    "  ",
    "never",
    "2023-02-29",
    "24:00",
    "0001-01-01",
    "2999-01-01",
    "'; --",
    "{{ x }}",
)
GOOD_TYPES = ("view", " VIEW ", "cart", "purchase", "search", "remove_from_cart")
BAD_TYPES = ("", "look", "view;", "null", "vïew")
NO_TEXTS = ("NULL", r"\N", "nan", "None", "undefined", "<NA>", "N/A", "#N/A", "(null)")
"""Null texts, in upper or lower case."""
GOOD_PRICES = ("", " ", "0", "1.5", "1e3", " 7 ", "+2", " null ", r"\N", "NaN")
GOOD_WEIGHTS = ("", "1", " 0.5 ", "-2", "1e6", "nan", "NULL")
BAD_WEIGHTS = ("inf", "1000001", "much", "1,5")
BAD_PRICES = ("inf", "-1", "1,5", "€1", "1e999", "x", "-")
# One kind of line end: a row with both inside quotes is split into lines, each rejected.
ANY_TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\r"), max_size=6)
RISKY_TEXT = st.text(st.sampled_from("\"'`,;|\t\n\\ \0\u00e9{}$-\ufeffa1"), max_size=6)
NO_TEXT = st.sampled_from([form for text in NO_TEXTS for form in (text, f" {text.title()} ")])
TEXT = st.one_of(ANY_TEXT, RISKY_TEXT, ANY_TEXT, RISKY_TEXT, NO_TEXT)


def choice(good: tuple[str, ...], bad: tuple[str, ...]) -> st.SearchStrategy[str]:
    """Return a strategy that gives mostly good values."""
    return st.one_of(st.sampled_from(good), st.sampled_from(good), st.sampled_from((*good, *bad)))


ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "event_time": choice(GOOD_TIMES, BAD_TIMES),
            "event_type": choice(GOOD_TYPES, BAD_TYPES),
            "product_id": TEXT,
            "category_id": TEXT,
            "category_code": TEXT,
            "brand": TEXT,
            "price": choice(GOOD_PRICES, BAD_PRICES),
            "user_id": TEXT,
            "user_session": TEXT,
            "event_weight": choice(GOOD_WEIGHTS, BAD_WEIGHTS),
        }
    ),
    min_size=1,
    max_size=20,
)
QUICK = settings(
    derandomize=True,
    deadline=None,
    max_examples=30,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def is_good(row: dict[str, str]) -> bool:
    """Whether a row breaks no rule, computed without SQL."""
    return (
        row["event_time"] in GOOD_TIMES
        and row["event_type"] in GOOD_TYPES
        and row["price"] in GOOD_PRICES
        and row["event_weight"] in GOOD_WEIGHTS
        and given(row["product_id"]) is not None
        and given(row["user_id"]) is not None
    )


def given(text: str | None) -> str | None:
    """Return a text as staging stores it: trimmed, null when empty or a null text."""
    text = (text or "").strip(BLANKS)
    return None if text.lower() in ("", *map(str.lower, NO_TEXTS)) else text


def texts(row: dict) -> tuple:
    """Return the texts of a row as staging stores them."""
    names = ("product_id", "category_id", "category_code", "brand", "user_id", "user_session")
    return tuple(given(row[name]) for name in names)


@QUICK
@all_of(rows=ROWS, end=st.sampled_from(["\n", "\r\n"]), delimiter=st.sampled_from(",;\t|"))
def test_every_row_of_a_well_formed_log_is_kept_or_rejected(
    rows, end, delimiter, tmp_path, staging
):
    file = io.StringIO(newline="")
    writer = csv.writer(file, delimiter=delimiter, lineterminator=end)
    header = [*HEADER, "event_weight"]
    writer.writerows([header, *([row[name] for name in header] for row in rows)])
    (tmp_path / "log").write_bytes(file.getvalue().encode())
    staged = staging(str(tmp_path / "log"))
    assert len(staged.kept) + len(staged.reasons) == len(rows)
    assert None not in staged.reasons
    good = [texts(row) for row in rows if is_good(row)]
    assert collections.Counter(map(texts, staged.kept)) == collections.Counter(good)


GOOD_LINE = b"2024-01-01 10:00:00 UTC,view,p1,c1,a.b,br,1.50,u1,s1"
JUNK = st.lists(st.sampled_from([b",", b"a", b"1", b" ", b"\0", b"\xe9", b"\xc3\xa9", b";"]))


@QUICK
@all_of(lines=st.lists(st.one_of(st.just(GOOD_LINE), JUNK.map(b"".join)), min_size=1, max_size=20))
def test_a_broken_line_costs_no_other(lines, tmp_path, staging):
    lines.append(GOOD_LINE)
    (tmp_path / "log").write_bytes(b"\n".join([",".join(HEADER).encode(), *lines, b""]))
    staged = staging(str(tmp_path / "log"))
    assert [row["product_id"] for row in staged.kept].count("p1") == lines.count(GOOD_LINE)
    assert len(staged.kept) + len(staged.reasons) == sum(line != b"" for line in lines)


# ---- whole builds ------------------------------------------------------------------------------

SALT = "a-salt-of-the-tests/1"
USERS = tuple(f"user-{number}-{name}" for number, name in enumerate("äß'\";☃{}\\%" * 3))
PRODUCTS = tuple(f"prod-{number}-{name}" for number, name in enumerate("éΩ'\";☂{}\\%" * 5))
LATE_PRODUCTS = tuple(f"{name}-late" for name in PRODUCTS[:5])
"""Seen after the cut only."""
HOSTILE_TYPE = "it's; drop table x; -- {{ 1 / 0 }}"
FIRST_DAY = datetime.datetime(2024, 3, 1)
DAYS = 10
CUT = datetime.timedelta(days=1, seconds=-1)
"""Before the last event: the default of holdout_days before the second after it."""


def random_log(seed: int) -> list[dict]:
    """Return events of users with preferences, including some unusable events."""
    draw = random.Random(seed)
    log = []
    for step in range(1500):
        day = draw.random() * DAYS
        user = min(int(draw.expovariate(0.1)), len(USERS) - 1)
        product = PRODUCTS[int(draw.random() ** 2 * len(PRODUCTS))]
        if day > DAYS - 0.5:
            product = LATE_PRODUCTS[step % len(LATE_PRODUCTS)]
        log.append(
            {
                "event_time": str(FIRST_DAY + datetime.timedelta(days=day))[:19],
                "event_type": draw.choice(["view"] * 6 + ["cart", "purchase", HOSTILE_TYPE]),
                "product_id": product,
                "category_id": f"c{len(product) % 3}",
                "category_code": draw.choice(["", "a", "a.b", "a.c", "'{{", "a.b.c"]),
                "brand": draw.choice(["", "br", "brånd"]),
                "price": draw.choice(["", "1", "2.5"]),
                "user_id": USERS[user],
                "user_session": f"s{user}-{int(day * 4)}",
            }
        )
        if step % 50 == 0:
            column, text = draw.choice(
                [("event_time", "soon"), ("price", "-1"), ("product_id", "")]
            )
            log.append({**log[-1], column: text})
    return log


BUILDS = {
    # First: a warehouse keeps the build before the last, with the ids that it has.
    "users hashed, what was seen excluded": (2, {"hash_user_ids": SALT, "exclude": "seen"}),
    "as it comes": (1, {}),
}


@pytest.fixture(scope="module", params=BUILDS)
def built(request, shop):
    """A build of a random log: the log's good events, the shop, and the overrides."""
    seed, overrides = BUILDS[request.param]
    log = random_log(seed)
    shop.write([[event[name] for name in HEADER] for event in log])
    with open(shop.events, "a", encoding="utf-8") as file:
        file.write(f"2024-03-01 10:00:00,view,{USERS[0]}\n")  # cut off, with an id in it
    outcome = shop.build(
        event_weights={"view": 1, "cart": 3, "purchase": 5, "search": 1, HOSTILE_TYPE: 2},
        gate_recall_over_popularity=0,
        gate_recall_over_best_part=0,
        gate_coverage=0,
        **overrides,
    )
    assert outcome.is_good, outcome.text
    good = [
        event
        for event in log
        if event["event_time"] != "soon" and event["price"] != "-1" and event["product_id"]
    ]
    assert len(good) < len(log)
    assert {event["user_id"] for event in good} > set(USERS[:10])
    return good, len(log) + 1, shop, overrides


def name_of(user: str, overrides: dict) -> str:
    """Return a user's id as the tables have it."""
    salt = overrides.get("hash_user_ids")
    return hashlib.sha256((salt + user).encode()).hexdigest() if salt else user


def test_raw_rows_are_kept_or_rejected(built):
    good, raw_rows, shop, _ = built
    assert shop.query("select count(*) from stg_events") == [(len(good),)]
    assert shop.query("select count(*) from rejected_events") == [(raw_rows - len(good),)]


def test_no_edge_knows_of_the_days_after_the_cut(built):
    good, _, shop, _ = built
    last = max(event["event_time"] for event in good)
    cut = str(datetime.datetime.fromisoformat(last) - CUT)
    assert shop.query("select graph_cutoff_at::varchar from internal.int_timeline") == [(cut,)]
    baskets = collections.defaultdict(set)
    for event in good:
        if event["event_time"] < cut:
            baskets[event["user_id"]].add(event["product_id"])
    together = {(a, b) for basket in baskets.values() for a in basket for b in basket if a != b}
    edges = shop.query(
        """
        select source.product_id, target.product_id
        from product_edges
        inner join product_nodes as source on source_node_id = source.node_id
        inner join product_nodes as target on target_node_id = target.node_id
        """
    )
    assert len(edges) > 100
    assert set(edges) <= together
    known = {row[0] for row in shop.query("select product_id from product_nodes")}
    assert known.isdisjoint(LATE_PRODUCTS)
    assert {row[0] for row in shop.query("select product_id from products")} > set(LATE_PRODUCTS)


def test_nothing_recommends_itself(built):
    _, _, shop, _ = built
    assert shop.query("select count(*) > 100 from similar_products") == [(True,)]
    assert shop.query("from similar_products where product_id = similar_product_id") == []
    for model in ("covisit", "rp3beta", "deepwalk", "node2vec"):
        itself = f"from neighbours_{model} where product_id = neighbour_product_id"
        assert shop.query(itself) == []


def test_every_user_gets_exactly_k_products_and_none_that_is_excluded(built):
    good, _, shop, overrides = built
    kinds = None if overrides.get("exclude") == "seen" else {"purchase"}
    excluded = {name_of(user, overrides): set() for user in USERS}
    for event in good:
        if kinds is None or event["event_type"] in kinds:
            excluded[name_of(event["user_id"], overrides)].add(event["product_id"])
    products = {row[0] for row in shop.query("select product_id from products")}
    recommended = collections.defaultdict(list)
    for user, product in shop.query("select user_id, product_id from user_recommendations"):
        recommended[user].append(product)
    active = {name_of(event["user_id"], overrides) for event in good}
    for user in active:
        allowed = products - excluded[user]
        assert len(recommended[user]) == min(20, len(allowed))
        assert set(recommended[user]) <= allowed
    assert recommended.keys() <= active


def test_no_table_and_no_file_holds_a_user_id_that_is_to_be_hashed(built, tmp_path):
    _, _, shop, overrides = built
    found = everything_in(shop, tmp_path)
    # The same search finds products' ids, and users' ids where they are not hashed.
    assert PRODUCTS[0].encode() in found
    is_hashed = "hash_user_ids" in overrides
    assert (USERS[0].encode() in found) is not is_hashed
    if is_hashed:
        assert b"withheld: hash_user_ids is set" in found
        assert not re.search(rb"user-\d", found)
        assert SALT.encode() not in found
        assert name_of(USERS[0], overrides).encode() in found


def everything_in(shop, folder) -> bytes:
    """Return all bytes of the files of a warehouse, and all values of its tables as text."""
    found = [b""]
    for path in sorted(shop.warehouse.rglob("*")):
        if path.is_file() and not path.is_symlink():
            found.append(path.read_bytes())
            if path.suffix == ".parquet":
                rows = duckdb.from_parquet(str(path).replace("[", "[[]"))
                found.append(str(rows.fetchall()).encode())
                found.append(str(pq.read_schema(path)).encode())
    for path in (shop.warehouse / ".work").glob("build.duckdb*"):
        shutil.copy(path, folder)  # dbt, in this process, still has it open
    with duckdb.connect(str(folder / "build.duckdb")) as connection:
        tables = connection.execute(
            "select schema_name, table_name from duckdb_tables() where not internal"
        ).fetchall()
        for schema, table in tables:
            rows = connection.execute(f'from "{schema}"."{table}"').fetchall()
            found.append(str(rows).encode())
    return b"\n".join(found)
