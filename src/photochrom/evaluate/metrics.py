"""Measures of one coloured picture against the truth, both (H,W,3) uint8 sRGB; CIEDE2000 is scikit-image's."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from photochrom.color import rgb_to_lab

Picture = NDArray[np.uint8]
TINTED = 12.0  # ab units: a picture whose mean ab is further than this from the truth's is tinted as a whole


def psnr(picture: Picture, truth: Picture) -> float:
    """Peak signal-to-noise ratio in dB over all samples; at most 100."""
    error = float(np.mean((picture.astype(np.float64) - truth) ** 2))
    return min(100.0, 10 * np.log10(255**2 / max(error, 1e-10)))


def colorfulness(picture: Picture) -> float:
    """Hasler & Suesstrunk 2003, M3: 0 for grey, about 33 'moderately', 59 'quite' colourful. No absolute values."""
    r, g, b = np.moveaxis(picture.astype(np.float64), -1, 0)
    rg, yb = r - g, (r + g) / 2 - b
    return float(np.hypot(rg.std(), yb.std()) + 0.3 * np.hypot(rg.mean(), yb.mean()))


def lab_of(picture: Picture) -> NDArray[np.float32]:
    return np.asarray(rgb_to_lab(picture.astype(np.float32) / 255), np.float32)


def mean_ciede2000(lab: NDArray[np.float32], truth: NDArray[np.float32]) -> float:
    """Mean CIEDE2000 of every second pixel of every second row: within 0.01 of all pixels, a quarter of the time."""
    from skimage.color import deltaE_ciede2000

    return float(deltaE_ciede2000(lab[::2, ::2], truth[::2, ::2]).mean())


def tint_distance(lab: NDArray[np.float32], truth: NDArray[np.float32]) -> float:
    """Distance in ab between the two pictures' mean colours."""
    return float(np.linalg.norm((lab - truth)[..., 1:].mean(axis=(0, 1))))
