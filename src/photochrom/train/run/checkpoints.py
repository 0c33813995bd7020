"""Checkpoints: last.ckpt to go on from, best.ckpt to use; each appears whole or not at all."""

from __future__ import annotations

import signal
import threading
import time
from pathlib import Path
from types import FrameType
from typing import Any

import lightning
import torch
from lightning.fabric.plugins.io.torch_io import TorchCheckpointIO
from lightning.pytorch.callbacks import Checkpoint, ModelCheckpoint, WeightAveraging

from photochrom.atomic import atomic_write


class AtomicIO(TorchCheckpointIO):
    """Writes beside the target and renames: a kill in the middle leaves the checkpoint before."""

    def save_checkpoint(self, checkpoint: dict[str, Any], path: Any, storage_options: Any = None) -> None:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(path, overwrite=True) as stream:
            torch.save(checkpoint, stream)


class Signals:
    """Ctrl-C and SIGTERM, noted while training so that the step under way is finished and saved first."""

    def __init__(self) -> None:
        self.received: int | None = None
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Signals:
        if threading.current_thread() is threading.main_thread():
            self._before = {n: signal.signal(n, self._note) for n in (signal.SIGINT, signal.SIGTERM)}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def leave(self) -> None:
        if self.received is not None:
            raise KeyboardInterrupt if self.received == signal.SIGINT else SystemExit(128 + self.received)

    def _note(self, number: int, frame: FrameType | None) -> None:
        again = self.received is not None
        self.received = number
        if again:  # whoever asks twice doesn't want to wait
            self.leave()


class LastCheckpoint(Checkpoint):
    """Writes last.ckpt every `minutes`, at the end of the run, when it is interrupted; only where it can be resumed.

    That is after a step, or after an epoch with its validation; never between gradients that are being added up.
    """

    def __init__(self, path: Path, minutes: float, signals: Signals) -> None:
        self.path, self.seconds, self.signals = path, minutes * 60, signals
        self._at = time.monotonic()
        self._leaves = False  # a signal has come, and what had been learned until then is saved

    def on_train_start(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        self._at = time.monotonic()

    def on_train_batch_end(self, trainer: lightning.Trainer, *_: Any) -> None:
        if trainer.fit_loop._should_accumulate():
            return
        interrupted = self.signals.received is not None
        # After the last batch of an epoch its validation is waited for, unless there is no time for it.
        waits = trainer.fit_loop.epoch_loop.batch_progress.is_last_batch and not interrupted
        if not waits and self._due(trainer, trainer.should_stop or interrupted):
            self._save(trainer)
            self._leaves = interrupted

    def on_train_batch_start(self, *_: Any) -> None:
        if self._leaves:  # only now: the losses of the step before have been logged
            self.signals.leave()

    def on_validation_start(self, *_: Any) -> None:
        if self._leaves:
            self.signals.leave()

    def on_validation_batch_end(self, *_: Any) -> None:
        self.signals.leave()  # what came after the last checkpoint is lost: there is none in mid-validation

    def on_train_epoch_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        if trainer.fit_loop.epoch_loop.batch_progress.is_last_batch:  # else stopped in mid-epoch, and saved there
            final = trainer.fit_loop.epoch_progress.current.processed >= (trainer.max_epochs or 0)
            if self._due(trainer, final or trainer.should_stop or self.signals.received is not None):
                self._save(trainer)
        self.signals.leave()

    def _due(self, trainer: lightning.Trainer, now: bool) -> bool:
        due = now or time.monotonic() - self._at >= self.seconds
        return bool(trainer.strategy.broadcast(due)) if trainer.world_size > 1 else due

    def _save(self, trainer: lightning.Trainer) -> None:
        for logger in trainer.loggers:
            logger.save()  # the curves reach at least as far as the checkpoint
        trainer.save_checkpoint(self.path)
        self._at = time.monotonic()


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


def better(monitor: str) -> str:
    """Of accuracies more is better, of everything else less."""
    return "max" if "accuracy" in monitor else "min"


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
