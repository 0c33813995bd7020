"""From numbers of pictures to numbers of rows, with 95 % intervals by bootstrap over the pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from photochrom.evaluate.arrays import Columns
from photochrom.evaluate.metrics.calibration import expected_calibration_error
from photochrom.evaluate.metrics.picture import TINTED

DRAWS = 1000
_BLOCK = 100  # draws made at once


@dataclass(frozen=True)
class Metric:
    """How a number is shown. better: "low", "high", or "" where neither is (colourfulness: the truth's is best)."""

    label: str
    better: Literal["low", "high", ""]
    meaning: str


METRICS: dict[str, Metric] = {
    "fid": Metric("FID", "low", "Frechet distance of features of the 2015 TensorFlow Inception, clean resize"),
    "fid_torchvision": Metric(
        "FID (torchvision)",
        "low",
        "the same with torchvision's Inception, prepared as in the tables of CT2 and DDColor",
    ),
    "fd_dinov2": Metric("FD-DINOv2", "low", "Frechet distance of features of DINOv2 ViT-L/14"),
    "lpips_alex": Metric("LPIPS alex", "low", "learned perceptual distance, AlexNet, version 0.1"),
    "lpips_vgg": Metric("LPIPS vgg", "low", "learned perceptual distance, VGG16, version 0.1"),
    "psnr": Metric("PSNR dB", "high", "peak signal-to-noise ratio of 8-bit sRGB; kind to grey"),
    "ssim": Metric("SSIM", "high", "structural similarity of R, G and B; kind to grey"),
    "ciede2000": Metric("CIEDE2000", "low", "mean colour difference; kind to grey"),
    "colorfulness": Metric("Colourfulness", "", "Hasler and Suesstrunk's M3; best when near the truth's"),
    "colorfulness_gap": Metric("Colourfulness gap", "low", "from the mean colourfulness of the truth"),
    "tinted_share": Metric("Tinted", "low", f"share of pictures whose mean ab is over {TINTED:g} units off"),
    "tint_distance": Metric("Tint", "low", "how far a picture's mean ab is off, in ab units"),
    "angle": Metric("Angle", "low", "mean angle between the colours as vectors of R, G and B, degrees"),
    "edges_kept": Metric("Edges kept", "high", "structural similarity of the edges of the result and of the input"),
    "ab_mse": Metric("ab MSE", "low", "mean squared error of a/128 and b/128; kind to grey"),
    "accuracy": Metric("Accuracy", "high", "share of pixels with an ab error of at most 10 units"),
    "accuracy_area": Metric("Accuracy area", "high", "area under the accuracy for radii 0 to 150, raw"),
    "ece": Metric(
        "ECE", "low", "expected calibration error: confidence against the share of pixels within 20 ab units"
    ),
    "coverage_5": Metric("Coverage of 5", "high", "share of pixels that one of 5 variants brings within 10 ab units"),
    "best_of_5_lpips": Metric("Best of 5 LPIPS", "low", "LPIPS alex of the best of 5 variants"),
    "diversity_5": Metric("Diversity of 5", "", "mean LPIPS alex between two of 5 variants"),
}
# What metrics.measure finds for `failures` alone.
_INNER = ("ab_error", "shift_share", "edge_error", "flat_error", "worst_area")


@dataclass(frozen=True)
class Summary:
    """metrics: by the names of METRICS, in their order. intervals: 95 %, (low, high), of those that have one."""

    metrics: dict[str, float]
    intervals: dict[str, tuple[float, float]]


def summarize(columns: Columns, truth: Columns, *, draws: int = DRAWS, seed: int = 0) -> Summary:
    """Of one row: `columns` per picture (n,) or, for "reliability", (n,steps,3); `truth` those of the row truth.

    The Frechet distances are not here: they belong to all pictures together. draws 0: no intervals.
    """
    singles, counts = _singles(columns, truth), columns.get("reliability")
    names = list(singles)
    table = np.stack([singles[name] for name in names], axis=1)
    flat = None if counts is None else np.asarray(counts, np.float64).reshape(len(counts), -1)

    def finished(means: NDArray[np.float64], sums: NDArray[np.float64] | None) -> dict[str, NDArray[np.float64]]:
        """Of draws: the means (draws,names), and the mean counts (draws,steps*3)."""
        values = {name: means[:, i] for i, name in enumerate(names)}
        values["colorfulness_gap"] = np.abs(values["colorfulness_gap"])
        if sums is not None and counts is not None:
            values["ece"] = np.array(
                [expected_calibration_error(counted.reshape(counts.shape[1:])) for counted in sums]
            )
        return values

    n = len(table)
    whole = finished(table.mean(axis=0)[None], None if flat is None else flat.mean(axis=0)[None])
    metrics = {name: float(value[0]) for name, value in whole.items()}
    intervals: dict[str, tuple[float, float]] = {}
    if draws and n > 1:
        rng = np.random.default_rng(seed)  # the same draws for every row: they are compared with each other
        blocks = []
        for size in _blocks(draws):
            weights = rng.multinomial(n, np.full(n, 1 / n), size) / n
            blocks.append(finished(weights @ table, None if flat is None else weights @ flat))
        for name in metrics:
            low, high = np.percentile(np.concatenate([block[name] for block in blocks]), [2.5, 97.5])
            intervals[name] = (float(low), float(high))
    order = [name for name in METRICS if name in metrics]
    return Summary(
        {name: metrics[name] for name in order}, {name: intervals[name] for name in order if name in intervals}
    )


def _singles(columns: Columns, truth: Columns) -> dict[str, NDArray[np.float64]]:
    """Numbers of a picture whose mean is the row's."""
    numbers = {
        name: np.asarray(column, np.float64)
        for name, column in columns.items()
        if column.ndim == 1 and name not in _INNER
    }
    numbers["tinted_share"] = (numbers["tint_distance"] > TINTED).astype(np.float64)
    numbers["colorfulness_gap"] = numbers["colorfulness"] - np.asarray(truth["colorfulness"], np.float64)
    return numbers


def _blocks(draws: int) -> list[int]:
    return [_BLOCK] * (draws // _BLOCK) + ([draws % _BLOCK] if draws % _BLOCK else [])
