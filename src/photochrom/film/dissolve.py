"""Where a shot dissolves into another, or fades: what the motion leads back to is another picture.

From picture to picture a dissolve can be followed like any motion, and by the end of it nothing is what it was. So a
picture is compared with one from a second before, moved along all the motion since. Within the shots of six films the
two correlate by 0.24 or more, mostly by over 0.8; in dissolves of half a second and of one, by less than 0.13.
"""

from __future__ import annotations

from collections import deque
from fractions import Fraction

import numpy as np

from photochrom.color.lab import Float
from photochrom.film.flow import Ways, joined, sampled
from photochrom.film.step import Step

_SAME = 0.15  # correlation below which it is another picture
_FEWEST, _MOST = 8, 32  # pictures of the second
_EVERY = 3  # pictures from one comparison to the next
_PLAIN = 0.1  # spread of L* of a picture that shows nothing


class Dissolves:
    """Is shown the pictures of a film with their motion. rate: pictures a second."""

    def __init__(self, rate: Fraction) -> None:
        self._past: deque[Step] = deque(maxlen=min(max(round(rate), _FEWEST), _MOST))
        self._count = 0

    def over(self, step: Step) -> bool:
        """Whether with this picture a dissolve, or a fade, has become another shot than that of a second ago."""
        if step.motion is None:
            self._past.clear()
        if step.flash:  # its motion isn't known
            return False
        self._past.append(step)
        self._count += 1
        if len(self._past) < (self._past.maxlen or 0) or self._count % _EVERY or self._likeness() > _SAME:
            return False
        self._past.clear()
        return True

    def _likeness(self) -> float:
        """Correlation of the last picture with the first of them, where its places still are in it."""
        first, *_, last = self._past
        ways: Ways | None = None
        for step in reversed(list(self._past)[1:]):
            assert step.motion is not None
            ways = joined(ways, step.motion.back) if ways else step.motion.back
        assert ways is not None
        height, width = last.plane.shape
        x, y = ways.to[..., 0], ways.to[..., 1]
        inside = (x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)
        return _correlation(last.plane[inside], sampled(first.plane, ways.to)[inside])


def _correlation(one: Float, two: Float) -> float:
    if not one.size or min(one.std(), two.std()) < _PLAIN:
        return 0.0
    return float(np.corrcoef(one, two)[0, 1])
