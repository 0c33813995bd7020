"""What a network says of each place, smoothed within even ground and not across an edge of the lightness.

A network gives one wall two colours, and lets the colour of a plant leak into the white paper behind it. Places with
hardly a step between them should agree: exponential filters along rows and columns whose steps count the edges of L*,
as in Gastal and Oliveira, "Domain Transform for Edge-Aware Image and Video Processing" (SIGGRAPH 2011), over the
logits: many places that are sure outvote a few.
"""

from __future__ import annotations

import numpy as np

from photochrom.color import Float
from photochrom.errors import UsageError
from photochrom.resample import resize_planes

_EDGE = np.float32(3)  # units of L*: so high a step divides two places like the whole reach
_ROUNDS = 3  # down and across, each of half the reach of the one before


def smooth(planes: Float, lightness: Float, reach: float, trust: Float | None = None) -> Float:
    """Planes (c,h,w), float32, as weighted means of what even ground says; the same shape comes back.

    lightness: (H,W) 0..100 of the same field of view. reach: standard deviation on even ground, as a share of the short
    side; 0 leaves all as it is. trust: (h,w), above 0, how much each place counts; None for all alike.
    Raises UsageError for a reach that isn't 0 or more.
    """
    if not reach >= 0:
        raise UsageError(f"the reach of the smoothing must be 0 or more, got {reach:g}")
    height, width = planes.shape[1:]
    places = reach * min(height, width)
    if places == 0:
        return planes
    light = resize_planes(lightness, (width, height))
    down, across = (1 + np.abs(np.diff(light, axis=axis)) * np.float32(places / _EDGE) for axis in (0, 1))
    weight = np.ones((height, width), np.float32) if trust is None else trust
    out = np.concatenate([planes * weight, weight[None]]).transpose(1, 2, 0)
    for turn in range(1, _ROUNDS + 1):
        spread = places * 3**0.5 * 2 ** (_ROUNDS - turn) / (4**_ROUNDS - 1) ** 0.5
        keep = np.float32(np.exp(-(2**0.5) / spread))
        out = _means(out, keep**down).swapaxes(0, 1)
        out = _means(out, (keep**across).T).swapaxes(0, 1)
    return np.ascontiguousarray((out[..., :-1] / out[..., -1:]).transpose(2, 0, 1))


def _means(rows: Float, keep: Float) -> Float:
    """Rows (n,w,c) -> weighted means along n, both ways; a row counts `keep` (n-1,w), 0..1, less each step."""
    keep = keep[:, :, None]
    share = np.reciprocal(_sums(np.ones((*rows.shape[:2], 1), np.float32), keep))
    return _sums(rows, keep, share)


def _sums(rows: Float, keep: Float, scale: Float | None = None) -> Float:
    """As _means, but sums, times a scale (n,w,1); row by row, so that what it works on stays in the cache."""
    sums = np.empty(rows.shape, np.float32)
    sums[0] = rows[0]
    for i in range(1, len(rows)):
        np.multiply(sums[i - 1], keep[i - 1], out=sums[i])
        sums[i] += rows[i]
    below = np.zeros(rows.shape[1:], np.float32)
    for i in range(len(rows) - 1, -1, -1):
        sums[i] += below
        below += rows[i]
        if i:
            below *= keep[i - 1]
        if scale is not None:
            sums[i] *= scale[i]
    return sums
