"""The page."""

import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from photochrom.evaluate.report.cells import show
from photochrom.evaluate.report.html import Page


class _Tags(HTMLParser):
    """Every tag that is opened is closed, and nothing is fetched from elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.sources: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.sources += [value or "" for name, value in attrs if name in ("src", "href", "xlink:href")]
        if tag not in ("meta", "img", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_page_is_one_file_that_fetches_nothing(tmp_path: Path) -> None:
    from matplotlib import figure as figure_module

    page = Page("A & B")
    page.heading("<Numbers>")
    page.text("One.\n\nTwo <b>.")
    page.table([{"model": "grey", "n": 1162, "fid": 55.7612}, {"model": "b", "extra": None}], "A caption")
    for _ in range(2):
        figure = figure_module.Figure()
        figure.subplots().plot([1, 2], [3, 4])
        page.figure(figure, "A plot")
    page.picture(np.zeros((8, 9, 3), np.uint8), 'A "picture"')
    path = page.save(tmp_path / "report.html")
    text = path.read_text()
    tags = _Tags()
    tags.feed(text)
    assert not tags.open
    assert all(source.startswith(("data:", "#")) for source in tags.sources)
    for there in ("A &amp; B", "&lt;Numbers&gt;", "<p>Two &lt;b&gt;.</p>", "1,162", "55.76", "<td class=n>–</td>"):
        assert there in text
    assert "prefers-color-scheme: dark" in text and "width=device-width" in text
    ids = re.findall(r'\bid="([^"]+)"', text)
    clips = [name for name in ids if re.match(r"p[0-9a-f]{8}", name)]
    assert len(set(clips)) == len(clips)  # those of two figures don't meet
    before = path.read_bytes()
    page.save(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "–"),
        (float("nan"), "–"),
        (True, "yes"),
        (12345, "12,345"),
        (0.20914, "0.2091"),
        (5576.3, "5,576"),
        ("x", "x"),
    ],
)
def test_cells(value: object, shown: str) -> None:
    assert show(value) == shown
