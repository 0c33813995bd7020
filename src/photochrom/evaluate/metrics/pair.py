"""Measures of a picture whose lightness was predicted too, against the truth and against what the model was given."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import numpy as np
from numpy.typing import NDArray

from photochrom.color.lightness import lightness
from photochrom.evaluate.arrays import Grey, Rgb


def angular_error(picture: Rgb, truth: Rgb) -> float:
    """Mean angle in degrees between the colours (H,W,3) uint8 as vectors of R, G and B, 0 for equal hue and saturation.

    As in papers on colouring infrared pictures (Suarez et al., CVPRW 2017). Black has no direction and counts as 0.
    """
    a, b = picture.astype(np.float64), truth.astype(np.float64)
    lengths = np.linalg.norm(a, axis=-1) * np.linalg.norm(b, axis=-1)
    cosine = (a * b).sum(axis=-1) / np.maximum(lengths, 1e-9)
    return float(np.degrees(np.arccos(np.clip(np.where(lengths > 0, cosine, 1.0), -1, 1))).mean())


def edges_kept(picture: Rgb, given: Grey | Rgb) -> float:
    """Structural similarity, up to 1, of the edges of a picture and of what it was made from: are its lines there?

    Edges are the gradients of L* (Sobel), each picture's as shares of its own 99th percentile.
    """
    from skimage.metrics import structural_similarity

    similarity = cast("Callable[..., float]", structural_similarity)  # scikit-image has no types
    return float(
        similarity(_edges(picture), _edges(given), data_range=1.0, gaussian_weights=True, use_sample_covariance=False)
    )


def measure_pair(picture: Rgb, truth: Rgb, given: Grey | Rgb) -> dict[str, float]:
    """Both, by the names of results.json."""
    return {"angle": angular_error(picture, truth), "edges_kept": edges_kept(picture, given)}


def _edges(picture: Grey | Rgb) -> NDArray[np.float32]:
    from scipy.ndimage import sobel

    light = lightness(picture)
    strength = np.hypot(sobel(light, axis=0), sobel(light, axis=1))
    return np.asarray(np.clip(strength / max(float(np.percentile(strength, 99)), 1.0), 0, 1), np.float32)
