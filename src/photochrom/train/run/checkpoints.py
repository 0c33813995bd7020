"""Checkpoints: last.ckpt to go on from, best.ckpt to use; each appears whole or not at all."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import lightning
import torch
from lightning.fabric.plugins.io.torch_io import TorchCheckpointIO
from lightning.pytorch.callbacks import Checkpoint, ModelCheckpoint, WeightAveraging

from photochrom.atomic import atomic_write
from photochrom.errors import OutputError, TrainingError
from photochrom.train.run.monitor import better
from photochrom.train.run.signals import Signals


class AtomicIO(TorchCheckpointIO):
    """Writes beside the target and renames: a kill in the middle leaves the checkpoint before."""

    def save_checkpoint(self, checkpoint: dict[str, Any], path: Any, storage_options: Any = None) -> None:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        try:
            with atomic_write(path, overwrite=True) as stream:
                torch.save(checkpoint, stream)
        except OutputError as error:  # a full disk, most of all
            raise TrainingError(_unwritten(path, str(error))) from error
        except RuntimeError as error:  # what torch makes of it
            if "file" not in str(error):
                raise
            raise TrainingError(_unwritten(path, str(error).splitlines()[0])) from error


def _unwritten(path: str | Path, why: str) -> str:
    kept = Path(path).is_file()
    return (
        f"the checkpoint {path} can't be written ({why}): "
        + ("the one before it is whole; " if kept else "")
        + "make room, then go on with the same command and --resume"
    )


class LastCheckpoint(Checkpoint):
    """Writes last.ckpt after the first epoch, every `minutes`, at the end and when the run is interrupted.

    That is after a step, or after an epoch with its validation; never between gradients that are being added up.
    """

    def __init__(self, path: Path, minutes: float, signals: Signals) -> None:
        self.path, self.seconds, self.signals = path, minutes * 60, signals
        self._at = time.monotonic()
        self._interrupted = False  # a signal has come, and what was learned until then is in the file

    def on_train_start(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        self._at = time.monotonic()

    def on_train_batch_end(self, trainer: lightning.Trainer, *_: Any) -> None:
        if trainer.fit_loop._should_accumulate():
            return
        signalled = self.signals.received is not None
        # After the last batch of an epoch the validation comes first, unless there is no time for it.
        validation_first = trainer.fit_loop.epoch_loop.batch_progress.is_last_batch and not signalled
        if not validation_first and self._due(trainer, trainer.should_stop or signalled):
            self._save(trainer)
            self._interrupted = signalled

    def on_train_batch_start(self, *_: Any) -> None:
        if self._interrupted:  # not at the end of the step before: its losses had still to be logged
            self.signals.raise_received()

    def on_validation_start(self, *_: Any) -> None:
        if self._interrupted:
            self.signals.raise_received()

    def on_validation_batch_end(self, *_: Any) -> None:
        self.signals.raise_received()  # what came after the last checkpoint is lost: none is written in mid-validation

    def on_train_epoch_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        if trainer.fit_loop.epoch_loop.batch_progress.is_last_batch:  # else stopped in mid-epoch, and saved there
            final = trainer.current_epoch + 1 >= (trainer.max_epochs or 0)  # the one that ends isn't counted yet
            now = final or trainer.should_stop or self.signals.received is not None or not self.path.is_file()
            if self._due(trainer, now):
                self._save(trainer)
        self.signals.raise_received()

    def _due(self, trainer: lightning.Trainer, now: bool) -> bool:
        due = now or time.monotonic() - self._at >= self.seconds
        return bool(trainer.strategy.broadcast(due)) if trainer.world_size > 1 else due

    def _save(self, trainer: lightning.Trainer) -> None:
        for logger in trainer.loggers:
            logger.save()  # the curves reach at least as far as the checkpoint
        trainer.save_checkpoint(self.path)
        self._at = time.monotonic()


class KeptEpochs(Checkpoint):
    """Keeps the weights after the first epoch, and after every so manyth, as `folder`/epoch-0001.ckpt.

    whole: with all that a run goes on from, where the weights alone aren't the ones that are used: a moving average's.
    """

    def __init__(self, folder: Path, every: int, *, whole: bool) -> None:
        self._folder, self._every, self._whole = folder, every, whole

    def on_train_epoch_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        epoch = trainer.current_epoch + 1
        over = trainer.fit_loop.epoch_loop.batch_progress.is_last_batch  # and not stopped in its middle
        if over and (epoch == 1 or epoch % self._every == 0):
            trainer.save_checkpoint(self._folder / f"epoch-{epoch:04d}.ckpt", weights_only=not self._whole)


def best_checkpoint(folder: Path, monitor: str) -> ModelCheckpoint:
    """Keeps the epoch with the best value as best.ckpt; the latest one where nothing is monitored ("")."""
    return ModelCheckpoint(
        dirpath=folder,
        filename="best",
        monitor=monitor or None,
        mode=better(monitor),
        save_top_k=1,
        auto_insert_metric_name=False,
        enable_version_counter=False,
    )


class MovingAverage(WeightAveraging):
    """Exponential moving average of all weights; it is what is validated, saved as the model, and used in the end.

    The decay grows to its value as (1 + n) / (10 + n), so that a short run isn't mostly its first weights.
    """

    def __init__(self, decay: float) -> None:
        def averaged(average: list[torch.Tensor], current: list[torch.Tensor], count: torch.Tensor | int) -> None:
            n = float(count)
            weight = 1 - min(decay, (1 + n) / (10 + n))
            if torch.is_floating_point(average[0]):
                torch._foreach_lerp_(average, current, weight)
            else:
                for a, c in zip(average, current, strict=True):
                    a.copy_(c)

        super().__init__(multi_avg_fn=averaged)
