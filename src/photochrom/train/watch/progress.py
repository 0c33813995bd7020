"""One bar for the whole run with the time left and the losses; without a terminal, a line for each epoch."""

from __future__ import annotations

import math
import time
from typing import Any

import lightning
from lightning.pytorch.callbacks import Timer
from rich.console import Console
from rich.progress import BarColumn, TaskProgressColumn, TextColumn
from rich.progress import Progress as Bar

from photochrom.train.watch.stopping import StopAfter
from photochrom.train.watch.values import epoch_value, step_value, steps_done

_BETWEEN = 0.5  # seconds between looks at the losses
_SHOWN = ("loss", "pixel", "generator", "discriminator_real", "discriminator_fake", "distribution")


class Progress(lightning.Callback):
    """Shows how far the run has come, by whichever of epochs, steps and minutes ends it first."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bar: Bar | None = None
        self._start = self._from = self._looked = 0.0

    def on_train_start(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        self._start, self._from, self._looked = time.monotonic(), share_done(trainer), 0.0
        if self._console.is_terminal and trainer.is_global_zero and not self._console.quiet:
            self._bar = Bar(
                TextColumn("{task.description}"),
                BarColumn(bar_width=24),
                TaskProgressColumn(),
                TextColumn("{task.fields[left]} left  {task.fields[losses]}"),
                console=self._console,
                redirect_stdout=False,
                redirect_stderr=False,
            )
            self._bar.add_task(_epoch(trainer), total=1.0, completed=self._from, left="-:--", losses="")
            self._bar.start()

    def on_train_batch_end(self, trainer: lightning.Trainer, *_: Any) -> None:
        now = time.monotonic()
        if self._bar is None or now - self._looked < _BETWEEN:
            return
        self._looked = now
        done = share_done(trainer)
        shown = [(name, step_value(trainer, f"train/{name}")) for name in _SHOWN]
        losses = [f"{name} {float(value):.3g}" for name, value in shown if value is not None]
        val = epoch_value(trainer, "val/loss")
        self._bar.update(
            self._bar.task_ids[0],
            description=_epoch(trainer),
            completed=done,
            left=self._left(done),
            losses="  ".join([*losses, *([f"val {val:.3g}"] if val is not None else [])]),
        )

    def on_train_epoch_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        if self._bar is not None or not trainer.is_global_zero:
            return
        values = [f"train/{name}" for name in _SHOWN] + ["val/loss", "val/ab_error"]
        found = [(name, epoch_value(trainer, name)) for name in values]
        losses = ", ".join(f"{name} {value:.4g}" for name, value in found if value is not None)
        left = self._left(share_done(trainer))
        line = f"{_epoch(trainer)}, step {steps_done(trainer)}, {left} left: {losses}"
        self._console.print(line, highlight=False, soft_wrap=True)

    def on_train_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        self._close()

    def on_exception(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule, exception: BaseException
    ) -> None:
        self._close()

    def _left(self, done: float) -> str:
        return time_left(time.monotonic() - self._start, self._from, done)

    def _close(self) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None


def share_done(trainer: lightning.Trainer) -> float:
    """How much of the run lies behind, 0..1: the largest of the shares of its epochs, steps and minutes."""
    shares = [0.0]
    if trainer.max_epochs and trainer.max_epochs > 0:
        batches = trainer.num_training_batches
        ran = trainer.fit_loop.epoch_loop.batch_progress.current.ready
        within = ran / batches if batches and math.isfinite(batches) else 0.0
        shares.append((trainer.current_epoch + min(within, 1.0)) / trainer.max_epochs)
    if trainer.max_steps > 0:
        shares.append(trainer.global_step / trainer.max_steps)
    for callback in trainer.callbacks:
        if isinstance(callback, StopAfter):
            shares.append(callback.share_done(trainer))
        if isinstance(callback, Timer) and callback.time_remaining() is not None:
            elapsed = callback.time_elapsed()
            shares.append(elapsed / max(1e-9, elapsed + callback.time_remaining()))
    return min(1.0, max(shares))


def time_left(elapsed: float, began: float, done: float) -> str:
    """h:mm:ss until the end, when going from the share `began` to `done` took `elapsed` seconds."""
    if done <= began:
        return "-:--"
    seconds = round(elapsed * (1 - done) / (done - began))
    return f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


def _epoch(trainer: lightning.Trainer) -> str:
    known = trainer.max_epochs and trainer.max_epochs > 0
    return f"epoch {trainer.current_epoch + 1}" + (f"/{trainer.max_epochs}" if known else "")
