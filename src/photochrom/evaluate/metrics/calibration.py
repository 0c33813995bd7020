"""Measures that only a predicted distribution can have: calibration of its confidence, and what its variants cover."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from photochrom.color.distribution import annealed_mean, temperature_for
from photochrom.color.lightness import shrink_lightness
from photochrom.evaluate.arrays import Lab
from photochrom.evaluate.metrics.picture import ab_distance, lab_of
from photochrom.evaluate.painters import ModelPainter

if TYPE_CHECKING:
    from photochrom.evaluate.metrics.lpips import Lpips

Float = NDArray[np.float32]
NEAR = 20.0  # ab units: the confidence is the probability that the shown colour errs by no more than this
STEPS = 10  # of the reliability diagram
VARIANTS = 5


def confidence(logits: Float, centres: Float, shown: Float, *, near: float = NEAR) -> Float:
    """(Q,h,w) logits, (Q,2) bin centres and the shown ab (h,w,2) -> (h,w), 0..1: the probability mass of the bins
    within `near` ab units of the shown colour. 20 units are two of our bins: the disc then holds about a dozen of them.
    """
    bins, height, width = logits.shape
    flat = logits.reshape(bins, -1)
    mass = np.exp(flat - flat.max(axis=0))
    mass /= mass.sum(axis=0)
    gap = centres[:, None, :] - shown.reshape(1, -1, 2)
    out: Float = (mass * ((gap * gap).sum(axis=-1) <= near * near)).sum(axis=0).reshape(height, width)
    return out


def reliability(certain: Float, error: Float, *, near: float = NEAR) -> NDArray[np.float64]:
    """(STEPS,3): per tenth of the confidence the number of places, the sum of their confidence, and how many of them
    err by at most `near`. Sums, so that those of many pictures can be added."""
    step = np.clip((certain * STEPS).astype(np.intp), 0, STEPS - 1).ravel()
    columns = (np.ones(step.size), certain.ravel(), (error <= near).ravel())
    return np.stack([np.bincount(step, column, STEPS) for column in columns], axis=-1)


def expected_calibration_error(counts: NDArray[np.float64]) -> float:
    """From the sums of `reliability`: the mean gap between confidence and the share that was right, weighted by the
    number of places; 0..1, 0 is honest. Naeini et al., AAAI 2015; Guo et al., ICML 2017."""
    n, said, right = (counts[..., c] for c in range(3))
    return float(np.abs(said - right).sum() / max(n.sum(), 1e-9))


def measure_distribution(
    painter: ModelPainter, grey: NDArray[np.uint8], truth: NDArray[np.uint8], truth_lab: Lab, *, lpips: Lpips | None
) -> dict[str, Any]:
    """Of one picture: reliability (STEPS,3); coverage_5, the share of pixels that one of 5 variants puts within 10 ab
    units of the truth; with LPIPS also best_of_5_lpips and diversity_5, the mean LPIPS between two of the variants
    (as Zhu et al., NeurIPS 2017, measure it)."""
    network, colorizer = painter.network, painter.colorizer
    height, width = grey.shape
    logits = network.run(shrink_lightness(grey, colorizer.work_size((width, height), painter.detail)))
    shown = annealed_mean(logits, network.centres, temperature_for(painter.vividness, network.temperature))
    true_ab = _shrink(truth_lab[..., 1:], shown.shape[:2])
    error = np.linalg.norm(shown - true_ab, axis=-1)
    found: dict[str, Any] = {"reliability": reliability(confidence(logits, network.centres, shown), error)}

    variants = colorizer.variants(grey, VARIANTS, detail=painter.detail, vividness=painter.vividness, seed=1)
    nearest = np.min([ab_distance(lab_of(variant), truth_lab) for variant in variants], axis=0)
    found["coverage_5"] = float(np.mean(nearest <= 10))
    if lpips is not None:
        features = [lpips.features([variant]) for variant in variants]
        target = lpips.features([truth])
        found["best_of_5_lpips"] = min(lpips.distance(one, target) for one in features)
        found["diversity_5"] = float(np.mean([lpips.distance(a, b) for a, b in combinations(features, 2)]))
    return found


def _shrink(planes: Float, shape: tuple[int, ...]) -> Float:
    """(H,W,C) -> (h,w,C) by the mean over areas, also where H/h is no whole number."""
    from PIL import Image

    size = (shape[1], shape[0])
    made = [np.asarray(Image.fromarray(p).resize(size, Image.Resampling.BOX)) for p in np.moveaxis(planes, -1, 0)]
    return np.stack(made, axis=-1)
