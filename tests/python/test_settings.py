"""Every var has a rule, and every rule refuses values that would break a build."""

import datetime
import json
import re

import pytest
import yaml
from dbt_shop import ROOT

from longtail.build import settings, vars

DEFAULTS = settings.load_defaults(ROOT / "dbt_project.yml")


def test_every_var_has_a_rule_and_every_rule_a_var():
    assert set(settings.RULES) == set(DEFAULTS)


def test_every_var_that_is_read_is_declared():
    folders = ("models", "macros", "python_models", "tests")
    files = [path for folder in folders for path in (ROOT / folder).rglob("*")]
    texts = [path.read_text() for path in files if path.suffix in (".sql", ".yml")]
    read = {name for text in texts for name in re.findall(r"""\bvar\(["'](\w+)["']""", text)}
    # The package reads these itself, some to quote what is in them.
    by_package = {
        *("append_events", "columns", "csv_options", "currency", "demo", "lookback_days"),
        *("event_tables", "events_sql", "reject_when"),
        *("catalogue_columns", "catalogue_csv_options", "hidden"),
        *("catalogue_sql", "catalogue_tables"),
        *("impression_columns", "impression_csv_options"),
    }
    assert read | by_package == {*DEFAULTS, *settings.RENAMED}


def test_a_renamed_var_is_read_by_both_names_everywhere():
    folders = ("models", "macros", "python_models", "tests")
    files = [path for folder in folders for path in (ROOT / folder).rglob("*")]
    text = "\n".join(path.read_text() for path in files if path.suffix in (".sql", ".yml"))
    for old, new in settings.RENAMED.items():
        both = re.findall(rf"""\bvar\(["']{old}["'], var\(["']{new}["']\)\)""", text)
        assert len(both) == len(re.findall(rf"""\bvar\(["'](?:{old}|{new})["'],?""", text)) / 2 > 0
        assert f'"{new}": "{old}"' in text  # refused in the vars of another project


def test_defaults_pass():
    assert settings.check({}, DEFAULTS) == DEFAULTS


@pytest.mark.parametrize("name", sorted(DEFAULTS))
def test_no_var_takes_a_value_of_another_type(name):
    values = [None, {5: "x"}, [["x"]], float("nan"), float("inf")]
    if not isinstance(DEFAULTS[name], bool):
        values.append(True)
    for value in values:
        with pytest.raises(ValueError, match=f"^var '{name}' .* it is "):
            settings.check({name: value}, DEFAULTS)


BAD = [
    ("window", -1, "whole number from"),
    ("window", "3", "whole number"),
    ("window", 2.5, "whole number"),
    ("p", 0, "number above 0"),
    ("q", -1, "number above 0"),
    ("window_decay", 1.1, "up to 1"),
    ("demo_events", 9_999, "from 10000"),
    ("exclude", "bought", "one of purchased, seen, auto, none"),
    ("graph_cutoff", "yesterday", "date or time such as"),
    ("graph_cutoff", "2024-02-30", "date or time such as"),
    ("graph_cutoff", "2024-W05-1", "date or time such as"),
    ("earliest_event_at", "2020-01-01' or true --", "date or time such as"),
    ("earliest_event_at", "", "date or time such as"),
    ("event_weights", {}, "mapping from event type to weight"),
    ("event_weights", {"view": "much"}, "number as the weight of 'view'"),
    ("event_weights", {"view": float("nan")}, "number as the weight of 'view'"),
    ("event_weights", {"view": 0, "cart": -1}, "weight above 0"),
    ("event_weights", {"View": 1}, "lower-case"),
    ("event_weights", {"view": 1, 5: 1}, "lower-case"),
    ("columns", {"colour": "x"}, "no entry 'colour'; it takes event_time"),
    ("columns", {"brand": None}, "text for 'brand'"),
    ("columns", {"brand": " "}, "text for 'brand'"),
    ("reject_when", {"reason": 1}, "text for 'reason'"),
    ("null_texts", [None], "list of texts in quotes, such as ['NULL', '-']"),
    ("null_texts", ["NULL", " "], "list of texts in quotes"),
    ("null_texts", "NULL", "list of texts in quotes"),
    ("csv_options", {"delimiter": ";"}, "no entry 'delimiter'; it takes delim"),
    ("csv_options", {"delim": ""}, "1 to 4 characters"),
    ("csv_options", {"quote": "''"}, "one character"),
    ("csv_options", {"header": ["a", "A"]}, "true, false or a list of different names"),
    ("csv_options", {"header": "a,b"}, "true, false or a list of different names"),
    ("csv_options", {"skip": -1}, "number of lines before the header"),
    ("csv_options", {"encoding": "rot13"}, "an encoding that Python knows"),
    ("timezone", "Middle-earth/Shire", "must be a time zone such as UTC or Europe/Berlin"),
    ("event_tables", {"orders": 3}, "needs text for 'orders'"),
    ("csv_options", {"encoding": "klingon"}, "an encoding that Python knows"),
    ("blend", {"covfefe": 1}, "no part 'covfefe'; it takes "),
    ("blend", {"covisit": 0, "rp3beta": 0}, "weight above 0"),
    ("blend", {"group_knn": 1}, "another part than group_knn"),
    ("blend", {"covisit": -1}, "from 0 up"),
]


@pytest.mark.parametrize(("name", "value", "message"), BAD)
def test_a_bad_value_is_refused_by_name(name, value, message):
    with pytest.raises(ValueError, match=f"^var '{name}' .*{re.escape(message)}"):
        settings.check({name: value}, DEFAULTS)


GOOD = [
    ("graph_cutoff", "2024-01-31 12:00:00.5"),
    ("graph_cutoff", datetime.date(2024, 1, 31)),
    ("graph_cutoff", datetime.datetime(2024, 1, 31, 12)),
    ("holdout_days", 0.5),
    ("csv_options", {"delim": "\t", "quote": "", "encoding": "latin-1"}),
    ("csv_options", {"header": ["a", "b"], "skip": 2, "encoding": "utf-16"}),
    ("timezone", "Asia/Shanghai"),
    ("columns", {"event_time": "ts", "product_name": "trim(title)"}),
    ("click_event_types", []),
    ("null_texts", []),
]


@pytest.mark.parametrize(("name", "value"), GOOD)
def test_a_good_value_passes(name, value):
    assert settings.check({name: value}, DEFAULTS)[name] == value


def test_an_unknown_var_gets_a_hint():
    with pytest.raises(ValueError, match="no var 'windw': did you mean 'window'"):
        settings.check({"windw": 3}, DEFAULTS)
    with pytest.raises(ValueError, match=r"no var 'zzz': dbt_project.yml lists them"):
        settings.check({"zzz": 3}, DEFAULTS)


def test_vars_must_agree_with_each_other():
    with pytest.raises(ValueError, match="'click_event_types' names 'search', which has no"):
        settings.check({"event_weights": {"purchase": 1}}, DEFAULTS)
    with pytest.raises(ValueError, match="'earliest_event_at' must lie before"):
        settings.check({"latest_event_at": "1990-01-01"}, DEFAULTS)
    with pytest.raises(ValueError, match="'demo' asks for demo events and 'events' names files"):
        settings.check({"demo": True, "events": "log.csv"}, DEFAULTS)


def test_an_old_name_still_works():
    for old, new in settings.RENAMED.items():
        assert settings.check({old: DEFAULTS[new]}, DEFAULTS) == DEFAULTS
        with pytest.raises(ValueError, match=f"'{old}' is '{new}' now: give only the latter"):
            settings.check({old: DEFAULTS[new], new: DEFAULTS[new]}, DEFAULTS)
    assert settings.different([{"popularity_weight": 0.0}, {"interactions_exponent": 0.0}]) == []
    with pytest.raises(ValueError, match="'interactions_exponent' must be a number from -5"):
        settings.check({"popularity_weight": 9}, DEFAULTS)


# ---- longtail.build.vars -----------------------------------------------------------------------


@pytest.fixture(autouse=True)
def _in_the_root(monkeypatch):
    monkeypatch.chdir(ROOT)
    for name in ("EVENTS", "DATASET", "VARS"):
        monkeypatch.delenv(name, raising=False)


PRESETS = sorted(path.stem for path in (ROOT / "datasets").glob("*.yml"))


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_passes_and_names_no_file(preset):
    assert "events" not in vars.load_preset(preset)
    assert vars.merge(preset, events="x.csv")["events"] == "x.csv"


def test_later_vars_win():
    merged = vars.merge("rees46", "{event_weights: {view: 2, purchase: 3}, events: a}", "b")
    assert merged["event_weights"] == {"view": 2, "purchase": 3}
    assert merged["click_event_types"] == ["view"]
    assert merged["events"] == "b"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--dataset", "nope"], "no dataset preset 'nope': give one of amazon_reviews, "),
        (["--dataset", "../dbt_project"], "no dataset preset"),
        (["--dataset", "rees46"], "but not which: give EVENTS too"),
        (["--vars", "[1"], "VARS is not YAML or JSON"),
        (["--vars", "window"], "VARS must be a mapping"),
        (["--vars", "{window: -1}"], "var 'window' must be a whole number"),
        (["--vars", "{windo: 1}"], "did you mean 'window'"),
    ],
)
def test_a_mistake_is_one_line_on_stderr(arguments, message, capsys):
    assert vars.main(arguments) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert message in shown.err
    assert shown.err.count("\n") == 1


def test_a_warehouse_on_another_machine_is_refused(monkeypatch, capsys):
    monkeypatch.setenv("LONGTAIL_WAREHOUSE", "s3://shop/tables")
    assert vars.main([]) == 2
    assert capsys.readouterr().err.startswith("error: 's3://shop/tables' is an address")


def test_vars_are_printed_as_one_line_that_dbt_reads_back(capsys):
    arguments = ["--events", "it's 😀; a 'glob'*.csv", "--vars", "{graph_cutoff: 2024-01-31}"]
    assert vars.main(arguments) == 0
    printed = capsys.readouterr().out
    assert printed.count("\n") == 1
    assert yaml.safe_load(printed) == {
        "events": "it's 😀; a 'glob'*.csv",
        "graph_cutoff": "2024-01-31",
    }


def test_an_old_name_is_handed_on_as_the_new_one_with_a_line(capsys):
    base = "{interactions_exponent: 0.1}"
    assert vars.main(["--base", base, "--vars", "{popularity_weight: 0.2}"]) == 0
    shown = capsys.readouterr()
    assert json.loads(shown.out) == {"interactions_exponent": 0.2}
    assert "'popularity_weight' is 'interactions_exponent' now" in shown.err


def test_without_options_vars_come_from_the_environment_unchanged(monkeypatch, capsys):
    monkeypatch.setenv("EVENTS", "it's $HOME/*.csv")
    monkeypatch.setenv("VARS", """{columns: {event_type: "'purchase'"}, window: 3}""")
    monkeypatch.setenv("DATASET", "rees46")
    assert vars.main([]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["events"] == "it's $HOME/*.csv"
    assert (printed["columns"], printed["window"]) == ({"event_type": "'purchase'"}, 3)
    assert printed["click_event_types"] == ["view"]
    monkeypatch.setenv("IMPRESSIONS", "shown/it's $1.csv")
    assert vars.main(["--vars", ""]) == 0
    assert json.loads(capsys.readouterr().out)["impressions"] == "shown/it's $1.csv"
    monkeypatch.delenv("IMPRESSIONS")
    assert vars.main(["--events", "given.csv", "--dataset", "", "--vars", ""]) == 0
    assert json.loads(capsys.readouterr().out) == {"events": "given.csv"}


def arm(**given) -> list[dict]:
    """Return an experiment with vars."""
    return [{"name": "a", "share": 0.5, "vars": given}]


@pytest.mark.parametrize(
    ("experiments", "others", "complaint"),
    [
        ("tail", {}, "must be a list such as"),
        ([{"name": "a"}], {}, "must be a list such as"),
        ([{"name": "A", "share": 0.5}], {}, "needs names of small letters"),
        ([{"name": "a", "share": 1}], {}, "needs shares above 0 and below 1"),
        ([{"name": "control", "share": 0.5}], {}, "needs different names"),
        ([{"name": "a", "share": 0.5}, {"name": "a", "share": 0.1}], {}, "needs different names"),
        (arm(window=3), {}, "the vars of an arm may be ranker, category_cap"),
        (arm(exclude="bought"), {"ranker": "off"}, "'exclude' must be one of"),
        (arm(exclude="auto"), {"ranker": "off"}, "exclude: auto is for the whole build"),
        *(
            (arm(**given), {}, f"'{next(iter(given))}' changes what the ranker learns from")
            for given in (
                {"blend": {"covisit": 1}},
                {"interactions_exponent": 1},
                {"trend_weight": 1},
                {"exclude": "seen", "category_cap": 2},
            )
        ),
        (arm(ranker="trees"), {"ranker": "off"}, "whose ranker is 'off'"),
        (
            arm(ranker="linear"),
            {},
            "'linear' is not trained in this build, whose ranker is 'trees'",
        ),
        (arm(blend={"magic": 1}), {"ranker": "off"}, "'blend' has no part 'magic'"),
        (arm(blend={"covisit": 1, "group_knn": 1}), {"ranker": "off"}, "may not use group_knn"),
    ],
)
def test_an_experiment_that_could_not_be_run_is_refused(experiments, others, complaint):
    with pytest.raises(ValueError, match="experiments") as refusal:
        settings.check({"experiments": experiments, **others}, DEFAULTS)
    assert complaint in str(refusal.value)


@pytest.mark.parametrize(
    "experiments",
    [[{"name": "same", "share": 0.5}], arm(ranker=False, trend_weight=1), arm(category_cap=2), []],
)
def test_an_experiment_beside_the_ranker_may_be(experiments):
    checked = settings.check({"experiments": experiments}, DEFAULTS)
    assert checked["experiments"] == experiments
