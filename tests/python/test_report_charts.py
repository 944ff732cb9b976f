"""The charts of the report can be read where many dots lie close together."""

import duckdb
import pytest
from report_shop import make_shop

from longtail.report import build_report

# As measured on 100 thousand demo events: recall and coverage of nine models, eight of them close.
MODELS = {
    "ranked": (0.359, 0.854),
    "hybrid": (0.339, 0.828),
    "rp3beta": (0.338, 0.887),
    "covisit": (0.335, 0.748),
    "successors": (0.331, 0.863),
    "deepwalk": (0.325, 0.899),
    "node2vec": (0.320, 0.901),
    "popular in category": (0.241, 0.658),
    "popularity": (0.0815, 0.012),
}
DIAL = [(-0.5, 0.290, 0.875), (-0.3, 0.295, 0.87), (0, 0.304, 0.86), (0.5, 0.305, 0.82)]
BOXES = """(selector) => [...document.querySelectorAll(`#models-body svg ${selector}`)]
    .filter((node) => node.closest('svg').getAttribute('aria-label').includes('against'))
    .map((node) => {
        const box = node.getBoundingClientRect();
        return [node.textContent, box.left, box.top, box.right, box.bottom];
    })"""


@pytest.fixture(scope="module")
def crowded(tmp_path_factory):
    """The report of a shop whose models are nearly level."""
    folder = tmp_path_factory.mktemp("crowded")
    database = make_shop(folder, 60)
    with duckdb.connect(str(database)) as connection:
        connection.execute("""update build_info set settings = '{"ranker": "trees"}'""")
        connection.execute("delete from model_metrics; delete from popularity_dial")
        for model, (recall, coverage) in MODELS.items():
            for metric, value in (("recall", recall), ("coverage", coverage)):
                connection.execute(
                    "insert into model_metrics"
                    " values (?, 'next interaction', 'all', ?, 20, ?, null, null)",
                    [model, metric, value],
                )
        connection.executemany("insert into popularity_dial values (?, ?, ?)", DIAL)
    build_report(database, folder / "report.html")
    return folder / "report.html"


def overlap(one: list, other: list, slack: float = 1) -> bool:
    """Whether two boxes [.., left, top, right, bottom] share more than `slack` pixels each way."""
    return (
        min(one[3], other[3]) - max(one[1], other[1]) > slack
        and min(one[4], other[4]) - max(one[2], other[2]) > slack
    )


@pytest.mark.parametrize("width", [390, 0])
def test_names_in_the_scatter_cover_neither_each_other_nor_dots(browser, crowded, width):
    browser.open(crowded, width=width)
    browser.wait("document.querySelectorAll('#models-body svg').length === 2")
    texts = browser.ask(f"({BOXES})('text')")
    dots = browser.ask(f"({BOXES})('circle')")
    assert {text[0] for text in texts} >= set(MODELS)
    assert len(dots) == len(MODELS) + len(DIAL)
    pairs = [(a, b) for place, a in enumerate(texts) for b in texts[place + 1 :]]
    # Text boxes are as high as the line: three pixels of two of them may be shared unseen.
    assert [(a[0], b[0]) for a, b in pairs if overlap(a, b, 3)] == []
    assert [text[0] for text in texts for dot in dots if overlap(text, dot, 2.5)] == []
    assert all(0 <= text[1] and text[3] <= browser.ask("innerWidth") for text in texts)


def test_a_name_in_the_scatter_stays_near_its_dot(browser, crowded):
    browser.open(crowded)
    browser.wait("document.querySelectorAll('#models-body svg').length === 2")
    texts = {text[0]: text for text in browser.ask(f"({BOXES})('text')")}
    dots = browser.ask(f"({BOXES})('circle.dot')")
    assert len(dots) == len(MODELS)
    for name, dot in zip(MODELS, dots, strict=True):
        x, y = (dot[1] + dot[3]) / 2, (dot[2] + dot[4]) / 2
        _, left, top, right, bottom = texts[name]
        away = max(left - x, x - right, 0) + max(top - y, y - bottom, 0)
        assert away < 90, name
