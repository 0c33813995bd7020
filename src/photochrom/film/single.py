"""Every picture by itself, as photographs are: nothing is carried, so colours flicker. What the carrying is held
against."""

from __future__ import annotations

from collections.abc import Iterator

from photochrom.film.flow import plane_of
from photochrom.film.painter import Painter
from photochrom.film.reader import Frame
from photochrom.film.step import Step


def one_by_one(frames: Iterator[Frame], painter: Painter) -> Iterator[Step]:
    """Each picture by itself."""
    for frame in frames:
        luma = painter.raster.luma(frame.image)
        small = painter.small(luma)
        yield Step(frame, luma, small, plane_of(small), ab=painter.ab(painter.look(small)))
