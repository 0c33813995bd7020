"""How far places are from each other along the surface of a picture, where edges count as distance.

The geodesic distance of Bai and Sapiro, "Geodesic matting" (IJCV 2009), by the raster scans of Toivanen, "New geodesic
distance transforms for gray-scale images" (Pattern Recognition Letters 1996); a row is taken at once, by running
minima. Texture is told from edges as Xu et al. do, "Structure extraction from texture via relative total variation"
(SIGGRAPH Asia 2012): the steps of an edge go one way, those of a texture to and fro.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from photochrom.color.lab import Float
from photochrom.color.resample import mean3

_FAR = np.float32(1e6)
_ROUNDS = 2  # of scans down and up: more change paths that wind back and forth, which few surfaces have


class Costs(NamedTuple):
    """What a step between neighbours costs: to the right (h,w-1), down (h-1,w), down to the right and to the left
    (h-1,w-1); float32, 0 or more."""

    right: Float
    down: Float
    falling: Float
    rising: Float


def edge_costs(planes: Float, step: float, *, even: bool = False) -> Costs:
    """The cost between neighbours of planes (c,h,w) float32: the squared difference, and `step` for the way itself.

    even: take a texture for even ground.
    """

    def between(one: Float, other: Float, length: float) -> Float:
        gap = _edge(one - other) if even else one - other
        return np.asarray((gap * gap).sum(axis=0) + np.float32(step * length), np.float32)

    return Costs(
        between(planes[:, :, 1:], planes[:, :, :-1], 1),
        between(planes[:, 1:], planes[:, :-1], 1),
        between(planes[:, 1:, 1:], planes[:, :-1, :-1], 2**0.5),
        between(planes[:, 1:, :-1], planes[:, :-1, 1:], 2**0.5),
    )


def _edge(gap: Float) -> Float:
    """Steps (c,h,w) as the edges that they are part of.

    A blurred edge of several small steps is one of their sum, and counts as much, in all, as a sharp one. The share of
    the steps in the 5 x 5 around that go to and fro is left out.
    """
    if 0 in gap.shape:
        return gap
    whole, steps = mean3(mean3(gap)), mean3(mean3(np.abs(gap)))
    share = whole / (steps + np.float32(1e-3))
    # the middle of the 5 has a third of its weight, and an edge is counted from five places: 2.1 times, squared
    return np.asarray(whole * np.abs(share) * np.float32(3 / 2.1**0.5), np.float32)


def distances(seeds: NDArray[np.bool_], costs: Costs) -> Float:
    """The least cost (n,h,w) float32 of a way from any of the places of each of n seeds (n,h,w)."""
    height = seeds.shape[1]
    along = np.concatenate([np.zeros((height, 1)), np.cumsum(costs.right, axis=1, dtype=np.float64)], axis=1)
    along = along.astype(np.float32)
    out = np.where(seeds, np.float32(0), _FAR)
    for _ in range(_ROUNDS):
        for y in range(height):
            row = out[:, y]
            if y:
                _step(row, out[:, y - 1], costs.down[y - 1], costs.falling[y - 1], costs.rising[y - 1])
            _sideways(row, along[y])
        for y in range(height - 2, -1, -1):
            row = out[:, y]
            _step(row, out[:, y + 1], costs.down[y], costs.rising[y], costs.falling[y])
            _sideways(row, along[y])
    return out


def _step(row: Float, other: Float, straight: Float, from_left: Float, from_right: Float) -> None:
    """Take ways over the neighbouring row into account."""
    np.minimum(row, other + straight, out=row)
    np.minimum(row[:, 1:], other[:, :-1] + from_left, out=row[:, 1:])
    np.minimum(row[:, :-1], other[:, 1:] + from_right, out=row[:, :-1])


def _sideways(row: Float, along: Float) -> None:
    """Take ways along the row into account; `along` is the cost of going there from its left end."""
    np.minimum(row, np.minimum.accumulate(row - along, axis=1) + along, out=row)
    np.minimum(row, np.minimum.accumulate((row + along)[:, ::-1], axis=1)[:, ::-1] - along, out=row)
