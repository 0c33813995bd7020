"""What the network said of pictures, carried along the motion and mixed by how sure both are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from photochrom.color.lab import Float
from photochrom.color.product import product
from photochrom.color.resample import resize
from photochrom.film.flow import Ways, resized, sampled
from photochrom.film.step import Looked
from photochrom.prediction import Prediction

KEEP = 0.85  # weight that what was said keeps from key to key
_LEAST = 1e-3  # weight of what can't be followed, which counts where there is nothing else
_NEAR = 20.0  # ab units

Finisher = Callable[[Prediction], Float]
"""From a prediction that was mixed to what is laid on: ab (h,w,2), or with what is to become of lightness before them,
(h,w,3)."""


def looked_at(prediction: Prediction, *, follow: float = 0.0) -> Looked:
    """What is mixed of a prediction: with hints, what the network says without them, under which they are met anew.

    follow: where the network predicts lightness, what is mixed in its place is how far it lies from so many times what
    the network was shown. Each picture adds that of its own again, so a light that goes on isn't late.
    """
    output = prediction.output if prediction.unhinted is None else prediction.unhinted
    if prediction.spec.output != "distribution":
        given = np.array(output.transpose(1, 2, 0), np.float32, order="C")
        if prediction.spec.output == "lab":
            given[..., 0] -= np.float32(follow) * resize(prediction.shown, (given.shape[1], given.shape[0]))
        return Looked(prediction, given, np.ones((*given.shape[:2], 1), np.float32))
    bins, height, width = output.shape
    flat = output.reshape(bins, -1)
    mass = np.exp(flat - flat.max(axis=0))
    mass /= mass.sum(axis=0)
    colors = prediction.spec.colors
    mean = product(colors.T, mass)
    spread = product((colors * colors).sum(axis=1)[None], mass)[0] - (mean * mean).sum(axis=0)
    sure = 1 / (1 + np.maximum(spread, 0) / np.float32(_NEAR * _NEAR))
    return Looked(
        prediction,
        np.ascontiguousarray(mass.T.reshape(height, width, bins)),
        np.ascontiguousarray(sure.reshape(height, width, 1), np.float32),
    )


def unmixed(looked: Looked) -> Prediction:
    """What a picture by itself gets its colours from."""
    prediction = looked.prediction
    return mixed(prediction, looked.mass) if prediction.spec.output == "lab" else prediction


def moved(said: tuple[Float, Float], ways: Ways, keep: float) -> tuple[Float, Float]:
    """Sums and weights at another picture, whose `ways` lead here."""
    total, weight = said
    at = resized(ways, (weight.shape[1], weight.shape[0]))
    sure = at.sure[..., None] * np.float32(keep)
    return sampled(total, at.to) * sure, sampled(weight[..., 0], at.to)[..., None] * sure


def carried(keys: list[tuple[Float, Ways, float]]) -> Float:
    """Colours (h,w,c) from those of keys, each with the ways to it and its weight."""
    finest = max((colors for colors, *_ in keys), key=len)  # hints are met on a finer grid than the network's
    size = finest.shape[1], finest.shape[0]
    total, weight = np.zeros_like(finest), np.zeros_like(finest[..., :1])
    for colors, ways, share in keys:
        at = resized(ways, size)
        weighs = (at.sure + np.float32(_LEAST))[..., None] * np.float32(share)
        fine = colors if len(colors) == len(finest) else resize(colors, size)
        total, weight = total + sampled(fine, at.to) * weighs, weight + weighs
    return np.asarray(total / np.maximum(weight, np.float32(1e-9)), np.float32)


def mixed(like: Prediction, mass: Float) -> Prediction:
    """A prediction with that distribution, or ab; see looked_at."""
    planes = np.ascontiguousarray(mass.transpose(2, 0, 1))
    if like.spec.output == "distribution":
        planes = np.log(np.maximum(planes, np.float32(1e-8)))
    return replace(like, output=planes) if like.unhinted is None else replace(like, unhinted=planes)
