"""Pictures of a film as steps: with their luma, and the small planes for the network and the motion."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator

from photochrom.color.lab import Pixels
from photochrom.film.deflicker import steadied
from photochrom.film.flow import plane_of
from photochrom.film.painter import Painter
from photochrom.film.reader import Frame
from photochrom.film.step import Step


def prepared(frames: Iterable[Frame], painter: Painter, *, deflicker: bool = False) -> Iterator[Step]:
    """Each picture as the network and the motion are to see it."""
    raster = painter.raster
    waiting: deque[Frame] = deque()

    def lumas() -> Iterator[tuple[Pixels, int]]:
        for frame in frames:
            waiting.append(frame)
            yield raster.luma(frame.image), raster.black

    for luma in steadied(lumas()) if deflicker else (luma for luma, _ in lumas()):
        small = painter.small(luma)
        yield Step(waiting.popleft(), luma, small, plane_of(small))
