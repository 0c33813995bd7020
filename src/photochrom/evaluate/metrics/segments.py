"""Is vivid what is vivid in truth? The chroma of even parts of a picture, by the chroma that they have in the truth."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from photochrom.evaluate.arrays import Columns, Lab

Labels = NDArray[np.int64]  # (H,W): of each pixel the number of its segment, from 0 on; -1 outside all

LIMITS = (20.0, 35.0)  # ab units: between pale, coloured and vivid
KINDS = ("under 20", "20 to 35", "over 35")  # by the truth's chroma
_COLUMNS = ("segments", "segments_truth", "segments_chroma")
_SMALLEST = 0.005  # of the picture's area
_SPREAD = 4.0, 0.2  # ab units, and share of the chroma: about its mean colour an even segment strays by at most so much


def even_segments(truth: Lab) -> Labels:
    """The parts of the truth (H,W,3) that have one colour: one thing, or one surface of it.

    Graph-based segmentation of L*, a*, b* (Felzenszwalb & Huttenlocher, IJCV 2004). Left out are the pixels along a
    border, which mix two colours, segments that are small without them, and those whose ab strays.
    """
    from scipy.ndimage import maximum_filter, minimum_filter
    from skimage.segmentation import felzenszwalb

    segment = cast("Callable[..., NDArray[np.int64]]", felzenszwalb)  # scikit-image has no types
    smallest = int(_SMALLEST * truth.shape[0] * truth.shape[1])
    found = segment(truth / np.float32(100), scale=60, sigma=0.8, min_size=smallest // 4, channel_axis=-1)
    inner = minimum_filter(found, 3) == maximum_filter(found, 3)
    labels, ab = found[inner], truth[inner][:, 1:]
    mean, area = _means(labels, ab)
    squares = np.bincount(labels, ((ab - mean[labels]) ** 2).sum(-1), minlength=len(area))
    strays = np.sqrt(squares / np.maximum(area, 1))
    even = (area >= smallest) & (strays <= _SPREAD[0] + _SPREAD[1] * np.hypot(*mean.T))
    numbers = np.full(found.shape, -1, np.int64)
    numbers[inner] = np.where(even, np.cumsum(even) - 1, -1)[labels]
    return numbers


def measure_segments(lab: Lab, truth: Lab, labels: Labels) -> dict[str, NDArray[np.float64]]:
    """Of a picture: how many even segments there are of each of KINDS, and the sums of their chroma, (3,) each.

    A segment's chroma is that of its mean colour, so that noise and mottling aren't taken for colour.
    """
    inside = labels >= 0
    true, ours = (np.hypot(*_means(labels[inside], colors[inside][:, 1:])[0].T) for colors in (truth, lab))
    kind = np.digitize(true, LIMITS)
    chromas = (np.ones(len(true)), true, ours)
    sums = [np.bincount(kind, each, minlength=len(KINDS)).astype(np.float64) for each in chromas]
    return dict(zip(_COLUMNS, sums, strict=True))


def segment_rows(columns: Columns) -> list[dict[str, Any]]:
    """Of many pictures' columns, (n,3) each: for each of KINDS the mean chroma of its segments, and the truth's.

    None where there is no such segment; nothing at all where none were measured.
    """
    if "segments" not in columns:
        return []
    count, true, ours = (np.asarray(columns[name], np.float64).sum(0) for name in _COLUMNS)
    rows = zip(KINDS, count, _shares(true, count), _shares(ours, count), strict=True)
    return [{"truth_is": kind, "segments": int(n), "truth": t, "chroma": o} for kind, n, t, o in rows]


def _shares(sums: NDArray[np.float64], count: NDArray[np.float64]) -> Sequence[float | None]:
    return [float(total / n) if n else None for total, n in zip(sums, count, strict=True)]


def _means(labels: NDArray[np.int64], ab: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Of segments the mean colours (S,2) and the areas (S,); labels (M,) and ab (M,2) of pixels."""
    area = np.bincount(labels).astype(np.float64)
    sums = [np.bincount(labels, ab[:, i].astype(np.float64)) for i in range(2)]
    return np.stack(sums, axis=1) / np.maximum(area, 1)[:, None], area
