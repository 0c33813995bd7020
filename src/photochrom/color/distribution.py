"""From a distribution over colour bins to one colour for each place: the dial, and second opinions."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from photochrom.color.lab import Float
from photochrom.color.product import product

# How far a variant leans: logits change by at most this for each ab unit along the drawn direction. Where the network
# is unsure (a spread of 20 units, sharpened by a temperature of 0.6) the mean moves by up to 0.025 * 20^2 / 0.6 = 17
# units, where it is sure (5) by 1.
_LEAN = 0.025
_GOLDEN = np.pi * (3 - 5**0.5)  # radians: the golden angle, 137.5 degrees
_GRID, _REACH = 4, 40.0  # places to a side of the ab plane, out to 40 units, between which the hue turns smoothly
_TURN = 0.7  # radians, the standard deviation of that turn


def annealed_mean(logits: Float, centres: Float, temperature: float) -> Float:
    """(Q,h,w) logits and (Q,2) bin centres -> ab (h,w,2): the mean of the distribution at a temperature.

    At 1 it is the plain mean (safe, pale), near 0 the likeliest bin (vivid, patchy). Zhang et al., ECCV 2016, eq. 5.
    """
    bins, height, width = logits.shape
    flat = logits.reshape(bins, -1) * np.float32(1 / temperature)
    flat -= flat.max(axis=0)
    np.exp(flat, out=flat)
    ab = product(centres.T, flat) / flat.sum(axis=0)
    return np.ascontiguousarray(ab.reshape(2, height, width).transpose(1, 2, 0), np.float32)


def temperature_for(vividness: float, trained: float) -> float:
    """The dial: 1 gives the temperature as trained, 0 the plain mean, 2 its square (sharper)."""
    return float(trained**vividness)


def leaning(logits: Float, centres: Float, seed: int) -> Float:
    """Logits of a variant: an exponential tilt towards a hue, which differs smoothly between colours, not places.

    Where the distribution is broad the colours change, where it is narrow they stay: grass remains green
    while a car's paint does not. What has one colour leans one way, wherever it lies, so that nothing is blotched.
    Each seed's hue lies the golden angle from the one before, so that the first few are far apart. The same seed gives
    the same variant at any size.
    """
    mean = annealed_mean(logits, centres, 1.0)
    turns = np.random.default_rng(seed).standard_normal((_GRID, _GRID)) * _TURN
    angle = _GOLDEN * seed + _between(turns, np.clip(mean / _REACH, -1, 1) * ((_GRID - 1) / 2) + (_GRID - 1) / 2)
    direction = np.stack([np.cos(angle), np.sin(angle)])
    return (logits + np.tensordot(centres.astype(np.float64), direction, axes=(1, 0)) * _LEAN).astype(np.float32)


def _between(grid: NDArray[np.float64], places: NDArray[np.float64]) -> NDArray[np.float64]:
    """Smoothstep interpolation of `grid` (n,n) at fractional places (h,w,2)."""
    low = np.clip(np.floor(places).astype(int), 0, len(grid) - 2)
    t = places - low
    t = t * t * (3 - 2 * t)
    (x, y), (u, v) = np.moveaxis(low, -1, 0), np.moveaxis(t, -1, 0)
    near, far = grid[x, y] * (1 - u) + grid[x + 1, y] * u, grid[x, y + 1] * (1 - u) + grid[x + 1, y + 1] * u
    return np.asarray(near * (1 - v) + far * v)
