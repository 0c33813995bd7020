"""The lightness of pictures whose intensity is none, as of night cameras: the network's, with the film's own detail.

It is what photochrom.color.repaint does for one picture, as a new luma plane, on which colours are laid as on any.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np

from photochrom.color.lab import Float, Pixels
from photochrom.color.levels import Levels
from photochrom.color.repaint import USUAL, as_shown, texture
from photochrom.color.resample import resize
from photochrom.domains.domain import Domain
from photochrom.film.flow import Ways, sampled
from photochrom.film.raster import Raster
from photochrom.film.step import Step

_EASE = 0.05  # share of the way to a picture's own levels that each one goes
_FOLLOWED = 0.05  # share of a picture by which its exposure can be told
_FINER = 4  # times the network's grid, on which its lightness is fitted to the detail


class SteadyLevels:
    """The levels by which a domain shows pictures, carried through a shot: a change of exposure, which is told by what
    can be followed, changes them at once, and what comes into the picture only slowly."""

    def __init__(self, domain: Domain) -> None:
        self._own = domain.levels
        self._last: Levels | None = None
        self._plane: Float | None = None

    def next(self, step: Step) -> Levels | None:
        """Those of the next picture; None where a domain keeps lightness."""
        if self._own is None:
            return None
        own = self._own(step.small)
        if step.motion is not None and self._last is not None and self._plane is not None:
            gain, offset = exposure(self._plane, step.plane, step.motion.back)
            kept = self._last.gain / gain, self._last.offset - self._last.gain * (offset / gain)
            own = Levels(_eased(kept[0], own.gain), _eased(kept[1], own.offset))
        self._last, self._plane = own, step.plane
        return own


def _eased(kept: Any, own: Float | float) -> Float | float:
    value = kept + (own - kept) * _EASE
    return np.asarray(value, np.float32) if np.ndim(value) else float(value)


def exposure(before: Float, after: Float, back: Ways) -> tuple[float, float]:
    """Gain and offset by which a plane (h,w) is lighter than the one before, where that can be followed."""
    there, weights = sampled(before, back.to), back.sure / max(float(back.sure.sum()), 1e-6)
    if float(back.sure.mean()) < _FOLLOWED:
        return 1.0, 0.0
    means = [float((plane * weights).sum()) for plane in (there, after)]
    spreads = [
        max(float((np.square(plane - mean) * weights).sum()), 1.0) ** 0.5
        for plane, mean in zip((there, after), means, strict=True)
    ]
    gain = min(max(spreads[1] / spreads[0], 0.5), 2.0)
    return gain, means[1] - gain * means[0]


class Relight:
    """Makes the lightness that a network predicted that of a film's pictures. Its detail stays.

    keep: 0..1, how much of a picture's own lightness is mixed in. turns: quarters, counter-clockwise, by which it is
    upright.
    """

    def __init__(self, domain: Domain, raster: Raster, *, keep: float, turns: int) -> None:
        self._detail, self._raster = domain.detail, raster
        self._keep, self._turns = np.float32(keep), turns
        self.follow = USUAL if domain.detail is texture else 0.0  # of lines, lightness keeps no step but their own

    def __call__(self, luma: Pixels, small: Float, low: Float, levels: Levels) -> tuple[Pixels, Float]:
        """The new luma (H,W) of a picture, and its L* as `small` was.

        small: (h',w'), L* 0..100 of it, upright. low: (h,w), how far the network's L* lies from `follow` times what it
        was shown. levels: by which it is shown this picture.
        """
        size = low.shape[1], low.shape[0]
        light = (low + np.float32(self.follow) * resize(levels.show(small), size)).clip(0, 100)
        times = max(1, min(_FINER, small.shape[0] // low.shape[0]))
        fine = times * size[0], times * size[1]
        line = [_at(value, fine) for value in (levels.gain, levels.offset)]
        slope, bias = self._detail(as_shown(resize(small, fine), line), light)
        maps = slope, bias, levels.gain, levels.offset
        here, full = (small.shape[1], small.shape[0]), (luma.shape[1], luma.shape[0])
        new = self._light([_at(one, full, self._turns) for one in maps], self._raster.lightness(luma))
        return self._raster.codes(new), self._light([_at(one, here) for one in maps], small)

    def _light(self, maps: Sequence[Float | float], own: Float) -> Float:
        slope, bias, *line = maps
        light = as_shown(own, line)
        light *= slope
        light += bias
        np.clip(light, 0, 100, out=light)
        return light if not self._keep else light + (own - light) * self._keep


def _at(value: Float | float, size: tuple[int, int], turns: int = 0) -> Float | float:
    """A map (h,w) turned back by so many quarters, at size (w,h); a number as it is."""
    if isinstance(value, np.ndarray):
        plane = np.ascontiguousarray(np.rot90(value, -turns))
        return np.asarray(cv2.resize(plane, size, interpolation=cv2.INTER_LINEAR), np.float32)
    return value
