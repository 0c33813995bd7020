"""Which pictures of a shot the network looks at, and what becomes of what it says: the colouring stage of a film."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from photochrom.color.lab import Float
from photochrom.color.tint import describe
from photochrom.film.carry import Shot
from photochrom.film.flow import Estimator, Ways, joined, rest
from photochrom.film.follow import Places
from photochrom.film.likened import SteadyLikeness
from photochrom.film.painter import Painter
from photochrom.film.prepared import prepared
from photochrom.film.reader import Frame
from photochrom.film.relight import SteadyLevels
from photochrom.film.shots import with_motion
from photochrom.film.stages import Stage
from photochrom.film.step import Step
from photochrom.prediction import Prediction

EVERY = 10  # pictures from key to key at most
SOONEST = 3  # and at least
LOST = 0.25  # share of a picture that can't be followed from the last key: then it is a key itself
_BUFFER = 192 << 20  # bytes of pictures that wait for the keys after them


class Colors:
    """Gives a film's pictures their colours. tints: of the first picture of each shot that was judged.

    ahead: keys after one that have a say in it. deflicker: even out the brightness of neighbouring pictures. hints:
    where they lie.
    """

    def __init__(
        self,
        painter: Painter,
        *,
        every: int = EVERY,
        ahead: int = 2,
        deflicker: bool = False,
        hints: Places | None = None,
    ) -> None:
        self._painter = painter
        self._every, self._ahead, self._deflicker = every, ahead, deflicker
        self.tints: list[str] = []
        self.hints = hints or Places()

    @property
    def stages(self) -> list[Stage]:
        """From pictures, as Frame, to steps with their colours, in order: stages that may run at the same time."""
        return [("following motion", self._moving), ("colouring", self._colored)]

    def steps(self, frames: Iterable[Frame]) -> Iterator[Step]:
        """Each picture with its colours, in order."""
        return self._colored(self._moving(frames))

    def _moving(self, frames: Iterable[Frame]) -> Iterator[Step]:
        return with_motion(prepared(frames, self._painter, deflicker=self._deflicker), Estimator())

    def _colored(self, steps: Iterable[Step]) -> Iterator[Step]:
        shot: Shot | None = None
        ways: Ways | None = None  # from the picture to the last key
        since = hinted = 0  # pictures since then, and hints that it had
        levels, likeness = SteadyLevels(self._painter.colorizer.domain), SteadyLikeness(self._painter)
        for step in steps:
            hints = self.hints.at.get(step.frame.time, ())
            step.levels = levels.next(step)
            if step.motion is None or shot is None or ways is None:
                if shot is not None:
                    yield from shot.end()
                shot = self._begun(step)
                is_key, ways = True, None
            else:
                ways = joined(step.motion.back, ways)
                since += 1
                lost = since >= SOONEST and 1 - float(ways.sure.mean()) > LOST
                asked = len(hints) > hinted or step.frame.time in self.hints.keys
                is_key = (since >= self._every or lost or asked) and not step.flash
            if is_key:
                step.looked = likeness.add(self._painter.look(step.small, hints), ways)
                ways, since, hinted = rest(step.plane.shape), 0, len(hints)
            yield from shot.add(step)
        if shot is not None:
            yield from shot.end()

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
        """What of a prediction is laid on; see Painter.finished."""
        if self._paper is None:
            whole = self._painter.colorizer.domain.finish
            plain = prediction.ab(self._painter.settings)
            self._paper = whole is not None and not np.array_equal(plain, whole(plain, prediction.shown))
        return self._painter.finished(prediction, finish=self._paper)
