"""Every picture by itself, as photographs are: nothing is carried, so colours flicker. What the carrying is held
against."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from photochrom.color.lab import Float, Pixels
from photochrom.film.painter import Painter
from photochrom.film.reader import Frame


@dataclass(frozen=True, eq=False)
class Colored:
    """A picture of the film with its colours. luma: (H,W) as it was. small: L* (h',w') float32, 0..100, and ab (h,w,2)
    float32, as the network saw it, upright; ab None where no colour is laid. cut: the first of a shot."""

    frame: Frame
    luma: Pixels
    small: Float
    ab: Float | None
    cut: bool = False


def one_by_one(frames: Iterator[Frame], painter: Painter) -> Iterator[Colored]:
    """Each picture by itself."""
    for frame in frames:
        luma = painter.raster.luma(frame.image)
        small = painter.small(luma)
        prediction = painter.look(small)
        yield Colored(frame, luma, small, painter.ab(prediction))
