"""Where each place of a picture was in the picture before, and how far that is to be believed.

Motion is found by DIS optical flow (Kroeger et al., "Fast optical flow using dense inverse search", ECCV 2016) on small
planes of lightness, both ways: a place whose way there and back doesn't end where it began is hidden in one of the two.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from photochrom.color.lab import Float

SHORT = 112  # pixels of the short side of the planes that motion is found on
_ASTRAY = 0.7, 0.05  # pixels, and share of the way: what a way there and back may miss by before it counts half
_LIGHT = 8.0  # units of L*: a place that is so much lighter than where it comes from counts a third
_CHANNELS = 128  # that OpenCV samples at once


class Ways(NamedTuple):
    """From each place of a plane (h,w) to another picture's. to: (h,w,2) float32, x and y there, in pixels. sure: (h,w)
    float32, 0..1, how far the two show the same thing."""

    to: Float
    sure: Float


class Motion(NamedTuple):
    """Between a picture and the next one. back: from the next to this, on: from this to the next."""

    back: Ways
    on: Ways


def plane_size(size: tuple[int, int]) -> tuple[int, int]:
    """(width, height) of the planes that motion is found on, for a network's input of `size`."""
    scale = min(1.0, SHORT / min(size))
    return max(16, round(size[0] * scale)), max(16, round(size[1] * scale))


def plane_of(small: Float) -> Float:
    """The plane (h,w) of a network's input, L* 0..100, that motion is found on."""
    return np.asarray(cv2.resize(small, plane_size((small.shape[1], small.shape[0])), interpolation=cv2.INTER_AREA))


class Estimator:
    """Finds motion; one for each thread, as it keeps scratch memory."""

    def __init__(self) -> None:
        self._dis = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
        # Less than half of the preset's time, and on such small planes 0.01 pixels from what it finds.
        self._dis.setPatchStride(4)
        self._dis.setGradientDescentIterations(12)
        self._dis.setVariationalRefinementIterations(3)

    def between(self, before: Float, after: Float) -> Motion:
        """The motion between two planes (h,w), L* 0..100, whatever their exposure."""
        after = _exposed(after, before)
        one, two = (np.rint(plane * np.float32(2.55)).astype(np.uint8) for plane in (before, after))
        start = np.zeros((*one.shape, 2), np.float32)
        on = np.asarray(self._dis.calc(one, two, start.copy()), np.float32)
        back = np.asarray(self._dis.calc(two, one, start), np.float32)
        return Motion(_judged(back, on, after, before), _judged(on, back, before, after))


def rest(shape: tuple[int, ...]) -> Ways:
    """No motion at all, for a plane (h,w)."""
    height, width = shape[:2]
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    return Ways(np.stack([x, y], axis=-1), np.ones((height, width), np.float32))


def joined(first: Ways, second: Ways) -> Ways:
    """The ways of `first`, and from where they lead those of `second`."""
    return Ways(sampled(second.to, first.to), first.sure * sampled(second.sure, first.to))


def sampled(planes: Float, at: Float) -> Float:
    """Planes (h,w) or (h,w,c) at places (h',w',2), x and y, by straight lines; the border goes on outside."""
    if planes.ndim == 3 and planes.shape[2] > _CHANNELS:
        parts = range(0, planes.shape[2], _CHANNELS)
        return np.concatenate([sampled(planes[..., n : n + _CHANNELS], at) for n in parts], axis=-1)
    out = cv2.remap(planes, at[..., 0], at[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(out, np.float32)


def still(shape: tuple[int, ...], sure: float) -> Motion:
    """Nothing moves, as far as one can see."""
    ways = rest(shape)
    return Motion(Ways(ways.to, ways.sure * np.float32(sure)), Ways(ways.to, ways.sure * np.float32(sure)))


def resized(ways: Ways, size: tuple[int, int]) -> Ways:
    """The same ways between planes of another size (w,h), such as a network's grid of colours."""
    height, width = ways.sure.shape
    scale = np.array([size[0] / width, size[1] / height], np.float32)
    to = cv2.resize((ways.to + np.float32(0.5)) * scale - np.float32(0.5), size, interpolation=cv2.INTER_AREA)
    return Ways(np.asarray(to), np.asarray(cv2.resize(ways.sure, size, interpolation=cv2.INTER_AREA)))


def _exposed(plane: Float, like: Float) -> Float:
    """A plane with the mean and contrast of another: old film flickers, and lamps flash."""
    gain = np.clip(like.std() / max(float(plane.std()), 1.0), 0.5, 2.0)
    return np.asarray(np.clip((plane - plane.mean()) * np.float32(gain) + like.mean(), 0, 100), np.float32)


def _judged(flow: Float, other: Float, here: Float, there: Float) -> Ways:
    to = flow + rest(flow.shape).to
    missed = flow + sampled(other, to)
    length = np.hypot(flow[..., 0], flow[..., 1])
    astray = np.hypot(missed[..., 0], missed[..., 1]) / (np.float32(_ASTRAY[0]) + np.float32(_ASTRAY[1]) * length)
    lighter = (here - sampled(there, to)) / np.float32(_LIGHT)
    sure = 1 / (1 + np.square(np.square(astray))) * np.exp(-np.square(lighter))
    height, width = sure.shape
    inside = (to[..., 0] > -1) & (to[..., 0] < width) & (to[..., 1] > -1) & (to[..., 1] < height)
    return Ways(to, np.asarray(sure * inside, np.float32))
