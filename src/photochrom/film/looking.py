"""Which pictures of a shot the network looks at, and what becomes of what it says: the colouring stage of a film."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator

import numpy as np

from photochrom.color.lab import Float, Pixels
from photochrom.color.tint import describe
from photochrom.film.carry import Shot, looked_at
from photochrom.film.deflicker import steadied
from photochrom.film.flow import Estimator, Ways, joined, plane_of, rest
from photochrom.film.painter import Painter
from photochrom.film.reader import Frame
from photochrom.film.shots import with_motion
from photochrom.film.step import Step
from photochrom.film.tracked import moved
from photochrom.prediction import Prediction

EVERY = 10  # pictures from key to key at most
SOONEST = 3  # and at least
LOST = 0.25  # share of a picture that can't be followed from the last key: then it is a key itself
_BUFFER = 192 << 20  # bytes of pictures that wait for the keys after them


class Colors:
    """Gives a film's pictures their colours. tints: of the first picture of each shot that was judged.

    ahead: keys after one that have a say in it. deflicker: even out the brightness of neighbouring pictures.
    """

    def __init__(self, painter: Painter, *, every: int = EVERY, ahead: int = 2, deflicker: bool = False) -> None:
        self._painter = painter
        self._every, self._ahead, self._deflicker = every, ahead, deflicker
        self.tints: list[str] = []
        self._hints = painter.hints()  # of the film's first picture, and of those that follow in its shot

    def steps(self, frames: Iterable[Frame]) -> Iterator[Step]:
        """Each picture with its colours, in order."""
        shot: Shot | None = None
        ways: Ways | None = None  # from the picture to the last key
        since = 0
        for step in with_motion(self._prepared(frames), Estimator()):
            if step.motion is None or shot is None or ways is None:
                if shot is not None:
                    yield from shot.end()
                    self._hints = ()
                shot = self._begun(step)
                ways = rest(step.plane.shape)
                self._look(step)
                since = 0
            else:
                ways = joined(step.motion.back, ways)
                self._hints = moved(self._hints, step.motion)
                since += 1
                lost = since >= SOONEST and 1 - float(ways.sure.mean()) > LOST
                if (since >= self._every or lost) and not step.flash:
                    self._look(step)
                    ways, since = rest(step.plane.shape), 0
            yield from shot.add(step)
        if shot is not None:
            yield from shot.end()

    def _prepared(self, frames: Iterable[Frame]) -> Iterator[Step]:
        raster = self._painter.raster
        waiting: deque[Frame] = deque()

        def lumas() -> Iterator[tuple[Pixels, int]]:
            for frame in frames:
                waiting.append(frame)
                yield raster.luma(frame.image), raster.black

        for luma in steadied(lumas()) if self._deflicker else (luma for luma, _ in lumas()):
            small = self._painter.small(luma)
            yield Step(waiting.popleft(), luma, small, plane_of(small))

    def _look(self, step: Step) -> None:
        step.looked = looked_at(self._painter.look(step.small, self._hints))

    def _begun(self, step: Step) -> Shot:
        """A new shot, of which `step` is the first picture: what holds for all of it is decided here."""
        if not step.frame.image.format.name.startswith("gray"):
            step.tint = describe(self._painter.thumbnail(step.frame.image))
            self.tints.append(step.tint.kind)
        every = self._every * (self._ahead + 1)
        ahead = self._ahead if every * step.luma.nbytes <= _BUFFER else min(self._ahead, 1)
        return Shot(Finish(self._painter), ahead=ahead)


class Finish:
    """From mixed predictions of one shot to its colours. Whether it shows paper is decided by its first picture."""

    def __init__(self, painter: Painter) -> None:
        self._painter = painter
        self._paper: bool | None = None

    def __call__(self, prediction: Prediction) -> Float:
        """The ab (h,w,2) float32 of a prediction, as they are laid on."""
        plain = prediction.ab(self._painter.settings)
        finished = plain if self._paper is False else self._painter.colorizer.chroma(prediction, self._painter.settings)
        if self._paper is None:
            self._paper = not np.array_equal(plain, finished)
        return self._painter.colorizer.adjusted(finished, prediction, self._painter.settings)
