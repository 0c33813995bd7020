"""Colours of pictures that can't wait for those after them, as a camera's."""

from __future__ import annotations

import numpy as np

from photochrom.color.lab import Float
from photochrom.film.flow import Ways, joined, resized, rest, sampled
from photochrom.film.mixing import KEEP, Finisher, carried, mixed, moved
from photochrom.film.step import Step


class Stream:
    """A camera's pictures, of one shot: each is finished when it comes."""

    def __init__(self, finish: Finisher, *, keep: float = KEEP, ease: float = 0.3) -> None:
        """ease: share of the way to a new key's colours that each picture goes, so that none jumps."""
        self._finish, self._keep, self._ease = finish, keep, ease
        self._past: tuple[Float, Float] | None = None
        self._ways: Ways | None = None  # to the last key
        self._key: Float | None = None  # its colours
        self._shown: Float | None = None  # those of the last picture

    def add(self, step: Step) -> Step:
        """The next picture, with its colours. The first must have been looked at."""
        if step.motion is not None and self._ways is not None:
            self._ways = joined(step.motion.back, self._ways)
        if step.looked is not None:
            total, weight = step.looked.mass * step.looked.sure, step.looked.sure
            if self._past is not None and self._ways is not None:
                more, weighs = moved(self._past, self._ways, self._keep)
                total, weight = total + more, weight + weighs
            self._past = total, weight
            self._key = self._finish(mixed(step.looked.prediction, total / weight))
            self._ways = rest(step.plane.shape)
        assert self._key is not None and self._ways is not None
        aim = carried([(self._key, self._ways, 1.0)])
        if self._shown is not None and step.motion is not None and self._shown.shape == aim.shape:
            at = resized(step.motion.back, (aim.shape[1], aim.shape[0]))
            before = sampled(self._shown, at.to)
            aim = aim + (before - aim) * (at.sure[..., None] * np.float32(1 - self._ease))
        step.colors = self._shown = aim
        return step
