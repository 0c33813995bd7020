"""The two parts of the pictures of a training run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from photochrom.pictures.find import find_pictures
from photochrom.pictures.split import Split, split
from photochrom.train.recipe.sections import Recipe


def parts_of(data: Sequence[str | Path], recipe: Recipe, *, commands: bool = False) -> Split:
    """The parts that a run of the recipe on this data has. Raises what find_pictures() and split() raise."""
    return split(find_pictures(data, commands=commands), recipe.data.validation, recipe.data.limit)
