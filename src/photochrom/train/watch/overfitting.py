"""The alarm for a network that learns its pictures by heart."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from statistics import fmean, median
from typing import Any, NamedTuple

import lightning
from lightning.pytorch.callbacks import ModelCheckpoint

from photochrom.train.watch.alarm import ValidationAlarm, WarningLog
from photochrom.train.watch.stopping import callbacks_of
from photochrom.train.watch.values import epoch_value, fitted_loss, phase_of, steps_done

_NOISE = 3.0  # so many times its own jumps from epoch to epoch must a loss have moved


class Epoch(NamedTuple):
    """One epoch's losses; number: from 1."""

    number: int
    train: float
    validation: float


class Overfitting(ValidationAlarm):
    """Validation has been worse than its best for `epochs` epochs, and isn't falling again, while training got better.

    margin: by which share both have to have moved, so that noise raises no alarm; the training loss also by more than
    it jumps from epoch to epoch. Silent for the first `steps` steps, and with fewer than `pictures` for validation.
    It begins afresh where the method begins something else: after a GAN's pre-training, in the next stage of `photo`.
    """

    kind = "overfitting"

    def __init__(
        self, log: WarningLog, *, epochs: int = 3, margin: float = 0.02, steps: int = 100, pictures: int = 8
    ) -> None:
        super().__init__(log, pictures=pictures)
        self._epochs, self._margin, self._steps = epochs, margin, steps
        self._seen: list[Epoch] = []
        self._phase: str | None = None
        self._begun = 0

    def on_train_epoch_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        train, validation = fitted_loss(trainer), epoch_value(trainer, "val/loss")
        if train is None or validation is None or not self.enough:
            return
        before, self._phase = self._phase, phase_of(pl_module)
        if before not in (None, self._phase):
            self._begun, self._seen = steps_done(trainer), []
            return  # the epoch in which something else began may be of both
        self._seen.append(Epoch(trainer.current_epoch + 1, train, validation))
        best = min(range(len(self._seen)), key=lambda i: self._seen[i].validation)
        then, now = self._seen[best], self._seen[-1]
        enough = steps_done(trainer) - self._begun >= self._steps
        still = self._raised and now.validation > then.validation + self._margin * abs(then.validation)
        self.report(
            trainer,
            still or (enough and self._is_worse(best) and self._has_learned(best)),
            f"val/loss was best in epoch {then.number} ({then.validation:.4g}) and is {now.validation:.4g} now, while "
            f"the training loss fell from {then.train:.4g} to {now.train:.4g}; {best_of(trainer, then.number)}; more "
            "pictures, augment.*, network.dropout or optimiser.weight_decay help, train.early_stopping ends it",
        )

    def _is_worse(self, best: int) -> bool:
        """Whether validation lies above its best, by the margin, and stays there."""
        least = self._seen[best].validation
        since = [epoch.validation for epoch in self._seen[best + 1 :]][-self._epochs :]
        margin = self._margin * abs(least)
        return (
            len(since) == self._epochs
            and min(since) > least + margin
            and since[-1] > fmean(since) - margin  # it isn't on its way down
        )

    def _has_learned(self, best: int) -> bool:
        """Whether the training loss lies clearly below what it was then."""
        losses = [epoch.train for epoch in self._seen]
        fall = losses[best] - fmean(losses[-self._epochs :])
        return fall > self._margin * abs(losses[best]) and fall > _NOISE * jumps(losses)

    def state_dict(self) -> dict[str, Any]:
        seen = [list(epoch) for epoch in self._seen]
        return {**super().state_dict(), "seen": seen, "phase": self._phase, "begun": self._begun}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        super().load_state_dict(state_dict)
        if all(len(row) == 3 for row in state_dict["seen"]):  # else of an earlier version
            self._seen = [Epoch(int(number), train, validation) for number, train, validation in state_dict["seen"]]
        self._phase, self._begun = state_dict.get("phase"), int(state_dict.get("begun", 0))


def jumps(losses: Sequence[float]) -> float:
    """By how much a loss jumps from epoch to epoch, a steady fall left aside: the deviation of its noise, robustly."""
    steps = [after - before for before, after in pairwise(losses)]
    bends = [after - before for before, after in pairwise(steps)]
    return 1.4826 * median(map(abs, bends)) / 6**0.5 if len(bends) > 1 else 0.0


def best_of(trainer: lightning.Trainer, epoch: int) -> str:
    """Whether that epoch was kept, and where."""
    kept = next((c for c in callbacks_of(trainer) if isinstance(c, ModelCheckpoint)), None)
    if kept is None:
        return "no checkpoint of it is kept"
    if kept.monitor is None:
        return (
            f"best.ckpt is the latest epoch here, as train.monitor is empty, and epoch {epoch} is not kept: for that "
            "set train.monitor=val/loss"
        )
    if kept.monitor != "val/loss":
        return f"best.ckpt is the epoch with the best {kept.monitor}, which may be another"
    return f"best.ckpt is of epoch {epoch}"
