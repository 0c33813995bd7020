"""Squares of pictures, decoded when asked for; pictures that can't be read are replaced by others and logged."""

from __future__ import annotations

import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.utils.data import Dataset

from photochrom.color.colorfulness import colorfulness
from photochrom.errors import PictureError, TrainingError
from photochrom.pictures.picture import Picture, Pixels
from photochrom.pictures.squares import center_crop, chance, random_boxes, resized_crop
from photochrom.train.data.left_out import Broken

_TRIES = 50  # pictures tried in the place of one that can't be used

Pick = tuple[int, ...]  # the epoch, then the number of a picture in each set


@dataclass(frozen=True)
class View:
    """Which square of a picture is taken. random: anywhere, at a short side of size..size*zoom; else the middle."""

    size: int
    random: bool = False
    zoom: float = 1.0
    seed: int = 0

    def boxes(self, sizes: NDArray[np.int64], epoch: int, indices: NDArray[np.int64]) -> NDArray[np.float64]:
        """Left, top, side (N,3) for pictures of width, height (N,2): a function of seed, epoch and picture."""
        return random_boxes(sizes, self.zoom, chance(self.seed, epoch, indices, 3))

    def take(self, picture: Picture, epoch: int, index: int) -> Pixels:
        """(size,size,3) sRGB. Raises PictureError."""
        pixels = picture.pixels(round(self.size * self.zoom))
        if not self.random:
            return center_crop(pixels, self.size)
        sizes = np.array([pixels.shape[1::-1]])
        return resized_crop(pixels, self.boxes(sizes, epoch, np.array([index]))[0], self.size)

    def whole(self, picture: Picture) -> Pixels:
        """What has to be kept (H,W,3) to take any square from later: no larger than needed. Raises PictureError."""
        least = round(self.size * self.zoom)
        pixels = picture.pixels(least)
        if not self.random:
            return center_crop(pixels, self.size)
        height, width = pixels.shape[:2]
        short = min(height, width)
        if short <= least:
            return pixels
        size = tuple(max(least, round(side * least / short)) for side in (width, height))
        return np.array(Image.fromarray(pixels).resize(size, Image.Resampling.BICUBIC, reducing_gap=3.0))


class Squares(Dataset[dict[str, Any]]):
    """Sets of pictures by name ("rgb", "other"); an item is a square of each, and what was broken on the way."""

    def __init__(self, sets: Mapping[str, Sequence[Picture]], view: View, least_colorful: float = 0.0) -> None:
        self.sets, self.view, self.least_colorful = sets, view, least_colorful

    def __getitem__(self, pick: Pick) -> dict[str, Any]:
        broken: list[Broken] = []
        item: dict[str, Any] = {
            name: torch.from_numpy(self._square(pictures, pick[0], index, broken)).permute(2, 0, 1)
            for (name, pictures), index in zip(self.sets.items(), pick[1:], strict=True)
        }
        return item | {"broken": broken}

    def _square(self, pictures: Sequence[Picture], epoch: int, index: int, broken: list[Broken]) -> Pixels:
        for number in (index, *_substitutes(index, len(pictures), self.view.seed)):
            try:
                square = self.view.take(pictures[number], epoch, index)
            except PictureError as error:
                broken.append((pictures[number].where, str(error)))
                continue
            if self.least_colorful <= 0 or colorfulness(square) >= self.least_colorful:
                return square
        why = f" ({broken[-1][1]})" if broken else ""
        raise TrainingError(
            f"{pictures[index].where} and {_TRIES} others can't be used{why}: check the data"
            + (", or lower data.min_colorfulness" if self.least_colorful > 0 else "")
        )


def collate(items: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """One batch: {"rgb": uint8 (N,3,size,size), "broken": [(where, why)…]}."""
    batch: dict[str, Any] = {
        name: torch.stack([item[name] for item in items]) for name in items[0] if isinstance(items[0][name], Tensor)
    }
    return batch | {"broken": [picture for item in items for picture in item["broken"]]}


def ignore_signals(worker: int) -> None:
    """A decoding process leaves Ctrl-C and SIGTERM to the one that trains, which still needs a batch or two."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)


def _substitutes(index: int, count: int, seed: int) -> list[int]:
    drawn = chance(seed, -1, np.array([index]), _TRIES)[0]
    return [int(x) for x in drawn * count]
