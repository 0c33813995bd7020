"""From a distribution over colour bins to one colour for each place: the dial, and second opinions."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from photochrom.color.lab import Float

# How far a variant leans: logits change by at most this for each ab unit along the drawn direction. Where the network
# is unsure (a spread of 20 units, sharpened by a temperature of 0.6) the mean moves by up to 0.025 * 20^2 / 0.6 = 17
# units, where it is sure (5) by 1.
_LEAN = 0.025
_GRID = 3  # places on the short side between which the drawn direction changes smoothly


def annealed_mean(logits: Float, centres: Float, temperature: float) -> Float:
    """(Q,h,w) logits and (Q,2) bin centres -> ab (h,w,2): the mean of the distribution at a temperature.

    At 1 it is the plain mean (safe, pale), near 0 the likeliest bin (vivid, patchy). Zhang et al., ECCV 2016, eq. 5.
    """
    bins, height, width = logits.shape
    flat = logits.reshape(bins, -1) * np.float32(1 / temperature)
    flat -= flat.max(axis=0)
    np.exp(flat, out=flat)
    ab = (centres.T @ flat) / flat.sum(axis=0)
    return np.ascontiguousarray(ab.reshape(2, height, width).transpose(1, 2, 0), np.float32)


def temperature_for(vividness: float, trained: float) -> float:
    """The dial: 1 gives the temperature as trained, 0 the plain mean, 2 its square (sharper)."""
    return float(trained**vividness)


def leaning(logits: Float, centres: Float, seed: int) -> Float:
    """Logits of a variant: an exponential tilt towards a hue that differs smoothly from place to place.

    Where the distribution is broad the colours change, where it is narrow they stay: grass remains green
    while a car's paint does not. The same seed gives the same variant at any size.
    """
    rng = np.random.default_rng(seed)
    _, height, width = logits.shape
    whole = rng.standard_normal((2, 1, 1))
    coarse = rng.standard_normal((2, _GRID, _GRID))
    rows, columns = (np.linspace(0, _GRID - 1, n) if n > 1 else np.full(1, (_GRID - 1) / 2) for n in (height, width))
    direction = 0.7 * (whole + _between(_between(coarse, 1, rows), 2, columns))
    direction /= np.maximum(np.hypot(direction[0], direction[1]), 1)  # no place leans out of the plausible
    lean = np.tensordot(centres.astype(np.float64), direction, axes=(1, 0)) * _LEAN
    return (logits + lean).astype(np.float32)


def _between(grid: NDArray[np.float64], axis: int, places: NDArray[np.float64]) -> NDArray[np.float64]:
    """Smoothstep interpolation of `grid` along an axis at fractional places."""
    low = np.clip(np.floor(places).astype(int), 0, grid.shape[axis] - 2)
    t = places - low
    t = t * t * (3 - 2 * t)
    shape = [1] * grid.ndim
    shape[axis] = -1
    t = t.reshape(shape)
    before: NDArray[np.float64] = np.take(grid, low, axis)
    return np.asarray(before + t * (np.take(grid, low + 1, axis) - before))
