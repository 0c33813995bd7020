"""One bar for the whole run with the time left and the losses; without a terminal, a line for each epoch."""

from __future__ import annotations

import time
from typing import Any

import lightning
from rich.console import Console

from photochrom.progress import Bar
from photochrom.train.watch.stopping import share_done
from photochrom.train.watch.values import epoch_value, step_value, steps_done

_INTERVAL = 0.5  # seconds between updates of the bar: reading a loss waits for the device
_LOSSES = ("loss", "pixel", "generator", "discriminator_real", "discriminator_fake", "distribution")


class RunProgress(lightning.Callback):
    """Shows how much of the run is done, by whichever of epochs, steps and minutes ends it first."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bar = Bar(unit="share", console=console, keep=True)
        self._start = self._share_at_start = self._updated = 0.0

    def on_train_start(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        self._start, self._share_at_start = time.monotonic(), share_done(trainer)
        self._updated = 0.0

    def on_train_batch_end(self, trainer: lightning.Trainer, *_: Any) -> None:
        now = time.monotonic()
        if not self._shows_bar(trainer) or now - self._updated < _INTERVAL:
            return
        self._updated = now
        losses = [(name, step_value(trainer, f"train/{name}")) for name in _LOSSES]
        shown = [f"{name} {float(value):.3g}" for name, value in losses if value is not None]
        if (val := epoch_value(trainer, "val/loss")) is not None:
            shown.append(f"val {val:.3g}")
        done = share_done(trainer)
        self._bar(_epoch(trainer), done, 1.0, note="  ".join([f"{self._left(done)} left", *shown]))

    def on_train_epoch_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        if self._shows_bar(trainer) or not trainer.is_global_zero:
            return
        names = [*(f"train/{name}" for name in _LOSSES), "val/loss", "val/ab_error"]
        values = [(name, epoch_value(trainer, name)) for name in names]
        losses = ", ".join(f"{name} {value:.4g}" for name, value in values if value is not None)
        left = self._left(share_done(trainer))
        line = f"{_epoch(trainer)}, step {steps_done(trainer)}, {left} left: {losses}"
        self._console.print(line, highlight=False, soft_wrap=True)

    def on_train_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        self._bar.close()

    def on_exception(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule, exception: BaseException
    ) -> None:
        self._bar.close()

    def _shows_bar(self, trainer: lightning.Trainer) -> bool:
        return self._console.is_terminal and trainer.is_global_zero and not self._console.quiet

    def _left(self, done: float) -> str:
        return time_left(time.monotonic() - self._start, self._share_at_start, done)


def time_left(elapsed: float, began: float, done: float) -> str:
    """h:mm:ss until the end, when going from the share `began` to `done` took `elapsed` seconds."""
    if done <= began:
        return "-:--"
    seconds = round(elapsed * (1 - done) / (done - began))
    return f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


def _epoch(trainer: lightning.Trainer) -> str:
    known = trainer.max_epochs and trainer.max_epochs > 0
    return f"epoch {trainer.current_epoch + 1}" + (f"/{trainer.max_epochs}" if known else "")
