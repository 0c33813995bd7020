"""Black and white of pictures whose intensity is not lightness: what a sensor measured, or ink on paper.

A sensor's frame has whatever span its exposure and its bits gave it: 12 bits in a file of 16, or a few degrees of
warmth somewhere in the middle. A drawing is dark on a ground that may be yellowed, grey, or lit from one side. A
network is shown both with full contrast, by a straight line, which full-size detail can follow too.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from photochrom.color.lab import Float

ENDS = 1.0, 99.0  # percentiles of a sensor's frame that count as black and white: dead and hot pixels don't
SHOWN = 5.0, 95.0  # L* at which these two are shown, so that what lies beyond is seen too
SHOWING = "Its darkest and brightest places were made nearly black and white, whatever the bits and the exposure."
LEAST = 0.1  # units of L*: a smaller span is one of noise; 10 bits in a file of 16 span 1.1

BLOCKS = 12  # the paper's lightness is looked for in so many blocks along each side,
BRIGHT = 90.0  # as this percentile of each: most of a drawing is paper
OFF = 6.0  # units of L*: a block that differs more from a smooth sheet is filled with ink
LIT = 0.6  # share: the darkest place of one sheet has at least so much of its brightest lightness
SHEET = 0.5  # share: so many blocks must lie on the smooth sheet, else all of the paper counts as alike
INK = 0.5  # percentile that counts as ink: lines are few
DARK = 5.0  # L* at which ink is shown
MOST = 4.0  # times: hard pencil on paper; beyond, the grain of the paper is what is seen


@dataclass(frozen=True, eq=False)
class Levels:
    """shown = gain * L* + offset. Numbers, or maps (h,w) float32 of the same field of view."""

    gain: float | Float
    offset: float | Float

    def show(self, lightness: Float) -> Float:
        """What a network is shown of a lightness (h,w) float32: the line, clipped to 0..100."""
        return np.asarray(np.clip(lightness * self.gain + self.offset, 0, 100), np.float32)


def sensor_levels(lightness: Float) -> Levels:
    """The line that gives a sensor's frame (h,w) full contrast, by percentiles. Of an even frame: itself.

    Places of exactly 0 count as not measured where there is anything else: the margins of a satellite's swath.
    """
    measured = lightness[lightness > 0]
    if not measured.size:
        return Levels(1.0, 0.0)
    black, white = (float(end) for end in np.percentile(measured, ENDS))
    if white - black < LEAST:
        return Levels(1.0, 0.0)
    gain = (SHOWN[1] - SHOWN[0]) / (white - black)
    return Levels(gain, SHOWN[0] - gain * black)


def paper_levels(lightness: Float) -> Levels:
    """The line, for each place, that makes the paper of a drawing (h,w) white and its ink black.

    The paper may be yellowed and unevenly lit: a quadratic surface is laid through the bright ends of its blocks.
    """
    paper = _paper(lightness)
    ink = float(np.percentile(lightness * (100 / paper), INK))
    boost = min((100 - DARK) / max(100 - ink, 1.0), MOST) if ink > DARK else 1.0
    return Levels(np.asarray(boost * 100 / paper, np.float32), 100 - 100 * boost)


def full_range(lightness: Float) -> Float:
    """What a network is shown of a sensor's frame (h,w) float32, 0..100."""
    return sensor_levels(lightness).show(lightness)


def ink_on_white(lightness: Float) -> Float:
    """What a network is shown of a drawing (h,w) float32, 0..100."""
    return paper_levels(lightness).show(lightness)


def _paper(lightness: Float) -> Float:
    """L* of the bare paper at each place (h,w), 1 or more."""
    height, width = lightness.shape
    down, across = min(BLOCKS, height), min(BLOCKS, width)
    rows, columns = (np.linspace(0, n, k + 1).astype(np.intp) for n, k in ((height, down), (width, across)))
    bright = np.array(
        [
            np.percentile(lightness[rows[i] : rows[i + 1], columns[j] : columns[j + 1]], BRIGHT)
            for i in range(down)
            for j in range(across)
        ]
    )
    even = max(float(np.percentile(bright, BRIGHT)), 1.0)
    basis = _quadratic((np.arange(down) + 0.5) / down, (np.arange(across) + 0.5) / across)
    on_sheet = bright > LIT * even
    for _ in range(5):
        if on_sheet.mean() < SHEET or on_sheet.sum() < 2 * basis.shape[1]:
            return np.full(lightness.shape, even, np.float32)
        weights = np.linalg.lstsq(basis[on_sheet], bright[on_sheet], rcond=None)[0]
        on_sheet = np.abs(bright - basis @ weights) < OFF
    sheet = _quadratic((np.arange(height) + 0.5) / height, (np.arange(width) + 0.5) / width) @ weights
    if sheet.min() < LIT * sheet.max():
        return np.full(lightness.shape, even, np.float32)
    return np.asarray(np.clip(sheet, 1, 100).reshape(lightness.shape), np.float32)


def _quadratic(y: NDArray[np.float64], x: NDArray[np.float64]) -> NDArray[np.float64]:
    """1, x, y, x², xy, y² at every place of a grid, (h*w,6)."""
    down, across = (v.ravel() for v in np.meshgrid(y - 0.5, x - 0.5, indexing="ij"))
    return np.stack([np.ones_like(across), across, down, across**2, across * down, down**2], axis=1)
