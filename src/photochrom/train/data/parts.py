"""The two parts of the pictures of a training run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from photochrom.pictures.find import find_pictures
from photochrom.pictures.split import Split, split
from photochrom.train.recipe.sections import Recipe


def parts_of(data: Sequence[str | Path], recipe: Recipe, *, other: bool = False, commands: bool = False) -> Split:
    """The parts that a run of the recipe on this data has. Raises what find_pictures() and split() raise.

    other: of data.other, whose pictures aren't those that counts and names in data.validation speak of.
    """
    validation = recipe.data.validation
    if other and isinstance(validation, str):
        validation = "exact"
    return split(find_pictures(data, commands=commands), validation, recipe.data.limit)
