"""The contact sheet."""

import numpy as np
import pytest

from photochrom.errors import UsageError
from photochrom.sheet import contact_sheet


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


def test_small_pictures_are_enlarged_by_whole_pixels() -> None:
    picture = np.arange(32 * 40 * 3, dtype=np.uint32).astype(np.uint8).reshape(32, 40, 3)
    sheet = np.asarray(contact_sheet([[picture, np.zeros((96, 96, 3), np.uint8)]], [], least=96))
    assert (sheet[4:-4, 4 : 4 + 3 * 40] == picture.repeat(3, 0).repeat(3, 1)).all()
    assert sheet.shape[1] == 3 * 40 + 96 + 3 * 4
