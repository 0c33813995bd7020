"""Where a run ends, and how much of it is done."""

from __future__ import annotations

from typing import Any

import lightning
from lightning.pytorch.callbacks import Timer


class StopAfter(lightning.Callback):
    """Ends the run after so many batches, with a validation; a GAN's two optimisers count as one step."""

    def __init__(self, steps: int) -> None:
        self.steps = steps

    def on_train_batch_end(self, trainer: lightning.Trainer, *_: Any) -> None:
        if trainer.fit_loop.total_batch_idx + 1 >= self.steps:
            trainer.should_stop = True


def share_done(trainer: lightning.Trainer, batches: int | None = None, *, clock: bool = True) -> float:
    """How much of a run is done, 0..1: of its epochs, steps or minutes, by what ends it first.

    batches: so many are done; None for those that were begun. clock: count the minutes too.
    """
    if batches is None:
        batches = trainer.fit_loop.total_batch_idx + 1
    shares = [0.0]
    if trainer.max_epochs and trainer.max_epochs > 0:
        shares.append(batches / max(1.0, trainer.num_training_batches * trainer.max_epochs))
    if trainer.max_steps > 0:
        shares.append(trainer.global_step / trainer.max_steps)
    for callback in callbacks_of(trainer):
        if isinstance(callback, StopAfter):
            shares.append(batches / callback.steps)
        if clock and isinstance(callback, Timer) and (left := callback.time_remaining()) is not None:
            spent = callback.time_elapsed()
            shares.append(spent / max(1e-9, spent + left))
    return min(1.0, max(shares))


def steps_in_all(trainer: lightning.Trainer) -> int:
    """How many batches the run will have learned from in the end, by its epochs and steps; 0 where time may end it."""
    ends = [callback.steps for callback in callbacks_of(trainer) if isinstance(callback, StopAfter)]
    if trainer.max_epochs and trainer.max_epochs > 0:
        ends.append(int(trainer.num_training_batches * trainer.max_epochs))
    if any(isinstance(callback, Timer) for callback in callbacks_of(trainer)):
        return 0
    return min(ends, default=0)


def callbacks_of(trainer: lightning.Trainer) -> list[lightning.Callback]:
    """The trainer's callbacks: an attribute that Lightning sets without declaring it."""
    callbacks: list[lightning.Callback] = trainer.callbacks  # type: ignore[attr-defined]
    return callbacks
