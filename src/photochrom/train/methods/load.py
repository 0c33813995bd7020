"""A trained method back from the folder of its run, or from one checkpoint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from photochrom.errors import UsageError
from photochrom.train.losses.bins import Bins
from photochrom.train.methods.base import ColorMethod
from photochrom.train.methods.table import build_method
from photochrom.train.recipe.sections import Recipe
from photochrom.train.weights.needs import without_files


@dataclass(frozen=True)
class SavedMethod:
    """What a checkpoint keeps of a method: its recipe, its bins where it has any, and its weights by name.

    epoch: how many epochs it had learned, that in which it was written counted too; 0 where it doesn't say.
    """

    path: Path
    recipe: Recipe
    bins: Bins | None
    weights: Mapping[str, Tensor]
    epoch: int


def find_checkpoint(run: Path) -> Path:
    """A run's checkpoints/best.ckpt, or else last.ckpt; a .ckpt itself. Raises UsageError."""
    tried = [run / "checkpoints" / name for name in ("best.ckpt", "last.ckpt")] if run.is_dir() else [run]
    for path in tried:
        if path.is_file():
            return path
    raise UsageError(f"there is no checkpoint in {run}: name the folder of a run, or a .ckpt")


def read_checkpoint(run_or_ckpt: str | Path) -> SavedMethod:
    """What a run's folder or a .ckpt holds, on the CPU; nothing in it is executed.

    Raises UsageError for what isn't a checkpoint of ours.
    """
    path = find_checkpoint(Path(run_or_ckpt))
    try:
        saved = torch.load(path, map_location="cpu", weights_only=True)
        kept, weights = saved["hyper_parameters"], saved["state_dict"]
        recipe, stored, epoch = Recipe.from_dict(kept["recipe"]), kept["bins"], int(saved.get("epoch", -1)) + 1
    except UsageError as error:
        raise UsageError(f"{path} was written by another version of photochrom ({error}): train it again") from error
    except Exception as error:  # torch's, pickle's and zip's
        raise UsageError(f"{path} is no checkpoint of photochrom ({error}): name one that a run has written") from error
    bins = Bins(*(np.asarray(stored[name], np.float32) for name in ("centres", "prior"))) if stored else None
    return SavedMethod(path, recipe, bins, weights, epoch)


def load_method(run_or_ckpt: str | Path, method: type[ColorMethod] | None = None) -> ColorMethod:
    """A trained method on the CPU, in evaluation mode, from a run's folder or a .ckpt; nothing in it is executed.

    method: as of build_method(). Raises UsageError for what isn't a checkpoint of ours.
    """
    saved = read_checkpoint(run_or_ckpt)
    trained = build_method(without_files(saved.recipe), saved.bins, method)
    try:
        trained.load_state_dict(saved.weights)
    except RuntimeError as error:
        raise UsageError(f"the weights in {saved.path} don't fit its recipe ({error}): train it again") from error
    trained.adopt(saved.recipe)
    return trained.eval()
