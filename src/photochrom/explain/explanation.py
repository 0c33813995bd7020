"""How one picture got its colours, from what the network saw to the finished picture: figures with captions."""

from __future__ import annotations

from collections.abc import Iterator

from photochrom.explain.deciding import deciding
from photochrom.explain.depending import depending
from photochrom.explain.emerging import emerging
from photochrom.explain.figure import Figure
from photochrom.explain.painting import painting
from photochrom.explain.seeing import seeing
from photochrom.explain.subject import Subject
from photochrom.progress import Progress, silent


def explain(subject: Subject, *, progress: Progress = silent) -> Iterator[Figure]:
    """All figures, in reading order, each when it is made. Raises ModelError."""
    yield from seeing(subject)
    yield from emerging(subject)
    yield from deciding(subject)
    yield from depending(subject, progress=progress)
    yield from painting(subject)
