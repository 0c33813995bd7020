"""Exploding losses: the run ends with a sentence, and no checkpoint ever holds a weight that is not a number."""

from __future__ import annotations

import statistics
from pathlib import Path
from typing import Any

import lightning
import torch
from torch import Tensor

from photochrom.errors import TrainingError
from photochrom.train.watch.alarm import WarningLog
from photochrom.train.watch.values import phase_of, step_value, steps_done

_FIRST = 20  # steps whose median loss is what the later ones are compared with


class Divergence(lightning.Callback):
    """Stops the run with a TrainingError when a training loss is NaN or infinite, or explodes.

    Exploding: `times` times the loss of the first steps, in `patience` checks in a row. On a GPU it checks every
    `every`-th step only, since reading the loss waits for the device. All weights are checked before each checkpoint is
    written, so that none holds weights that a step in between made infinite or NaN.
    """

    def __init__(
        self,
        log: WarningLog,
        checkpoints: Path,
        *,
        rate: float,
        times: float = 100.0,
        patience: int = 5,
        every: int = 20,
    ) -> None:
        self._log, self._checkpoints, self._rate = log, checkpoints, rate
        self._times, self._patience, self._every = times, patience, every
        self._first: list[float] = []
        self._high = 0
        self._phase: str | None = None

    def on_train_batch_end(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        due = pl_module.device.type == "cpu" or batch_idx % self._every == 0
        if not due:
            return
        for name, value in trainer.callback_metrics.items():
            if name.startswith("train/") and not name.endswith("_epoch") and not torch.isfinite(value).all():
                self._stop(trainer, f"{name.removesuffix('_step')} became {float(value)}")
        loss = step_value(trainer, "train/loss")
        if loss is None:
            return
        before, self._phase = self._phase, phase_of(pl_module)
        if before not in (None, self._phase):  # other losses than before make up the total
            self._first, self._high = [], 0
        size = abs(float(loss))
        if len(self._first) < _FIRST:
            self._first.append(size)
            return
        usual = statistics.median(self._first)
        self._high = self._high + 1 if usual and size > self._times * usual else 0
        if self._high >= self._patience:
            self._stop(trainer, f"train/loss rose to {size:.3g}, from {usual:.3g} at the start of the run")

    def on_validation_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        loss = trainer.callback_metrics.get("val/loss")
        if loss is not None and not trainer.sanity_checking and not torch.isfinite(loss).all():
            self._stop(trainer, f"val/loss became {float(loss)}")

    def on_save_checkpoint(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        # With a moving average of the weights, these are in state_dict and the current ones beside it.
        weights = {**checkpoint.get("current_model_state", {}), **checkpoint["state_dict"]}
        for name, value in weights.items():
            if isinstance(value, Tensor) and value.is_floating_point() and not torch.isfinite(value).all():
                self._stop(trainer, f"the weights {name} hold values that are not finite")

    def _stop(self, trainer: lightning.Trainer, finding: str) -> None:
        kept = next((p for name in ("last.ckpt", "best.ckpt") if (p := self._checkpoints / name).is_file()), None)
        left = f"the last good checkpoint is {kept}" if kept else "no checkpoint had been written yet"
        sentence = (
            f"training diverged at step {steps_done(trainer)}: {finding}; {left}; train with a lower optimiser.rate "
            f"(it was {self._rate:g}) or with optimiser.clip=1"
        )
        self._log.write(trainer, "diverged", sentence)
        raise TrainingError(sentence)

    def state_dict(self) -> dict[str, Any]:
        return {"first": list(self._first), "phase": self._phase}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self._first, self._phase = list(state_dict["first"]), state_dict.get("phase")
