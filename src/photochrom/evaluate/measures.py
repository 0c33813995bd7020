"""The measures of an evaluation. Each takes a chunk of pictures of several painters and gives numbers for each."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import ArrayLike

from photochrom.domains.table import find_domain
from photochrom.evaluate.arrays import Arrays, Rgb
from photochrom.evaluate.dataset import Truths
from photochrom.evaluate.metrics.pair import measure_pair
from photochrom.evaluate.metrics.picture import lab_of, measure
from photochrom.evaluate.metrics.segments import even_segments, measure_segments
from photochrom.evaluate.painters import ModelPainter, Painter
from photochrom.evaluate.settings import EvaluationSettings
from photochrom.train.measure.weight_files import WEIGHTS
from photochrom.train.measure.weights import MissingWeightsError, WeightFiles, find_weights

if TYPE_CHECKING:
    from photochrom.evaluate.metrics.lpips import Lpips
    from photochrom.train.measure.features import Extractor

FEATURES = ("fid", "fid_torchvision", "fd_dinov2")  # the Frechet distances, by the name of their number


class Measure(Protocol):
    """name: of its folder in the cache. key: what its numbers depend on besides the pictures and the code."""

    name: str
    key: str

    def applies(self, painter: Painter) -> bool:
        """Whether what this painter makes can be measured so."""
        ...

    def __call__(self, painted: Mapping[Painter, Sequence[Rgb]], truths: Truths) -> dict[Painter, Arrays]:
        """Per painter its arrays, the first axis of each over the pictures."""
        ...


class _OfAll:
    def applies(self, painter: Painter) -> bool:
        """Of every painter's pictures."""
        return True


class PixelMeasure(_OfAll):
    """All of metrics.picture.measure, several pictures at a time."""

    name, key = "pixels", ""

    def __init__(self, threads: int | None = None) -> None:
        self._threads = threads or min(4, os.cpu_count() or 1)

    def __call__(self, painted: Mapping[Painter, Sequence[Rgb]], truths: Truths) -> dict[Painter, Arrays]:
        """A number of each picture for each measure."""
        with ThreadPoolExecutor(self._threads) as pool:
            return {
                painter: _columns(pool.map(measure, pictures, truths.pictures, truths.labs))
                for painter, pictures in painted.items()
            }


class SegmentMeasure(_OfAll):
    """The chroma of even segments by the truth's: see metrics.segments."""

    name, key = "segments", ""

    def __call__(self, painted: Mapping[Painter, Sequence[Rgb]], truths: Truths) -> dict[Painter, Arrays]:
        """Counts and sums of each picture for each kind of segment, (n,3)."""
        labels = [even_segments(lab) for lab in truths.labs]
        return {
            painter: _columns(map(measure_segments, map(lab_of, pictures), truths.labs, labels))
            for painter, pictures in painted.items()
        }


class LpipsMeasure(_OfAll):
    """LPIPS of each picture against its truth; the truth's features are made once for all painters."""

    def __init__(self, name: str, weights: WeightFiles, device: str = "cpu") -> None:
        self.name, self.weights, self.device = name, weights, device
        self.key = f"{weights.sha256} {device}"

    @cached_property
    def net(self) -> Lpips:
        """torch is imported when the first picture is measured."""
        from photochrom.evaluate.metrics.lpips import Lpips

        return Lpips(*self.weights.files, net="vgg" if self.name.endswith("vgg") else "alex", device=self.device)

    def __call__(self, painted: Mapping[Painter, Sequence[Rgb]], truths: Truths) -> dict[Painter, Arrays]:
        """A distance of each picture, 0 where it equals the truth."""
        distances: dict[Painter, list[float]] = {painter: [] for painter in painted}
        for i, truth in enumerate(truths.pictures):
            target = None
            for painter, pictures in painted.items():
                if np.array_equal(pictures[i], truth):
                    distances[painter].append(0.0)
                    continue
                target = target or self.net.features([truth])  # one by one: a batch would change the last digits
                distances[painter].append(self.net.distance(self.net.features([pictures[i]]), target))
        return {painter: {self.name: np.array(values)} for painter, values in distances.items()}


class FeatureMeasure(_OfAll):
    """The features of a Frechet distance."""

    def __init__(self, name: str, weights: WeightFiles, device: str = "cpu") -> None:
        self.name, self.weights, self.device = name, weights, device
        self.key = f"{weights.sha256} {device}"

    @cached_property
    def net(self) -> Extractor:
        """torch is imported when the first picture is measured."""
        from photochrom.train.measure import features

        kinds: dict[str, Callable[[Path, str], Extractor]] = {
            "fid": features.Inception,
            "fid_torchvision": features.TorchvisionInception,
            "fd_dinov2": features.Dinov2,
        }
        return kinds[self.name](self.weights.files[0], self.device)

    def __call__(self, painted: Mapping[Painter, Sequence[Rgb]], truths: Truths) -> dict[Painter, Arrays]:
        """A row of features of each picture."""
        return {painter: {self.name: self.net(pictures)} for painter, pictures in painted.items()}


class PairMeasure(_OfAll):
    """What is asked of models that predict lightness too: the angle of colours, and whether edges are kept."""

    name, key = "pairs", ""

    def __call__(self, painted: Mapping[Painter, Sequence[Rgb]], truths: Truths) -> dict[Painter, Arrays]:
        """A number of each picture for each measure."""
        return {
            painter: _columns(map(measure_pair, pictures, truths.pictures, truths.given))
            for painter, pictures in painted.items()
        }


class DistributionMeasure:
    """What only a distribution can tell: is its confidence right, and do its variants cover the truth?"""

    name = "distribution"

    def __init__(self, lpips: LpipsMeasure | None) -> None:
        self.lpips = lpips
        self.key = lpips.key if lpips else "-"

    def applies(self, painter: Painter) -> bool:
        """Of models that predict one."""
        return isinstance(painter, ModelPainter) and painter.network.spec.output == "distribution"

    def __call__(self, painted: Mapping[Painter, Sequence[Rgb]], truths: Truths) -> dict[Painter, Arrays]:
        """What `measure_distribution` gives of each picture."""
        from photochrom.evaluate.metrics.calibration import measure_distribution

        net = self.lpips.net if self.lpips else None
        pairs = list(zip(truths.given, truths.pictures, truths.labs, strict=True))
        return {
            painter: _columns(measure_distribution(painter, *pair, lpips=net) for pair in pairs)
            for painter in painted
            if isinstance(painter, ModelPainter)
        }


def _columns(pictures: Iterable[Mapping[str, ArrayLike]]) -> Arrays:
    """From a mapping for each picture to an array for each of its names."""
    rows = list(pictures)
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}


def make_measures(settings: EvaluationSettings) -> tuple[list[Measure], dict[str, str]]:
    """Those that can be made here, and a sentence for each that can't."""
    measures: list[Measure] = [PixelMeasure(settings.threads), SegmentMeasure()]
    missing: dict[str, str] = {}
    device = _torch_device(settings.device) if set(WEIGHTS) - set(settings.without) else "cpu"
    for name in ("lpips_alex", "lpips_vgg", *FEATURES):
        if name in settings.without:
            continue
        try:
            weights = find_weights(name, folders=settings.metric_weights, download=settings.download)
        except MissingWeightsError as error:
            missing[name] = str(error)
            continue
        kind = FeatureMeasure if name in FEATURES else LpipsMeasure
        measures.append(kind(name, weights, device))
    if not find_domain(settings.domain).keeps_lightness:
        measures.append(PairMeasure())
    elif "distribution" not in settings.without:
        alex = next((m for m in measures if isinstance(m, LpipsMeasure) and m.name == "lpips_alex"), None)
        measures.append(DistributionMeasure(alex))
    return measures, missing


def _torch_device(device: str) -> str:
    import torch

    return "cuda" if device in ("auto", "cuda") and torch.cuda.is_available() else "cpu"
