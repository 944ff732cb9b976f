"""The report: what it holds, what it does with bad input, and how it behaves in a browser."""

import base64
import fcntl
import json
import os
import re
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest

from longtail.report import build_report
from longtail.report.collect import TABLES, collect
from longtail.report.page import json_for_html

HOSTILE = "<script>alert(1)</script>"
CLOSING = "</script><img src=x onerror=alert(2)>"
PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM = next(filter(None, map(shutil.which, PROGRAMS)), None)

# A shop of {n} products: a spiral of clusters on the map, texts that try to break out.
SHOP = """
create table products as
select
    'p' || i as product_id, i::integer as product_key,
    case when i = 1 then $closing end as product_name,
    'c1' as category_id,
    case when i % 7 > 0 then 'group_' || (i % 12) || '.kind_' || (i % 40) || '.part' end
        as category_code,
    'group_' || (i % 12) as level_1,
    case when i % 5 = 0 then $hostile when i % 3 > 0 then 'brand ' || (i % 90) end as brand,
    case when i % 11 > 0 then round(5 + i * 0.37 % 200, 2) end as price,
    (10000 / (1 + i))::bigint as interactions, (200 / (1 + i))::bigint as purchases,
    timestamp '2024-01-01' as first_seen_at
from range($n) as numbers (i);
create table product_map as
select
    product_id,
    (product_key % 40) * cos(product_key % 40) + hash(product_key) % 600 / 100 as x,
    (product_key % 40) * sin(product_key % 40) + hash(product_key + 1) % 600 / 100 as y,
    hash(product_key) % 9 as x3, hash(-product_key) % 90 / 10 as y3, product_key % 40 / 4 as z3,
    (product_key % 40)::integer as cluster_id,
    'group_' || (product_key % 12) || '.kind_' || (product_key % 40) || ' · ' || $hostile
        as cluster_label
from products;
create table similar_products as
select
    'p' || i as product_id, relation, rank::integer as rank,
    'p' || ((i + rank * if(relation = 'substitute', 40, 13)) % $n) as similar_product_id,
    1.0 / rank as score, if(rank = 5, 'popular in shop', 'graph') as source,
    ((i + rank) % 4)::bigint as sessions_together
from range($n) as numbers (i), range(1, 13) as ranks (rank),
    (values ('substitute'), ('complement')) as relations (relation);
create table int_user_keys as
select case when i = 0 then $hostile else 'user ' || i end as user_id, i::integer as user_key
from range(400) as users (i);
create table int_user_histories as
select 'published' as scope, i::integer as user_key, (i * place % $n)::integer as product_key
from range(380) as users (i), range(1, 13) as places (place) where place <= 1 + i % 12;
create table int_interactions as
select
    user_key, product_key, timestamp '2024-01-05' + to_hours(product_key % 90) as event_at,
    if(product_key % 5 = 0, 'cart', 'view') as event_type, 1.0 as event_weight
from int_user_histories;
create table user_recommendations as
select
    users.user_id, rank::integer as rank, 'p' || (users.user_key * 3 + rank) % $n as product_id,
    1.0 / rank as score,
    case when rank >= 15 then 'popular in shop' when rank = 2 then 'seen before' else 'graph' end
        as source,
    if(rank < 15, 'p' || users.user_key % $n, null) as because_product_id,
    if(rank < 15, 'view', null) as because_event_type, rank in (2, 16) as is_seen
from int_user_keys as users, range(1, 21) as ranks (rank);
create table model_metrics as
select
    model, 'next interaction' as task, 'all' as segment, metric, 20 as k,
    value * if(metric = 'coverage', 3.0::double, 1) as value,
    0.9::double * value as lower, 1.1::double * value as upper
from (values ('hybrid', 0.26), ('covisit', 0.25), ('popularity', 0.11)) as models (model, value),
    (values ('recall'), ('ndcg'), ('coverage')) as metrics (metric);
create table popularity_dial as
select
    popularity, 0.2::double - popularity / 20 as recall,
    0.5::double + popularity / 10 as coverage
from (values (-1::double), (0), (1)) as settings (popularity);
create table long_tail_exposure as
select
    timestamp '2024-02-01' as built_at, model, decile::integer as decile,
    0.1 as share_of_products, (11 - decile) / 55 as share_of_interactions,
    0.1 as share_of_slots
from (values ('hybrid'), ('popularity')) as models (model), range(1, 11) as deciles (decile);
create table cleaning_report as
select * from (values ('kept', 'clean event', 900, 380), ('rejected', $hostile, 40, null),
    ('cleaned', 'robot', 60, 3)) as rules (step, rule, events, users);
create table rejected_events as
select 'events.csv' as source_file, $closing as raw_values, $hostile as reason from range(40);
create table product_edges as select 'p1' as source_product_id from range(5);
create table int_timeline as
select timestamp '2024-01-01' as first_event_at, timestamp '2024-01-30' as last_event_at,
    timestamp '2024-01-29' as graph_cutoff_at;
create table build_info as
select
    'build ' || i as build_id, timestamp '2024-02-01' + to_days(i::integer) as built_at,
    $hostile as events_read, '{"window": 5, "blend": {"covisit": 1}}' as settings,
    960 + i as events_kept, 40 as events_rejected, 900 as events_clean, 700 as events_learned,
    300 as users_learned
from range(3) as builds (i);
"""


def make_shop(folder: Path, products: int) -> Path:
    """Write a database like a published one, of `products` products."""
    folder.mkdir(parents=True, exist_ok=True)
    database = folder / "longtail.duckdb"
    values = {"n": products, "hostile": HOSTILE, "closing": CLOSING}
    with duckdb.connect(str(database)) as connection:
        for statement in duckdb.extract_statements(SHOP):
            wanted = {name: values[name] for name in statement.named_parameters}
            connection.execute(statement, wanted)
    return database


@pytest.fixture(scope="module")
def small_shop(tmp_path_factory):
    return make_shop(tmp_path_factory.mktemp("small"), 50)


@pytest.fixture
def database(small_shop, tmp_path):
    return Path(shutil.copy(small_shop, tmp_path))


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shop")
    output = folder / "report.html"
    build_report(make_shop(folder, 600), output)
    return output


@pytest.fixture(scope="module")
def large_report(tmp_path_factory):
    folder = tmp_path_factory.mktemp("large")
    output = folder / "report.html"
    build_report(make_shop(folder, 40_000), output)
    return output


def test_data_cannot_end_its_script_element():
    text = json_for_html({"brand": CLOSING, "line": "\u2028 & <!--"})
    assert not re.search("[<>&\u2028]", text)
    assert json.loads(text) == {"brand": CLOSING, "line": "\u2028 & <!--"}


def test_report_is_one_file_that_asks_for_nothing_else(report):
    page = report.read_text(encoding="utf-8")
    markup = re.sub(r"<script.*?</script>|<style.*?</style>", "", page, flags=re.S)
    assert not re.search(r"\b(src|href)=\"(?!#)", markup)
    assert "url(" not in page and "@import" not in page
    assert page.count("<script") == 2
    assert "default-src 'none'" in page
    files = sorted(path.name for path in report.parent.iterdir())
    assert files == ["longtail.duckdb", "report.html"]


def test_report_holds_every_section(report):
    data = collect(report.parent / "longtail.duckdb")
    assert len(data["products"]["id"]) == 600
    by_evidence = (1, 2, 3, 4, 6, 7, 8, 9)
    assert data["similar"]["complement"][0][0] == [13 * rank for rank in by_evidence]
    assert len(data["clusters"]) == 40
    assert {user["kind"] for user in data["users"]} == {
        "long history", "middling history", "short history", "no history",
    }  # fmt: skip
    for section in ("metrics", "dial", "exposure", "cleaning", "rejected", "build"):
        assert data[section], section
    seen = [recommendation[4] for recommendation in data["users"][0]["recommendations"]]
    assert [place for place, word in enumerate(seen, 1) if word == "seen before"] == [2, 16]


@pytest.mark.slow
def test_a_large_shop_fits_the_limit(large_report):
    assert large_report.stat().st_size <= 12e6
    data = collect(large_report.with_name("longtail.duckdb"))
    assert sum(value is not None for value in data["products"]["x"]) == 30_000


def test_only_the_latest_build_counts_in_exposure(database):
    with duckdb.connect(str(database)) as connection:
        connection.execute(
            "insert into long_tail_exposure select timestamp '2023-01-01', 'old', 1, 1, 1, 1"
        )
    assert {row["model"] for row in collect(database)["exposure"]} == {"hybrid", "popularity"}


@pytest.mark.parametrize("table", sorted(TABLES))
def test_a_missing_table_does_not_stop_the_report(database, table):
    with duckdb.connect(str(database)) as connection:
        connection.execute(f"drop table {table}")
    build_report(database, database.with_name("report.html"))
    assert database.with_name("report.html").stat().st_size > 50_000


def test_the_latest_build_comes_first(database):
    builds = collect(database)["build"]
    assert [build["build_id"] for build in builds] == ["build 2", "build 1", "build 0"]


def test_rows_are_those_of_the_latest_build(database):
    figures = collect(database)["overview"]
    names = ("events_read", "events_kept", "events_clean", "events_learned", "users_learned")
    assert [figures[name] for name in names] == [1002, 962, 900, 700, 300]


def test_a_table_kept_by_day_is_as_large_as_its_files(tmp_path):
    sizes = []
    for day in (1, 2):
        file = tmp_path / f"t.parquet/event_date=2024-01-0{day}/data.parquet"
        file.parent.mkdir(parents=True)
        duckdb.sql(f"select md5(i::varchar) from range({9000 * day}) t(i)").write_parquet(str(file))
        os.utime(file, (86400 * day, 86400 * day))
        sizes.append(file.stat().st_size)
    database = tmp_path / "longtail.duckdb"
    with duckdb.connect(str(database)) as connection:
        connection.execute(f"create view t as from read_parquet('{tmp_path}/t.parquet/*/*')")
    (table,) = collect(database)["tables"]
    assert (table["rows"], table["bytes"]) == (27_000, sum(sizes))
    assert table["written_at"] == "1970-01-03T00:00:00+00:00"


def test_numbers_that_are_none_do_not_break_the_page(database):
    with duckdb.connect(str(database)) as connection:
        connection.execute("update model_metrics set value = 'nan', lower = 'inf'")
    build_report(database, database.with_name("report.html"))
    assert all(row["value"] is None for row in collect(database)["metrics"])


def test_without_a_database_there_is_a_reason_and_no_file(tmp_path):
    with pytest.raises(FileNotFoundError, match="make build"):
        build_report(tmp_path / "longtail.duckdb", tmp_path / "report.html")
    assert not list(tmp_path.iterdir())


def test_an_older_report_survives_a_failure(database, monkeypatch):
    output = database.with_name("report.html")
    output.write_text("the older one")

    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="disk full"):
        build_report(database, output)
    assert output.read_text() == "the older one"
    assert not output.with_name("report.html.partial").exists()


@pytest.mark.slow
def test_command_line(tmp_path):
    command = [sys.executable, "-m", "longtail.report", "--warehouse", str(tmp_path)]
    failed = subprocess.run(command, capture_output=True, text=True)
    assert failed.returncode == 1
    assert failed.stderr.startswith("No report: there is no published build")
    make_shop(tmp_path, 50)
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Wrote ") and (tmp_path / "report.html").exists()


# ---- in a browser ---------------------------------------------------------------------------


class Browser:
    """Headless Chromium, driven through the pipes of its DevTools protocol."""

    FLAGS = (
        "--headless=new --no-sandbox --use-angle=swiftshader --enable-unsafe-swiftshader"
        " --disable-background-networking --disable-component-update --disable-sync"
        " --disable-quic --no-first-run --disable-dev-shm-usage --hide-scrollbars"
        " --window-size=1360,940"
        " --remote-debugging-pipe about:blank"
    ).split()

    def __init__(self, profile: Path) -> None:
        child_read, self.to = os.pipe()
        self.back, child_write = os.pipe()
        ends = [fcntl.fcntl(end, fcntl.F_DUPFD, 30) for end in (child_read, child_write)]

        def wire() -> None:  # Chromium reads commands from 3 and answers on 4
            os.dup2(ends[0], 3)
            os.dup2(ends[1], 4)

        self.process = subprocess.Popen(
            [CHROMIUM, f"--user-data-dir={profile}", *self.FLAGS],
            preexec_fn=wire,
            close_fds=False,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for end in (child_read, child_write, *ends):
            os.close(end)
        self.number, self.buffer, self.session = 0, b"", None
        self.events: list[dict] = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self.session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **params):
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.to, json.dumps(message).encode() + b"\0")
        while (answer := self.receive()).get("id") != self.number:
            self.events.append(answer)
        assert "error" not in answer, answer
        return answer["result"]

    def receive(self) -> dict:
        while b"\0" not in self.buffer:
            if not select.select([self.back], [], [], 60)[0]:
                raise TimeoutError("Chromium does not answer")
            self.buffer += os.read(self.back, 1 << 20)
        line, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(line)

    def ask(self, expression: str):
        answer = self.call(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def wait(self, expression: str) -> None:
        end = time.monotonic() + 60
        while not self.ask(expression):
            assert time.monotonic() < end, f"never: {expression}"
            time.sleep(0.02)

    def open(self, file: Path, scheme: str = "light") -> None:
        self.events.clear()
        feature = {"name": "prefers-color-scheme", "value": scheme}
        self.call("Emulation.setEmulatedMedia", features=[feature])
        self.call("Page.navigate", url=file.resolve().as_uri())
        self.wait("document.documentElement?.dataset.ready === 'yes'")

    def click(self, x: float, y: float) -> None:
        for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
            button = "none" if kind == "mouseMoved" else "left"
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button=button, clickCount=1)

    def press(self, selector: str) -> None:
        self.ask(f"document.querySelector({selector!r}).click()")

    def complaints(self) -> list[str]:
        """Return what the console, the network or a dialog had to say."""
        bad = ("Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded",
               "Page.javascriptDialogOpening")  # fmt: skip
        found = [str(event) for event in self.events if event.get("method") in bad]
        asked = {
            event["params"]["request"]["url"].split(":")[0]
            for event in self.events
            if event.get("method") == "Network.requestWillBeSent"
        }
        return found + [scheme for scheme in asked if scheme not in ("file", "about")]

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(10)
        os.close(self.to)
        os.close(self.back)


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    if CHROMIUM is None:
        pytest.skip("no Chromium to open the report in: apt-get install chromium")
    browser = Browser(tmp_path_factory.mktemp("profile"))
    yield browser
    browser.close()


DRAWN = """(() => {
    const { scene } = longtail.map;
    scene.draw();
    const pixels = new Uint8Array(4 * scene.canvas.width * scene.canvas.height);
    scene.gl.readPixels(0, 0, scene.canvas.width, scene.canvas.height,
        scene.gl.RGBA, scene.gl.UNSIGNED_BYTE, pixels);
    const colours = new Set();
    let drawn = 0;
    for (let i = 0; i < pixels.length; i += 4) {
        if (pixels[i + 3] > 200) { drawn += 1; colours.add(pixels.slice(i, i + 3).join()); }
    }
    return [drawn, colours.size];
})()"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_map_is_drawn_without_complaints(browser, report, scheme):
    browser.open(report, scheme)
    drawn, colours = browser.ask(DRAWN)
    assert drawn > 2_000 and colours > 5
    assert browser.complaints() == []


def test_texts_of_the_data_stay_texts(browser, report):
    browser.open(report)
    browser.ask("longtail.map.choose(1)")
    assert browser.ask("document.getElementById('chosen').textContent") == CLOSING
    browser.ask("longtail.map.choose(0)")
    assert HOSTILE in browser.ask("document.getElementById('chosen').textContent")
    for way in ("brand", "cluster"):
        browser.ask(f"longtail.map.way = '{way}'; longtail.map.choose(-1); longtail.map.regroup()")
        assert HOSTILE in browser.ask("document.getElementById('side').textContent")
    for section in ("quality-body", "build-body", "users-body"):
        assert HOSTILE in browser.ask(
            f"document.getElementById('{section}').textContent"
            f" + [...document.querySelectorAll('#{section} option')].map((o) => o.value).join()"
        )
    assert browser.ask("document.querySelectorAll('img, script').length") == 2
    assert browser.complaints() == []


def test_the_explorer_says_what_a_user_has_seen(browser, report):
    browser.open(report)
    lines = browser.ask(
        "[...document.querySelectorAll('.recommended small')].map((line) => line.textContent)"
    )
    assert lines[0].startswith("because of view of ")
    assert lines[1] == f"seen before, {lines[0]}"
    assert lines[14:16] == ["popular in shop", "seen before, popular in shop"]


def test_click_on_a_dot_lists_and_marks_similar_products(browser, report):
    browser.open(report)
    browser.ask("document.getElementById('map').scrollIntoView({behavior: 'instant'})")
    # a dot whose own place picks it: others may lie on top of some
    x, y, product = browser.ask("""(() => {
        const { scene } = longtail.map;
        const box = scene.canvas.getBoundingClientRect();
        scene.draw();
        for (let i = 0; i < scene.count; i += 1) {
            const [x, y] = longtail.map.at(i);
            const inside = x > 9 && y > 9 && x < scene.width - 9 && y < scene.height - 9
                && box.top + y > 80 && box.top + y < innerHeight - 9;
            if (inside && scene.pick(x, y) === i) return [box.left + x, box.top + y, i];
        }
    })()""")
    browser.click(x, y)
    assert browser.ask("longtail.map.chosen") == product
    title = browser.ask("document.getElementById('chosen').textContent")
    assert title == browser.ask(f"longtail.catalogue.title({product})")
    for relation in ("substitute", "complement"):
        listed = browser.ask(f"document.querySelectorAll('[data-relation={relation}] li').length")
        assert listed == 8
    browser.press("[data-relation=substitute] button")
    assert browser.ask("longtail.map.chosen") == (product + 40) % 600
    browser.press("#unchoose")
    assert browser.ask("longtail.map.chosen") == -1
    assert browser.complaints() == []


def test_one_word_for_each_count_of_rows(browser, report):
    browser.open(report)
    assert browser.ask("document.getElementById('lead').textContent") == (
        "Learned from 700 events of 300 people between 1 January 2024 and 29 January 2024. The "
        "log has 1,002 rows: 962 were kept, 900 are clean, and what came after the cut tests the "
        "models."
    )
    note = browser.ask("document.querySelector('#users-body .note').textContent")
    assert note == (
        "234 users, chosen by hash: 75 with long history, 75 with middling history, "
        "20 with no history, 64 with short history."
    )


def test_search_finds_a_product(browser, report):
    browser.open(report)
    browser.ask("document.getElementById('search').focus()")
    browser.call("Input.insertText", text="p123")
    assert browser.ask("document.querySelector('#results button').textContent").count("p123")
    browser.press("#results button")
    assert browser.ask("longtail.catalogue.columns.id[longtail.map.chosen]") == "p123"
    browser.ask("document.getElementById('search').focus()")
    browser.call("Input.insertText", text="no such thing")
    assert browser.ask("document.getElementById('results').textContent") == "Nothing found"
    assert browser.complaints() == []


def test_controls_work(browser, report):
    browser.open(report)
    browser.press("#dimensions [data-value='3']")
    browser.wait("longtail.map.scene.view.depth === 1")
    assert browser.ask(DRAWN)[0] > 2_000
    before = browser.ask("getComputedStyle(document.body).backgroundColor")
    browser.press("#theme")
    assert browser.ask("getComputedStyle(document.body).backgroundColor") != before
    for way in ("2", "3", "brand", "cluster", "popularity"):
        browser.ask(
            "(() => { const list = document.querySelector('#map-controls select');"
            f" list.value = '{way}'; list.dispatchEvent(new Event('change')); }})()"
        )
        assert browser.ask("document.querySelector('#side h3').textContent")
    first = browser.ask("document.getElementById('user').value")
    browser.press("#next-user")
    assert browser.ask("document.getElementById('user').value") != first
    assert browser.complaints() == []


def test_thirty_thousand_dots(browser, large_report):
    browser.open(large_report)
    assert browser.ask("longtail.map.scene.count") == 30_000
    assert browser.ask(DRAWN)[0] > 5_000
    assert browser.complaints() == []


def test_models_and_builds_are_shown(browser, report):
    browser.open(report)
    assert browser.ask("document.querySelectorAll('#models-body .interval').length") == 3
    assert browser.ask("document.querySelectorAll('#models-body .dial-dot').length") == 3
    assert browser.ask("document.querySelectorAll('#exposure-body .part').length") == 30
    text = browser.ask("document.getElementById('build-body').textContent")
    assert "build 2" in text and '{"covisit":1}' in text and "2 earlier builds" in text


def test_an_empty_shop_says_what_is_missing(browser, tmp_path):
    database = tmp_path / "longtail.duckdb"
    duckdb.connect(str(database)).close()
    output = tmp_path / "report.html"
    build_report(database, output)
    browser.open(output)
    sentences = browser.ask("[...document.querySelectorAll('.missing')].map((p) => p.textContent)")
    for table in ("product_map", "model_metrics", "long_tail_exposure", "user_recommendations",
                  "cleaning_report"):  # fmt: skip
        assert any(table in sentence for sentence in sentences), table
    assert browser.complaints() == []


def test_without_webgl_the_map_is_drawn_plainly(browser, report):
    browser.open(report)
    source = (
        "const own = HTMLCanvasElement.prototype.getContext;"
        "HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {"
        " return kind === 'webgl2' ? null : own.call(this, kind, ...rest); };"
    )
    script = browser.call("Page.addScriptToEvaluateOnNewDocument", source=source)["identifier"]
    try:
        browser.open(report)
        assert browser.ask("longtail.map.scene.gl") is None
        image = browser.ask("longtail.map.scene.canvas.toDataURL()")
        assert len(base64.b64decode(image.split(",")[1])) > 5_000
        assert browser.complaints() == []
    finally:
        browser.call("Page.removeScriptToEvaluateOnNewDocument", identifier=script)
