"""The brightness of a film made steady: each picture gets that of its neighbours, as far as it is nearly theirs.

Old cameras were cranked by hand, so one picture is exposed longer than the next. A cut, a fade or a lamp that is
switched on changes the brightness by more, and stays.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator

import numpy as np

from photochrom.color.lab import Pixels

AROUND = 6  # pictures before and after
_NEARLY = 0.1  # share of the brightness by which neighbours may differ to count


def steadied(lumas: Iterable[tuple[Pixels, int]]) -> Iterator[Pixels]:
    """Luma planes (H,W), uint8 or uint16, with the code of their black: the same with a steady brightness."""
    window: deque[tuple[Pixels, int, float]] = deque()
    place = 0  # in the window, of the next picture to give
    for luma, black in lumas:
        window.append((luma, black, max(float(luma.mean()) - black, 1.0)))
        if len(window) > place + AROUND:
            yield _steady(window, place)
            place += 1
            if place > AROUND:
                window.popleft()
                place -= 1
    while place < len(window):
        yield _steady(window, place)
        place += 1


def _steady(window: deque[tuple[Pixels, int, float]], place: int) -> Pixels:
    luma, black, mean = window[place]
    means = np.array([entry[2] for entry in window])
    weights = np.exp(-np.square((means - mean) / (_NEARLY * mean)))
    gain = float((weights * means).sum() / weights.sum()) / mean
    top = np.iinfo(luma.dtype).max
    return np.asarray(
        np.clip(np.rint((luma.astype(np.float32) - black) * np.float32(gain) + black), 0, top), luma.dtype
    )
