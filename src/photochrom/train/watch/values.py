"""Logged values by name, whichever of Lightning's suffixes they carry."""

from __future__ import annotations

from collections.abc import Mapping

import lightning
from torch import Tensor


def step_value(trainer: lightning.Trainer, name: str) -> Tensor | None:
    """What was logged under `name` in this training step; on its device, so that asking does not wait for it."""
    logged = trainer.callback_metrics
    return logged.get(f"{name}_step", logged.get(name))


def epoch_value(trainer: lightning.Trainer, name: str) -> float | None:
    """The mean over the epoch (or the last validation) of what was logged under `name`."""
    logged = trainer.callback_metrics
    value = logged.get(f"{name}_epoch", logged.get(name))
    return None if value is None else float(value)


def fitted_loss(trainer: lightning.Trainer) -> float | None:
    """The epoch's training loss that falls as the network learns: of a GAN not the total, which needn't."""
    for name in ("train/pixel", "train/cycle", "train/distribution", "train/loss"):
        value = epoch_value(trainer, name)
        if value is not None:
            return value
    return None


def phase_of(module: lightning.LightningModule) -> str:
    """What the method is about now ("" in one that does the same all the time): see ColorMethod.phase."""
    return str(getattr(module, "phase", ""))


def pictures_in(batch: object) -> int:
    """How many pictures a batch holds."""
    tensors = [value for value in batch.values() if isinstance(value, Tensor)] if isinstance(batch, Mapping) else []
    return len(tensors[0]) if tensors else 0


def steps_done(trainer: lightning.Trainer) -> int:
    """Batches that were learned from, as the loggers count them; a GAN's two optimisers make one step together."""
    return int(trainer.fit_loop.epoch_loop._batches_that_stepped)
