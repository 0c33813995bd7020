"""Squares of pictures, decoded when asked for; broken pictures are replaced by others and told of."""

from __future__ import annotations

import logging
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
from photochrom.errors import PhotochromError, TrainingError
from photochrom.pictures.picture import Picture
from photochrom.pictures.squares import boxes, centre, chance, cut

MOST_BROKEN = 0.01  # share of unreadable pictures at which a run stops
_TRIES = 50  # pictures tried in the place of one that can't be used

log = logging.getLogger("photochrom.train")
Pick = tuple[int, ...]  # the epoch, then the number of a picture in each set
Broken = tuple[str, str]  # a picture's name and why it can't be read


@dataclass(frozen=True)
class View:
    """Which square of a picture is taken. random: anywhere, at a short side of size..size*zoom; else the middle."""

    size: int
    random: bool = False
    zoom: float = 1.0
    seed: int = 0

    def boxes(self, sizes: NDArray[np.int64], epoch: int, indices: NDArray[np.int64]) -> NDArray[np.float64]:
        """Left, top, side (N,3) for pictures of width, height (N,2): a function of seed, epoch and picture."""
        return boxes(sizes, self.zoom, chance(self.seed, epoch, indices, 3))

    def take(self, picture: Picture, epoch: int, index: int) -> NDArray[np.uint8]:
        """(size,size,3) sRGB."""
        image = picture.image(round(self.size * self.zoom))
        if not self.random:
            return centre(image, self.size)
        return cut(image, self.boxes(np.array([image.size]), epoch, np.array([index]))[0], self.size)

    def whole(self, picture: Picture) -> NDArray[np.uint8]:
        """What has to be kept (H,W,3) to take any square from later: no larger than needed."""
        if not self.random:
            return centre(picture.image(self.size), self.size).copy()
        least = round(self.size * self.zoom)
        image = picture.image(least)
        if min(image.size) > least:
            wide, high = (max(least, round(side * least / min(image.size))) for side in image.size)
            image = image.resize((wide, high), Image.Resampling.BICUBIC, reducing_gap=3.0)
        return np.array(image)


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

    def _square(self, pictures: Sequence[Picture], epoch: int, index: int, broken: list[Broken]) -> NDArray[np.uint8]:
        for other in (index, *_others(index, len(pictures), self.view.seed)):
            try:
                square = self.view.take(pictures[other], epoch, index)
            except PhotochromError:
                raise
            except Exception as error:  # decoders raise all sorts
                broken.append((pictures[other].name, why_broken(error)))
                continue
            if self.least_colorful <= 0 or colorfulness(square) >= self.least_colorful:
                return square.copy()
        raise TrainingError(
            f"{pictures[index].name} and {_TRIES} others can't be used: check the data"
            + (", or lower data.min_colorfulness" if self.least_colorful > 0 else "")
        )


def together(items: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """One batch: {"rgb": uint8 (N,3,size,size), "broken": [(name, why)…]}."""
    batch: dict[str, Any] = {
        name: torch.stack([item[name] for item in items]) for name in items[0] if isinstance(items[0][name], Tensor)
    }
    return batch | {"broken": [one for item in items for one in item["broken"]]}


def unmoved(worker: int) -> None:
    """A decoding process leaves Ctrl-C and SIGTERM to the one that trains, which still needs a batch or two."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)


class LeftOut:
    """The pictures that couldn't be read so far; each is logged once, and too many stop the run."""

    def __init__(self, pictures: int) -> None:
        self.pictures = pictures
        self.names: dict[str, str] = {}

    def add(self, broken: Sequence[Broken]) -> None:
        """Raises TrainingError when MOST_BROKEN of the pictures is reached."""
        for name, why in broken:
            if name not in self.names:
                self.names[name] = why
                log.warning("left out %s: %s", name, why)
        if len(self.names) >= MOST_BROKEN * self.pictures and self.names:
            name, why = next(iter(self.names.items()))
            raise TrainingError(
                f"{len(self.names)} of {self.pictures} pictures can't be read (the first: {name}: {why}): "
                f"mend or remove them, a run goes on only with under {MOST_BROKEN:.0%} of them"
            )


def _others(index: int, count: int, seed: int) -> list[int]:
    drawn = chance(seed, -1, np.array([index]), _TRIES)[0]
    return [int(x) for x in drawn * count]


def why_broken(error: Exception) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
