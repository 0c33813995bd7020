"""Every picture by itself, as photographs are: nothing is carried, so colours flicker. What the carrying is held
against."""

from __future__ import annotations

from collections.abc import Iterator

from photochrom.film.likened import SteadyLikeness
from photochrom.film.mixing import unmixed
from photochrom.film.painter import Painter
from photochrom.film.prepared import prepared
from photochrom.film.reader import Frame
from photochrom.film.relight import SteadyLevels
from photochrom.film.step import Step


def one_by_one(frames: Iterator[Frame], painter: Painter) -> Iterator[Step]:
    """Each picture by itself."""
    likeness = SteadyLikeness(painter)
    return (alone(step, painter, likeness) for step in prepared(frames, painter))


def alone(step: Step, painter: Painter, likeness: SteadyLikeness) -> Step:
    """A picture with the colours that it has by itself. likeness: to the references, which is asked for it alone."""
    step.levels = SteadyLevels(painter.colorizer.domain).next(step)
    step.colors = painter.finished(unmixed(likeness.add(painter.look(step.small), None)))
    return step
