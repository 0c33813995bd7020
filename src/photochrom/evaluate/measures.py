"""The measures of an evaluation. Each takes a chunk of pictures of several rows and gives numbers for every picture."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from photochrom.evaluate.cache import Arrays
from photochrom.evaluate.dataset import Truths
from photochrom.evaluate.metrics.picture import measure
from photochrom.evaluate.metrics.weights import WEIGHTS, Found, MissingWeightsError, find_weights
from photochrom.evaluate.painters import ModelPainter, Painter
from photochrom.evaluate.settings import Settings

Picture = NDArray[np.uint8]
FEATURES = ("fid", "fid_torchvision", "fd_dinov2")  # the Frechet distances, by the name of their number


class Measure(Protocol):
    """name: of its folder in the cache. key: what its numbers depend on besides the pictures."""

    name: str
    key: str

    def applies(self, painter: Painter) -> bool: ...

    def __call__(self, rows: Mapping[Painter, Sequence[Picture]], truths: Truths) -> dict[Painter, Arrays]:
        """Per row its arrays, the first axis of each over the pictures."""
        ...


class PixelMeasure:
    """All of metrics.measure, several pictures at a time."""

    name, key = "pixels", ""

    def __init__(self, threads: int | None = None) -> None:
        self._threads = threads or min(4, os.cpu_count() or 1)

    def applies(self, painter: Painter) -> bool:
        return True

    def __call__(self, rows: Mapping[Painter, Sequence[Picture]], truths: Truths) -> dict[Painter, Arrays]:
        with ThreadPoolExecutor(self._threads) as pool:
            return {row: _columns(pool.map(measure, p, truths.pictures, truths.labs)) for row, p in rows.items()}


def _columns(found) -> Arrays:  # type: ignore[no-untyped-def]
    dicts = list(found)
    return {name: np.array([one[name] for one in dicts]) for name in dicts[0]}


class LpipsMeasure:
    """LPIPS of each picture against its truth; the truth's features are made once for all rows."""

    def __init__(self, name: str, weights: Found, device: str = "cpu") -> None:
        self.name, self.weights, self.device = name, weights, device
        self.key = f"{weights.sha256} {device}"

    @cached_property
    def net(self):  # type: ignore[no-untyped-def]  # torch is imported when the first picture is measured
        from photochrom.evaluate.metrics.lpips import Lpips

        return Lpips(*self.weights.files, net="vgg" if self.name.endswith("vgg") else "alex", device=self.device)

    def applies(self, painter: Painter) -> bool:
        return True

    def __call__(self, rows: Mapping[Painter, Sequence[Picture]], truths: Truths) -> dict[Painter, Arrays]:
        found: dict[Painter, list[float]] = {row: [] for row in rows}
        for i, truth in enumerate(truths.pictures):
            target = None
            for row, pictures in rows.items():
                if np.array_equal(pictures[i], truth):
                    found[row].append(0.0)
                    continue
                target = target or self.net.features([truth])  # one by one: a batch would change the last digits
                found[row].append(self.net.distance(self.net.features([pictures[i]]), target))
        return {row: {self.name: np.array(values)} for row, values in found.items()}


class FeatureMeasure:
    """The features of a Frechet distance."""

    def __init__(self, name: str, weights: Found, device: str = "cpu") -> None:
        self.name, self.weights, self.device = name, weights, device
        self.key = f"{weights.sha256} {device}"

    @cached_property
    def net(self):  # type: ignore[no-untyped-def]
        from photochrom.evaluate.metrics import features

        kinds = {"fid": features.Inception, "fid_torchvision": features.TorchvisionInception}
        return kinds.get(self.name, features.Dinov2)(self.weights.files[0], self.device)

    def applies(self, painter: Painter) -> bool:
        return True

    def __call__(self, rows: Mapping[Painter, Sequence[Picture]], truths: Truths) -> dict[Painter, Arrays]:
        return {row: {self.name: self.net(pictures)} for row, pictures in rows.items()}


class DistributionMeasure:
    """What only a distribution can tell: is its confidence right, and do its variants cover the truth?"""

    name = "distribution"

    def __init__(self, lpips: LpipsMeasure | None) -> None:
        self.lpips = lpips
        self.key = lpips.key if lpips else "-"

    def applies(self, painter: Painter) -> bool:
        return isinstance(painter, ModelPainter) and painter.network.info.head == "distribution"

    def __call__(self, rows: Mapping[Painter, Sequence[Picture]], truths: Truths) -> dict[Painter, Arrays]:
        from photochrom.evaluate.metrics.calibration import measure_distribution

        net = self.lpips.net if self.lpips else None
        pairs = list(zip(truths.greys, truths.pictures, truths.labs, strict=True))
        return {
            row: _columns(measure_distribution(row, *pair, lpips=net) for pair in pairs)
            for row in rows
            if isinstance(row, ModelPainter)
        }


def make_measures(settings: Settings) -> tuple[list[Measure], dict[str, str]]:
    """Those that can be made here, and a sentence for each that can't."""
    measures: list[Measure] = [PixelMeasure(settings.threads)]
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
    if "distribution" not in settings.without:
        alex = next((m for m in measures if isinstance(m, LpipsMeasure) and m.name == "lpips_alex"), None)
        measures.append(DistributionMeasure(alex))
    return measures, missing


def _torch_device(device: str) -> str:
    import torch

    return "cuda" if device in ("auto", "cuda") and torch.cuda.is_available() else "cpu"
