"""What watches a run: the bar, the preview sheets, and the alarms that say when training goes wrong."""

from __future__ import annotations

from pathlib import Path

import lightning
from rich.console import Console

from photochrom.train.recipe.sections import Recipe
from photochrom.train.watch.alarms import DeadTraining, ModeCollapse, Overfitting, WinningDiscriminator
from photochrom.train.watch.bell import Bell
from photochrom.train.watch.divergence import Divergence
from photochrom.train.watch.preview import Preview
from photochrom.train.watch.progress import Progress

__all__ = [
    "Bell",
    "DeadTraining",
    "Divergence",
    "ModeCollapse",
    "Overfitting",
    "Preview",
    "Progress",
    "WinningDiscriminator",
    "callbacks",
]


def callbacks(recipe: Recipe, out: Path, quiet: bool = False) -> list[lightning.Callback]:
    """The callbacks of a run whose folder is `out`; give them to the Trainer with `enable_progress_bar=False`.

    quiet: nothing on stderr, not even the alarms; warnings.log and the preview sheets are written all the same.
    """
    console = Console(stderr=True, quiet=quiet)  # one for all, so that a warning doesn't tear the bar apart
    bell = Bell(out, console)
    watching: list[lightning.Callback] = [
        Divergence(bell, out / "checkpoints", rate=recipe.optimiser.rate),
        Overfitting(bell),
        ModeCollapse(bell),
        WinningDiscriminator.of(recipe, bell),
        DeadTraining(bell),
        Progress(console),
    ]
    if recipe.train.preview:
        watching.append(Preview(out / "samples", recipe.train.preview))
    return watching
