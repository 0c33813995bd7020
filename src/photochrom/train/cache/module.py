"""The DataModule of a frozen encoder: training batches from the cache of its features, validation as ever."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from torch.utils.data import DataLoader

from photochrom.pictures.split import Split
from photochrom.progress import Progress, silent
from photochrom.train.cache.fill import fill_cache
from photochrom.train.cache.store import FEATURES, Cache, CachedViews
from photochrom.train.data.loader import ResumableLoader
from photochrom.train.data.module import PictureData
from photochrom.train.data.order import TrainOrder
from photochrom.train.data.pictures import Squares
from photochrom.train.networks.efficientnet import Encoder
from photochrom.train.recipe.sections import Recipe

T = TypeVar("T")


class CachedData(PictureData):
    """Batches of cached views: f4, f8, f16, f32, lightness, ab at stride 4, rgb uint8 (see train.cache.store).

    The cache is made, or finished, when the run is set up. An epoch is every view once.
    """

    def __init__(
        self, recipe: Recipe, pictures: Split, encoder: Encoder, folder: Path, *, progress: Progress = silent
    ) -> None:
        super().__init__(recipe, pictures, progress=progress)
        self.encoder, self.folder = encoder, folder
        self.cache: Cache | None = None

    def setup(self, stage: str) -> None:
        if self.cache is not None:
            return
        strategy = self.trainer.strategy if self.trainer else None
        if strategy is None or strategy.is_global_zero:
            self._fill()
        if strategy is not None:
            strategy.barrier()
        self.cache = Cache(self.folder)

    def _fill(self) -> None:
        """Make the cache, or what is missing of it."""
        recipe, pictures = self.recipe, self.sets["train"]["rgb"]
        squares = Squares({"rgb": pictures}, self.views["train"], recipe.data.min_colorfulness)

        def square(view: int, picture: int) -> NDArray[np.uint8]:
            item = squares[view, picture]
            self.left_out.add(item["broken"])
            pixels: NDArray[np.uint8] = item["rgb"].permute(1, 2, 0).numpy()
            return pixels

        fill_cache(
            self.folder,
            self.encoder,
            square,
            pictures=len(pictures),
            size=recipe.data.size,
            views=recipe.network.views,
            flip=recipe.augment.flip,
            aged=recipe.augment.aged,
            plain=recipe.augment.plain,
            seed=recipe.train.seed,
            made_of={
                "pictures": hashlib.sha256("\n".join(p.digest for p in pictures).encode()).hexdigest(),
                "encoder": _digest(self.encoder),
                "crop": recipe.data.crop,
                "zoom": recipe.data.zoom,
                "min_colorfulness": recipe.data.min_colorfulness,
            },
            progress=self._progress,
        )

    def train_dataloader(self) -> DataLoader[Any]:
        assert self.cache is not None
        rank, world = self._place()
        batch, seed = self.recipe.train.batch, self.recipe.train.seed
        order = TrainOrder([self.cache.count], batch, seed=seed, position=self._position, rank=rank, world=world)
        views = CachedViews(self.cache, (*FEATURES, "grey", "ab", "rgb"))
        return ResumableLoader(views, batch_sampler=order, collate_fn=_unchanged)


def _unchanged(batch: T) -> T:
    return batch


def _digest(encoder: Encoder) -> str:
    """SHA-256 of all weights."""
    hashed = hashlib.sha256()
    for value in encoder.state_dict().values():
        hashed.update(value.cpu().numpy().tobytes())
    return hashed.hexdigest()
