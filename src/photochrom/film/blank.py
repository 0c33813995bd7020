"""What of a film gets no colour: the black bars round its picture, and title cards."""

from __future__ import annotations

import numpy as np

from photochrom.color.lab import Float
from photochrom.color.resample import resize_planes
from photochrom.film.raster import Box, size_of
from photochrom.prediction import Prediction

_BLACK = 8.0  # L*: no place of a bar is lighter
_WIDE = 0.03  # share of the height or width that bars take at least, and at most a third on each side
_DARK, _LIGHT = 25.0, 60.0  # L* of the ground and of the letters of a card
_GROUND, _LETTERS, _ELSE = 0.55, (0.005, 0.4), 0.12  # shares of a card: at least, from and to, at most
_SURE = 30.0  # logit of grey

_ALIKE = 0.02  # share of the height or width by which two bars differ at most that were added to a film


def picture_box(plane: Float) -> Box | None:
    """Where the picture is in a plane (h,w), L* 0..100, with black bars above and below it or at both sides; None where
    there are no such bars."""
    rows, columns = (_inside(plane.max(axis=axis)) for axis in (1, 0))
    height, width = plane.shape
    if rows == (0, height) and columns == (0, width):
        return None
    return slice(*rows), slice(*columns)


def barred_box(brightest: Float) -> Box | None:
    """Where the picture is in all of a film, of whose every place (h,w) the brightest L* is given; None for everywhere.

    Only bars of one width on two sides are taken for bars: what sensors see is black in other places too.
    """
    box = picture_box(brightest)
    if box is None:
        return None
    rows, columns = (
        edges if abs(edges.start - (side - edges.stop)) <= _ALIKE * side else slice(0, side)
        for edges, side in zip(box, brightest.shape, strict=True)
    )
    return None if size_of((rows, columns)) == brightest.shape[::-1] else (rows, columns)


def is_card(plane: Float) -> bool:
    """Whether a plane (h,w), L* 0..100, is a title card: light letters on dark ground and next to nothing else."""
    dark, light = float((plane < _DARK).mean()), float((plane > _LIGHT).mean())
    return dark > _GROUND and _LETTERS[0] < light < _LETTERS[1] and 1 - dark - light < _ELSE


def within(prediction: Prediction, box: Box, plane: Float) -> Prediction:
    """A prediction of what is inside a box, as one of the whole plane (h,w), which is grey elsewhere."""
    stride = max(1, prediction.shown.shape[0] // prediction.output.shape[1])
    height, width = plane.shape[0] // stride, plane.shape[1] // stride
    whole = grey_like(prediction, (height, width))
    top, bottom = (round(edge / stride) for edge in (box[0].start, box[0].stop))
    left, right = (round(edge / stride) for edge in (box[1].start, box[1].stop))
    whole[:, top:bottom, left:right] = resize_planes(prediction.output, (right - left, bottom - top))
    return Prediction(prediction.spec, plane, whole, prediction.tint, plane)


def grey_like(prediction: Prediction, shape: tuple[int, int]) -> Float:
    """The output (C,h,w) of a network that says grey everywhere."""
    spec = prediction.spec
    output = np.zeros((prediction.output.shape[0], *shape), np.float32)
    if spec.output == "distribution":
        output[int(np.hypot(*spec.colors.T).argmin())] = _SURE
    return output


def _inside(brightest: Float) -> tuple[int, int]:
    """First and last (not included) line of the picture, by the brightest place of each line."""
    count = len(brightest)
    lit = np.flatnonzero(brightest > _BLACK)
    if not len(lit):
        return 0, count
    first, last = int(lit[0]), int(lit[-1]) + 1
    bars = first / count, 1 - last / count
    return (first, last) if min(bars) >= _WIDE and max(bars) <= 1 / 3 else (0, count)
