"""What is measured of a coloured film beside its truth: does it flicker, and is it as colourful and as right?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from photochrom.color.colorfulness import colorfulness
from photochrom.color.lab import Float
from photochrom.evaluate.film.clips import Pictures
from photochrom.evaluate.metrics.ciede import ciede2000
from photochrom.evaluate.metrics.picture import lab_of
from photochrom.film.flow import rest, sampled

AGREE = 1.0  # pixels: where the way there and back ends nearer to its beginning, it counts
_APART = (1, 2, 4)  # pictures between those that the consistency compares
_EVERY = 4  # pictures that LPIPS and CIEDE2000 take one of
Lpips = Callable[[NDArray[np.uint8], NDArray[np.uint8]], float]


class Motion:
    """Of a truth: where each place (h,w) of a picture is in the next, by DIS flow of its lightness, and whether the
    flow agrees with the one back."""

    def __init__(self, pictures: Pictures) -> None:
        flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
        light = [np.rint(lab_of(picture)[..., 0] * np.float32(2.55)).astype(np.uint8) for picture in pictures]
        here, none = rest(light[0].shape).to, np.zeros((*light[0].shape, 2), np.float32)
        edge = np.array([light[0].shape[1] - 1, light[0].shape[0] - 1])
        self.steps: list[tuple[Float, NDArray[np.bool_]]] = []
        for before, after in pairwise(light):
            on = np.asarray(flow.calc(before, after, none.copy()), np.float32)
            back = np.asarray(flow.calc(after, before, none.copy()), np.float32)
            to = here + on
            missed = on + sampled(back, to)
            agrees = np.hypot(missed[..., 0], missed[..., 1]) < AGREE
            agrees &= ((to >= 0) & (to <= edge)).all(axis=-1)
            self.steps.append((to, agrees))


def warped_error(labs: Sequence[Float], motion: Motion) -> float:
    """Mean distance in ab of a place and where it is in the next picture: 0 where colours stay with things."""
    return _warped([lab[..., 1:] for lab in labs], motion)


def warped_lightness_error(labs: Sequence[Float], motion: Motion) -> float:
    """The same for L*: where it is more than the truth's, lightness flickers."""
    return _warped([lab[..., :1] for lab in labs], motion)


def _warped(planes: Sequence[Float], motion: Motion) -> float:
    errors = []
    for (to, agrees), (before, after) in zip(motion.steps, pairwise(planes), strict=True):
        change = sampled(np.ascontiguousarray(after), to).reshape(before.shape) - before
        errors.append(float(np.linalg.norm(change, axis=-1)[agrees].mean()) if agrees.any() else 0.0)
    return float(np.mean(errors))


def distribution_consistency(pictures: Pictures) -> float:
    """Color Distribution Consistency (Liu et al., "Temporally consistent video colorization", 2021): Jensen-Shannon
    divergence of the histograms of R, G and B of pictures 1, 2 and 4 apart, in nats; lower is steadier."""
    bins = [
        np.stack([np.bincount(picture[..., c].ravel(), minlength=256) for c in range(3)]) / picture[..., 0].size
        for picture in pictures
    ]
    found = []
    for apart in _APART:
        pairs = zip(bins, bins[apart:], strict=False)
        found.append(float(np.mean([_divergence(one, two) for one, two in pairs])))
    return float(np.mean(found))


def measure_film(
    pictures: Pictures, truth: Pictures, truth_labs: Sequence[Float], motion: Motion, lpips: Lpips | None
) -> dict[str, float]:
    """Every measure of a coloured film (N,H,W,3) uint8. lpips: of two pictures, or None to leave it out."""
    labs = [lab_of(picture) for picture in pictures]
    places = range(0, len(pictures), _EVERY)
    found = {
        "warped": warped_error(labs, motion),
        "warped_l": warped_lightness_error(labs, motion),
        "cdc": 1000 * distribution_consistency(pictures),
        "colorfulness": float(np.mean([colorfulness(picture) for picture in pictures])),
        "ciede2000": float(np.mean([ciede2000(labs[n], truth_labs[n]).mean(dtype=np.float64) for n in places])),
    }
    if lpips is not None:
        found["lpips"] = float(np.mean([lpips(pictures[n], truth[n]) for n in places]))
    return found


def _divergence(one: NDArray[np.float64], two: NDArray[np.float64]) -> float:
    middle = np.maximum((one + two) / 2, 1e-12)
    parts = [np.where(p > 0, p * np.log(np.maximum(p, 1e-12) / middle), 0).sum(axis=-1) for p in (one, two)]
    return float(np.mean((parts[0] + parts[1]) / 2))
