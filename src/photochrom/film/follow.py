"""Where each hint lies in every picture of its shot: found before the film is coloured, by the motion both ways."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from photochrom.color.lab import Float
from photochrom.errors import UsageError
from photochrom.film.clock import clock
from photochrom.film.dissolve import Dissolves
from photochrom.film.flow import Estimator, Ways, rest
from photochrom.film.info import FilmInfo
from photochrom.film.painter import Painter
from photochrom.film.prepared import prepared
from photochrom.film.reader import Frame
from photochrom.film.shots import with_motion
from photochrom.film.step import Step
from photochrom.film.timed import TimedHint
from photochrom.film.tracked import moved
from photochrom.progress import Progress, silent
from photochrom.settings import Hint

BEHIND = 750  # pictures before a hint's own through which it is followed back at most: half a minute, in 80 MB


@dataclass
class Places:
    """Where hints lie. at: in shares of the picture, by the time stamp of the picture that they lie on. keys: pictures
    before and after which a hint begins or ends to hold, though its thing is there. shots: how many there are, as far
    as one had to look. missed: hints whose picture never came."""

    at: dict[int, tuple[Hint, ...]] = field(default_factory=dict)
    keys: set[int] = field(default_factory=set)
    shots: int = 0
    missed: list[TimedHint] = field(default_factory=list)


def places_in(
    frames: Generator[Frame, None, None],
    painter: Painter,
    hints: Sequence[TimedHint],
    info: FilmInfo,
    *,
    begin: int,
    whole: bool,
    progress: Progress = silent,
) -> Places:
    """Where hints lie in the pictures of a film, which are gone through as far as it needs.

    begin: time stamp of the first picture that is coloured. whole: to the last picture; then UsageError is raised for
    a hint whose picture never comes.
    """
    time = info.start

    def told() -> Iterator[Frame]:
        nonlocal time
        for count, frame in enumerate(frames):
            time = frame.time + frame.duration
            progress("Following hints", count, max(info.count, count))
            yield frame

    with closing(frames):
        found = follow_hints(with_motion(prepared(told(), painter), Estimator()), hints, info, begin=begin)
    if found.missed and whole:
        missed = found.missed[0]
        where = f"at {clock(missed.at)}" if missed.at is not None else f"in shot {missed.shot}"
        long = clock(info.seconds_at(time))
        raise UsageError(
            f"{info.path} has {found.shots} shots and is {long} long, and a hint lies {where}: look it up again"
        )
    return found


class _Past(NamedTuple):
    """How to go back to a picture. time: its stamp. flow: (h,w,2) float16 from the one after it. sure: (h,w), same."""

    time: int
    flow: Float
    sure: Float

    @classmethod
    def of(cls, time: int, back: Ways) -> _Past:
        """Small enough to be kept for hundreds of pictures."""
        flow = back.to - rest(back.sure.shape).to
        return cls(time, flow.astype(np.float16), back.sure.astype(np.float16))

    def ways(self) -> Ways:
        return Ways(rest(self.sure.shape).to + self.flow.astype(np.float32), self.sure.astype(np.float32))


def follow_hints(steps: Iterable[Step], hints: Sequence[TimedHint], info: FilmInfo, *, begin: int) -> Places:
    """Go through pictures with their motion until all hints have been followed to the end of their shots.

    hints: in shares, a later one wins. begin: time stamp of the first picture that is coloured.
    """
    found = Places()
    tracks: list[dict[int, Hint]] = [{} for _ in hints]  # of each hint, where it is, by time stamps
    waiting = dict(enumerate(hints))
    alive: dict[int, Hint] = {}
    past: deque[_Past] = deque(maxlen=BEHIND)
    last = 0
    dissolves = Dissolves(info.rate)
    for step in steps:
        time = step.frame.time
        if dissolves.over(step):
            alive.clear()
            past.clear()
        if step.motion is None:
            found.shots += 1
            alive.clear()
            past.clear()
            if found.shots == 1:  # what is seen before the first picture belongs to another part of the film
                waiting = {n: one for n, one in waiting.items() if one.at is None or info.time_at(one.at) >= time}
        else:
            on = step.motion.on
            alive = {number: there for number, hint in alive.items() if (there := moved(hint, on))}
            past.append(_Past.of(last, step.motion.back))
        last = time
        for number, timed in list(waiting.items()):
            if _is_due(timed, step, found.shots, info, begin):
                del waiting[number]
                alive[number] = timed.hint
                tracks[number] = _backward(timed.hint, past)
        for number, hint in alive.items():
            tracks[number][time] = hint
        if not waiting and not alive:
            break
    _gather(found, hints, tracks, info)
    found.missed = list(waiting.values())
    return found


def _backward(hint: Hint, past: Iterable[_Past]) -> dict[int, Hint]:
    """Where a hint was in the pictures before its own, as far back as its place can be followed; the earliest first."""
    found: dict[int, Hint] = {}
    for before in reversed(list(past)):
        there = moved(hint, before.ways())
        if there is None:
            break
        found[before.time] = hint = there
    return dict(reversed(found.items()))


def _gather(found: Places, hints: Sequence[TimedHint], tracks: Sequence[Mapping[int, Hint]], info: FilmInfo) -> None:
    """Put the tracks of hints together, as far as each is to hold."""
    for timed, track in zip(hints, tracks, strict=True):
        held, before = None, 0
        for time, hint in track.items():
            holds = _holds(timed, time, info)
            if held is not None and holds != held:
                found.keys |= {before, time}
            if holds:
                found.at[time] = (*found.at.get(time, ()), hint)
            held, before = holds, time


def looking_from(hints: Sequence[TimedHint], begin: int, info: FilmInfo) -> int:
    """The time stamp from which pictures must be looked at for hints of a part that begins at `begin`."""
    if any(timed.shot is not None for timed in hints):
        return info.start
    return max(info.start, begin - round(BEHIND / info.rate / info.time_base))


def _is_due(timed: TimedHint, step: Step, shot: int, info: FilmInfo, begin: int) -> bool:
    if timed.shot is not None:
        return step.motion is None and shot == timed.shot
    at = begin if timed.at is None else info.time_at(timed.at)
    return at < step.frame.time + step.frame.duration


def _holds(timed: TimedHint, time: int, info: FilmInfo) -> bool:
    after = timed.start is None or time >= info.time_at(timed.start)
    return after and (timed.end is None or time < info.time_at(timed.end))
