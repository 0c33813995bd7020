"""Callbacks that watch a run: the bar, the preview sheets, and the alarms that say when training goes wrong."""

from __future__ import annotations

from pathlib import Path

import lightning
from rich.console import Console

from photochrom.train.recipe.sections import Recipe
from photochrom.train.watch.alarm import WarningLog
from photochrom.train.watch.alarms import DeadTraining, ModeCollapse, WinningDiscriminator
from photochrom.train.watch.divergence import Divergence
from photochrom.train.watch.fid import ValidationFid
from photochrom.train.watch.overfitting import Overfitting
from photochrom.train.watch.preview import Preview
from photochrom.train.watch.progress import RunProgress

__all__ = [
    "DeadTraining",
    "Divergence",
    "ModeCollapse",
    "Overfitting",
    "Preview",
    "RunProgress",
    "ValidationFid",
    "WarningLog",
    "WinningDiscriminator",
    "callbacks",
]


def callbacks(recipe: Recipe, out: Path, quiet: bool = False) -> list[lightning.Callback]:
    """The callbacks of a run whose folder is `out`; give them to the Trainer with `enable_progress_bar=False`.

    quiet: nothing on stderr, not even the alarms; warnings.log and the preview sheets are written all the same.
    """
    console = Console(stderr=True, quiet=quiet)  # one for all, so that a warning is printed above the bar
    log = WarningLog(out, console)
    watching: list[lightning.Callback] = [
        Divergence(log, out / "checkpoints", rate=recipe.optimiser.rate),
        Overfitting(log),
        ModeCollapse(log),
        WinningDiscriminator.of(recipe, log),
        DeadTraining(log),
        RunProgress(console),
    ]
    if recipe.train.fid and (fid := ValidationFid.of(recipe.train.fid)):
        watching.append(fid)
    if recipe.train.preview:
        watching.append(Preview(out / "samples", recipe.train.preview, emerging=out / "emerging.webp"))
    return watching
