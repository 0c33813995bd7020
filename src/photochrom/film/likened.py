"""What references say of the keys of a shot, mixed along the motion as the network's own colours are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from photochrom.color.lab import Float
from photochrom.color.resample import resize
from photochrom.color.transfer import Likeness
from photochrom.film.flow import Ways
from photochrom.film.mixing import KEEP, moved
from photochrom.film.painter import Painter
from photochrom.film.step import Looked
from photochrom.guidance.reference import likeness_to


class SteadyLikeness:
    """The likeness of a shot's keys to the references of a film's settings; does nothing where there are none."""

    def __init__(self, painter: Painter) -> None:
        self._references, self._info = painter.settings.guide.references, painter.colorizer.info
        self._past: tuple[Float, Float] | None = None
        self._usual = np.zeros((0, 2), np.float32)

    def add(self, looked: Looked, ways: Ways | None) -> Looked:
        """What was said of a key, with its likeness. ways: to the key before; None for the first one of a shot, which
        says by which colours of the references the statistics go."""
        if not self._references:
            return looked
        own = likeness_to(self._references, looked.prediction.shown, self._info)
        size = own.colors.shape[1], own.colors.shape[0]
        sure = resize(own.sure, size)[..., None]
        total = np.concatenate([own.colors * sure, sure, resize(own.alike, size)[..., None]], axis=-1)
        weight = np.ones_like(sure)
        if ways is None or self._past is None:
            self._usual = own.usual
        else:
            more, weighs = moved(self._past, ways, KEEP)
            total, weight = total + more, weight + weighs
        self._past = total, weight
        mean = np.asarray(total / weight, np.float32)
        colors = np.asarray(mean[..., :2] / np.maximum(mean[..., 2:3], 1e-6), np.float32)
        likeness = Likeness(colors, mean[..., 2], mean[..., 3], self._usual)
        return replace(looked, prediction=replace(looked.prediction, likeness=likeness))
