"""What a method shows of the first validation pictures, for whoever looks at them after each epoch."""

from __future__ import annotations

from typing import Any, Protocol, cast

import lightning
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from photochrom.color.lab import lab_to_rgb


class _Previews(Protocol):
    def preview(self, batch: dict[str, Tensor]) -> dict[str, Tensor]: ...


class Shown(lightning.Callback):
    """Gives take() the first `count` pictures of each validation, batch by batch, in the first process alone."""

    def __init__(self, count: int) -> None:
        self._count, self._seen = count, 0

    def take(self, shown: dict[str, NDArray[np.uint8]], module: lightning.LightningModule) -> None:
        """Pictures (N,H,W,3) uint8 sRGB by the names of columns. To be overridden."""

    def on_validation_start(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        self._seen = 0

    def on_validation_batch_end(
        self,
        trainer: lightning.Trainer,
        pl_module: lightning.LightningModule,
        outputs: Any,
        batch: dict[str, Tensor],
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """Predicts here and not at the end, with the weights that are validated, which may be averaged ones."""
        left = self._count - self._seen
        if trainer.sanity_checking or not trainer.is_global_zero or left <= 0 or dataloader_idx:
            return
        with torch.no_grad():
            shown = cast(_Previews, pl_module).preview({name: value[:left] for name, value in batch.items()})
        self._seen += len(next(iter(shown.values())))
        self.take({name: rgb_of(pictures) for name, pictures in shown.items()}, pl_module)


def rgb_of(pictures: Tensor) -> NDArray[np.uint8]:
    """Lab (N,3,H,W), lightness 0..100 and ab units -> (N,H,W,3) uint8 sRGB, clipped to what sRGB can show.

    What is no number, as of a run that diverges, is shown black.
    """
    lab = pictures.float().permute(0, 2, 3, 1).cpu().numpy()
    levels: NDArray[np.uint8] = np.rint(np.nan_to_num(lab_to_rgb(lab)).clip(0, 1) * 255).astype(np.uint8)
    return levels
