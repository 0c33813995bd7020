"""Measures that only a predicted distribution can have: calibration of its confidence, and what its variants cover."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from photochrom.color.lab import Float
from photochrom.errors import UsageError
from photochrom.evaluate.arrays import Lab
from photochrom.evaluate.metrics.picture import ab_distance, lab_of
from photochrom.evaluate.painters import ModelPainter
from photochrom.photo import Photo
from photochrom.prediction import NEAR

if TYPE_CHECKING:
    from photochrom.evaluate.metrics.lpips import Lpips

STEPS = 10  # of the reliability diagram
VARIANTS = 5


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
    colorizer, settings = painter.colorizer, painter.settings
    photo = Photo.from_array(grey)
    prediction = colorizer.predict(photo, settings)
    shown = colorizer.chroma(prediction, settings)
    certain = prediction.confidence(shown)
    if certain is None:
        raise UsageError(f"model {painter.name!r} predicts one colour, not a distribution: it has no confidence")
    error = np.linalg.norm(shown - _shrink(truth_lab[..., 1:], shown.shape[:2]), axis=-1)
    found: dict[str, Any] = {"reliability": reliability(certain, error)}

    versions = colorizer.versions(replace(settings, seed=1), VARIANTS)
    variants = [colorizer.render(photo, prediction, version).pixels for version in versions]
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
