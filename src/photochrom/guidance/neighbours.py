"""What the places around one say of it: whether its match agrees with theirs, and the mean of those that look alike."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from photochrom.color.lab import Float

AROUND = 4  # places: matches so near each other are asked whether they agree, as theirs lie as near,
TONE = 8.0  # ab units, or have colours so near
AGREE = 0.2, 0.5  # shares of those around, of which a match counts from, and wholly
REACH = 3  # places around one of which the mean is taken,
SHARP = 0.2  # by how they look: 1 - cosine at which one counts exp(-1)


def agreement(trust: Float, places: NDArray[np.intp], tones: Float) -> Float:
    """How far the matches around each agree with it, (h,w) 0..1: those of a thing lead to one thing, or to one colour,
    and a wrong one lies alone or among others that lead elsewhere. Mirrored, turned and smaller things agree as well.

    trust: (h,w), also of the neighbours' vote. places: (3,h,w), which reference each place's match is in, its row and
    its column. tones: (h,w,2), its ab. After the grid-based motion statistics of Bian et al. (CVPR 2017).
    """
    votes = np.zeros((3, *trust.shape), np.float32)  # of all, for the place, for the colour
    votes[0] = 0.5  # a match without others around it has none
    for here, there in _pairs(trust.shape, AROUND):
        which, down, across = np.abs(places[(slice(None), *there)] - places[(slice(None), *here)])
        beside = (which == 0) & (np.maximum(down, across) <= AROUND)
        alike = np.linalg.norm(tones[there] - tones[here], axis=-1) < TONE
        votes[(slice(None), *here)] += trust[there] * np.stack([np.ones_like(beside), beside, alike])
    low, high = AGREE
    share = votes[1:].max(axis=0) / votes[0]
    return np.asarray(np.clip((share - low) / (high - low), 0, 1), np.float32)


def smoothed(values: Float, looks: Float) -> Float:
    """Values (h,w,n), each the mean of those around it by how much they look like it: looks (h,w,c) of unit length.

    A bilateral filter (Tomasi and Manduchi, ICCV 1998) on looks in place of brightness.
    """
    total, weight = values.astype(np.float32), np.ones((*values.shape[:2], 1), np.float32)
    for here, there in _pairs(values.shape, REACH):
        share = np.exp(((looks[here] * looks[there]).sum(axis=-1, keepdims=True) - 1) / np.float32(SHARP))
        total[here] += share * values[there]
        weight[here] += share
    return np.asarray(total / weight, np.float32)


def _pairs(shape: tuple[int, ...], reach: int) -> Iterator[tuple[tuple[slice, slice], tuple[slice, slice]]]:
    """For each step of up to `reach` rows and columns but none: the places of a map (h,w,...) that have a neighbour so
    far away, and these neighbours."""
    height, width = shape[:2]
    for dy in range(-reach, reach + 1):
        for dx in range(-reach, reach + 1):
            if dy or dx:
                yield (
                    (slice(max(0, -dy), height - max(0, dy)), slice(max(0, -dx), width - max(0, dx))),
                    (slice(max(0, dy), height - max(0, -dy)), slice(max(0, dx), width - max(0, -dx))),
                )
