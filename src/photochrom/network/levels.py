"""Levels of a network's decoder, each with a reading: what colours it holds already, before the finer ones have run.

A level has no colours of its own, only activations that the next one works on. What of the finished colours is in them
is found as linear probes find it (Alain & Bengio, "Understanding intermediate layers using linear classifier probes",
2016): the linear map from the channels of a place to a and b that, over many pictures, comes nearest to what the
network says in the end. It is fitted by ridge regression on some pictures and measured on others; nothing of the
network is changed. The last stage is not read but is the network's own answer.

Of a network that predicts lightness too, lightness is read with the colours.

A reading is pale where the level leaves colours open, since the mean of many colours is pale.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from photochrom.color.lab import Float
from photochrom.color.resample import resize
from photochrom.errors import ModelError, UsageError

_RIDGE = 1e-3  # of the channels' mean variance


@dataclass(frozen=True, eq=False)
class Level:
    """A level's name, for people, and its reading.

    tensor: of the activations, in the file or the module. weights: (C,K), bias: (K,), from channels to a and b, or to
    L*, a and b. explained: share of the variance of the network's finished colours that the enlarged reading has, on
    pictures that it was not fitted on: 1 for all, 0 for one colour everywhere.
    """

    name: str
    tensor: str
    weights: Float
    bias: Float
    explained: float

    def read(self, features: Float) -> Float:
        """Activations (C,h,w) -> the colours that they hold, (h,w,K) float32."""
        return np.asarray(np.moveaxis(features, 0, -1) @ self.weights + self.bias, np.float32)


@dataclass(frozen=True, eq=False)
class Stage:
    """What a network would paint after a level: ab (h,w,2) float32, ab units, at the level's own resolution.

    lightness: L* (h,w) float32 that it predicts, None where the picture's own counts.
    stride: pixels of the network's input to one place. explained: as of Level; 1 for the network's answer itself.
    """

    name: str
    stride: int
    ab: Float
    explained: float
    lightness: Float | None = None


class Fit:
    """The reading of one level, from pictures that are added one by one: half of them fit it, the others measure it."""

    def __init__(self, name: str, tensor: str) -> None:
        self.name, self.tensor = name, tensor
        self._count = 0
        self._products: NDArray[np.float64] | float = 0.0
        self._held: list[tuple[Float, Float]] = []

    def add(self, features: Float, answer: Float) -> None:
        """Activations (C,h,w) of a picture, and the colours that the network gave it in the end, (H,W,K)."""
        self._count += 1
        if self._count % 2 == 0:
            self._held.append((features.astype(np.float16), answer.astype(np.float16)))
            return
        height, width = features.shape[1:]
        rows = np.concatenate(
            [np.moveaxis(features, 0, -1), np.ones((height, width, 1)), resize(answer, (width, height))], axis=-1
        ).reshape(height * width, -1)
        self._products = self._products + rows.T.astype(np.float64) @ rows / len(rows)

    def level(self) -> Level:
        """The reading. Raises UsageError for fewer than two pictures."""
        if not self._held or isinstance(self._products, float):
            raise UsageError(f"{self._count} pictures are too few to read a level by: give at least 2")
        products = self._products / (self._count - len(self._held))
        channels = len(self._held[0][0])
        square, target = products[: channels + 1, : channels + 1].copy(), products[: channels + 1, channels + 1 :]
        spread = np.diag(square)[:channels] - square[-1, :channels] ** 2
        square[np.arange(channels), np.arange(channels)] += _RIDGE * max(float(spread.mean()), 1e-12)
        solution = np.linalg.solve(square, target).astype(np.float32)
        level = Level(self.name, self.tensor, solution[:channels], solution[channels], 0.0)
        return Level(self.name, self.tensor, level.weights, level.bias, self._share_explained(level))

    def _share_explained(self, level: Level) -> float:
        wrong, total = 0.0, 0.0
        mean = np.mean([answer.astype(np.float32).mean((0, 1)) for _, answer in self._held], axis=0)
        for features, answer in self._held:
            truth = answer.astype(np.float32)
            ours = resize(level.read(features.astype(np.float32)), (answer.shape[1], answer.shape[0]))
            wrong += float(np.square(truth - ours).mean())
            total += float(np.square(truth - mean).mean())
        return round(1 - wrong / max(total, 1e-12), 4)


def levels_file(model: Path) -> Path:
    """Where the readings of a model file are kept: NAME.levels.json beside it."""
    return model.with_suffix(".levels.json")


def save_levels(levels: Iterable[Level], path: Path, *, sha256: str) -> None:
    """Keep readings. sha256: of the model file that they belong to."""
    rows = [
        {
            "name": level.name,
            "tensor": level.tensor,
            "explained": level.explained,
            "bias": _rounded(level.bias),
            "weights": [_rounded(row) for row in level.weights],
        }
        for level in levels
    ]
    text = ",\n".join(json.dumps(row) for row in rows)
    path.write_text(f'{{"sha256": "{sha256}", "levels": [\n{text}\n]}}\n', encoding="utf-8")


def load_levels(path: Path, *, sha256: str) -> list[Level]:
    """The readings that belong to a model file of this hash, coarse to fine.

    Raises ModelError where there are none, or those of another file.
    """
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        owner = kept["sha256"]
        levels = [
            Level(
                row["name"],
                row["tensor"],
                np.asarray(row["weights"], np.float32).reshape(-1, len(row["bias"])),
                np.asarray(row["bias"], np.float32),
                float(row["explained"]),
            )
            for row in kept["levels"]
        ]
    except FileNotFoundError as error:
        raise ModelError(
            f"nobody has read the levels of this model yet ({path} is missing): use one that ships"
        ) from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{path} can't be read ({error}): install photochrom again") from error
    if owner != sha256:
        raise ModelError(f"{path} belongs to another model file: make it again with scripts/read_levels.py")
    return levels


def _rounded(values: Float) -> list[float]:
    return [float(f"{value:.5g}") for value in values]
