"""Ending a run before its epochs are over."""

from __future__ import annotations

from typing import Any

import lightning


class StopAfter(lightning.Callback):
    """Ends the run after so many batches, with a validation; a GAN's two optimisers count as one step."""

    def __init__(self, steps: int) -> None:
        self.steps = steps

    def on_train_batch_end(self, trainer: lightning.Trainer, *_: Any) -> None:
        if trainer.fit_loop.total_batch_idx + 1 >= self.steps:
            trainer.should_stop = True

    def share_done(self, trainer: lightning.Trainer) -> float:
        """How much of the run lies behind, 0..1."""
        return min(1.0, (trainer.fit_loop.total_batch_idx + 1) / self.steps)
