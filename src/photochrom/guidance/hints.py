"""Hints as the planes that a network takes (Zhang et al., "Real-time user-guided colorization", SIGGRAPH 2017)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from photochrom.color.lab import Float
from photochrom.color.named import ab_of
from photochrom.settings import USUAL_RADIUS, Hint

_LEAST = 0.71  # pixels of a map: a smaller disc might cover none of their centres


def hint_planes(hints: Sequence[Hint], size: tuple[int, int], shape: tuple[int, int]) -> Float | None:
    """Planes (3,h,w) float32 for a network's input of `shape` (h,w): a and b, and a mask of 0 and 1; None for no hints.

    size: (width, height) of the picture that the hints belong to. Where two overlap the later one wins.
    Raises UsageError for a hint outside the picture.
    """
    if not hints:
        return None
    planes = np.zeros((3, *shape), np.float32)
    for hint, disc in zip(hints, discs(hints, size, shape), strict=True):
        planes[:2, disc] = np.array(ab_of(hint.color), np.float32)[:, None]
        planes[2, disc] = 1
    return planes


def discs(hints: Sequence[Hint], size: tuple[int, int], shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Which places of a map of `shape` (h,w) each hint covers, (n,h,w); at least one. size: of the picture, (w,h).

    Raises UsageError for a hint outside the picture.
    """
    height, width = shape
    x = (np.arange(width) + 0.5)[None, :]
    y = (np.arange(height) + 0.5)[:, None]
    masks = np.empty((len(hints), height, width), bool)
    for hint, mask in zip(hints, masks, strict=True):
        spot = hint.shared(size)
        radius = (spot.radius or USUAL_RADIUS) * min(size)
        wide, high = max(_LEAST, radius * width / size[0]), max(_LEAST, radius * height / size[1])
        mask[:] = ((x - spot.x * width) / wide) ** 2 + ((y - spot.y * height) / high) ** 2 <= 1
        mask[min(int(spot.y * height), height - 1), min(int(spot.x * width), width - 1)] = True
    return masks


def cropped(hints: Sequence[Hint], size: tuple[int, int], rows: slice, columns: slice) -> tuple[Hint, ...]:
    """Hints in shares of a part of a picture of `size` (w,h); those that lie beyond its border are left out."""
    width, height = columns.stop - columns.start, rows.stop - rows.start
    inside = []
    for hint in hints:
        spot = hint.shared(size)
        x, y = (spot.x * size[0] - columns.start) / width, (spot.y * size[1] - rows.start) / height
        if 0 <= x <= 1 and 0 <= y <= 1:
            radius = (spot.radius or USUAL_RADIUS) * min(size) / min(width, height)
            inside.append(replace(spot, x=x, y=y, radius=min(radius, 1.0)))
    return tuple(inside)
