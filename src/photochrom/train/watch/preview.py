"""A sheet for every epoch: what a method shows of the same validation pictures, as grey, ours and truth."""

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
from photochrom.train.watch.emerging import write_emerging
from photochrom.train.watch.values import steps_done

Row = list[NDArray[np.uint8]]


class _Previews(Protocol):
    def preview(self, batch: dict[str, Tensor]) -> dict[str, Tensor]: ...


class Preview(lightning.Callback):
    """Writes `folder`/epoch-0001.jpg and a TensorBoard image after each validation: its first `count` pictures.

    emerging: where to put the animation of all of them, at the end of the run and on the way whenever there are twice
    as many; None for nowhere.
    """

    def __init__(self, folder: Path, count: int = 8, *, emerging: Path | None = None) -> None:
        self._folder, self._count, self._emerging = folder, count, emerging
        self._rows: list[Row] = []
        self._labels: list[str] = []

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
        with torch.no_grad():
            shown = previews_of(pl_module, {name: value[:left] for name, value in batch.items()})
        self._labels = list(shown)
        self._rows += [list(row) for row in zip(*map(rgb_of, shown.values()), strict=True)]

    def on_validation_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        if not self._rows:
            return
        sheet = contact_sheet(self._rows, self._labels, least=LEGIBLE)
        self._rows = []
        self._folder.mkdir(parents=True, exist_ok=True)
        with atomic_write(self._folder / f"epoch-{trainer.current_epoch + 1:04d}.jpg", overwrite=True) as stream:
            sheet.save(stream, "JPEG", quality=90, subsampling=0)
        for logger in trainer.loggers:
            if isinstance(logger, TensorBoardLogger):
                logger.experiment.add_image("preview", np.asarray(sheet), steps_done(trainer), dataformats="HWC")
        epoch = trainer.current_epoch + 1
        if epoch & (epoch - 1) == 0:
            self._animate(trainer)

    def on_train_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        self._animate(trainer)

    def on_exception(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule, exception: BaseException
    ) -> None:
        self._animate(trainer)

    def _animate(self, trainer: lightning.Trainer) -> None:
        if self._emerging and trainer.is_global_zero:
            write_emerging(self._folder, self._emerging)


def previews_of(module: lightning.LightningModule, batch: dict[str, Tensor]) -> dict[str, Tensor]:
    """What a method shows of a validation batch: Lab pictures (N,3,H,W) by the names of columns."""
    return cast(_Previews, module).preview(batch)


def rgb_of(pictures: Tensor) -> NDArray[np.uint8]:
    """Lab (N,3,H,W), lightness 0..100 and ab units -> (N,H,W,3) uint8 sRGB, clipped to what sRGB can show.

    What is no number, as of a run that diverges, is shown black.
    """
    lab = pictures.float().permute(0, 2, 3, 1).cpu().numpy()
    levels: NDArray[np.uint8] = np.rint(np.nan_to_num(lab_to_rgb(lab)).clip(0, 1) * 255).astype(np.uint8)
    return levels
