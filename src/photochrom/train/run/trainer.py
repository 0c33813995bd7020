"""Lightning's Trainer as every run here has it: callbacks, loggers, checkpoints, and where it ends."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import lightning
import torch
from lightning.pytorch.callbacks import EarlyStopping

from photochrom.train.recipe.sections import Recipe
from photochrom.train.run.checkpoints import AtomicIO, LastCheckpoint, MovingAverage, Signals, best_checkpoint, better
from photochrom.train.run.folder import RunFolder
from photochrom.train.run.loggers import loggers
from photochrom.train.watch.stopping import StopAfter

# What Lightning warns of and we do on purpose, or can't help.
_KNOWN = (
    ".*does not have many workers.*",  # the pictures are in memory, or data.workers says how many
    ".*Checkpoint directory .* exists and is not empty.*",  # a run that is resumed
    ".*log.* directory .* exists and is not empty.*",
    ".*number of training batches .* is smaller than the logging interval.*",
    ".*module\\(s\\) in eval mode at the start of training.*",  # frozen encoders
    ".*GPU available but not used.*",
    ".*overridden `on_after_batch_transfer` in `LightningModule`.*",  # each of the two has hooks of its own
    ".*LeafSpec.*",
)


@dataclass(frozen=True)
class Ends:
    """Where a run ends: after so many batches, epochs or minutes, whichever comes first."""

    steps: int
    epochs: int
    max_steps: int | None
    minutes: float | None
    kept_if_it_fits: bool  # whether each picture is looked at more than once, so that memory for all is well spent

    @classmethod
    def of(cls, recipe: Recipe, pictures: int, max_steps: int | None, max_minutes: float | None) -> Ends:
        """Of a recipe on so many training pictures."""
        each = max(1, pictures // recipe.train.batch)  # batches in an epoch
        epochs = recipe.train.epochs + recipe.train.pretrain_epochs
        steps = min(epochs * each, max_steps or epochs * each)
        minutes = max_minutes or recipe.train.minutes or None
        return cls(
            steps=steps,
            epochs=min(epochs, -(-steps // each)),  # so that schedules end where the run does
            max_steps=max_steps,
            minutes=minutes,
            kept_if_it_fits=minutes is not None or steps > each,
        )


def build_trainer(
    recipe: Recipe,
    method: lightning.LightningModule,
    folder: RunFolder,
    devices: Mapping[str, Any],
    ends: Ends,
    signals: Signals,
    watching: Sequence[lightning.Callback],
    *,
    validates: bool,
    resumed: Path | None,
) -> lightning.Trainer:
    """watching: callbacks besides those that stop, average and save. resumed: the checkpoint to go on from."""
    callbacks = list(watching)
    if ends.max_steps:
        callbacks.append(StopAfter(ends.max_steps))
    if recipe.train.ema:
        callbacks.append(MovingAverage(recipe.train.ema))
    if validates:
        callbacks += _chosen_by_validation(recipe, folder)
    callbacks.append(LastCheckpoint(folder.last, recipe.train.checkpoint_minutes, signals))
    return lightning.Trainer(
        **devices,
        **_gradients(recipe, method),
        max_epochs=ends.epochs,
        max_time=timedelta(minutes=ends.minutes) if ends.minutes else None,
        logger=loggers(folder.path, _steps_in(resumed)) if folder.writes else False,
        callbacks=callbacks,
        plugins=[AtomicIO()],
        default_root_dir=folder.path,
        log_every_n_steps=max(1, min(10, ends.steps // 100)),
        limit_val_batches=1.0 if validates else 0,
        num_sanity_val_steps=0,
        enable_progress_bar=False,
        enable_model_summary=False,
        use_distributed_sampler=False,
    )


@contextmanager
def without_known_warnings() -> Iterator[None]:
    """Leave out what Lightning warns of and is meant to be so."""
    with warnings.catch_warnings():
        for message in _KNOWN:
            warnings.filterwarnings("ignore", message)
        yield


def _gradients(recipe: Recipe, method: lightning.LightningModule) -> dict[str, Any]:
    """A method that steps its optimisers itself clips and accumulates itself too."""
    if not method.automatic_optimization:
        return {}
    return {"accumulate_grad_batches": recipe.train.accumulate, "gradient_clip_val": recipe.optimiser.clip or None}


def _chosen_by_validation(recipe: Recipe, folder: RunFolder) -> list[lightning.Callback]:
    monitor, patience = recipe.train.monitor or "val/loss", recipe.train.early_stopping
    early = [EarlyStopping(monitor, patience=patience, mode=better(monitor), check_finite=False)] if patience else []
    return [best_checkpoint(folder.checkpoints, recipe.train.monitor), *early]


def _steps_in(checkpoint: Path | None) -> int | None:
    """The number of steps a checkpoint has behind it, as the curves count them."""
    if checkpoint is None:
        return None
    saved = torch.load(checkpoint, map_location="cpu", weights_only=True, mmap=True)
    return int(saved["loops"]["fit_loop"]["epoch_loop.batch_progress"]["total"]["ready"])
