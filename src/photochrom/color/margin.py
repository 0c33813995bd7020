"""Where a sensor measured nothing: the black margins of a satellite's swath, of a turned frame, of one with bars.

They are exactly 0, reach the picture's edge and end in straight lines. A dark sea or a cold sky may be 0 too, but ends
in a coast or a skyline.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from photochrom.color.lab import Pixels

APART = 4  # pixels along the edge between places whose depths are compared,
BEND = 1.5  # pixels by which a depth may lie off the line through its neighbours',
STRAIGHT = 0.9  # in this share of the places
SOLID = 0.5  # share of the places that have black neighbours on both sides: fewer are noise
LEAST = 8  # such places at least

Mask = NDArray[np.bool_]


def find_margin(pixels: Pixels, declared: Mask | None = None) -> Mask | None:
    """Which pixels of (H,W) or (H,W,3) are such a margin, (H,W); None for none.

    A place is found that can be seen from the edge straight across or straight down. declared: where the file says that
    nothing was measured, (H,W), which counts too.
    """
    black: Mask = np.logical_not(pixels if pixels.ndim == 2 else pixels.any(axis=2))
    if black.all() or not any(side[0].any() for side in _sides(black)):
        return declared
    found = np.zeros_like(black) if declared is None else declared.copy()
    for side, ours in zip(_sides(black), _sides(found), strict=True):
        deep = len(side)
        depth = np.where(side.all(axis=0), deep, side.argmin(axis=0))
        if side[0].any() and _is_straight(depth, deep):
            ours[np.arange(deep)[:, None] < depth] = True
    return found if found.any() else None


def _sides(mask: Mask) -> tuple[Mask, ...]:
    """The mask four times, each with another edge as its first row; views."""
    return mask, mask[::-1], mask.T, mask.T[::-1]


def _is_straight(depth: NDArray[np.intp], deep: int) -> bool:
    """Whether a margin of these depths, 0..deep along an edge, ends in straight lines."""
    ends = (depth > 0) & (depth < deep)
    before, here, after = slice(None, -2 * APART), slice(APART, -APART), slice(2 * APART, None)
    judged = ends[before] & ends[here] & ends[after]
    if judged.sum() < max(LEAST, SOLID * ends.sum()):
        return False
    bend = np.abs(depth[before] - 2 * depth[here] + depth[after])[judged]
    return bool((bend <= BEND).mean() >= STRAIGHT)
