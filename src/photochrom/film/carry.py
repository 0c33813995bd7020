"""Colours without flicker: what the network says of key pictures is carried along the motion to those between.

A picture by itself gets other colours than the one before it, as grain, motion and exposure change what the network
sees; film flickers so. Here the network looks at key pictures only. What it says of one, its distribution over colour,
is mixed with what it said of the ones before, carried along the motion, and of a few that follow: by how sure it was,
and by how sure the motion is. Pictures between two keys get their colours from both, the nearer one more. At a cut all
is forgotten. Where motion can't be followed the nearest keys count alone, so that nothing drags behind what moves.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from photochrom.color.lab import Float
from photochrom.film.flow import Ways, joined, rest
from photochrom.film.mixing import KEEP, Finisher, carried, mixed, moved
from photochrom.film.step import Step
from photochrom.prediction import Prediction

AHEAD = 2  # keys after one that have a say in it
_LONG = 0.9  # what a key's chroma counts at the next one
_MOST = 1.2  # times


class Shot:
    """The pictures of one shot, from the last key that is finished on."""

    def __init__(self, finish: Finisher, *, ahead: int = AHEAD, keep: float = KEEP) -> None:
        self._finish, self._ahead, self._keep = finish, ahead, keep
        self._steps: list[Step] = []
        self._keys: list[int] = []  # places in _steps
        self._past: tuple[Float, Float] | None = None  # what was said until the last finished key: sums, and weights
        self._chroma: list[float] = [0.0, 0.0]  # of the keys until now, by themselves and mixed

    def add(self, step: Step) -> list[Step]:
        """The next picture of the shot; gives those that are finished by it."""
        self._steps.append(step)
        if step.looked is None:
            return []
        self._keys.append(len(self._steps) - 1)
        return self._advance() if len(self._keys) > self._ahead + 1 else []

    def end(self) -> list[Step]:
        """All that are left."""
        done: list[Step] = []
        while len(self._keys) > 1:
            done += self._advance()
        if self._keys:
            self._mix()
            key = self._steps[self._keys[0]]
            assert key.colors is not None
            for step, ways in zip(self._steps, self._back(0, len(self._steps)), strict=True):
                step.colors = carried([(key.colors, ways, 1.0)])
        done += self._steps
        self._steps, self._keys, self._past = [], [], None
        return done

    def _advance(self) -> list[Step]:
        """Finish the first two keys, and give what lies between, with the first."""
        begin, end = self._keys[:2]
        for_first = self._steps[begin].colors is None
        if for_first:
            self._mix()
        self._keys.pop(0)
        self._mix(self._ways(begin, end))
        one, two = self._steps[begin].colors, self._steps[end].colors
        assert one is not None and two is not None
        back, on = self._back(begin, end), self._on(begin, end)
        for place in range(begin + 1, end):
            share = (place - begin) / (end - begin)
            step = self._steps[place]
            step.colors = carried([(one, back[place - begin], 1 - share), (two, on[place - begin], share)])
        done = self._steps[begin:end]
        self._steps = self._steps[end:]
        self._keys = [key - end for key in self._keys]
        return done

    def _mix(self, back: Ways | None = None) -> None:
        """Colours of the first key in line. back: the ways from it to the key before."""
        looked = self._steps[self._keys[0]].looked
        assert looked is not None
        total, weight = looked.mass * looked.sure, looked.sure
        if back is not None and self._past is not None:
            more, weighs = moved(self._past, back, self._keep)
            total, weight = total + more, weight + weighs
        self._past = total, weight
        future = self._future()
        if future is not None:
            total, weight = total + future[0], weight + future[1]
        key = self._steps[self._keys[0]]
        key.colors = self._vivid(looked.prediction, self._finish(mixed(looked.prediction, total / weight)))

    def _vivid(self, alone: Prediction, ab: Float) -> Float:
        """Mixed colours with the chroma that the shot's keys have by themselves: a mean is paler than its parts."""
        if alone.hints:
            return ab
        sums = [float(np.hypot(one[..., -2], one[..., -1]).mean()) for one in (self._finish(alone), ab)]
        self._chroma = [own + _LONG * before for own, before in zip(sums, self._chroma, strict=True)]
        ab[..., -2:] *= np.float32(np.clip(self._chroma[0] / max(self._chroma[1], 1e-6), 1.0, _MOST))
        return ab

    def _future(self) -> tuple[Float, Float] | None:
        """What is said of the keys that follow, carried back to the first in line."""
        found: tuple[Float, Float] | None = None
        keys = self._keys[: self._ahead + 1]
        for one, two in reversed(list(pairwise(keys))):
            looked = self._steps[two].looked
            assert looked is not None
            total, weight = looked.mass * looked.sure, looked.sure
            if found is not None:
                total, weight = total + found[0], weight + found[1]
            found = moved((total, weight), self._on(one, two)[0], self._keep)
        return found

    def _ways(self, begin: int, end: int) -> Ways:
        """From the picture at `end` to the one at `begin`."""
        return self._back(begin, end + 1)[-1]

    def _back(self, begin: int, end: int) -> list[Ways]:
        """Of each picture from `begin` to before `end`: the ways to the one at `begin`."""
        found = [rest(self._steps[begin].plane.shape)]
        for step in self._steps[begin + 1 : end]:
            assert step.motion is not None
            found.append(joined(step.motion.back, found[-1]))
        return found

    def _on(self, begin: int, end: int) -> list[Ways]:
        """Of each picture from `begin` to before `end`: the ways to the one at `end`."""
        found: list[Ways] = []
        for step in reversed(self._steps[begin + 1 : end + 1]):
            assert step.motion is not None
            found.append(joined(step.motion.on, found[-1]) if found else step.motion.on)
        return found[::-1]
