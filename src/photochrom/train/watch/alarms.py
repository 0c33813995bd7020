"""Alarms: each says in a sentence what is going wrong in a run and what to do, once until it has gone well again."""

from __future__ import annotations

import math
from collections import deque
from typing import Any

import lightning
import torch
from torch import Tensor

from photochrom.train.recipe.sections import Recipe
from photochrom.train.watch.bell import Alarm, Bell
from photochrom.train.watch.values import epoch_value, fitted_loss, step_value, steps_done


class Overfitting(Alarm):
    """Validation has been worse than its best for `epochs` epochs while the training loss went on falling.

    margin: by which share worse, so that noise does not ring it.
    """

    kind = "overfitting"

    def __init__(self, bell: Bell, *, epochs: int = 3, margin: float = 0.01) -> None:
        super().__init__(bell)
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
        self.judge(
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
    """The mean colours of the predictions differ from picture to picture by under `share` of what the truth's do.

    For `times` validations, and not within the first `after` steps: a network that has just begun paints all alike.
    """

    kind = "mode collapse"

    def __init__(self, bell: Bell, *, share: float = 0.2, times: int = 3, after: int = 500) -> None:
        super().__init__(bell)
        self._share, self._times, self._after, self._low = share, times, after, 0

    def on_validation_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        ours, truth = epoch_value(trainer, "val/diversity"), epoch_value(trainer, "val/diversity_truth")
        if trainer.sanity_checking or ours is None or truth is None:
            return
        self._low = self._low + 1 if ours < self._share * truth and steps_done(trainer) >= self._after else 0
        self.judge(
            trainer,
            self._low >= self._times,
            f"it paints all pictures much alike: val/diversity is {ours:.2f} ab units, the truth's {truth:.2f}; "
            "in a GAN try stabilise.minibatch, a lower optimiser.discriminator_rate or a larger loss.pixel_weight, "
            "else train longer or with a distribution",
        )


class WinningDiscriminator(Alarm):
    """The discriminator's loss has stayed near its floor for `steps` steps: the generator learns nothing from it."""

    kind = "winning discriminator"

    def __init__(self, bell: Bell, *, steps: int = 200, near: float = 0.02, floor_of_real: float = 0.0) -> None:
        super().__init__(bell)
        self._near, self._floor = near, floor_of_real
        self._recent: deque[Tensor] = deque(maxlen=steps)
        self._count = 0

    @classmethod
    def of(cls, recipe: Recipe, bell: Bell) -> WinningDiscriminator:
        """With smoothed labels the cross-entropy of real pictures can't fall under the entropy of the labels."""
        s = recipe.stabilise.label_smoothing
        smoothed = recipe.loss.adversarial == "vanilla" and 0 < s < 1
        return cls(bell, floor_of_real=-(s * math.log(s) + (1 - s) * math.log(1 - s)) if smoothed else 0.0)

    def on_train_batch_end(self, trainer: lightning.Trainer, *_: Any) -> None:
        real, fake = (step_value(trainer, f"train/discriminator_{kind}") for kind in ("real", "fake"))
        if real is None or fake is None:
            return
        self._recent.append(torch.stack([real.detach().float(), fake.detach().float()]))
        self._count += 1
        full = len(self._recent) == self._recent.maxlen
        if full and self._count % max(1, len(self._recent) // 4) == 0:  # seldom: reading a GPU's values waits for it
            mean_real, mean_fake = torch.stack(list(self._recent)).mean(0).tolist()
            self.judge(
                trainer,
                mean_real < self._floor + self._near and mean_fake < self._near,
                f"the discriminator's loss was {mean_real:.3f} (real) and {mean_fake:.3f} (fake) on average over the "
                f"last {len(self._recent)} steps: it tells all of them apart, and the generator learns little from it; "
                "try a lower optimiser.discriminator_rate, stabilise.label_smoothing=0.1, stabilise.r1=1 or "
                "stabilise.spectral_norm=true",
            )


class DeadTraining(Alarm):
    """The training loss does not move: the same for `steps` steps, or for `epochs` epochs to a share of `least`."""

    kind = "dead training"

    def __init__(self, bell: Bell, *, steps: int = 100, epochs: int = 3, least: float = 1e-3) -> None:
        super().__init__(bell)
        self._least, self._count = least, 0
        self._constant = self._still = False
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
            self._constant = bool((losses.max() - losses.min()) <= 1e-6 * losses.abs().max())
            self._judge(trainer, f"train/loss was {float(loss):.4g} in each of the last {len(losses)} steps")

    def on_train_epoch_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        loss = fitted_loss(trainer)
        if loss is None:
            return
        self._losses.append(loss)
        moved = max(self._losses) - min(self._losses)
        self._still = len(self._losses) == self._losses.maxlen and moved <= self._least * abs(loss)
        self._judge(trainer, f"the training loss was {loss:.4g} in each of the last {len(self._losses)} epochs")

    def _judge(self, trainer: lightning.Trainer, found: str) -> None:
        self.judge(
            trainer,
            self._constant or self._still,
            f"{found}: it learns nothing; try another optimiser.rate (ten times more or less) and look at the pictures",
        )
