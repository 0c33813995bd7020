"""Hints as the planes that a network takes (Zhang et al., "Real-time user-guided colorization", SIGGRAPH 2017)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from photochrom.color.lab import Float
from photochrom.color.named import ab_of
from photochrom.errors import UsageError
from photochrom.settings import Hint

_SHARE = 0.0125  # of the short side: radius of a hint that names none; 3 px of 256, about the middle of the training's
_LEAST = 0.71  # pixels of the network's input: a smaller disc might cover none of their centres


def hint_planes(hints: Sequence[Hint], size: tuple[int, int], shape: tuple[int, int]) -> Float | None:
    """Planes (3,h,w) float32 for a network's input of `shape` (h,w): a and b, and a mask of 0 and 1; None for no hints.

    size: (width, height) of the picture, in whose pixels the hints are given. Where two overlap the later one wins.
    Raises UsageError for a hint outside the picture.
    """
    if not hints:
        return None
    planes = np.zeros((3, *shape), np.float32)
    across, down = shape[1] / size[0], shape[0] / size[1]
    x = (np.arange(shape[1]) + 0.5)[None, :]
    y = (np.arange(shape[0]) + 0.5)[:, None]
    for hint in hints:
        if hint.x >= size[0] or hint.y >= size[1]:
            raise UsageError(
                f"the hint at {hint.x:g},{hint.y:g} lies outside the picture, which has {size[0]}x{size[1]} pixels"
            )
        radius = hint.radius or _SHARE * min(size)
        wide, high = max(_LEAST, radius * across), max(_LEAST, radius * down)
        center = (hint.x + 0.5) * across, (hint.y + 0.5) * down
        disc = ((x - center[0]) / wide) ** 2 + ((y - center[1]) / high) ** 2 <= 1
        planes[:2, disc] = np.array(ab_of(hint.color), np.float32)[:, None]
        planes[2, disc] = 1
    return planes
