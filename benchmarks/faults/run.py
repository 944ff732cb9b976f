"""Break builds on purpose and print the outcomes: ``python benchmarks/faults/run.py``.

Every case has three builds: a good one, one with a fault, and one without. It holds if the broken
build said what to do, the published tables were consistent throughout (all from the first build, or
all from the next), and the last build finished without help.
"""

import argparse
import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
from shop import SEEDS, Result, Shop

READER = """
import json, select, sys
import duckdb

question = "select count(*), sum(hash(r)) from similar_products as r"
answers, count = {"kept": set(), "anew": set()}, 0
with duckdb.connect(sys.argv[1], read_only=True) as kept:
    while not select.select([sys.stdin], [], [], 0.05)[0]:
        answers["kept"].add(str(kept.execute(question).fetchall()))
        with duckdb.connect(sys.argv[1], read_only=True) as anew:
            answers["anew"].add(str(anew.execute(question).fetchall()))
        count += 1
print(json.dumps([count, {name: len(found) for name, found in answers.items()}]))
"""
"""Queries until told to stop, by a connection held open and by new ones."""


# ---- the faults --------------------------------------------------------------------------------


def kill(shop: Shop, options: argparse.Namespace) -> Iterator[Result]:
    """Kill the whole process group (-9), in a quarter of the cases during publication."""
    shop.learn()
    seconds, publication = _time_a_build(shop)
    draw = random.Random(options.seed)
    for number in range(options.kills):
        before = shop.published()
        builds = set(shop.builds.iterdir())
        process = shop.start(shop.next_seed)
        if number % 4 == 3:
            while process.poll() is None and set(shop.builds.iterdir()) == builds:
                time.sleep(0.001)
            moment = draw.uniform(0, publication)
            case = f"kill -9 {1000 * moment:.0f} ms after publication began"
        else:
            moment = draw.uniform(0.5, seconds)
            case = f"kill -9 {moment:.1f} s after the start"
        said = _kill_after(process, moment)
        tables = shop.which(before)
        again = shop.build(shop.next_seed)
        after = shop.which(before)
        holds = tables in ("old", "new") and (again, after) == (0, "new")
        yield Result(case, holds, said, tables, f"exit {again}, {after}")
        shop.seed = shop.next_seed


def kill_refresh(shop: Shop, options: argparse.Namespace) -> Iterator[Result]:
    """Kill a build that adds one new day of files to earlier days."""
    days = shop.scratch / "days"
    _write_days(days)
    last = max(days.iterdir())
    later = last.rename(shop.scratch / last.name)
    night = {"events": f"{days}/*.csv"}
    if shop.build(SEEDS[0], **night) != 0:
        sys.exit(f"a build without a fault failed: {shop.said()}")
    before = shop.published()
    earlier = shop.scratch / "earlier"
    _copy(shop.warehouse, earlier)
    later.rename(last)
    started = time.monotonic()
    if shop.build(SEEDS[0], **night) != 0:
        sys.exit(f"a refresh without a fault failed: {shop.said()}")
    seconds, new = time.monotonic() - started, shop.published()
    draw = random.Random(options.seed)
    for _ in range(options.kills):
        shutil.rmtree(shop.warehouse)
        _copy(earlier, shop.warehouse)
        moment = draw.uniform(0.5, seconds)
        said = _kill_after(shop.start(SEEDS[0], **night), moment)
        tables = shop.which(before, new)
        again = shop.build(SEEDS[0], **night)
        after = shop.which(before, new)
        holds = tables in ("old", "new") and (again, after) == (0, "new")
        case = f"kill -9 {moment:.1f} s after the start of a refresh"
        yield Result(case, holds, said, tables, f"exit {again}, {after}")


def _copy(source: Path, target: Path) -> None:
    """Copy a folder with its hard links and times, as a backup of a warehouse would."""
    subprocess.run(["cp", "-a", source, target], check=True)


def _write_days(folder: Path, days: int = 8) -> None:
    """Write a log of a thousand visits a day, a csv file per day."""
    folder.mkdir()
    with duckdb.connect() as connection:
        for day in range(days):
            connection.execute(
                f"""
                copy (
                    select
                        strftime(
                            timestamp '2024-01-01' + interval {day} day
                            + to_seconds(hash(visit, {day}) % 80000 + 60 * step),
                            '%Y-%m-%d %H:%M:%S UTC'
                        ) as event_time,
                        if(step = 3, 'purchase', 'view') as event_type,
                        'p' || hash(visit % 20, step, visit * {day + 7} % 5) % 200 as product_id,
                        'c' || visit % 20 as category_id,
                        'a.b' || visit % 20 as category_code,
                        'brand' as brand,
                        5 as price,
                        'u' || hash(visit, {day}) % 400 as user_id,
                        'v' || {day} || '-' || visit as user_session
                    from range(1000) as visits (visit), range(4) as steps (step)
                ) to '{folder}/day{day}.csv' (header)
                """
            )


def _kill_after(process: subprocess.Popen, seconds: float) -> str:
    """Kill a build's process group (-9) after a delay; return whether it was still running."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(seconds)
    said = "killed" if process.poll() is None else "had ended before"
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    return said


def _time_a_build(shop: Shop) -> tuple[float, float]:
    """Repeat the published build; return its seconds and those of its publication."""
    builds = set(shop.builds.iterdir())
    started = time.monotonic()
    process = shop.start(shop.seed)
    began = started
    while process.poll() is None:
        if began == started and set(shop.builds.iterdir()) - builds:
            began = time.monotonic()
        time.sleep(0.001)
    ended = time.monotonic() - (time.time() - os.lstat(shop.builds / "current").st_mtime)
    return time.monotonic() - started, max(2 * (ended - began), 0.2)


def disk(shop: Shop, options: argparse.Namespace) -> Iterator[Result]:
    """Let a small file system fill up, after so many kilobytes."""
    with _small_disk(shop.warehouse):
        shop.learn()
        for free in options.free:
            before = shop.published()
            used = shutil.disk_usage(shop.warehouse).used
            _remount(shop.warehouse, f"size={used + free * 1024}")
            code = shop.build(shop.next_seed)
            yield shop.judge(
                f"disk full after {free:,} kB",
                code,
                before,
                "the disk is full: free space",
                lambda: _remount(shop.warehouse, "size=1g"),
            )


def memory(shop: Shop, options: argparse.Namespace) -> Iterator[Result]:
    """Set LONGTAIL_MEMORY_LIMIT too small."""
    shop.learn()
    for limit in options.limits:
        before = shop.published()
        code = shop.build(shop.next_seed, memory=limit)
        yield shop.judge(
            f"LONGTAIL_MEMORY_LIMIT={limit}", code, before, "raise LONGTAIL_MEMORY_LIMIT"
        )


def readonly(shop: Shop, options: argparse.Namespace) -> Iterator[Result]:
    """Make the warehouse read-only."""
    with _small_disk(shop.warehouse):
        shop.learn()
        before = shop.published()
        _remount(shop.warehouse, "ro")
        code = shop.build(shop.next_seed)
        yield shop.judge(
            "read-only file system",
            code,
            before,
            "set LONGTAIL_WAREHOUSE",
            lambda: _remount(shop.warehouse, "rw"),
        )


def two(shop: Shop, options: argparse.Namespace) -> Iterator[Result]:
    """Start a second build at several moments of a first."""
    shop.learn()
    seconds, _ = _time_a_build(shop)
    for share in (0.2, 0.5):
        before = shop.published()
        first = shop.start(shop.next_seed, "first")
        time.sleep(share * seconds)
        code = shop.build(shop.next_seed)
        was_running = first.poll() is None
        finished = first.wait()
        said, after = shop.said(), shop.which(before)
        holds = was_running and code != 0 and "another dbt runs in" in said
        holds = holds and (finished, after) == (0, "new")
        case = f"a second build {share * seconds:.0f} s after the first"
        yield Result(case, holds, f"exit {code}: {said}", "", f"first: exit {finished}, {after}")
        shop.seed = shop.next_seed


def reader(shop: Shop, options: argparse.Namespace) -> Iterator[Result]:
    """Hold longtail.duckdb open during a build, and open new connections repeatedly."""
    shop.learn()
    before = shop.published()
    with subprocess.Popen(
        [sys.executable, "-c", READER, str(shop.warehouse / "longtail.duckdb")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as watching:
        finished = shop.build(shop.next_seed)
        answer, _ = watching.communicate("\n")
    count, answers = json.loads(answer)
    after = shop.which(before)
    holds = (finished, after, answers) == (0, "new", {"kept": 1, "anew": 2})
    yield Result(
        "longtail.duckdb held open by another process",
        holds,
        f"{count} times asked: {answers['kept']} answer by the connection held, "
        f"{answers['anew']} by new ones",
        "",
        f"exit {finished}, {after}",
    )


def one_user(shop: Shop, options: argparse.Namespace) -> Iterator[Result]:
    """Give one user millions of rows, beside a thousand ordinary users: a robot, or not."""
    events = shop.scratch / "one_user.parquet"
    with duckdb.connect() as connection:
        connection.execute(
            f"""
            copy (
                select
                    strftime(
                        make_timestamp(1704067200000000 + i * (2592000000000 // total)),
                        '%Y-%m-%d %H:%M:%S UTC'
                    ) as event_time,
                    if(i % 20 = 0, 'purchase', 'view') as event_type,
                    'p' || hash(i) % 5000 as product_id,
                    'c' || hash(i) % 5000 % 50 as category_id,
                    'a.b' || hash(i) % 5000 % 50 as category_code,
                    'brand' as brand,
                    '1.5' as price,
                    if(i % (total // 20000) = 0, 'u' || i * 1000 // total, 'one') as user_id,
                    's' || i // 1000 as user_session
                from (select range as i, {options.rows} as total from range({options.rows}))
            ) to '{events}' (format parquet)
            """
        )
    for case, more in {
        "a robot": {},
        "not taken for a robot": {
            "robot_clicks": 1_000_000_000,
            "robot_purchases": 1_000_000_000,
            "min_stay_seconds": 0,
        },
    }.items():
        started = time.monotonic()
        process = shop.start(SEEDS[0], events=str(events), **more)
        peak = 0
        while process.poll() is None:
            with contextlib.suppress(OSError):
                status = Path(f"/proc/{process.pid}/status").read_text().splitlines()
                peak = max([peak, *(int(line.split()[1]) for line in status if "VmHWM" in line)])
            time.sleep(0.2)
        seconds, code = time.monotonic() - started, process.returncode
        said = shop.said() if code else f"{seconds:.0f} s, {peak / 1e6:.1f} GB at the peak"
        case = f"{options.rows:,} rows, all but 20,000 of one user, {case}"
        yield Result(case, code == 0, said, "", f"exit {code}")


CASES: dict[str, Callable[[Shop, argparse.Namespace], Iterator[Result]]] = {
    "kill": kill,
    "kill_refresh": kill_refresh,
    "disk": disk,
    "memory": memory,
    "readonly": readonly,
    "two": two,
    "reader": reader,
    "one_user": one_user,
}


# ---- a file system of our own ------------------------------------------------------------------


class NoMountError(Exception):
    """A file system cannot be mounted here."""


@contextlib.contextmanager
def _small_disk(folder: Path) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", "size=1g", "tmpfs", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise NoMountError(done.stderr.strip())
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def _remount(folder: Path, option: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{option}", str(folder)], check=True)


def main() -> int:
    """Run the cases, print a markdown table; return 1 when one does not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", nargs="*", metavar="case", help=f"of {', '.join(CASES)}")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1, help="of the moments of the kills")
    parser.add_argument("--free", type=int, nargs="*", default=[0, 8, 300, 1500, 3000], help="kB")
    parser.add_argument("--rows", type=int, default=10_000_000, help="of one_user")
    parser.add_argument("--limits", nargs="*", default=["10MB", "30MB"])
    options = parser.parse_args()
    unknown = set(options.cases) - set(CASES)
    if unknown:
        parser.error(f"there is no case {', '.join(sorted(unknown))}; give {', '.join(CASES)}")
    print("| case | outcome | tables then | the next build | holds |\n|---|---|---|---|---|")
    all_hold, known = True, {}
    for name in options.cases or CASES:
        with tempfile.TemporaryDirectory(prefix="longtail_faults_") as folder:
            shop = Shop(Path(folder) / "warehouse", Path(folder), known)
            try:
                for result in CASES[name](shop, options):
                    all_hold &= result.holds
                    said = result.said.replace(folder, "...").replace("|", "/")
                    cells = (result.case, said, result.tables, result.after)
                    print(
                        f"| {' | '.join(cells)} | {'yes' if result.holds else 'NO'} |", flush=True
                    )
            except NoMountError as error:
                print(f"| {name} | skipped: needs the right to mount ({error}) | | | |", flush=True)
    return 0 if all_hold else 1


if __name__ == "__main__":
    sys.exit(main())
