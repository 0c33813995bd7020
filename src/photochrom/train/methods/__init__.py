"""The ways to train: a recipe's `method` and its bins make a ColorMethod; a run or a checkpoint gives it back."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import torch

from photochrom.errors import UsageError
from photochrom.train.losses.bins import Bins
from photochrom.train.methods.base import ColorMethod, ExportSpec
from photochrom.train.recipe.sections import Recipe

__all__ = ["ColorMethod", "ExportSpec", "build_method", "find_checkpoint", "load_method"]


def build_method(recipe: Recipe, bins: Bins | None = None) -> ColorMethod:
    """The method of a recipe, with fresh weights. bins: for those that give a distribution.

    Raises UsageError where parts of the recipe don't go together.
    """
    if recipe.method == "regression":
        from photochrom.train.methods.regression import Regression as Method
    elif recipe.method == "distribution":
        from photochrom.train.methods.distribution import Distribution as Method
    elif recipe.method == "cgan":
        from photochrom.train.methods.cgan import ConditionalGAN as Method
    elif recipe.method == "cyclegan":
        from photochrom.train.methods.cyclegan import CycleGAN as Method
    else:
        from photochrom.train.methods.photo import PhotoMethod as Method
    return Method(recipe, bins)


def find_checkpoint(run: Path) -> Path:
    """A run's checkpoints/best.ckpt, or else last.ckpt; a .ckpt itself. Raises UsageError."""
    tried = [run / "checkpoints" / name for name in ("best.ckpt", "last.ckpt")] if run.is_dir() else [run]
    for path in tried:
        if path.is_file():
            return path
    raise UsageError(f"there is no checkpoint in {run}: name the folder of a run, or a .ckpt")


def load_method(run_or_ckpt: str | Path) -> ColorMethod:
    """A trained method on the CPU, in evaluation mode, from a run's folder or a .ckpt; nothing in it is executed.

    Raises UsageError for what isn't a checkpoint of ours.
    """
    path = find_checkpoint(Path(run_or_ckpt))
    try:
        saved = torch.load(path, map_location="cpu", weights_only=True)
        kept, state = saved["hyper_parameters"], saved["state_dict"]
        recipe, stored = Recipe.from_dict(kept["recipe"]), kept["bins"]
    except UsageError as error:
        raise UsageError(f"{path} was written by another version of photochrom ({error}): train it again") from error
    except Exception as error:  # torch's, pickle's and zip's
        raise UsageError(f"{path} is no checkpoint of photochrom ({error}): name one that a run has written") from error
    bins = Bins(*(np.asarray(stored[name], np.float32) for name in ("centres", "prior"))) if stored else None
    bare = dataclasses.replace(recipe.network, pretrained=False, weights="")  # all weights are in the checkpoint
    method = build_method(dataclasses.replace(recipe, network=bare), bins)
    try:
        method.load_state_dict(state)
    except RuntimeError as error:
        raise UsageError(f"the weights in {path} don't fit its recipe ({error}): train it again") from error
    method.recipe = recipe
    return method.eval()
