"""Squares of pictures, decoded when asked for; pictures that can't be read are replaced by others and logged."""

from __future__ import annotations

import signal
from collections.abc import Iterable, Mapping, Sequence
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
from photochrom.pictures.pairs import pair_pixels
from photochrom.pictures.picture import Picture, Pixels
from photochrom.pictures.squares import center_crop, chance, random_boxes, resized_crop
from photochrom.train.data.inputs import Inputs
from photochrom.train.data.left_out import Broken

_TRIES = 50  # pictures tried in the place of one that can't be used

Pick = tuple[int, ...]  # the epoch, then the number of a picture in each set


@dataclass(frozen=True)
class View:
    """Which square of a picture is taken. random: anywhere, at a short side of size..size*zoom; else the middle.

    paired: whether there are pairs: pictures then have 6 channels, the last 3 of them the input's of this kind ("" for
    the only one), which are 0 where a picture has none.
    """

    size: int
    random: bool = False
    zoom: float = 1.0
    seed: int = 0
    paired: bool = False
    kind: str = ""

    def boxes(self, sizes: NDArray[np.int64], epoch: int, indices: NDArray[np.int64]) -> NDArray[np.float64]:
        """Left, top, side (N,3) for pictures of width, height (N,2): a function of seed, epoch and picture."""
        return random_boxes(sizes, self.zoom, chance(self.seed, epoch, indices, 3))

    def take(self, picture: Picture, epoch: int, index: int) -> Pixels:
        """(size,size,3 or 6) sRGB. Raises PictureError."""
        layers = self._layers(picture)
        if not self.random:
            return _stacked(center_crop(pixels, self.size) for pixels in layers)
        sizes = np.array([layers[0].shape[1::-1]])
        box = self.boxes(sizes, epoch, np.array([index]))[0]
        return _stacked(resized_crop(pixels, box, self.size) for pixels in layers)

    def whole(self, picture: Picture) -> Pixels:
        """What has to be kept (H,W,3 or 6) to take any square later, no larger than needed. Raises PictureError."""
        least = round(self.size * self.zoom)
        layers = self._layers(picture)
        if not self.random:
            return _stacked(center_crop(pixels, self.size) for pixels in layers)
        height, width = layers[0].shape[:2]
        short = min(height, width)
        if short <= least:
            return _stacked(layers)
        size = max(least, round(width * least / short)), max(least, round(height * least / short))
        return _stacked(_resized(pixels, size) for pixels in layers)

    def _layers(self, picture: Picture) -> list[Pixels]:
        """The picture, and where there are pairs its input at the same size, (H,W,3) each. Raises PictureError."""
        least = round(self.size * self.zoom)
        if not self.paired:
            return [picture.pixels(least)]
        if picture.input(self.kind) is None:
            pixels = picture.pixels(least)
            return [pixels, np.zeros_like(pixels)]
        truth, given = pair_pixels(picture, self.kind, least)
        same = truth.shape == given.shape
        return [truth, given if same else _resized(given, (truth.shape[1], truth.shape[0]))]


def _stacked(layers: Iterable[Pixels]) -> Pixels:
    """(H,W,3) each -> (H,W,3 times as many)."""
    parts = list(layers)
    return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=2)


def _resized(pixels: Pixels, size: tuple[int, int]) -> Pixels:
    return np.array(Image.fromarray(pixels).resize(size, Image.Resampling.BICUBIC, reducing_gap=3.0))


class Squares(Dataset[dict[str, Any]]):
    """Sets of pictures by name ("rgb", "other"); an item is a square of each, and what was broken on the way.

    inputs: what makes "plane" of the squares of "rgb", where the network is not shown their lightness, and
    "other_plane" of "other", which are the same pictures (`apart`) or pictures of the domain.
    """

    def __init__(
        self,
        sets: Mapping[str, Sequence[Picture]],
        view: View,
        least_colorful: float = 0.0,
        inputs: Inputs | None = None,
        *,
        apart: bool = False,
    ) -> None:
        self.sets, self.view, self.least_colorful = sets, view, least_colorful
        self.inputs, self.apart = inputs, apart

    def __getitem__(self, pick: Pick) -> dict[str, Any]:
        broken: list[Broken] = []
        item: dict[str, Any] = {
            name: torch.from_numpy(self._square(pictures, pick[0], index, broken)).permute(2, 0, 1)
            for (name, pictures), index in zip(self.sets.items(), pick[1:], strict=True)
        }
        if self.inputs:
            if "other" in item:
                others = item.pop("other") if self.apart else item.pop("other")[:3]
                item["other_plane"] = self.inputs.others(others[None], pick[0], [pick[2]])[0]
            item |= self.inputs.split(item["rgb"][None], pick[0], [pick[1]], squeeze=True)
        return item | {"broken": broken}

    def _square(self, pictures: Sequence[Picture], epoch: int, index: int, broken: list[Broken]) -> Pixels:
        for number in (index, *_substitutes(index, len(pictures), self.view.seed)):
            try:
                square = self.view.take(pictures[number], epoch, index)
            except PictureError as error:
                broken.append((pictures[number].where, str(error)))
                continue
            if self.least_colorful <= 0 or colorfulness(square[..., :3]) >= self.least_colorful:
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
