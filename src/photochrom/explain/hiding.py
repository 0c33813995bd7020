"""What the colours depend on: hide a patch of the picture, colour again, and see what changes elsewhere.

Zeiler and Fergus, "Visualizing and understanding convolutional networks", ECCV 2014, section 4.2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from photochrom.color.lab import Float
from photochrom.color.resample import resize
from photochrom.colorizer import Colorizer
from photochrom.prediction import Prediction
from photochrom.progress import Progress, silent
from photochrom.settings import Settings

PATCH = 0.22  # of the short side: the side of a patch
MOST = 40  # patches, about: they lie as close as that allows, and each costs as much as colouring


@dataclass(frozen=True, eq=False)
class Hidden:
    """What hiding did. elsewhere: (rows,columns), mean change in ab units of what was not hidden, for each patch.

    at: for each asked point, the change of its colour, (rows,columns). patch: its side in shares of the short side.
    strongest: the patch (top, left, bottom, right) in shares whose hiding changed most. then: what the network said.
    """

    elsewhere: Float
    at: list[Float]
    patch: float
    strongest: tuple[float, float, float, float]
    then: Prediction


def hide(
    colorizer: Colorizer,
    prediction: Prediction,
    settings: Settings,
    points: Sequence[tuple[float, float]] = (),
    *,
    progress: Progress = silent,
) -> Hidden:
    """Hide each patch of the picture by its own mean lightness, so that its things are gone but not its
    brightness, and measure how the colours change.

    points: (x,y) in shares of what was shown. Hints are left out: they would hold what else would change.
    """
    shown = prediction.intensity
    side = max(8, round(min(shown.shape) * PATCH))
    starts = _starts(shown.shape, side)
    before = _said(colorizer, colorizer.see(shown), settings)
    high, wide = before.shape[:2]
    places = [(min(high - 1, int(y * high)), min(wide - 1, int(x * wide))) for x, y in points]
    elsewhere = np.zeros((len(starts[0]), len(starts[1])), np.float32)
    at = [np.zeros_like(elsewhere) for _ in places]
    most, strongest, then = -1.0, (0, 0), prediction
    total = elsewhere.size
    for i, top in enumerate(starts[0]):
        for j, left in enumerate(starts[1]):
            progress("Hiding parts of the picture", i * len(starts[1]) + j, total)
            covered = shown.copy()
            covered[top : top + side, left : left + side] = shown[top : top + side, left : left + side].mean()
            seen = colorizer.see(covered)
            change = np.linalg.norm(_said(colorizer, seen, settings) - before, axis=-1)
            outside = np.ones((high, wide), bool)
            scale = high / shown.shape[0], wide / shown.shape[1]
            rows = slice(int(top * scale[0]), int((top + side) * scale[0]) + 1)
            columns = slice(int(left * scale[1]), int((left + side) * scale[1]) + 1)
            outside[rows, columns] = False
            elsewhere[i, j] = change[outside].mean() if outside.any() else 0
            for found, place in zip(at, places, strict=True):
                found[i, j] = change[place]
            if elsewhere[i, j] > most:
                most, strongest, then = float(elsewhere[i, j]), (top, left), seen
    progress("Hiding parts of the picture", total, total)
    top, left = strongest
    box = (
        top / shown.shape[0],
        left / shown.shape[1],
        min(1.0, (top + side) / shown.shape[0]),
        min(1.0, (left + side) / shown.shape[1]),
    )
    then = replace(then, guide=shown, frame=prediction.frame, tint=prediction.tint)
    return Hidden(elsewhere, at, side / min(shown.shape), box, then)


def _said(colorizer: Colorizer, prediction: Prediction, settings: Settings) -> Float:
    """The colours of a prediction, (h,w,2), or with the lightness that the network says, (h,w,3)."""
    chroma, light = colorizer.chroma(prediction, settings), prediction.lightness()
    if light is None:
        return chroma
    return np.dstack([resize(light, (chroma.shape[1], chroma.shape[0])), chroma])


def _starts(shape: tuple[int, ...], side: int) -> list[list[int]]:
    """Where patches begin, down and across: from one end to the other, about MOST of them in all at most."""
    ways = [max(1, length - side) for length in shape]
    step = max(side / 2, np.sqrt(ways[0] * ways[1] / MOST))
    counts = [max(2, int(way / step) + 1) if length > side else 1 for way, length in zip(ways, shape, strict=True)]
    return [
        sorted({round(i * (length - side) / max(1, count - 1)) for i in range(count)})
        for length, count in zip(shape, counts, strict=True)
    ]
