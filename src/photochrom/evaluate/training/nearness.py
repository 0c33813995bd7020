"""Several networks on the same pictures: what each makes of them, and how near the truth it comes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from photochrom.color.gamut import merge
from photochrom.color.lab import rgb_to_lab
from photochrom.color.lightness import shrink_lightness
from photochrom.color.resample import resize
from photochrom.errors import UsageError
from photochrom.pictures.find import find_pictures
from photochrom.pictures.split import split
from photochrom.train.data.pictures import View, why_broken

Square = NDArray[np.uint8]  # (S,S,3) sRGB
RADIUS = 10.0  # ab units: of the accuracy that the tables give
RADII = np.arange(0, 150.5, 0.5)  # ab units: of its curve


class Predicts(Protocol):
    """What is needed of a ColorMethod."""

    def predict_ab(self, lightness: Tensor) -> Tensor: ...


@dataclass
class Nearness:
    """How near ab comes to the truth, over all pixels of all pictures: sums, and counts by distance for the curve."""

    counts: NDArray[np.int64] = field(default_factory=lambda: np.zeros(len(RADII) - 1, np.int64))
    pixels: int = 0
    near: int = 0
    area: float = 0.0
    distance: float = 0.0
    square: float = 0.0
    chroma: float = 0.0
    means: list[NDArray[np.float64]] = field(default_factory=list)

    def add(self, ab: NDArray[np.float32], truth: NDArray[np.float32]) -> None:
        """(H,W,2) each, ab units."""
        error = np.linalg.norm(ab - truth, axis=-1)
        self.counts += np.histogram(error, RADII)[0]
        self.pixels += error.size
        self.near += int((error <= RADIUS).sum())
        self.area += float(np.clip(1 - error / RADII[-1], 0, None).sum(dtype=np.float64))
        self.distance += float(error.sum())
        self.square += float(((ab - truth) ** 2).sum())
        self.chroma += float(np.linalg.norm(ab, axis=-1).sum())
        self.means.append(ab.reshape(-1, 2).mean(0, dtype=np.float64))

    @property
    def curve(self) -> NDArray[np.float64]:
        """Share of pixels whose ab distance from the truth is under each of RADII."""
        return np.r_[0.0, np.cumsum(self.counts) / max(1, self.pixels)]

    def scores(self) -> dict[str, float]:
        """Accuracy under 10 ab units; its area over 0..150, 1 being perfect; mean distance; squared error of ab/128;
        mean chroma; and diversity, the RMS spread of the pictures' mean colours."""
        spread = np.asarray(self.means)
        return {
            "accuracy": self.near / self.pixels,
            "accuracy area": self.area / self.pixels,
            "ab error": self.distance / self.pixels,
            "MSE of ab/128": self.square / self.pixels / 2 / 128**2,
            "chroma": self.chroma / self.pixels,
            "diversity": float(np.sqrt(((spread - spread.mean(0)) ** 2).sum(-1).mean())),
        }


def validation_squares(
    data: Sequence[str | Path], *, size: int, share: float, limit: int, count: int, commands: bool = False
) -> list[Square]:
    """The first `count` validation pictures of the data, each as its middle square of `size` pixels.

    With a share of 0 all pictures count as validation. commands: as for find_pictures(). Raises UsageError where none can be read.
    """
    pictures = find_pictures(data, commands=commands)
    chosen = split(pictures, share, limit).validation if share > 0 else pictures
    view, squares, why = View(size), [], ""
    for i, picture in enumerate(chosen):
        if len(squares) == count:
            break
        try:
            squares.append(np.array(view.take(picture, 0, i)))
        except Exception as error:  # decoders raise all sorts
            why = why or f" ({picture.name}: {why_broken(error)})"
    if not squares:
        raise UsageError(f"no validation picture of {', '.join(map(str, data))} can be read{why}: check --data")
    return squares


@torch.no_grad()
def predicted_ab(
    method: Predicts, square: Square, size: int, device: torch.device | str = "cpu"
) -> NDArray[np.float32]:
    """What a network that was trained at `size` pixels makes of a square: ab (S,S,2), enlarged by straight lines."""
    small = shrink_lightness(square, (size, size))
    ab = method.predict_ab(torch.from_numpy(small)[None, None].to(device))[0].float().cpu().numpy()
    return resize(np.ascontiguousarray(ab.transpose(1, 2, 0)), square.shape[1::-1])


def true_ab(square: Square) -> NDArray[np.float32]:
    """ab (S,S,2) of a square."""
    return np.asarray(rgb_to_lab(square.astype(np.float32) / 255)[..., 1:], np.float32)


def in_grey(square: Square) -> Square:
    """The square without its colour, its lightness kept."""
    return np.asarray(merge(square, np.zeros((*square.shape[:2], 2), np.float32)))


def in_colour(square: Square, ab: NDArray[np.float32]) -> Square:
    """The square's lightness with other colours."""
    return np.asarray(merge(square, ab))


def keras_accuracy_of_one_tone(truths: Sequence[NDArray[np.float32]]) -> float:
    """What Keras' "accuracy" gives a network that paints everything in one yellowish tone: where b is above a."""
    return float(np.mean([(ab[..., 1] > ab[..., 0]).mean() for ab in truths]))


def work_device(methods: Sequence[Any]) -> torch.device:
    """A GPU where there is one; the networks are brought there and put into evaluation mode."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    for method in methods:
        method.eval().to(device)
    return device
