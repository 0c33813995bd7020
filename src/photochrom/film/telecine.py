"""Telecine: pictures or fields that were repeated to bring a film to a video's rate, found by their rhythm.

3:2 pulldown makes five pictures of four, two of them woven of two pictures' fields: of the upper fields one in five is
that of the picture before, and of the lower ones another. Where whole pictures are repeated, as when 16 a second become
24, both fields repeat at once. In soft telecine nothing is stored twice: time stamps alternate between two fields and
three.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from photochrom.film.raster import plane_of

PERIODS = {3: "third", 4: "fourth", 5: "fifth", 6: "sixth"}
WINDOW = 30  # changes from picture to picture that are looked at together
_MOVES = 1.0  # codes of 8 bits: a mean change below it is one of grain and coding
_SAME = 0.6  # times the others' change: a repeated field changes by less, though grain and coding differ
_ODD = 0.15  # share of a window that may not follow the rhythm: cuts, and moments of rest
_ENOUGH = 2, 1 / 3  # windows with one rhythm, and share of those in which something moves
_ROWS, _COLUMNS = 4, 4  # every so manieth line of a field, and sample of it
_THREE_TO_TWO = 1.4, 1.6  # longer and shorter step of time stamps
_STEPS, _ALTERNATE = 20, 0.8  # steps of time stamps at least, and share of them that alternate


class Telecine:
    """Is shown the pictures of a film as they are decoded, before they are deinterlaced."""

    def __init__(self) -> None:
        self._last: tuple[NDArray[np.int16], ...] | None = None
        self._changes: list[tuple[float, ...]] = []  # of upper and lower fields, of the window that is not full yet
        self._found = dict.fromkeys(PERIODS, 0)
        self._moving = 0
        self._times: list[int] = []  # of the first pictures

    def see(self, image: VideoFrame) -> None:
        """The next picture, of the size and format of those before."""
        if image.pts is not None and len(self._times) < 10 * _STEPS:
            self._times.append(image.pts)
        bits = image.format.components[0].bits
        plane = plane_of(image.planes[0], 1 if bits <= 8 else 2)
        fields = tuple((plane[n :: 2 * _ROWS, ::_COLUMNS] >> max(0, bits - 8)).astype(np.int16) for n in (0, 1))
        if self._last is not None and all(field.size for field in fields):
            change = (float(np.abs(now - before).mean()) for now, before in zip(fields, self._last, strict=True))
            self._changes.append(tuple(change))
        self._last = fields
        if len(self._changes) == WINDOW:
            upper, lower = np.array(self._changes).T
            self._moving += float(np.median(upper)) > _MOVES
            for period in PERIODS:
                self._found[period] += _repeats(upper, period) and _repeats(lower, period)
            self._changes = []

    def note(self) -> str | None:
        """What is to be said of the film, a sentence; None for nothing."""
        for period, word in PERIODS.items():
            if self._found[period] >= max(_ENOUGH[0], _ENOUGH[1] * self._moving):
                cause = "3:2 pulldown" if period == 5 else "a film of fewer pictures a second"
                return (
                    f"every {word} picture or field repeats the one before (telecine of {cause}): it is coloured as it "
                    "is; an inverse telecine beforehand would save time and move more evenly"
                )
        steps = [two - one for one, two in pairwise(self._times)]
        if len(steps) >= _STEPS and np.mean([_alternate(*pair) for pair in pairwise(steps)]) > _ALTERNATE:
            return (
                "its time stamps alternate between two fields and three (soft telecine of a film of 24 pictures a "
                "second): they are kept as they are"
            )
        return None


def _repeats(changes: NDArray[np.float64], period: int) -> bool:
    """Whether one change in `period` is far smaller than the others, always at the same place."""
    for phase in range(period):
        own = np.arange(len(changes)) % period == phase
        others = changes[~own]
        if np.median(others) > _MOVES and np.quantile(changes[own], 1 - _ODD) < _SAME * np.quantile(others, _ODD):
            return True
    return False


def _alternate(one: int, two: int) -> bool:
    short, long = sorted((one, two))
    return short > 0 and _THREE_TO_TWO[0] < long / short < _THREE_TO_TWO[1]
