"""make tune: slices of the training history, a whole search, scores, what is written."""

import sys
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import numpy as np
import pytest
from dbt_shop import READ_BY_RUNS

from longtail.build.vars import merge
from longtail.tune import search as searching
from longtail.tune import space, trials
from longtail.tune.__main__ import main, minutes_of, preset_file
from longtail.tune.halving import Budget, OutOfTimeError, Scores
from longtail.tune.preset import curve, tuned_preset, verdict_of
from longtail.tune.slices import Cut, cut_slices, slice_vars

CUT = datetime(2024, 1, 21)
DAY = timedelta(days=1)


def write_events(folder: Path, after: str = "p1", user: str = "u1") -> str:
    """20 days of three users before the cut, and a day after it; the glob of the file."""
    rows = [
        (datetime(2024, 1, day, user), f"u{user}", f"p{day * 10 + user}")
        for day in range(1, 21)
        for user in (1, 2, 3)
    ]
    rows += [(CUT + timedelta(hours=hour), user, after) for hour in range(5)]
    folder.mkdir(parents=True)
    with duckdb.connect() as connection:
        connection.execute("create table rows (event_at timestamp, user_id text, product_id text)")
        connection.executemany("insert into rows values (?, ?, ?)", rows)
        connection.execute(f"""
            copy (
                select event_at, 'view' as event_type, product_id, null::text as category_id,
                    null::text as category_code, null::text as brand, 1.0 as price, user_id,
                    null::text as user_session, null::text as product_name,
                    null::double as event_weight, 'log' as source_file,
                    row_number() over (order by event_at, user_id) as source_row,
                    event_at::date as event_date
                from rows
            ) to '{folder / "events.parquet"}'""")
    return str(folder / "*.parquet")


def sliced(folder: Path, events: str, **cut) -> tuple:
    """Slices of a log, and the rows of their files by name."""
    folder.mkdir()
    cut = {"first_event_at": datetime(2024, 1, 1, 1), "held_out": 2 * DAY, **cut}
    with duckdb.connect() as connection:
        parts = cut_slices(connection, events, Cut(graph_cutoff_at=CUT, **cut), folder)
        rows = {
            file.name: connection.execute(f"from '{file}' order by all").fetchall()
            for file in sorted(folder.glob("*.parquet"))
        }
    return parts, rows


class TestSlices:
    @pytest.mark.parametrize("asks_next", [False, True])
    def test_evaluation_days_change_no_slice(self, tmp_path, asks_next):
        logs = [
            write_events(tmp_path / "log", "p1"),
            write_events(tmp_path / "planted", "p201", "u3"),
        ]
        (_, rows), (_, planted) = (
            sliced(tmp_path / str(number), log, asks_next=asks_next)
            for number, log in enumerate(logs)
        )
        assert rows == planted
        assert len(rows) == (3 if asks_next else 2)

    def test_slices_end_one_holdout_apart(self, tmp_path):
        (search, verdict), rows = sliced(tmp_path / "slices", write_events(tmp_path / "log"))
        assert (search.ends_at, verdict.ends_at) == (CUT - 2 * DAY, CUT)
        assert search.vars["graph_cutoff"] == str(CUT - 4 * DAY)
        assert len(rows["search.parquet"]) == 18 * 3
        assert len(rows["verdict.parquet"]) == 20 * 3

    def test_the_next_product_of_each_user_is_a_target_and_in_no_log(self, tmp_path):
        parts, rows = sliced(tmp_path / "slices", write_events(tmp_path / "log"), asks_next=True)
        targets = rows["search_targets.parquet"] + rows["verdict_targets.parquet"]
        assert sorted(targets) == [("u1", "p201"), ("u2", "p202"), ("u3", "p203")]
        assert len(rows["events.parquet"]) == 20 * 3 - 3
        assert not {row[2] for row in rows["events.parquet"]} & {"p201", "p202", "p203"}
        assert parts[0].vars["targets"] != parts[1].vars["targets"]

    def test_a_short_log_is_refused(self, tmp_path):
        log = write_events(tmp_path / "log")
        with pytest.raises(ValueError, match="lower holdout_days"):
            sliced(tmp_path / "slices", log, held_out=6 * DAY)

    def test_a_trial_gets_neither_the_files_nor_the_targets(self, tmp_path):
        (search, _), _ = sliced(tmp_path / "slices", write_events(tmp_path / "log"))
        given = {"events": "log.csv", "targets": "t.csv", "columns": {"price": "x"}, "window": 3}
        vars_ = slice_vars(given | {"hash_user_ids": "salt", "reject_when": {"a": "b"}}, search)
        assert vars_ == {"window": 3, **search.vars}


class FakeDbt:
    """In place of dbt: lists that are better the more the var `window` is like the slice's."""

    def __init__(self, events: str, best: int) -> None:
        self.events, self.best, self.runs, self.seconds = events, best, [], []

    def __call__(self, folder, vars_, select, exclude=(), seconds=None) -> None:
        self.runs.append(dict(vars_))
        self.seconds.append(seconds)
        work = folder / "warehouse" / ".work"
        (work / "stg_events.parquet" / "day").mkdir(parents=True, exist_ok=True)
        file = vars_["events"]
        # A leak would show: the products of the file decide which window is best.
        products = f"select string_agg(product_id order by product_id) from '{file}'"
        tables = {
            "stg_events.parquet/day/x": f"from '{self.events}'",
            "int_timeline": f"""select timestamp '2024-01-01 01:00' as first_event_at,
                timestamp '{CUT + 2 * DAY - timedelta(seconds=1)}' as last_event_at,
                timestamp '{CUT}' as graph_cutoff_at""",
        }
        if "+int_timeline" not in select:
            shift = f"(hash(({products})) % 3)::int"
            far = f"abs({vars_.get('window', 5)} - {self.best} - {shift})"
            tables = {
                "int_user_keys": "select 'u' || i as user_id, i as user_key from range(20) t(i)",
                "int_targets": "select i as user_key, 1 as product_key from range(20) t(i)",
                "int_evaluated_recommendations": f"""
                    select model, i as user_key, i % 3 as product_key, 1 as rank
                    from range(20) t(i), (values ('hybrid'), ('ranked')) m(model)
                    union all
                    select 'hybrid', i, 1, 2 from range(20) t(i) where i % 5 > {far}""",
            }
        with duckdb.connect() as connection:
            for name, query in tables.items():
                connection.execute(f"copy ({query}) to '{work / name}.parquet' (format parquet)")


class TestSearch:
    @pytest.fixture
    def searched(self, tmp_path, monkeypatch):
        """A function from a log to the Found of a search by a false dbt."""

        def run(name: str, events: str, **given):
            dbt = FakeDbt(events, best=2)
            monkeypatch.setattr(searching, "run_dbt", dbt)
            monkeypatch.setattr(trials, "run_dbt", dbt)
            monkeypatch.setattr(space, "SPACE", {"window": tuple(range(1, 7))})
            monkeypatch.setattr(space, "KINDS", ())
            folder = tmp_path / name
            folder.mkdir()
            given = {"events": "log.csv", "ranker": "off", **given}
            said = []
            return searching.search(given, folder, Budget(1e6), said.append), dbt, said

        return run

    def test_finds_the_best_and_measures_it_on_other_days(self, tmp_path, searched):
        found, dbt, said = searched("search", write_events(tmp_path / "log"))
        assert 2 <= found.candidate["window"] <= 4
        assert found.verdict.users == 20 and found.verdict.days.endswith("2024-01-21 00:00")
        assert found.points[-1][1] > found.points[0][1]
        assert any("best so far" in line for line in said)
        assert dbt.runs[-1]["events"].endswith("verdict.parquet")

    @pytest.mark.parametrize("targets", [(), ("one.parquet", "another.parquet")])
    def test_planted_evaluation_days_and_targets_change_no_choice(
        self, tmp_path, searched, targets
    ):
        logs = [
            write_events(tmp_path / "log", "p1"),
            write_events(tmp_path / "planted", "p999", "u3"),
        ]
        given = [{"targets": name} for name in targets] or [{}, {}]
        found = [
            searched(f"search_{number}", logs[number], **given[number])[0] for number in (0, 1)
        ]
        assert found[0].candidate == found[1].candidate
        assert [point[1:] for point in found[0].points] == [point[1:] for point in found[1].points]

    def test_trials_read_only_slices(self, tmp_path, searched):
        _, dbt, _ = searched("search", write_events(tmp_path / "log"), targets="t.parquet")
        read = {run["events"] for run in dbt.runs[1:]} | {run["targets"] for run in dbt.runs[1:]}
        assert all(str(tmp_path / "search") in file for file in read)

    def test_what_was_found_is_measured_even_if_the_time_is_over(
        self, tmp_path, searched, monkeypatch
    ):
        now = [0.0]

        def measured(trial, candidate, rung, is_last=False, measure=trials.Trials.measure):
            found = measure(trial, candidate, rung, is_last)
            now[0] += 1
            return found

        monkeypatch.setattr(trials.Trials, "measure", measured)
        monkeypatch.setattr(searching, "RESERVE", 1.0)
        budget = Budget(12, clock=lambda: now[0])
        monkeypatch.setattr(sys.modules[__name__], "Budget", lambda seconds: budget)
        found, dbt, _ = searched("search", write_events(tmp_path / "log"))
        assert found.candidate and found.verdict.users == 20
        assert dbt.seconds[-1] is None

    def test_without_time_it_says_so(self, tmp_path, searched, monkeypatch):
        def killed(*arguments, **options):
            raise OutOfTimeError

        monkeypatch.setattr(searching, "run_dbt", killed)
        with pytest.raises(ValueError, match="do not allow a single trial"):
            searching.search({}, tmp_path, Budget(60), print)


def test_trials_parse_anew_only_for_vars_that_are_parsed():
    vars_ = {"events": "a.parquet", "window": 3, "blend": {"rp3beta": 1.0}, "ranker": "off"}
    parsed = trials.parsed_as(vars_)
    assert trials.parsed_as({**vars_, "events": "b.parquet", "window": 5}) == parsed
    others = ({"blend": {"group_knn": 1.0}}, {"ranker": "trees"}, {"targets": "t.csv"})
    for other in (*others, {"exclude": "auto"}):
        assert trials.parsed_as({**vars_, **other}) != parsed


def test_vars_that_are_not_parsed_are_checked():
    """test_rooms.py parses with other values of READ_BY_RUNS."""
    assert set(READ_BY_RUNS) >= trials.READ_BY_RUNS


def test_scores_by_hand(tmp_path):
    with duckdb.connect() as connection:
        connection.execute(f"""
            copy (
                select * from (values
                    ('a', 1, 10), ('a', 1, 11), ('b', 2, 10), ('c', 3, 12)
                ) t(user_id, user_key, product_key)
            ) to '{tmp_path / "targets.parquet"}';
            copy (
                select * from (values
                    ('hybrid', 1, 11, 2), ('hybrid', 1, 5, 1), ('hybrid', 2, 10, 1),
                    ('hybrid', 3, 12, 21), ('covisit', 3, 12, 1)
                ) t(model, user_key, product_key, rank)
            ) to '{tmp_path / "lists.parquet"}'""")
        files = {name: str(tmp_path / f"{name}.parquet") for name in ("targets", "lists")}
        found = connection.execute(trials.SCORES, {**files, "model": "hybrid", "users": 9})
        rows = found.fetchall()
    second = 1 / np.log2(3)
    assert [row[:2] for row in rows] == [(1, 0.5), (2, 1.0), (3, 0.0)]
    assert [row[2] for row in rows] == pytest.approx([second / (1 + second), 1, 0])
    assert {row[3] for row in rows} == {3}


def test_scores_are_those_of_the_evaluation(demo, tmp_path):
    def work(name: str) -> str:
        return f"{demo.warehouse}/.work/{name}.parquet".replace("[", "[[]")

    with duckdb.connect() as connection:
        connection.execute(f"""
            copy (
                select user_id, user_key, product_key from '{work("int_targets")}'
                join '{work("int_user_keys")}' using (user_key)
            ) to '{tmp_path / "targets.parquet"}'""")
        files = {
            "targets": str(tmp_path / "targets.parquet"),
            "lists": work("int_evaluated_recommendations"),
        }
        for metric in ("recall", "ndcg"):
            mean = f"select avg({metric}) from ({trials.SCORES})"
            found = connection.execute(mean, {**files, "model": "ranked", "users": 20000})
            found = found.fetchall()
            expected = connection.execute(
                f"""
                select value from '{work("model_metrics")}'
                where model = 'ranked' and metric = ? and k = 20 and segment = 'all'
                    and task = 'next interaction'""",
                [metric],
            )
            assert found[0][0] == pytest.approx(expected.fetchall()[0][0])


class TestPreset:
    def test_builds_with_what_was_found(self, tmp_path):
        before = {"served": Scores(np.array([0.1, 0.2]), np.array([0.1, 0.2]), 9)}
        after = {"served": Scores(np.array([0.2, 0.3]), np.array([0.2, 0.31]), 9)}
        verdict = verdict_of(before, after, 2, "2024-01-01 to 2024-01-02")
        assert verdict.is_better and verdict.is_certain
        columns = {"event_time": "coalesce(a,\n  b)\n", "brand": "'it''s: #1'", "price": "null"}
        rejected = {"no: product": "x not like 'C%'"}
        given = {"events": "secret.csv", "hash_user_ids": "salt", "window": 3, "holdout_days": 2}
        given |= {"columns": columns, "reject_when": rejected}
        found = {"window": 10, "blend": {"rp3beta": 1.0}}
        text = tuned_preset(given, found, verdict, command="make build", cost="12 trials")
        file = tmp_path / "shop.yml"
        file.write_text(text)
        assert merge(str(file), events="log.csv") == {
            "events": "log.csv",
            "holdout_days": 2,
            "columns": {name: text.strip() for name, text in columns.items()},
            "reject_when": rejected,
            **found,
        }
        assert "recall@20: 0.1500 -> 0.2500, +0.1000 (+0.1000 to +0.1000)" in text
        assert "salt" not in text and "secret" not in text

    def test_a_loss_is_not_better_and_chance_is_named(self):
        lost = Scores(np.array([0.0, 0.5]), np.array([0.2, 0.1]), 9)
        kept = Scores(np.array([0.4, 0.3]), np.array([0.2, 0.2]), 9)
        assert not verdict_of({"served": kept}, {"served": lost}, 2, "").is_better
        assert not verdict_of({"served": lost}, {"served": kept}, 2, "").is_certain

    def test_curve(self):
        lines = curve([(60, 0.1, "the start"), (300, 0.2, "window 3")])
        assert lines[0].split() == ["1.0", "min", "0.1000", "the", "start"]
        assert "####################" in lines[1]

    def test_the_file_is_named_or_must_be_new(self, tmp_path):
        (tmp_path / "shop.yml").touch()
        assert preset_file("", "logs/My-Shop*.csv.gz", tmp_path).name == "my_shop.yml"
        with pytest.raises(ValueError, match="exists: name a file"):
            preset_file("", "shop.parquet", tmp_path)
        with pytest.raises(ValueError, match=r"the name of a preset file ends in \.yml"):
            preset_file("shop.json", "x.csv")

    @pytest.mark.parametrize("text", ["0", "-3", "soon", "nan", "inf"])
    def test_minutes_must_be_a_number_above_0(self, text, capsys):
        with pytest.raises(ValueError, match="minutes must be a number above 0"):
            minutes_of(text)
        assert main(["x.csv", "--minutes", text, "--write", "x.yml"]) == 2
        assert "minutes must be" in capsys.readouterr().err
