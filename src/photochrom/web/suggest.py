"""The network's own first choices for a place of a picture, as swatches for whoever gives a hint there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from photochrom.color.gamut import merge
from photochrom.color.lab import Float
from photochrom.colorizer import Colorizer
from photochrom.errors import UsageError
from photochrom.photo import Photo
from photochrom.prediction import Prediction
from photochrom.settings import Settings

APART = 20.0  # ab units between two swatches: two of our bins, so that they are seen to differ
_REACH = 1  # cells of the network's output around the place: its answer is a mean of 3 x 3


@dataclass(frozen=True, kw_only=True)
class Swatch:
    """color: "#rrggbb" at the lightness of the place. share: 0..1, of the probability that its neighbourhood has."""

    color: str
    share: float


def swatches(
    colorizer: Colorizer, photo: Photo, at: tuple[float, float], settings: Settings, *, count: int = 5
) -> list[Swatch]:
    """The likeliest colours at `at` (x, y in pixels), at least 20 ab units apart, the likeliest first.

    Raises UsageError for a place outside the picture, or a model that gives one colour and no distribution.
    """
    x, y = at
    if not (0 <= x < photo.width and 0 <= y < photo.height):
        raise UsageError(
            f"the place {x:g},{y:g} lies outside the picture, which has {photo.width}x{photo.height} pixels"
        )
    prediction = colorizer.predict(photo, settings)
    if prediction.spec.output != "distribution":
        raise UsageError(f"model {colorizer.info.name!r} predicts one colour, not a distribution: it suggests none")
    mass = _mass_at(prediction, photo, (x, y))
    grey = photo.pixels[int(y), int(x)]
    centres = np.asarray(prediction.spec.colors, np.float32)
    found = []
    for _ in range(count):
        best = int(mass.argmax())
        if mass[best] <= 0:
            break
        near = ((centres - centres[best]) ** 2).sum(axis=1) <= APART**2
        share = float(mass[near].sum())
        ab = (mass[near, None] * centres[near]).sum(axis=0) / share
        found.append(Swatch(color=_hex(grey, ab, photo.bits), share=round(share, 4)))
        mass[near] = 0
    return found


def _mass_at(prediction: Prediction, photo: Photo, at: tuple[float, float]) -> Float:
    """The probability of each bin, (Q,) float32, around that place; of the frame round a print, of its nearest edge."""
    left, top, width, height = 0, 0, photo.width, photo.height
    if prediction.frame:
        rows, columns = prediction.frame.box(photo.size)
        left, top, width, height = columns.start, rows.start, columns.stop - columns.start, rows.stop - rows.start
    _, high, wide = prediction.output.shape
    column = min(wide - 1, max(0, int((at[0] - left) * wide / width)))
    row = min(high - 1, max(0, int((at[1] - top) * high / height)))
    around = prediction.output[
        :, max(0, row - _REACH) : row + _REACH + 1, max(0, column - _REACH) : column + _REACH + 1
    ]
    logits = around.reshape(len(around), -1).mean(axis=1)
    mass = np.exp(logits - logits.max())
    shares: Float = mass / mass.sum()
    return shares


def _hex(grey: np.ndarray, ab: Float, bits: int) -> str:
    pixel = np.broadcast_to(grey, (1, 1) if grey.ndim == 0 else (1, 1, 3))
    red, green, blue = merge(np.ascontiguousarray(pixel), ab.astype(np.float32)[None, None])[0, 0] >> (bits - 8)
    return f"#{red:02x}{green:02x}{blue:02x}"
