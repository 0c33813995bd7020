"""Lightning's Trainer as every run here has it: callbacks, loggers, checkpoints, and where it ends."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

import lightning
from lightning.pytorch.callbacks import EarlyStopping

from photochrom.train.recipe.sections import Recipe
from photochrom.train.run.checkpoints import AtomicIO, KeptEpochs, LastCheckpoint, MovingAverage, best_checkpoint
from photochrom.train.run.devices import Devices
from photochrom.train.run.folder import RunFolder
from photochrom.train.run.loggers import loggers
from photochrom.train.run.monitor import better
from photochrom.train.run.options import RunOptions
from photochrom.train.run.signals import Signals
from photochrom.train.watch.stopping import StopAfter

# Lightning's warnings of what is done on purpose, or can't be helped.
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
    whole_epochs: int  # those of the recipe, whatever else ends the run
    cache_in_memory: bool  # whether each picture is seen more than once, so that memory for all is well spent

    @classmethod
    def of(cls, recipe: Recipe, pictures: int, options: RunOptions) -> Ends:
        """Of a recipe on so many training pictures."""
        each = max(1, pictures // recipe.train.batch)  # batches in an epoch
        epochs = recipe.train.epochs + recipe.train.pretrain_epochs
        steps = min(epochs * each, options.max_steps or epochs * each)
        minutes = options.max_minutes or recipe.train.minutes or None
        return cls(
            steps=steps,
            epochs=min(epochs, -(-steps // each)),  # so that schedules end where the run does
            max_steps=options.max_steps,
            minutes=minutes,
            whole_epochs=epochs,
            cache_in_memory=minutes is not None or steps > each,
        )


def build_trainer(
    recipe: Recipe,
    method: lightning.LightningModule,
    folder: RunFolder,
    devices: Devices,
    ends: Ends,
    signals: Signals,
    callbacks: Sequence[lightning.Callback],
    *,
    validates: bool,
    since: int | None,
    keep_every: int = 0,
) -> lightning.Trainer:
    """The Trainer of a run.

    callbacks: besides those that stop, average and save. validates: whether there are pictures for it. since: the step
    that a run goes on from, if it does. keep_every: as of RunOptions.
    """
    every = list(callbacks)
    if ends.max_steps:
        every.append(StopAfter(ends.max_steps))
    if recipe.train.ema:
        every.append(MovingAverage(recipe.train.ema))
    if validates:
        every += _chosen_by_validation(recipe, folder)
    if keep_every:
        every.append(KeptEpochs(folder.checkpoints, keep_every, whole=bool(recipe.train.ema)))
    every.append(LastCheckpoint(folder.last, recipe.train.checkpoint_minutes, signals))
    automatic = method.automatic_optimization  # else it steps its optimisers, accumulates and clips by itself
    return lightning.Trainer(
        **devices,
        accumulate_grad_batches=recipe.train.accumulate if automatic else 1,
        gradient_clip_val=(recipe.optimiser.clip or None) if automatic else None,
        max_epochs=ends.epochs,
        max_time=timedelta(minutes=ends.minutes) if ends.minutes else None,
        logger=loggers(folder, recipe, since=since) if folder.writes else False,
        callbacks=every,
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
    """Leave out Lightning's warnings of what is meant to be so."""
    with warnings.catch_warnings():
        for message in _KNOWN:
            warnings.filterwarnings("ignore", message)
        yield


def _chosen_by_validation(recipe: Recipe, folder: RunFolder) -> list[lightning.Callback]:
    """What keeps the best epoch, and what stops when none gets better."""
    monitor, patience = recipe.train.monitor or "val/loss", recipe.train.early_stopping
    early = [EarlyStopping(monitor, patience=patience, mode=better(monitor), check_finite=False)] if patience else []
    return [best_checkpoint(folder.checkpoints, recipe.train.monitor), *early]
