"""Paper is one colour: what a network spills of an object onto the plain bright ground behind it is taken back.

A network sees the pockets between the spikes of a plant as plant and leaves a glow of it on the paper. Where the ground
can be told from the lightness alone (bright, even, and most of the picture's border), it takes the one colour that
most of it has been given.
"""

from __future__ import annotations

import numpy as np

from photochrom.color.lab import Float
from photochrom.color.resample import mean3, resize_planes

_BORDER = 0.04  # of the short side: the ring that shows which lightness the ground has
_BRIGHT = 80.0  # L* of the darkest ground that counts as paper; skies, walls and skin are mostly darker
_EVEN = 5.0  # units of L* from its peak within which the ring is of one lightness
_OF_RING, _OF_PICTURE = 0.70, 0.25  # shares of one lightness from which on it is paper
_SAME, _FADE = 4.0, 2.0  # units of L*: as light as the paper; and the deviation of the Gaussian beyond
_AROUND = 0.1, 0.3  # share of paper around a place: below the first it is none of it, over the second it is
_PALE, _AGREED, _NEAR = 16.0, 0.85, 6.0  # chroma of paper at most; the share of it that lies within 6 units of ab
_SPILT = 20.0, 40.0  # units of ab from the paper's colour: up to there a spill, from there on a thing of its own


def even_paper(ab: Float, lightness: Float) -> Float:
    """ab (h,w,2) with one colour for the paper, or `ab` itself where there is none; a* and b*, float32.

    lightness: (h',w') float32, L* 0..100, of the same field of view, h' >= h. Whatever differs from the paper in
    lightness, or by more than 40 units of ab, or has no paper around it keeps its colour.
    """
    white = _paper(lightness)
    if white is None:
        return ab
    height, width = ab.shape[:2]
    beyond = np.maximum(np.abs(lightness - white) - np.float32(_SAME), 0)
    paper = resize_planes(np.exp(np.square(beyond / np.float32(_FADE)) * np.float32(-0.5)), (width, height))
    coarse = mean3(mean3(resize_planes(paper, (max(1, width // 2), max(1, height // 2)))))
    share = resize_planes(coarse, (width, height))
    low, high = _AROUND
    share = np.clip((share - low) / (high - low), 0, 1)
    paper *= share * share * (3 - 2 * share)
    sure = paper > 0.8
    if not sure.any():
        return ab
    colour = np.median(ab[sure], axis=0)
    off = np.hypot(ab[..., 0] - colour[0], ab[..., 1] - colour[1])
    if np.hypot(*colour) > _PALE or (off[sure] < _NEAR).mean() < _AGREED:
        return ab
    near, far = _SPILT
    paper *= np.clip((far - off) / (far - near), 0, 1)
    return np.asarray(ab + (colour - ab) * paper[..., None], np.float32)


def _paper(lightness: Float) -> float | None:
    """L* of the paper, if there is any."""
    wide = max(1, round(min(lightness.shape) * _BORDER))
    inside = np.zeros(lightness.shape, bool)
    inside[wide:-wide, wide:-wide] = True
    ring = lightness[~inside]
    counts = np.histogram(ring, 100, (0, 100))[0]
    peak = float(np.convolve(counts, np.ones(5), "same").argmax()) + 0.5
    if peak < _BRIGHT or (np.abs(ring - peak) < _EVEN).mean() < _OF_RING:
        return None
    return peak if (np.abs(lightness - peak) < _EVEN).mean() >= _OF_PICTURE else None
