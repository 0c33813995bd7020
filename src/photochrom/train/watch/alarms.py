"""What goes wrong in a run although it goes on: overfitting, mode collapse, a discriminator that wins, no learning."""

from __future__ import annotations

import math
from collections import deque
from typing import Any

import lightning
import torch
from torch import Tensor

from photochrom.train.recipe.sections import Recipe
from photochrom.train.watch.alarm import Alarm, WarningLog
from photochrom.train.watch.values import epoch_value, fitted_loss, step_value, steps_done


class Overfitting(Alarm):
    """Validation has been worse than its best for `epochs` epochs while the training loss went on falling.

    margin: by which share worse, so that noise raises no alarm.
    """

    kind = "overfitting"

    def __init__(self, log: WarningLog, *, epochs: int = 3, margin: float = 0.01) -> None:
        super().__init__(log)
        self._epochs, self._margin = epochs, margin
        self._seen: list[tuple[float, float]] = []  # of each epoch: training, validation

    def on_train_epoch_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        train, val = fitted_loss(trainer), epoch_value(trainer, "val/loss")
        if train is None or val is None:
            return
        self._seen.append((train, val))
        best = min(range(len(self._seen)), key=lambda i: self._seen[i][1])
        train_then, val_then = self._seen[best]
        since = self._seen[best + 1 :]
        worse = [v > val_then + self._margin * abs(val_then) for _, v in since[-self._epochs :]]
        self.report(
            trainer,
            len(worse) >= self._epochs and all(worse) and train < train_then,
            f"val/loss was best in epoch {best + 1} ({val_then:.4g}) and is {val:.4g} now, while the training loss "
            f"fell from {train_then:.4g} to {train:.4g}; use best.ckpt, and more pictures, augment.*, "
            "network.dropout, optimiser.weight_decay or train.early_stopping",
        )

    def state_dict(self) -> dict[str, Any]:
        return {"seen": [list(pair) for pair in self._seen]}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self._seen = [(train, val) for train, val in state_dict["seen"]]


class ModeCollapse(Alarm):
    """The mean colours of the predictions vary between pictures by less than `share` of what the true ones do.

    In `times` validations in a row, and not within the first `after` steps, when every network's pictures are alike.
    """

    kind = "mode collapse"

    def __init__(self, log: WarningLog, *, share: float = 0.2, times: int = 3, after: int = 500) -> None:
        super().__init__(log)
        self._share, self._times, self._after, self._low = share, times, after, 0

    def on_validation_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        ours, truth = epoch_value(trainer, "val/diversity"), epoch_value(trainer, "val/diversity_truth")
        if trainer.sanity_checking or ours is None or truth is None:
            return
        self._low = self._low + 1 if ours < self._share * truth and steps_done(trainer) >= self._after else 0
        self.report(
            trainer,
            self._low >= self._times,
            f"all its pictures have much the same colours: val/diversity is {ours:.2f} ab units, the truth's "
            f"{truth:.2f}; in a GAN try stabilise.minibatch, a lower optimiser.discriminator_rate or a larger "
            "loss.pixel_weight, else train longer or with a distribution",
        )


class WinningDiscriminator(Alarm):
    """The discriminator's loss has stayed near its floor for `steps` steps: the generator learns nothing from it."""

    kind = "winning discriminator"

    def __init__(self, log: WarningLog, *, steps: int = 200, near: float = 0.02, floor_of_real: float = 0.0) -> None:
        super().__init__(log)
        self._near, self._floor = near, floor_of_real
        self._recent: deque[Tensor] = deque(maxlen=steps)
        self._count = 0

    @classmethod
    def of(cls, recipe: Recipe, log: WarningLog, *, steps: int = 200) -> WinningDiscriminator:
        """For a recipe: with smoothed labels the loss on real pictures can't fall below the entropy of the labels."""
        s = recipe.stabilise.label_smoothing
        smoothed = recipe.loss.adversarial == "vanilla" and 0 < s < 1
        floor = -(s * math.log(s) + (1 - s) * math.log(1 - s)) if smoothed else 0.0
        return cls(log, steps=steps, floor_of_real=floor)

    def on_train_batch_end(self, trainer: lightning.Trainer, *_: Any) -> None:
        real, fake = (step_value(trainer, f"train/discriminator_{kind}") for kind in ("real", "fake"))
        if real is None or fake is None:
            return
        self._recent.append(torch.stack([real.detach().float(), fake.detach().float()]))
        self._count += 1
        full = len(self._recent) == self._recent.maxlen
        # Rarely, since reading values waits for the GPU.
        if full and self._count % max(1, len(self._recent) // 4) == 0:
            mean_real, mean_fake = torch.stack(list(self._recent)).mean(0).tolist()
            self.report(
                trainer,
                mean_real < self._floor + self._near and mean_fake < self._near,
                f"the discriminator's loss was {mean_real:.3f} (real) and {mean_fake:.3f} (fake) on average over the "
                f"last {len(self._recent)} steps: it tells all apart, and the generator learns little from it; "
                "try a lower optimiser.discriminator_rate, stabilise.label_smoothing=0.1, stabilise.r1=1 or "
                "stabilise.spectral_norm=true",
            )


class DeadTraining(Alarm):
    """The training loss is constant: over `steps` steps, or over `epochs` epochs up to a share of `least`."""

    kind = "dead training"

    def __init__(self, log: WarningLog, *, steps: int = 100, epochs: int = 3, least: float = 1e-3) -> None:
        super().__init__(log)
        self._least, self._count = least, 0
        self._same_in_steps = self._same_in_epochs = False
        self._recent: deque[Tensor] = deque(maxlen=steps)
        self._losses: deque[float] = deque(maxlen=epochs)

    def on_train_batch_end(self, trainer: lightning.Trainer, *_: Any) -> None:
        loss = step_value(trainer, "train/loss")
        if loss is None:
            return
        self._recent.append(loss.detach().float())
        self._count += 1
        if self._count % len(self._recent) == 0 and len(self._recent) == self._recent.maxlen:
            losses = torch.stack(list(self._recent))
            self._same_in_steps = bool((losses.max() - losses.min()) <= 1e-6 * losses.abs().max())
            self._report(trainer, f"train/loss was {float(loss):.4g} in each of the last {len(losses)} steps")

    def on_train_epoch_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        loss = fitted_loss(trainer)
        if loss is None:
            return
        self._losses.append(loss)
        moved = max(self._losses) - min(self._losses)
        self._same_in_epochs = len(self._losses) == self._losses.maxlen and moved <= self._least * abs(loss)
        self._report(trainer, f"the training loss was {loss:.4g} in each of the last {len(self._losses)} epochs")

    def _report(self, trainer: lightning.Trainer, finding: str) -> None:
        self.report(
            trainer,
            self._same_in_steps or self._same_in_epochs,
            f"{finding}: it learns nothing; try another optimiser.rate (ten times more or less) and look at the "
            "pictures",
        )
