"""The two parts of the pictures of a training run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from photochrom.pictures.colored import truths
from photochrom.pictures.find import find_pictures
from photochrom.pictures.split import Split, split
from photochrom.train.recipe.sections import Recipe


def parts_of(data: Sequence[str | Path], recipe: Recipe, *, other: bool = False, commands: bool = False) -> Split:
    """The parts that a run of the recipe on this data has. Raises what find_pictures() and split() raise.

    other: of data.other, whose pictures aren't those that counts and names in data.validation speak of, and need have
    no colour; all others are refused when they are decoded and turn out to have none.
    """
    validation = recipe.data.validation
    if other and isinstance(validation, str):
        validation = "exact"
    pictures = find_pictures(data, commands=commands)
    return split(pictures if other else truths(pictures), validation, recipe.data.limit)
