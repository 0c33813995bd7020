"""A sheet for every epoch: the same validation pictures in grey, as the network colours them, and in true colours."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol, cast

import lightning
import numpy as np
import torch
from lightning.pytorch.loggers import TensorBoardLogger
from numpy.typing import NDArray
from torch import Tensor

from photochrom.atomic import atomic_write
from photochrom.color.lab import lab_to_rgb
from photochrom.sheet import LEGIBLE, contact_sheet
from photochrom.train.watch.values import steps_done

LABELS = ("grey", "ours", "truth")
Row = list[NDArray[np.uint8]]


class _Predicts(Protocol):
    def predict_ab(self, lightness: Tensor) -> Tensor: ...


class Preview(lightning.Callback):
    """Writes `folder`/epoch-0001.jpg and a TensorBoard image after each validation: its first `count` pictures."""

    def __init__(self, folder: Path, count: int = 8) -> None:
        self._folder, self._count = folder, count
        self._rows: list[Row] = []

    def on_validation_start(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        self._rows = []

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
        left = self._count - len(self._rows)
        if trainer.sanity_checking or not trainer.is_global_zero or left <= 0 or dataloader_idx:
            return
        lightness = batch["lightness"][:left]
        with torch.no_grad():
            ours = cast(_Predicts, pl_module).predict_ab(lightness)
        planes = [rgb_of(lightness, torch.zeros_like(ours)), rgb_of(lightness, ours)]
        if "ab" in batch:
            planes.append(rgb_of(batch.get("true_lightness", batch["lightness"])[:left], batch["ab"][:left]))
        self._rows += [list(row) for row in zip(*planes, strict=True)]

    def on_validation_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        if not self._rows:
            return
        sheet = contact_sheet(self._rows, LABELS[: len(self._rows[0])], least=LEGIBLE)
        self._rows = []
        self._folder.mkdir(parents=True, exist_ok=True)
        with atomic_write(self._folder / f"epoch-{trainer.current_epoch + 1:04d}.jpg", overwrite=True) as stream:
            sheet.save(stream, "JPEG", quality=90, subsampling=0)
        for logger in trainer.loggers:
            if isinstance(logger, TensorBoardLogger):
                logger.experiment.add_image("preview", np.asarray(sheet), steps_done(trainer), dataformats="HWC")


def rgb_of(lightness: Tensor, ab: Tensor) -> NDArray[np.uint8]:
    """(N,1,H,W) lightness 0..100 and (N,2,H,W) ab -> (N,H,W,3) uint8 sRGB, clipped to what sRGB can show."""
    lab = torch.cat([lightness.float(), ab.float()], dim=1).permute(0, 2, 3, 1).cpu().numpy()
    levels: NDArray[np.uint8] = np.rint(lab_to_rgb(lab).clip(0, 1) * 255).astype(np.uint8)
    return levels
