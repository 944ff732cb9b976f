"""What a merchandiser reads: causes, counts and headings in plain words."""

import json
import re

import pytest


@pytest.mark.parametrize(
    ("event_type", "words"),
    [
        ("view", "because they viewed A"),
        ("search", "because they searched for A"),
        ("cart", "because they put A in the cart"),
        ("purchase", "because they bought A"),
        ("wish_list", "because of the event wish list with A"),
        (None, "because of A"),
    ],
)
def test_a_cause_is_said_in_words(browser, report, event_type, words):
    browser.open(report)
    said, cause = browser.ask(f"""(() => {{
        const {{ catalogue }} = longtail;
        const none = document.createElement("ul");
        const [row] = longtail.explorer.recommended(
            [["3", "graph", "7", {json.dumps(event_type)}, null]], none);
        const cause = `${{catalogue.title(7)}} (${{catalogue.columns.id[7]}})`;
        return [row.querySelector("small").textContent, cause];
    }})()""")
    assert said == words.replace("A", cause, 1)


def test_a_row_without_a_cause_says_where_it_comes_from(browser, report):
    browser.open(report)
    said = browser.ask("""[["ranked", null], ["popular in shop", null]].map(([source, because]) =>
        longtail.explorer.recommended([["3", source, because, null, null]],
            document.createElement("ul"))[0].querySelector("small").textContent)""")
    assert said == ["chosen by the ranker, not because of one product", "popular in shop"]


def test_a_card_says_what_its_csv_leaves_out(browser, report):
    browser.open(report)
    notes = browser.ask(
        "[...document.querySelectorAll('#week-body .below .share')].map((n) => n.textContent)"
    )
    assert notes and all(
        re.fullmatch(
            r"(The csv has the first [\d,]+, all [\d,]+ are in|All [\d,]+ are in) [a-z_]+", note
        )
        for note in notes
    ), notes


def test_numbers_and_times_of_the_build_are_written_for_people(browser, report):
    browser.open(report)
    rows = "[...document.querySelector('#build-body table').querySelectorAll('tbody tr')]"
    facts = dict(
        browser.ask(f"{rows}.map((row) => [...row.cells].map((cell) => cell.textContent))")
    )
    assert facts["catalogue products"] == "1,234,567"
    assert facts["graph cutoff at"] == "2024-01-29 00:00 UTC"
    assert {value[-4:] for name, value in facts.items() if name.endswith(" at")} == {" UTC"}


def test_headings_of_clusters_need_no_hint(browser, report):
    # A phone shows no headings, so a hint on one is out of reach there.
    browser.open(report, width=390)
    titles = browser.ask(
        "[...document.querySelectorAll('#clusters-body tr:first-child td')].map("
        "(cell) => cell.dataset.title)"
    )
    assert {"Of one top category", "Of one category"} <= set(titles)


def test_a_phone_shows_why_a_row_was_rejected(browser, report):
    browser.open(report, width=390)
    hidden = browser.ask("""(() => {
        const sample = document.querySelector("#quality-body .sample");
        sample.textContent = JSON.stringify({
            event_time: "2024-01-01 10:30:32 UTC", event_type: "refund", product_id: "38854353",
            category_id: "2053013552150994944", category_code: "electronics.audio.headphones",
            brand: "yoresso", price: "20.50", user_id: "512404059" });
        return sample.scrollHeight - sample.clientHeight;
    })()""")
    assert hidden <= 1


def test_bestsellers_alone_fill_their_whole_strip(browser, report):
    browser.open(report)
    first, whole = browser.ask("""(() => {
        const stack = document.querySelector("#exposure-body .stack");
        [...stack.children].forEach((part, i) => { part.style.flexGrow = i ? 1e-6 : 1; });
        return [stack.firstChild.getBoundingClientRect().width, stack.clientWidth];
    })()""")
    assert whole - first < 1


def test_a_phone_is_told_of_fingers_and_a_desk_of_mouse_and_keys(browser, report):
    said = """(() => [document.querySelector('#map > p').innerText, side.innerText,
        document.getElementById('map-keys').innerText, lasso.dataset.hint].join(' '))()"""
    browser.open(report)
    at_desk = browser.ask(said)
    assert all(word in at_desk for word in ("wheel", "Drag", "keyboard", "shift"))
    try:
        browser.open(report, width=390)
        on_phone = browser.ask(said)
    finally:
        browser.open(report)
    assert "Tap a product" in on_phone and "Two fingers" in on_phone
    assert re.findall(r"(?i)click|ctrl|wheel|mouse|keyboard|shift|Enter\b", on_phone) == []


def test_the_word_gates_explains_itself(browser, report):
    browser.open(report)
    hint = browser.ask("document.querySelector('#fresh dt button').dataset.hint")
    assert hint.startswith("checks of a build before its tables are published")
