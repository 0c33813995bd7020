"""A grey film in colour, by the road that the command takes, and one picture at a time."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from photochrom.colorizer import Colorizer
from photochrom.evaluate.film.clips import Pictures, grey_film
from photochrom.film.looking import Colors
from photochrom.film.painter import Painter
from photochrom.film.raster import Raster
from photochrom.film.single import one_by_one
from photochrom.film.step import Step
from photochrom.settings import Settings


def paint_film(truth: Pictures, colorizer: Colorizer, *, carried: bool, settings: Settings | None = None) -> Pictures:
    """The pictures of a truth, made grey and coloured: (N,H,W,3) uint8 sRGB, through planes of 4:2:0 as in a file.

    carried: as a film is; otherwise each picture by itself.
    """
    info, frames = grey_film(truth, colorizer.domain.name)
    painter = Painter(colorizer, settings or Settings(), info, Raster(info, "yuv420p"))
    steps: Iterator[Step] = Colors(painter).steps(frames) if carried else one_by_one(iter(frames), painter)
    made = [painter.picture(step).to_ndarray(format="rgb24") for step in steps]
    return np.stack(made).astype(np.uint8)
