"""What a run that is to go on has behind it, and whether there is anything left for it to do."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch

from photochrom.errors import TrainingError, UsageError
from photochrom.train.run.folder import RunFolder
from photochrom.train.run.trainer import Ends


@dataclass(frozen=True)
class Behind:
    """The checkpoint that a run goes on from. steps: batches learned from; epochs: those that are whole."""

    path: Path
    steps: int
    epochs: int
    minutes: float

    @classmethod
    def of(cls, folder: RunFolder) -> Behind | None:
        """last.ckpt, or best.ckpt of a run that was killed before it had one; None where there is neither.

        Raises TrainingError for a file that isn't whole.
        """
        path = next((p for p in (folder.last, folder.checkpoints / "best.ckpt") if p.is_file()), None)
        if path is None:
            return None
        try:
            saved = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
            loop = saved["loops"]["fit_loop"]
            steps = int(loop["epoch_loop.batch_progress"]["total"]["ready"])
            epochs = int(loop["epoch_progress"]["current"]["processed"])
            clocks = [state for name, state in saved["callbacks"].items() if name.startswith("Timer")]
            minutes = float(clocks[0]["time_elapsed"]["train"]) / 60 if clocks else 0.0
        except Exception as error:  # torch's, pickle's and zip's
            raise TrainingError(
                f"{path} can't be read ({error}): take it away to go on from the other checkpoint, or begin another run"
            ) from error
        return cls(path, steps, epochs, minutes)

    def check(self, ends: Ends, out: Path) -> None:
        """See that the run isn't to end before where it is. Raises UsageError, naming the limit."""
        limits = (
            (ends.max_steps or 0, self.steps, "--max-steps", "steps"),
            (ends.whole_epochs, self.epochs, "train.epochs", "epochs"),
            (ends.minutes or 0, int(self.minutes), "--max-minutes", "minutes"),
        )
        for limit, done, name, unit in limits:
            if limit and done > limit:
                raise UsageError(
                    f"the run in {out} has {done} {unit} behind it, and {name} ends it at {limit:g}: give more than "
                    f"{done}, or leave it out"
                )
