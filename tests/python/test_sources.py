"""Which event files a build reads: each content once, despite renaming and compression."""

import gzip
import os
import random
import shutil
from pathlib import Path

import pytest
from dbt_shop import HEADER, ROOT

from longtail.build import kept, sources
from longtail.build.days import save_state
from longtail.build.settings import load_defaults


class Shop:
    """A folder of event files and, instead of tables, the file contents that each would hold."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.work = folder / "logs", folder / "work"
        self.folder.mkdir()
        self.work.mkdir()
        self.rules = "rules"
        # Rows of each table: content by the name of the file that they were read from.
        self.rejected: dict[str, str] = {}
        self.kept: dict[str, str] = {}

    def write(self, name: str, content: str) -> None:
        """Write a file; its one event says which content it is."""
        text = f"{','.join(HEADER)}\n2024-01-01,view,{content},c,a.b,br,1,u,s\n".encode()
        path = self.folder / name
        path.write_bytes(gzip.compress(text) if name.endswith(".gz") else text)

    def read(self, name: str) -> str:
        """Return the content of a file."""
        data = (self.folder / name).read_bytes()
        data = gzip.decompress(data) if name.endswith(".gz") else data
        return data.decode().split(",")[10] if data else "nothing"

    @property
    def names(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir())

    def plan(self, pattern: str = "*", **options) -> sources.FilePlan:
        given = {"rules": self.rules, "lookback_days": 3, **options}
        return sources.plan_files(self.work, str(self.folder / pattern), **given)

    def build(self, pattern: str = "*", until: str = "the end", **options) -> sources.FilePlan:
        """Stage a plan like a build, or stop before or after a table is replaced."""
        plan = self.plan(pattern, **options)
        (self.work / "stg_raw_events.parquet").touch()
        sources.note_files_read(self.work, plan)
        steps = ("rejected_events", "stg_events", "the end")
        for table, step in zip((self.rejected, self.kept), steps, strict=False):
            if until == step:
                return plan
            for name in list(table) if plan.is_full else plan.replaced:
                table.pop(name, None)
            for entry in plan.files.values():
                assert entry["name"] not in table
                table[entry["name"]] = self.read(os.path.basename(entry["name"]))
        (self.work / "stg_events.parquet").mkdir(exist_ok=True)
        save_state(self.work, "stg_events", days={"2024-01-01": {"rows": 1}})
        if until == "the note":
            return plan
        sources.note_files_staged(self.work, "2024-01-01")
        assert self.kept == self.rejected
        return plan

    @property
    def staged(self) -> list[str]:
        return sorted(self.kept.values())


@pytest.fixture
def shop(tmp_path) -> Shop:
    """A shop of three days, all staged."""
    shop = Shop(tmp_path)
    for day in (1, 2, 3):
        shop.write(f"day{day}.csv", f"p{day}")
    shop.build()
    return shop


def said(plan: sources.FilePlan) -> str:
    return " ".join(plan.lines)


def compress(shop: Shop, name: str) -> None:
    shop.write(f"{name}.gz", shop.read(name))
    (shop.folder / name).unlink()


def test_a_file_that_was_compressed_or_renamed_is_not_read_again(shop):
    compress(shop, "day1.csv")
    (shop.folder / "day3.csv").rename(shop.folder / "2024-01-03.csv")
    shop.write("day4.csv", "p4")
    plan = shop.build()
    assert [Path(path).name for path in plan.files] == ["day4.csv"]
    assert plan.replaced == (str(shop.folder / "day4.csv"),)
    assert "2 files of earlier builds under another name, such as" in said(plan)
    assert shop.staged == ["p1", "p2", "p3", "p4"]
    assert shop.build().files == {}


def test_another_compression_of_the_same_content_is_the_same_file(shop):
    compress(shop, "day1.csv")
    shop.build()
    data = gzip.decompress((shop.folder / "day1.csv.gz").read_bytes())
    in_two = gzip.compress(data[:9], compresslevel=1) + gzip.compress(data[9:])
    (shop.folder / "day1.csv.gz").write_bytes(in_two)
    assert shop.build().files == {}


@pytest.mark.parametrize("now", ["day2.csv.gz", "day2.CSV.GZ", "day2.parquet", "day2"])
def test_a_corrected_file_under_another_ending_replaces_the_one_that_is_gone(now, shop):
    (shop.folder / "day2.csv").unlink()
    shop.write(now, "p2 without a user")
    if now.endswith("GZ"):
        (shop.folder / now).write_bytes(gzip.compress((shop.folder / now).read_bytes()))
    plan = shop.plan()
    assert f"{now} takes the place of {shop.folder / 'day2.csv'}: its rows are" in said(plan)
    assert [Path(name).name for name in plan.replaced] == sorted([now, "day2.csv"])
    assert [Path(name).name for name in plan.never_late] == [now]


def test_a_file_beside_another_of_its_stem_replaces_nothing(shop):
    shop.write("day2.csv.gz", "more of p2")
    plan = shop.build()
    assert plan.never_late == ()
    assert shop.staged == ["more of p2", "p1", "p2", "p3"]
    (shop.folder / "day2.csv").unlink()
    assert "1 file of earlier builds not among those" in said(shop.build())
    assert shop.staged == ["more of p2", "p1", "p2", "p3"]


def test_a_copy_is_read_once_and_may_take_the_place_of_its_original(shop):
    shutil.copy(shop.folder / "day1.csv", shop.folder / "copy.csv")
    plan = shop.build()
    assert (plan.files, shop.staged) == ({}, ["p1", "p2", "p3"])
    assert "1 file with the content of another, such as" in said(plan)
    (shop.folder / "day1.csv").unlink()
    assert shop.build().files == {}
    shop.write("copy.csv", "p1 corrected")
    shop.build()
    assert shop.staged == ["p1 corrected", "p2", "p3"]


def test_what_replaces_an_original_replaces_its_deleted_copy_as_well(shop):
    shutil.copy(shop.folder / "day1.csv", shop.folder / "copy.csv")
    shop.build()
    (shop.folder / "copy.csv").unlink()
    shop.write("day1.csv", "p1 without a user")
    shop.build()
    assert shop.staged == ["p1 without a user", "p2", "p3"]
    shop.write("day1.csv", "p1")
    shop.build()
    assert shop.staged == ["p1", "p2", "p3"]


def test_a_rotated_log_keeps_every_row(shop):
    for night in range(3):
        for age in (2, 1, 0):
            old = shop.folder / f"log.{age}"
            if old.exists():
                old.rename(shop.folder / f"log.{age + 1}")
        shop.write("log.0", f"night {night}")
        shop.build()
    assert shop.staged == [*(f"night {night}" for night in range(3)), "p1", "p2", "p3"]


def test_an_empty_file_that_is_filled_is_not_late(shop):
    for name in ("hour1.csv", "hour2.csv"):
        (shop.folder / name).write_bytes(b"")
    shop.build()
    shop.write("hour1.csv", "p of hour 1")
    plan = shop.plan()
    assert str(shop.folder / "hour1.csv") in plan.never_late


def test_files_of_another_log_are_refused_until_one_says_what_they_are(shop):
    shop.write("other.log", "other")
    for pattern in ("other.log", "other*"):
        with pytest.raises(ValueError, match=r"append_events: true, .* --full-refresh") as error:
            shop.plan(pattern)
        assert "EVENTS names no file of earlier builds (3, such as " in str(error.value)
    assert shop.plan("other.log", append=True).files.keys() == {str(shop.folder / "other.log")}
    assert shop.plan("other.log", full_refresh=True).is_full
    # Of the same log, although no name is the same:
    compress(shop, "day1.csv")
    assert shop.plan("*.gz").files == {}
    (shop.folder / "day2.csv").unlink()
    shop.write("day2.csv.gz", "p2 corrected")
    assert len(shop.plan("day2.*").files) == 1


def test_a_file_that_broke_off_makes_no_other_log_the_same(shop):
    shop.write("day4.csv", "p4")
    shop.build(until="stg_events")
    shop.write("other.log", "other")
    with pytest.raises(ValueError, match=r"EVENTS names no file of earlier builds \(4, such as "):
        shop.plan("other.log")


def test_other_rules_need_every_content_whatever_its_name(shop):
    shop.rules = "other rules"
    compress(shop, "day1.csv")
    assert len(shop.plan().files) == 3
    (shop.folder / "day2.csv").unlink()
    with pytest.raises(ValueError, match=r"rules of staging have changed .*day2\.csv', are not"):
        shop.plan()
    shop.write("day2.csv.gz", "p2 corrected")
    assert shop.plan().is_full


def test_folders_that_give_a_column_make_other_content_of_the_same_rows(tmp_path):
    shop = Shop(tmp_path)
    shop.write("whole.csv", "p1")
    header, row = (line.split(",") for line in (shop.folder / "whole.csv").read_text().split())
    for kind in ("view", "cart"):
        (shop.folder / f"event_type={kind}").mkdir()
        text = "\n".join(",".join(line[:1] + line[2:]) for line in (header, row))
        (shop.folder / f"event_type={kind}" / "part.csv").write_text(f"{text}\n")
    assert len(shop.plan("event_type=*/*").files) == 2
    for shelf in ("a", "b"):
        (shop.folder / f"shelf={shelf}").mkdir()
        shutil.copy(shop.folder / "whole.csv", shop.folder / f"shelf={shelf}")
    assert len(shop.plan("shelf=*/*").files) == 1
    assert len(shop.plan("shelf=*/*", names={"shelf"}).files) == 2


def test_a_changed_line_of_what_reads_or_types_rows_changes_the_rules(tmp_path, monkeypatch):
    for folder in ("longtail", "macros", "models"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    monkeypatch.setattr(kept, "PROJECT", tmp_path)
    given = load_defaults()
    before = sources.staging_rules(given, tmp_path)
    for name in ("longtail/build/text_content.py", "macros/events/given_text.sql"):
        file = tmp_path / name
        text = file.read_text()
        file.write_text(f"{text}\n")
        assert sources.staging_rules(given, tmp_path) != before, name
        file.write_text(text)
    for name in ("longtail/build/settings.py", "macros/events/typed_catalogue.sql"):
        with (tmp_path / name).open("a") as file:
            file.write("\n")
    assert sources.staging_rules(given, tmp_path) == before


CHANGES = ("rename", "compress", "edit", "edit and compress", "copy", "rotate", "swap", "add")


def change(shop: Shop, draw: random.Random, number: int) -> None:
    """Change some files, each at most once, so that the current files are the whole log."""
    untouched = shop.names
    draw.shuffle(untouched)
    for step in range(draw.randrange(4)):
        kind = draw.choice(CHANGES)
        fresh = f"new{number}_{step}"
        if kind == "add" or not untouched:
            shop.write(f"{fresh}.csv", fresh)
            continue
        name = untouched.pop()
        path, stem = shop.folder / name, name.split(".")[0]
        content = shop.read(name)
        if kind == "rename":
            path.rename(shop.folder / name.replace(stem, fresh))
        elif kind == "copy":
            shutil.copy(path, shop.folder / name.replace(stem, fresh))
        elif kind == "rotate":
            path.rename(shop.folder / name.replace(stem, fresh))
            shop.write(name, fresh)
        elif kind == "swap" and untouched:
            other = untouched.pop()
            there = shop.read(other)
            shop.write(other, content)
            shop.write(name, there)
        elif kind == "edit":
            shop.write(name, fresh)
        elif kind.endswith("compress"):
            path.unlink()
            name = name.removesuffix(".gz") if name.endswith(".gz") else f"{name}.gz"
            shop.write(name, content if kind == "compress" else fresh)


@pytest.mark.parametrize("breaks_off", [False, True])
def test_whatever_becomes_of_the_files_each_content_is_staged_once(breaks_off, tmp_path):
    refused = 0
    for seed in range(60):
        draw = random.Random(seed)
        (tmp_path / str(seed)).mkdir()
        shop = Shop(tmp_path / str(seed))
        shop.write("first.csv", "first")
        shop.build()
        for number in range(8):
            change(shop, draw, number)
            if draw.random() < 0.1:
                shop.rules = f"rules {number}"
            until = "the end"
            if breaks_off and number < 7:
                until = draw.choice(["rejected_events", "stg_events", "the note", "the end"])
            try:
                shop.build(until=until)
            except ValueError as error:
                assert breaks_off, error
                assert "--full-refresh" in str(error)
                refused += 1
                shop.build(full_refresh=True)
            if until == "the end":
                present = sorted({shop.read(name) for name in shop.names})
                assert shop.staged == present, (seed, number)
        assert shop.build().files == {}
    assert refused < 20
