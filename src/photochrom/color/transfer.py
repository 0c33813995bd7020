"""The colours of one picture by those of another: statistics of ab, and places that were found to be alike.

Statistics: the linear map that carries one Gaussian onto another with the least change (Pitie and Kokaram, "The linear
Monge-Kantorovitch linear colour mapping", CVMP 2007), or mean and spread of each axis alone (Reinhard et al., "Color
transfer between images", IEEE CG&A 2001).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from photochrom.color.lab import Float
from photochrom.color.resample import resize

Statistics = Literal["monge", "reinhard", "none"]
_LEAST = 1.5  # ab units: a spread below it is taken for this one, so that noise isn't stretched into colour
_MOST = 3.0  # times: no axis is stretched by more


@dataclass(frozen=True, eq=False)
class Likeness:
    """What of a reference is known of a picture's places, on a grid (h,w).

    colors: (h,w,2) float32, ab of the places of the reference that match. sure: (h,w) 0..1, how surely they match.
    alike: (h,w) 0..1, how much each place looks like anything in the reference. usual: (n,2) ab of the reference where
    it looks like something in the picture.
    """

    colors: Float
    sure: Float
    alike: Float
    usual: Float


def transferred(ab: Float, likeness: Likeness, statistics: Statistics) -> Float:
    """The picture's ab (h,w,2) float32 drawn to those of the reference: where a place matches surely to its match's
    colours, else by the statistics of what is alike; what is like nothing in the reference keeps its own."""
    size = ab.shape[1], ab.shape[0]
    sure, alike = resize(likeness.sure, size), resize(likeness.alike, size)
    out = ab
    if statistics != "none" and alike.sum() >= 1 and len(likeness.usual) > 1:
        carry = monge_kantorovich if statistics == "monge" else reinhard
        moved = carry(ab, likeness.usual, weights=alike)
        out = ab + (moved - ab) * alike[..., None]
    return np.asarray(out + (resize(likeness.colors, size) - out) * sure[..., None], np.float32)


def monge_kantorovich(ab: Float, wanted: Float, *, weights: Float) -> Float:
    """ab (h,w,2) mapped so that its mean and covariance, by `weights` (h,w), become those of `wanted` (n,2)."""
    mean, spread = _moments(ab.reshape(-1, 2), weights.ravel())
    target, target_spread = _moments(wanted, np.ones(len(wanted), np.float32))
    root = _power(spread, 0.5)
    inverse = _power(spread, -0.5)
    matrix = inverse @ _power(root @ target_spread @ root, 0.5) @ inverse
    values, axes = np.linalg.eigh(matrix)
    matrix = axes @ np.diag(np.clip(values, 1 / _MOST, _MOST)) @ axes.T
    return np.asarray((ab - mean) @ matrix.T + target, np.float32)


def reinhard(ab: Float, wanted: Float, *, weights: Float) -> Float:
    """The same for each axis alone: mean and standard deviation."""
    mean, spread = _moments(ab.reshape(-1, 2), weights.ravel())
    target, target_spread = _moments(wanted, np.ones(len(wanted), np.float32))
    gain = np.clip(np.sqrt(np.diag(target_spread) / np.diag(spread)), 1 / _MOST, _MOST)
    return np.asarray((ab - mean) * gain + target, np.float32)


def _moments(values: Float, weights: Float) -> tuple[np.ndarray, np.ndarray]:
    total = max(float(weights.sum()), 1e-6)
    mean = (values * weights[:, None]).sum(axis=0, dtype=np.float64) / total
    off = values - mean
    spread = (off * weights[:, None]).T @ off / total
    return mean, spread + np.eye(2) * _LEAST**2


def _power(matrix: np.ndarray, exponent: float) -> np.ndarray:
    values, axes = np.linalg.eigh(matrix)
    return np.asarray(axes @ np.diag(np.maximum(values, 1e-9) ** exponent) @ axes.T)
