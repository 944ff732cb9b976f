"""Experiments: which lists users get, and the verdicts from their clicks."""

import gzip
import hashlib
import math
import random
from collections import Counter
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from dbt_shop import ROOT, Shop
from staging_sql import PLACE_OF_ROWS

from longtail.build import impression_files
from longtail.build.scan import WITHHELD

TAIL = {
    "interactions_exponent": -0.5,
    "blend": {"covisit": 0.2, "rp3beta": 1.0},
    "exclude": "none",
}
EXPERIMENTS = [
    {"name": "tail", "share": 0.3, "vars": TAIL},
    {"name": "same", "share": 0.5},
]
"""One whose users get other lists, and an A/A test."""
KINDS = ("view", "view", "cart", "purchase", "view", "search")


def log(users: int = 60, events: int = 900) -> list[tuple]:
    """Return events of users who each look at products of a few shelves."""
    draw = random.Random(3)
    rows = []
    for step in range(events):
        user = step % users
        product = (user % 4) * 7 + int(7 * draw.random() ** 2)
        time = f"2024-01-{1 + step * 9 // events:02d} {8 + step % 12:02d}:{step % 60:02d}:07"
        kind = KINDS[draw.randrange(len(KINDS))]
        shelf = f"shelf.s{product % 4}"
        rows.append((time, kind, f"p{product}", shelf, shelf, f"b{product % 3}", 5, f"u{user}", ""))
    return rows


def arm_of(user_id: str, experiments: list[dict]) -> str:
    """Return a user's arm, by the definition in docs/experiments.md."""
    for experiment in experiments:
        digest = hashlib.md5(f"{experiment['name']}:{user_id}".encode()).digest()
        if int.from_bytes(digest[8:], "little") % 1000000007 / 1000000007 < experiment["share"]:
            return experiment["name"]
    return "control"


CLAIMS = (
    *("assert_arms_keep_to_their_exclusions", "assert_excluded_products_are_not_recommended"),
    *("assert_causes_are_not_listed_above", "assert_seen_products_say_so"),
)
WANTED = (
    *("+experiment_verdicts", "click_through", "rejected_impressions"),
    *(f"+{claim}" for claim in CLAIMS),
)
CHECKED = (
    *("path:models/ranking/arms", "path:models/staging/impressions", "path:models/experiments"),
    *("int_arm_lists", "user_recommendations", *CLAIMS),
    *("--indirect-selection", "cautious", "--exclude-resource-type", "unit_test"),
)
"""Tables and their tests: the rest of a build knows nothing of experiments."""


def made(shop: Shop, table: str) -> list[dict]:
    """Return the rows of a table that is not published."""
    with duckdb.connect() as connection:
        file = shop.warehouse / ".work" / f"{table}.parquet"
        return connection.read_parquet(str(file)).to_arrow_table().to_pylist()


class Outcomes:
    """A shop with experiments and impressions: its lists, and its models' SQL."""

    def __init__(self, shop: Shop, folder: Path) -> None:
        shop.write(log())
        impressions = folder / "shown.csv"
        rows = [f"u{n},p{n % 9},{n % 5 + 1},2024-01-12 10:00:00,{n % 3 == 0}" for n in range(40)]
        header = "user,product,rank,shown_at,clicked"
        impressions.write_text("\n".join([header, *rows, "u1,p1,0,2024-01-12,1"]) + "\n")
        given = {"experiments": EXPERIMENTS, "impressions": str(impressions)}
        ran = shop.dbt("run", "--select", *WANTED, **given)
        assert ran.is_good, ran.text
        checked = shop.dbt("test", "--select", *CHECKED, **given)
        assert checked.is_good, checked.text
        by_hand = shop.dbt("test", "--select", "recommendations_go_down_the_ladder", **given)
        assert by_hand.is_good, by_hand.text
        self.lists = made(shop, "user_recommendations")
        self.rejected = made(shop, "rejected_impressions")
        self.verdicts = made(shop, "experiment_verdicts")
        folder = shop.target / "compiled/longtail/models/experiments"
        self.sql = {file.stem: file.read_text(encoding="utf-8") for file in folder.glob("*.sql")}
        self.with_vars = {}
        for name, given in (("tail", TAIL), ("control", {})):
            ran = shop.dbt("run", "--select", "+user_recommendations", parsed=True, **given)
            assert ran.is_good, ran.text
            self.with_vars[name] = made(shop, "user_recommendations")


@pytest.fixture(scope="module")
def tested(shop, tmp_path_factory) -> Outcomes:
    """Built once: an experiment with other vars, one without, and control."""
    return Outcomes(shop, tmp_path_factory.mktemp("impressions"))


def by_user(rows: list[dict]) -> dict[str, list[tuple]]:
    """Return each user's list, with rounded scores."""
    found: dict[str, list[tuple]] = {}
    for row in sorted(rows, key=lambda row: row["rank"]):
        shown = {name: value for name, value in row.items() if name != "arm"}
        shown["score"] = f"{row['score']:.9g}"
        found.setdefault(row["user_id"], []).append(tuple(shown.values()))
    return found


def test_an_arm_is_a_hash_of_experiment_and_user(tested):
    arms = {row["user_id"]: row["arm"] for row in tested.lists}
    assert len(arms) == 60
    assert arms == {user: arm_of(user, EXPERIMENTS) for user in arms}
    assert set(Counter(arms.values())) == {"tail", "same", "control"}


@pytest.mark.parametrize("arm", ["tail", "same", "control"])
def test_an_arm_has_the_lists_of_a_build_with_its_vars(tested, arm):
    shown = by_user([row for row in tested.lists if row["arm"] == arm])
    whole = by_user(tested.with_vars["tail" if arm == "tail" else "control"])
    assert shown == {user: whole[user] for user in shown}


def test_other_vars_make_other_lists(tested):
    whole, other = by_user(tested.with_vars["control"]), by_user(tested.with_vars["tail"])
    assert sum(whole[user] != other[user] for user in whole) > 30


def test_without_experiments_nobody_has_an_arm(tested):
    assert {row["arm"] for row in tested.with_vars["control"]} == {None}


def test_the_build_counts_what_it_read(tested):
    assert [row["reason"] for row in tested.rejected] == ["rank is not a whole number from 1"]
    assert {row["experiment"]: row["verdict"] for row in tested.verdicts} == {
        "tail": "too few",
        "same": "too few",
    }
    assert sum(row["impressions"] for row in tested.verdicts) < 40


# ---- files of impressions -------------------------------------------------------------------

HEADER = "user_id,product_id,rank,shown_at,clicked"


@pytest.fixture(scope="module")
def impressions_of(shop):
    """A function from a file of impressions to its staged rows."""
    shop.write([("2024-01-01", "view", "p", "c", "a.b", "br", 1, "u", "s")])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(impression_files, "describe_impressions", lambda *_: [])
        patch.setattr(impression_files, "impressions_sql", lambda *_, **__: PLACE_OF_ROWS)
        compiled = shop.dbt(
            "compile", "--select", "stg_raw_impressions", impressions="i", experiments=EXPERIMENTS
        )
    assert compiled.is_good, compiled.text
    folder = shop.target / "compiled/longtail/models/staging/impressions"
    model = (folder / "stg_raw_impressions.sql").read_text(encoding="utf-8")

    def stage(path: Path, *, user_salt: str = "", **columns: str) -> list[dict]:
        given = {
            "impressions": str(path),
            "impression_columns": columns,
            "impression_csv_options": {},
        }
        files = impression_files.describe_impressions(given)
        rows = impression_files.impressions_sql(files, columns, user_salt=user_salt)
        with duckdb.connect() as connection:
            connection.execute("set TimeZone = 'UTC'")
            sql = f"from ({model.replace(PLACE_OF_ROWS, rows)}) order by source_row"
            return connection.sql(sql).to_arrow_table().to_pylist()

    return stage


def written(folder: Path, *lines: str, header: str = HEADER) -> Path:
    path = folder / "shown.csv"
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    return path


def test_each_row_is_used_or_rejected_with_a_reason(impressions_of, tmp_path):
    lines = {
        "u,p,1,2024-01-31 10:00:00,1": None,
        "u,p,2.0,2024-01-31T10:00:00Z,No": None,
        " u , p ,3,1706695200,": None,
        ",p,1,2024-01-31,1": "missing user_id",
        "u,NULL,1,2024-01-31,1": "missing product_id",
        "u,p,,2024-01-31,1": "missing rank",
        "u,p,0,2024-01-31,1": "rank is not a whole number from 1",
        "u,p,1.5,2024-01-31,1": "rank is not a whole number from 1",
        "u,p,first,2024-01-31,1": "rank is not a whole number from 1",
        "u,p,1,,1": "missing shown_at",
        "u,p,1,yesterday,1": "unreadable shown_at",
        "u,p,1,1970-01-31,1": "shown_at out of range (earliest_event_at, latest_event_at)",
        "u,p,1,2024-01-31,perhaps": "unreadable clicked",
    }
    rows = impressions_of(written(tmp_path, *lines))
    assert [row["reject_reason"] for row in rows] == list(lines.values())
    good = [row for row in rows if row["reject_reason"] is None]
    assert [(row["rank"], row["is_clicked"]) for row in good] == [(1, True), (2, False), (3, False)]
    assert {row["user_id"] + row["product_id"] for row in good} == {"up"}
    assert len({row["shown_at"] for row in good}) == 1


def test_other_names_and_a_packed_file(impressions_of, tmp_path):
    path = tmp_path / "shown.csv.gz"
    path.write_bytes(
        gzip.compress(b"who,item_id,position,timestamp,click,source\nu,p,2,1e9,y,hybrid\n")
    )
    (row,) = impressions_of(path, user_id="who", shown_at="'2024-01-02'")
    found = [row[name] for name in ("user_id", "product_id", "rank", "is_clicked", "model")]
    assert found == ["u", "p", 2, True, "hybrid"]


def test_users_are_hashed_as_those_of_events(impressions_of, tmp_path):
    salt = "0123456789abcdef"
    path = written(tmp_path, "anna,p,1,2024-01-31,1", "anna,p,0,2024-01-31,1")
    good, bad = impressions_of(path, user_salt=salt)
    assert good["user_id"] == hashlib.sha256(f"{salt}anna".encode()).hexdigest()
    assert "anna" not in str(bad.values())
    with pytest.raises(ValueError, match=r"'impression_columns', entry 'model'.*user ids"):
        impressions_of(path, user_salt=salt, model="user_id || 'x'")
    path = tmp_path / "shown.json"
    path.write_text(
        '{"user": "u", "product": "p", "rank": 1, "shown_at": "2024-01-31", "click": 1}\nanna\n'
    )
    rows = impressions_of(path, user_salt=salt)
    assert [row["raw_line"] for row in rows if row["reject_reason"]] == [WITHHELD]


def test_a_file_without_a_needed_column_is_refused(impressions_of, tmp_path):
    with pytest.raises(ValueError, match=r"column 'clicked' is missing.*impression_columns"):
        impressions_of(written(tmp_path, "u,p,1,2024-01-01", header=HEADER[:-8]))


# ---- what the clicks say --------------------------------------------------------------------

COLUMNS = ("user_id", "product_id", "rank", "shown_at", "is_clicked", "model")


@pytest.fixture(scope="module")
def verdict_of(tested):
    """A function from impressions and robots to the rows of a table, by the models' SQL."""

    def compute(table: str, impressions: pa.Table, robots: tuple[str, ...] = ()) -> list[dict]:
        with duckdb.connect() as connection:
            connection.execute("attach ':memory:' as build; use build")
            connection.register("given", impressions)
            connection.register("bots", pa.table({"user_id": pa.array(robots, pa.string())}))
            connection.execute("create table stg_impressions as from given")
            connection.execute("create table int_robots as from bots")
            for name in dict.fromkeys(("int_impressions", "int_arm_clicks", table)):
                connection.execute(f"create table {name} as {tested.sql[name]}")
            return connection.sql(f"from {table}").to_arrow_table().to_pylist()

    return compute


def shown(rows: list[tuple]) -> pa.Table:
    """Return impressions of rows (user_id, rank, is_clicked, model), each at its own time."""
    return pa.table(
        {
            "user_id": pa.array([row[0] for row in rows], pa.string()),
            "product_id": ["p"] * len(rows),
            "rank": pa.array([row[1] for row in rows], pa.int32()),
            "shown_at": pa.array([10**6 * at for at in range(len(rows))], pa.timestamp("us")),
            "is_clicked": [row[2] for row in rows],
            "model": pa.array([row[3] if len(row) > 3 else None for row in rows], pa.string()),
        }
    )


def users_of(arm: str, count: int, prefix: str = "user") -> list[str]:
    """Return users who are in an arm."""
    users = (f"{prefix}{number}" for number in range(100 * count))
    return [user for user in users if arm_of(user, EXPERIMENTS) == arm][:count]


def test_click_through_by_hand(verdict_of):
    """Three users of control: 4 of 4 clicked, 0 of 4, 1 of 2.

    5 of 10 impressions; residuals 2, -2 and 0, so a variance of 3 / 2 * 8 / 10**2 = .12, that of
    .25 / .12 = 2.0833 independent impressions. Wilson's interval of one half there.
    """
    a, b, c = users_of("control", 3)
    rows = [(a, 1, True)] * 4 + [(b, 1, False)] * 4 + [(c, 2, True, "hybrid"), (c, 3, False)]
    found = {(row["rank"], row["model"]): row for row in verdict_of("click_through", shown(rows))}
    every = found[None, None]
    assert (every["users"], every["impressions"], every["clicks"]) == (3, 10, 5)
    assert every["effective_impressions"] == pytest.approx(25 / 12)
    z, n = 1.959964, 25 / 12
    half = z * math.sqrt(0.25 / n + z * z / (4 * n * n)) / (1 + z * z / n)
    assert (every["lower"], every["upper"]) == pytest.approx((0.5 - half, 0.5 + half))
    assert {row["arm"] for row in found.values()} == {"control"}
    assert found[2, "hybrid"]["clicks"] == 1 and found[None, "unknown"]["impressions"] == 9
    assert found[3, None]["effective_impressions"] == 1  # one user without a click
    assert found[1, None]["impressions"] == 8
    assert len(found) == 1 + 3 + 2 + 3


def test_a_place_shown_once_counts_once_and_robots_do_not(verdict_of):
    a, bot = users_of("control", 2)
    once = shown([(a, 1, False), (a, 2, False), (bot, 1, True)])
    click = once.slice(0, 1).set_column(4, "is_clicked", pa.array([True]))
    rows = verdict_of("int_impressions", pa.concat_tables([once, click]), (bot,))
    assert sorted((row["user_id"], row["rank"], row["is_clicked"]) for row in rows) == [
        (a, 1, True),
        (a, 2, False),
    ]


def crowd(seed: int, lift: float = 1.0, users: int = 1500) -> pa.Table:
    """Return impressions of users with individual click rates.

    `lift` multiplies the rates in the arm "same".
    """
    draw = np.random.default_rng(seed)
    names = [f"{seed}-{number}" for number in range(users)]
    rates = draw.beta(0.6, 5.4, users)
    rates[[arm_of(name, EXPERIMENTS) == "same" for name in names]] *= lift
    counts = draw.integers(1, 25, users)
    owner = np.repeat(np.arange(users), counts)
    clicked = draw.random(len(owner)) < np.minimum(rates, 1)[owner]
    rank = pa.array((np.arange(len(owner)) % 10 + 1).astype(np.int32))
    times = pa.array(np.arange(len(owner)) * 10**6, pa.timestamp("us"))
    texts = pa.array([names[at] for at in owner])
    nothing = pa.nulls(len(owner), pa.string())
    return pa.table([texts, texts, rank, times, pa.array(clicked), nothing], names=COLUMNS)


def verdict(rows: list[dict], experiment: str = "same") -> dict:
    return next(row for row in rows if row["experiment"] == experiment)


def test_like_is_level_with_like_nineteen_times_of_twenty(verdict_of):
    """An A/A test, 200 times. Treating impressions as independent would find too many effects."""
    found = [
        verdict(verdict_of("experiment_verdicts", crowd(seed, users=800))) for seed in range(200)
    ]
    level = np.mean([row["verdict"] == "level" for row in found])
    assert 0.92 <= level <= 0.98
    naive = []
    for row in found:
        variance = sum(
            row[f"{side}share_clicked"]
            * (1 - row[f"{side}share_clicked"])
            / row[f"{side}impressions"]
            for side in ("", "control_")
        )
        naive.append(abs(row["difference"]) < 1.96 * math.sqrt(variance))
    assert np.mean(naive) < 0.85


@pytest.mark.parametrize(("lift", "expected"), [(1.6, "better"), (0.5, "worse")])
def test_a_true_difference_is_found(verdict_of, lift, expected):
    found = [
        verdict(verdict_of("experiment_verdicts", crowd(seed, lift)))["verdict"]
        for seed in range(20)
    ]
    assert Counter(found)[expected] >= 18


def test_the_interval_is_that_of_resampled_users(verdict_of):
    """The delta method against a bootstrap of users, which uses no formula."""
    table = crowd(7, 1.3)
    row = verdict(verdict_of("experiment_verdicts", table))
    draw = np.random.default_rng(1)
    sums: dict[str, list] = {"same": [], "control": []}
    per_user: dict[str, list[int]] = {}
    for user, clicked in zip(
        *(table[name].to_pylist() for name in ("user_id", "is_clicked")), strict=True
    ):
        counts = per_user.setdefault(user, [0, 0])
        counts[0] += 1
        counts[1] += clicked
    for user, counts in per_user.items():
        if (name := arm_of(user, EXPERIMENTS)) in sums:
            sums[name].append(counts)
    shares = {}
    for name, counts in sums.items():
        of_arm = np.array(counts)
        chosen = draw.integers(0, len(of_arm), (4000, len(of_arm)))
        totals = of_arm[chosen].sum(axis=1)
        shares[name] = totals[:, 1] / totals[:, 0]
    lower, upper = np.quantile(shares["same"] - shares["control"], [0.025, 0.975])
    width = upper - lower
    assert row["lower"] == pytest.approx(lower, abs=0.06 * width)
    assert row["upper"] == pytest.approx(upper, abs=0.06 * width)


def test_a_split_that_is_off_is_no_result(verdict_of):
    """The site forgets to log three of ten users of control."""
    table = crowd(3, 1.6)
    kept = [
        arm_of(user, EXPERIMENTS) != "control" or int(user.split("-")[1]) % 10 > 2
        for user in table["user_id"].to_pylist()
    ]
    row = verdict(verdict_of("experiment_verdicts", table.filter(pa.array(kept))))
    assert row["split_deviation"] > 3.29 and row["verdict"] == "split is off"
    assert row["expected_share"] == pytest.approx(0.5)


def test_few_users_or_clicks_decide_nothing(verdict_of):
    few = verdict(verdict_of("experiment_verdicts", crowd(5, 5.0, users=200)))
    assert few["verdict"] == "too few"
    idle = shown([(user, 1, False) for user in users_of("same", 300) + users_of("control", 300)])
    assert verdict(verdict_of("experiment_verdicts", idle))["verdict"] == "too few"
    assert verdict(verdict_of("experiment_verdicts", idle), "tail")["users"] == 0


def test_tables_have_the_described_columns(tested):
    text = (ROOT / "models/experiments/_experiments__models.yml").read_text(encoding="utf-8")
    for column in tested.verdicts[0]:
        assert f"name: {column}" in text
