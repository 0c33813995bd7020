"""The page and the contact sheet."""

import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from photochrom.errors import UsageError
from photochrom.evaluate.report.html import Page, show
from photochrom.sheet import contact_sheet


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


def test_sheet_keeps_the_pictures_and_their_order() -> None:
    colours = [[(250, 0, 0), (0, 250, 0)], [(0, 0, 250), (250, 250, 0)]]
    rows = [[np.full((40, 60, 3), colour, np.uint8) for colour in row] for row in colours]
    sheet = np.asarray(contact_sheet(rows, ["grey", "a name far too long for a column of sixty pixels"]))
    left = np.argwhere((sheet == (250, 0, 0)).all(-1))
    right = np.argwhere((sheet == (250, 250, 0)).all(-1))
    assert len(left) == len(right) == 40 * 60
    assert (left.max(0) < right.min(0)).all()
    assert sheet.shape[1] == 2 * 60 + 3 * 4


def test_sheet_of_sizes_that_differ() -> None:
    rows = [[np.zeros((10, 30), np.uint8), np.zeros((50, 20, 3), np.uint8)], [np.zeros((5, 5, 3), np.uint8)]]
    assert contact_sheet(rows, []).size == (30 + 20 + 12, 50 + 5 + 12)
    with pytest.raises(UsageError, match="at least one picture"):
        contact_sheet([[]], ["x"])
