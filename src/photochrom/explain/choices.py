"""What else a place might have been: the separate guesses in a predicted distribution."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from photochrom.color.lab import Float
from photochrom.errors import UsageError
from photochrom.prediction import Prediction

APART = 25.0  # ab units between two guesses: a clear difference of colour, about that of two neighbouring hues
_REACH = 20.0  # ab units round a guess that belong to it


@dataclass(frozen=True, eq=False)
class Choice:
    """One guess of every place. ab: (h,w,2). share: (h,w) 0..1, the probability that belongs to it."""

    ab: Float
    share: Float


def choices(prediction: Prediction, count: int = 3) -> list[Choice]:
    """The likeliest colour of each place, the likeliest of those that differ from it clearly, and so on.

    A guess is the bin with most probability around it, each at least APART ab units from those before, and its colour
    is the mean of what lies within 20 units. Where no such bin is left, a guess repeats the one before with a share of
    0. Raises UsageError for a network that gives no distribution.
    """
    mass = probabilities(prediction)
    colors = prediction.spec.colors
    bins, height, width = mass.shape
    flat = mass.reshape(bins, -1)
    gaps = np.linalg.norm(colors[:, None] - colors[None], axis=-1)
    near = np.exp(-np.square(gaps / np.float32(_REACH / 2)) / 2).astype(np.float32)
    height_of = near @ flat  # probability around each bin
    free = np.ones_like(flat, bool)
    found: list[Choice] = []
    for _ in range(count):
        peak = np.where(free, height_of, -1).argmax(axis=0)
        left = free.any(axis=0)
        around = (gaps[peak] <= _REACH).T & free
        weights = np.where(around, flat, 0)
        share = weights.sum(axis=0)
        ab = (colors.T @ weights / np.maximum(share, 1e-12)).T
        if found:
            before = found[-1].ab.reshape(-1, 2)
            ab = np.where((left & (share > 1e-6))[:, None], ab, before)
        found.append(
            Choice(ab.reshape(height, width, 2).astype(np.float32), np.where(left, share, 0).reshape(height, width))
        )
        free &= (gaps[peak] >= APART).T
    return found


def probabilities(prediction: Prediction) -> Float:
    """The distribution (Q,h,w) float32 that sums to 1 at each place. Raises UsageError where there is none."""
    if prediction.spec.output != "distribution":
        raise UsageError("this model predicts one colour for each place, not a distribution: it has no second choices")
    logits = prediction.output
    mass = np.exp(logits - logits.max(axis=0))
    return np.asarray(mass / mass.sum(axis=0), np.float32)
