"""What goes wrong in a run although it goes on: mode collapse, a discriminator that wins, no learning."""

from __future__ import annotations

import math
from collections import deque
from typing import Any

import lightning
import torch
from torch import Tensor

from photochrom.train.recipe.sections import Recipe
from photochrom.train.watch.alarm import Alarm, ValidationAlarm, WarningLog
from photochrom.train.watch.stopping import share_done, steps_in_all
from photochrom.train.watch.values import (
    epoch_value,
    fitted_loss,
    phase_of,
    step_value,
    steps_done,
)

_STEPS = 200  # for which a discriminator has to win
_LEAST_DIVERSITY = 1.0  # ab units between the true pictures: those of one motif may all be alike
_GROWS = 1.1  # by which factor the diversity has to rise for a run that is still learning
_IN_GAN = (
    "try stabilise.minibatch=stddev, a lower optimiser.discriminator_rate, or a larger loss.pixel_weight (of cyclegan "
    "loss.cycle_weight)"
)
_WITHOUT_GAN = "train longer, with another optimiser.rate, or with a distribution over colours (eccv16, photo)"
_FIRST = 10  # steps whose median loss is what the later ones are compared with
_FALLEN = 0.05  # share by which a loss has come down in a run that has learned


class ModeCollapse(ValidationAlarm):
    """The mean colours of the predictions vary between pictures by less than `share` of what the true ones do.

    In `times` validations in a row (in a run of few epochs in two) without getting wider, and not within the first
    `after` steps, as every network's pictures are alike at first; of a GAN's short run from its second half on, unless
    they have grown apart since its beginning. Silent with fewer than `pictures` for validation, and where the true ones
    hardly vary.
    """

    kind = "mode collapse"

    def __init__(
        self, log: WarningLog, *, share: float = 0.2, times: int = 3, after: int = 500, pictures: int = 8
    ) -> None:
        super().__init__(log, pictures=pictures)
        self._share, self._times, self._after = share, times, after
        self._low: list[float] = []  # diversities of the latest validations, all too low
        self._first: float | None = None  # diversity of the first validation
        self._most = 0.0

    def on_validation_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        ours, truth = epoch_value(trainer, "val/diversity"), epoch_value(trainer, "val/diversity_truth")
        if trainer.sanity_checking or ours is None or truth is None:
            return
        judged = self.enough and truth >= _LEAST_DIVERSITY
        in_gan = step_value(trainer, "train/generator") is not None
        self._first = ours if self._first is None else self._first
        self._most = max(self._most, ours)
        grown = ours > 2 * self._first and ours > self._most / 2
        early = steps_done(trainer) < self._after and not (in_gan and share_done(trainer) >= 0.5 and not grown)
        self._low = [*self._low, ours] if judged and not early and ours < self._share * truth else []
        few = trainer.max_epochs is not None and 0 < trainer.max_epochs <= 2 * self._times
        times = min(self._times, 2) if few else self._times
        grows = len(self._low) > 1 and ours > _GROWS * self._low[-min(len(self._low), times)]
        colorful, wanted = epoch_value(trainer, "val/colorfulness"), epoch_value(trainer, "val/colorfulness_truth")
        pale = colorful is not None and wanted is not None and colorful < self._share * wanted
        self.report(
            trainer,
            (len(self._low) >= times and not grows) or (self._raised and bool(self._low)),
            f"all its pictures {'are nearly grey' if pale else 'have much the same colours'}: val/diversity is "
            f"{ours:.2f} ab units, the truth's {truth:.2f}; " + (_IN_GAN if in_gan else _WITHOUT_GAN),
        )


class WinningDiscriminator(Alarm):
    """The discriminator's loss has stayed near its floor for `steps` steps: the generator learns nothing from it.

    In a run that is shorter than four times that, for a quarter of it, at least 20.
    """

    kind = "winning discriminator"

    def __init__(self, log: WarningLog, *, steps: int = _STEPS, near: float = 0.02, floor_of_real: float = 0.0) -> None:
        super().__init__(log)
        self._near, self._floor = near, floor_of_real
        self._recent: deque[Tensor] = deque(maxlen=steps)
        self._count = 0

    @classmethod
    def of(cls, recipe: Recipe, log: WarningLog, *, steps: int = _STEPS) -> WinningDiscriminator:
        """For a recipe: with smoothed labels the loss on real pictures can't fall below the entropy of the labels."""
        s = recipe.stabilise.label_smoothing
        smoothed = recipe.loss.adversarial == "vanilla" and 0 < s < 1
        floor = -(s * math.log(s) + (1 - s) * math.log(1 - s)) if smoothed else 0.0
        return cls(log, steps=steps, floor_of_real=floor)

    def on_train_batch_end(self, trainer: lightning.Trainer, *_: Any) -> None:
        if not self._count and self._recent.maxlen == _STEPS and 0 < (ends := steps_in_all(trainer)) < 4 * _STEPS:
            self._recent = deque(maxlen=max(20, ends // 4))  # a short run
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
    """It learns nothing: no weight has changed in an epoch, or the training loss is constant.

    Over `steps` steps to the last digit, or over `epochs` epochs up to a share of `least` and without having fallen
    since the beginning: a loss that has come down and lies still has learned.
    """

    kind = "dead training"

    def __init__(self, log: WarningLog, *, steps: int = 100, epochs: int = 3, least: float = 1e-3) -> None:
        super().__init__(log)
        self._least, self._count = least, 0
        self._findings: dict[str, str] = {}  # by the way it was found
        self._recent: deque[Tensor] = deque(maxlen=steps)
        self._losses: deque[float] = deque(maxlen=epochs)
        self._first: list[Tensor] = []  # losses of the first steps of a phase
        self._phase: str | None = None
        self._weights: Tensor | None = None

    def on_train_epoch_start(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        self._weights = _fingerprint(pl_module)

    def on_train_batch_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule, *_: Any) -> None:
        loss = step_value(trainer, "train/loss")
        if loss is None:
            return
        before, self._phase = self._phase, phase_of(pl_module)
        if before not in (None, self._phase):
            self._first = []
            self._losses.clear()
        if len(self._first) < _FIRST:
            self._first.append(loss.detach().float())
        self._recent.append(loss.detach().float())
        self._count += 1
        if self._count % len(self._recent) == 0 and len(self._recent) == self._recent.maxlen:
            losses = torch.stack(list(self._recent))
            same = bool((losses.max() - losses.min()) <= 1e-6 * losses.abs().max())
            self._tell(
                trainer, "steps", f"train/loss was {float(loss):.4g} in each of the last {len(losses)} steps" * same
            )

    def on_train_epoch_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        weights = _fingerprint(pl_module)
        still = self._weights is not None and weights is not None and bool(torch.equal(weights, self._weights))
        self._tell(trainer, "weights", "no weight has changed in this epoch" * still)
        loss = fitted_loss(trainer)
        if loss is None:
            return
        self._losses.append(loss)
        moved = max(self._losses) - min(self._losses)
        same = len(self._losses) == self._losses.maxlen and moved <= self._least * abs(loss)
        if same and self._first:
            total, first = epoch_value(trainer, "train/loss"), float(torch.stack(self._first).median())
            same = total is None or total > first - _FALLEN * abs(first)
        self._tell(
            trainer, "epochs", f"the training loss was {loss:.4g} in each of the last {len(self._losses)} epochs" * same
        )

    def _tell(self, trainer: lightning.Trainer, way: str, finding: str) -> None:
        """Note what was found in one way, "" for nothing wrong."""
        self._findings[way] = finding
        wrong = next((found for found in self._findings.values() if found), "")
        self.report(
            trainer,
            bool(wrong),
            f"{wrong}: it learns nothing; try another optimiser.rate (ten times more or less) and look at the pictures",
        )


def _fingerprint(module: lightning.LightningModule) -> Tensor | None:
    """A number for each weight that is learned, which changes with it: on the device, not waited for."""
    network = getattr(module, "network", module)  # a discriminator may go on without its generator
    learned = [weight.detach().double().abs().sum() for weight in network.parameters() if weight.requires_grad]
    return torch.stack(learned) if learned else None
