"""Several networks on the same pictures: what each makes of them, and how near the truth it comes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from photochrom.color.gamut import merge
from photochrom.color.lab import Float
from photochrom.color.lightness import shrink_lightness
from photochrom.color.resample import resize
from photochrom.errors import PictureError, UsageError
from photochrom.evaluate.arrays import Rgb
from photochrom.evaluate.metrics.picture import WIDEST, ab_distance, ab_mse, accuracy, accuracy_area, lab_of
from photochrom.pictures.find import find_pictures
from photochrom.pictures.split import split
from photochrom.train.data.pictures import View

RADII = np.arange(0, WIDEST + 0.5, 0.5)  # ab units: of the accuracy's curve


class Predicts(Protocol):
    """What is needed of a ColorMethod."""

    def predict_ab(self, lightness: Tensor) -> Tensor:
        """(N,1,H,W) lightness 0..100 -> (N,2,H,W) ab."""
        ...


class AbErrors:
    """How near a network's ab comes to the truth, over pictures of one size."""

    def __init__(self) -> None:
        self._scores: list[dict[str, float]] = []
        self._mean_colors: list[NDArray[np.float64]] = []
        self._shares = np.zeros(len(RADII) - 1)  # of each picture's pixels, by their distance from the truth; added up

    def add(self, ab: Float, truth: Float) -> None:
        """Of one picture, (H,W,2) each, ab units."""
        distance = ab_distance(ab, truth)
        self._shares += np.histogram(distance, RADII)[0] / distance.size
        self._mean_colors.append(ab.mean(axis=(0, 1), dtype=np.float64))
        self._scores.append(
            {
                "accuracy": accuracy(ab, truth),
                "accuracy area": accuracy_area(ab, truth),
                "ab error": float(distance.mean(dtype=np.float64)),
                "MSE of ab/128": ab_mse(ab, truth),
                "chroma": float(np.linalg.norm(ab, axis=-1).mean(dtype=np.float64)),
            }
        )

    @property
    def curve(self) -> NDArray[np.float64]:
        """Share of pixels whose ab distance from the truth is under each of RADII."""
        return np.concatenate([[0.0], np.cumsum(self._shares) / max(1, len(self._scores))])

    def scores(self) -> dict[str, float]:
        """Means over the pictures, and diversity: the RMS spread of the pictures' mean colours, ab units.

        Accuracy within 10 ab units; its area over 0..150, 1 being perfect; mean distance; squared error of ab/128;
        mean chroma.
        """
        means = {name: float(np.mean([scores[name] for scores in self._scores])) for name in self._scores[0]}
        spread = np.asarray(self._mean_colors)
        return means | {"diversity": float(np.sqrt(((spread - spread.mean(0)) ** 2).sum(-1).mean()))}


def validation_squares(
    data: Sequence[str | Path], *, size: int, share: float | str, limit: int, count: int, commands: bool = False
) -> list[Rgb]:
    """The first `count` validation pictures of the data, each as its middle square of `size` pixels.

    With a share of 0 all pictures count as validation. commands: as for find_pictures(). Raises UsageError where none
    can be read.
    """
    pictures = find_pictures(data, commands=commands)
    chosen = split(pictures, share, limit).validation if share != 0 else pictures
    view, why = View(size), ""
    squares: list[Rgb] = []
    for i, picture in enumerate(chosen):
        if len(squares) == count:
            break
        try:
            squares.append(np.array(view.take(picture, 0, i)))
        except PictureError as error:
            why = why or f" ({error})"
    if not squares:
        raise UsageError(f"no validation picture of {', '.join(map(str, data))} can be read{why}: check --data")
    return squares


@torch.no_grad()
def predicted_ab(method: Predicts, square: Rgb, size: int, device: torch.device | str = "cpu") -> Float:
    """What a network that was trained at `size` pixels makes of a square: ab (S,S,2), enlarged by straight lines."""
    small = shrink_lightness(square, (size, size))
    ab = method.predict_ab(torch.from_numpy(small)[None, None].to(device))[0].float().cpu().numpy()
    return resize(np.ascontiguousarray(ab.transpose(1, 2, 0)), square.shape[1::-1])


def true_ab(square: Rgb) -> Float:
    """ab (S,S,2) of a square."""
    return lab_of(square)[..., 1:]


def in_grey(square: Rgb) -> Rgb:
    """The square without its colour, its lightness kept."""
    return np.asarray(merge(square, np.zeros((*square.shape[:2], 2), np.float32)))


def in_color(square: Rgb, ab: Float) -> Rgb:
    """The square's lightness with other colours."""
    return np.asarray(merge(square, ab))


def keras_accuracy_of_one_tone(truths: Sequence[Float]) -> float:
    """What Keras' "accuracy" gives a network that paints everything in one yellowish tone: where b is above a."""
    return float(np.mean([(ab[..., 1] > ab[..., 0]).mean() for ab in truths]))


def work_device(methods: Sequence[nn.Module]) -> torch.device:
    """A GPU where there is one; the networks are brought there and put into evaluation mode."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    for method in methods:
        method.eval().to(device)
    return device
