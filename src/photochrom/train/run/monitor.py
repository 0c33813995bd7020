"""The logged value that chooses best.ckpt: whether a run has it, and which way is better."""

from __future__ import annotations

from typing import Literal

from photochrom.errors import UsageError
from photochrom.train.methods import ColorMethod
from photochrom.train.recipe.sections import Recipe

_MORE_IS_BETTER = ("accuracy", "colorfulness", "diversity")


def check_monitor(recipe: Recipe, method: type[ColorMethod]) -> None:
    """See that the run measures train.monitor, before its first step. Raises UsageError."""
    monitor, known = recipe.train.monitor, [f"val/{name}" for name in method.measures]
    if recipe.train.fid:
        known.append("val/fid")
    if monitor and monitor not in known and not monitor.startswith("train/"):
        raise UsageError(
            f"train.monitor = {monitor} isn't measured: choose one of {', '.join(known)}, or leave it empty to keep "
            "the last epoch"
        )


def better(monitor: str) -> Literal["min", "max"]:
    """Of accuracies, diversity and colourfulness more is better, of everything else less."""
    return "max" if any(word in monitor for word in _MORE_IS_BETTER) else "min"
