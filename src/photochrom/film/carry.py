"""Colours without flicker: what the network says of key pictures is carried along the motion to those between.

A picture by itself gets other colours than the one before it, as grain, motion and exposure change what the network
sees; film flickers so. Here the network looks at key pictures only. What it says of one, its distribution over colour,
is mixed with what it said of the ones before, carried along the motion, and of a few that follow: by how sure it was,
and by how sure the motion is. Pictures between two keys get their colours from both, the nearer one more. At a cut all
is forgotten. Where motion can't be followed the nearest keys count alone, so that nothing drags behind what moves.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import numpy as np

from photochrom.color.lab import Float
from photochrom.color.resample import resize
from photochrom.film.flow import Ways, joined, resized, rest, sampled
from photochrom.film.step import Looked, Step
from photochrom.prediction import Prediction

AHEAD = 2  # keys after one that have a say in it
KEEP = 0.85  # weight that what was said keeps from key to key
_LEAST = 1e-3  # weight of what can't be followed, which counts where there is nothing else
_NEAR = 20.0  # ab units
_LONG = 0.9  # what a key's chroma counts at the next one
_MOST = 1.2  # times

Finisher = Callable[[Prediction], Float]
"""From a prediction that was mixed to what is laid on: ab (h,w,2), or with what is to become of lightness before them,
(h,w,3)."""


def looked_at(prediction: Prediction, *, follow: float = 0.0) -> Looked:
    """What is mixed of a prediction: with hints, what the network says without them, under which they are met anew.

    follow: where the network predicts lightness, what is mixed in its place is how far it lies from so many times what
    the network was shown. Each picture adds that of its own again, so a light that goes on isn't late.
    """
    output = prediction.output if prediction.unhinted is None else prediction.unhinted
    if prediction.spec.output != "distribution":
        given = np.array(output.transpose(1, 2, 0), np.float32, order="C")
        if prediction.spec.output == "lab":
            given[..., 0] -= np.float32(follow) * resize(prediction.shown, (given.shape[1], given.shape[0]))
        return Looked(prediction, given, np.ones((*given.shape[:2], 1), np.float32))
    bins, height, width = output.shape
    flat = output.reshape(bins, -1)
    mass = np.exp(flat - flat.max(axis=0))
    mass /= mass.sum(axis=0)
    colors = prediction.spec.colors
    mean = colors.T @ mass
    spread = ((colors * colors).sum(axis=1) @ mass) - (mean * mean).sum(axis=0)
    sure = 1 / (1 + np.maximum(spread, 0) / np.float32(_NEAR * _NEAR))
    return Looked(
        prediction,
        np.ascontiguousarray(mass.T.reshape(height, width, bins)),
        np.ascontiguousarray(sure.reshape(height, width, 1), np.float32),
    )


def unmixed(looked: Looked) -> Prediction:
    """What a picture by itself gets its colours from."""
    prediction = looked.prediction
    return _mixed(prediction, looked.mass) if prediction.spec.output == "lab" else prediction


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
                step.colors = _carried([(key.colors, ways, 1.0)])
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
            step.colors = _carried([(one, back[place - begin], 1 - share), (two, on[place - begin], share)])
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
        key.colors = self._vivid(looked.prediction, self._finish(_mixed(looked.prediction, total / weight)))

    def _vivid(self, alone: Prediction, mixed: Float) -> Float:
        """Mixed colours with the chroma that the shot's keys have by themselves: a mean is paler than its parts."""
        if alone.hints:
            return mixed
        sums = [float(np.hypot(one[..., -2], one[..., -1]).mean()) for one in (self._finish(alone), mixed)]
        self._chroma = [own + _LONG * before for own, before in zip(sums, self._chroma, strict=True)]
        mixed[..., -2:] *= np.float32(np.clip(self._chroma[0] / max(self._chroma[1], 1e-6), 1.0, _MOST))
        return mixed

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


class Stream:
    """Colours of pictures that can't wait for those after them, as a camera's: each is finished when it comes."""

    def __init__(self, finish: Finisher, *, keep: float = KEEP, ease: float = 0.3) -> None:
        """ease: share of the way to a new key's colours that each picture goes, so that none jumps."""
        self._finish, self._keep, self._ease = finish, keep, ease
        self._past: tuple[Float, Float] | None = None
        self._ways: Ways | None = None  # to the last key
        self._key: Float | None = None  # its colours
        self._shown: Float | None = None  # those of the last picture

    def add(self, step: Step) -> Step:
        """The next picture, with its colours. The first must have been looked at."""
        if step.motion is not None and self._ways is not None:
            self._ways = joined(step.motion.back, self._ways)
        if step.looked is not None:
            total, weight = step.looked.mass * step.looked.sure, step.looked.sure
            if self._past is not None and self._ways is not None:
                more, weighs = moved(self._past, self._ways, self._keep)
                total, weight = total + more, weight + weighs
            self._past = total, weight
            self._key = self._finish(_mixed(step.looked.prediction, total / weight))
            self._ways = rest(step.plane.shape)
        assert self._key is not None and self._ways is not None
        aim = _carried([(self._key, self._ways, 1.0)])
        if self._shown is not None and step.motion is not None and self._shown.shape == aim.shape:
            at = resized(step.motion.back, (aim.shape[1], aim.shape[0]))
            before = sampled(self._shown, at.to)
            aim = aim + (before - aim) * (at.sure[..., None] * np.float32(1 - self._ease))
        step.colors = self._shown = aim
        return step


def moved(said: tuple[Float, Float], ways: Ways, keep: float) -> tuple[Float, Float]:
    """Sums and weights at another picture, whose `ways` lead here."""
    total, weight = said
    at = resized(ways, (weight.shape[1], weight.shape[0]))
    sure = at.sure[..., None] * np.float32(keep)
    return sampled(total, at.to) * sure, sampled(weight[..., 0], at.to)[..., None] * sure


def _carried(keys: list[tuple[Float, Ways, float]]) -> Float:
    """Colours (h,w,c) from those of keys, each with the ways to it and its weight."""
    finest = max((colors for colors, *_ in keys), key=len)  # hints are met on a finer grid than the network's
    size = finest.shape[1], finest.shape[0]
    total, weight = np.zeros_like(finest), np.zeros_like(finest[..., :1])
    for colors, ways, share in keys:
        at = resized(ways, size)
        weighs = (at.sure + np.float32(_LEAST))[..., None] * np.float32(share)
        fine = colors if len(colors) == len(finest) else resize(colors, size)
        total, weight = total + sampled(fine, at.to) * weighs, weight + weighs
    return np.asarray(total / np.maximum(weight, np.float32(1e-9)), np.float32)


def _mixed(like: Prediction, mass: Float) -> Prediction:
    """A prediction with that distribution, or ab; see looked_at."""
    planes = np.ascontiguousarray(mass.transpose(2, 0, 1))
    if like.spec.output == "distribution":
        planes = np.log(np.maximum(planes, np.float32(1e-8)))
    return replace(like, output=planes) if like.unhinted is None else replace(like, unhinted=planes)
