"""Paper is one colour: what a network spills of an object onto the plain bright ground behind it takes the ground's.

A network sees the pockets between the spikes of a plant as plant and leaves a glow of it on the paper. Where the ground
can be told from the lightness alone (bright, even, and most of the picture's border), it takes the one colour that
most of it has been given. Each constant is chosen on development pictures with such grounds:

| constant | unit | what it says |
|---|---|---|
| BORDER | share of the short side | width of the ring along the border that shows which lightness the ground has |
| BRIGHT | L* | the ground is paper from here on; skies, walls and skin are mostly darker |
| EVEN | L* | the ring is of one lightness within this distance of its commonest one |
| OF_RING, OF_PICTURE | share | so much of the ring and of the picture must have that lightness |
| SAME, FADE | L* | within SAME a pixel is as light as the paper; beyond, its weight falls: a Gaussian of width FADE |
| AROUND | share | a pixel counts as paper from 30 % paper in its neighbourhood, not at all below 10 % |
| PALE | ab units | paper has at most this chroma |
| AGREED, NEAR | share, ab units | so much of it lies within NEAR of its median colour |
| SPILT | ab units | up to 20 from the paper's colour is a spill; from 40 on it is a thing that keeps its own |
"""

from __future__ import annotations

import numpy as np

from photochrom.color.lab import Float
from photochrom.color.resample import mean3, resize_planes

BORDER = 0.04
BRIGHT = 80.0
EVEN = 5.0
OF_RING, OF_PICTURE = 0.70, 0.25
SAME, FADE = 4.0, 2.0
AROUND = 0.1, 0.3
PALE = 16.0
AGREED, NEAR = 0.85, 6.0
SPILT = 20.0, 40.0


def even_paper(ab: Float, lightness: Float) -> Float:
    """ab (h,w,2) with one colour for the paper, or `ab` itself where there is none; a* and b*, float32.

    lightness: (h',w') float32, L* 0..100, of the same field of view, h' >= h. Whatever differs from the paper in
    lightness, or by more than 40 units of ab, or has no paper around it keeps its colour.
    """
    white = _paper(lightness)
    if white is None:
        return ab
    height, width = ab.shape[:2]
    beyond = np.maximum(np.abs(lightness - white) - np.float32(SAME), 0)
    paper = resize_planes(np.exp(np.square(beyond / np.float32(FADE)) * np.float32(-0.5)), (width, height))
    coarse = mean3(mean3(resize_planes(paper, (max(1, width // 2), max(1, height // 2)))))
    share = resize_planes(coarse, (width, height))
    low, high = AROUND
    share = np.clip((share - low) / (high - low), 0, 1)
    paper *= share * share * (3 - 2 * share)
    sure = paper > 0.8
    if not sure.any():
        return ab
    color = np.median(ab[sure], axis=0)
    off = np.hypot(ab[..., 0] - color[0], ab[..., 1] - color[1])
    if np.hypot(*color) > PALE or (off[sure] < NEAR).mean() < AGREED:
        return ab
    near, far = SPILT
    paper *= np.clip((far - off) / (far - near), 0, 1)
    return np.asarray(ab + (color - ab) * paper[..., None], np.float32)


def _paper(lightness: Float) -> float | None:
    """L* of the paper, if there is any."""
    wide = max(1, round(min(lightness.shape) * BORDER))
    inside = np.zeros(lightness.shape, bool)
    inside[wide:-wide, wide:-wide] = True
    ring = lightness[~inside]
    counts = np.histogram(ring, 100, (0, 100))[0]
    peak = float(np.convolve(counts, np.ones(5), "same").argmax()) + 0.5
    if peak < BRIGHT or (np.abs(ring - peak) < EVEN).mean() < OF_RING:
        return None
    return peak if (np.abs(lightness - peak) < EVEN).mean() >= OF_PICTURE else None
