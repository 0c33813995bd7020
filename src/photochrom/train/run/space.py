"""Whether the disk holds what a run writes, asked before its first step."""

from __future__ import annotations

import shutil
from pathlib import Path

from torch import nn

from photochrom.errors import TrainingError
from photochrom.train.recipe.sections import Recipe

_FILES = 3  # last.ckpt, best.ckpt, and the one that is being written
_BESIDE = 20 << 20  # bytes of curves and sheets


def check_space(folder: Path, model: nn.Module, recipe: Recipe, *, kept: int = 0) -> None:
    """See that there is room for the checkpoints of a run, and for the weights of `kept` epochs.

    Raises TrainingError, saying how much it takes.
    """
    weights = sum(weight.numel() * weight.element_size() for weight in model.state_dict().values())
    learned = sum(weight.numel() * weight.element_size() for weight in model.parameters() if weight.requires_grad)
    moments = 1 if recipe.optimiser.name == "sgd" else 2  # that the optimiser keeps of each weight it changes
    each = weights * (2 if recipe.train.ema else 1) + moments * learned
    there = sum(file.stat().st_size for file in (folder / "checkpoints").glob("*.ckpt"))  # these are replaced
    needed = _FILES * each + kept * (each if recipe.train.ema else weights) + _BESIDE - there
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise TrainingError(
            f"the disk of {folder} has {free / 1e6:,.0f} MB left, and the checkpoints of this run take up to "
            f"{needed / 1e6:,.0f} MB: free some space, or choose another disk with --out"
        )
