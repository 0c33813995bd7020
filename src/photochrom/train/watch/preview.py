"""A sheet for every epoch: what a method shows of the same validation pictures, as grey, ours and truth."""

from __future__ import annotations

from pathlib import Path

import lightning
import numpy as np
from lightning.pytorch.loggers import TensorBoardLogger
from numpy.typing import NDArray

from photochrom.atomic import atomic_write
from photochrom.sheet import LEGIBLE, contact_sheet
from photochrom.train.watch.emerging import write_emerging
from photochrom.train.watch.shown import Shown
from photochrom.train.watch.values import steps_done

Row = list[NDArray[np.uint8]]


class Preview(Shown):
    """Writes `folder`/epoch-0001.jpg and a TensorBoard image after each validation: its first `count` pictures.

    emerging: where to put the animation of all of them, at the end of the run and on the way whenever there are twice
    as many; None for nowhere.
    """

    def __init__(self, folder: Path, count: int = 8, *, emerging: Path | None = None) -> None:
        super().__init__(count)
        self._folder, self._emerging = folder, emerging
        self._rows: list[Row] = []
        self._labels: list[str] = []

    def on_validation_start(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        super().on_validation_start(trainer, pl_module)
        self._rows = []

    def take(self, shown: dict[str, NDArray[np.uint8]], module: lightning.LightningModule) -> None:
        self._labels = list(shown)
        self._rows += [list(row) for row in zip(*shown.values(), strict=True)]

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
