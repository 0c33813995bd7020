"""Which class trains a recipe, by its `method`."""

from __future__ import annotations

from collections.abc import Mapping

from photochrom.train.losses.bins import Bins
from photochrom.train.methods.base import ColorMethod
from photochrom.train.methods.cgan import ConditionalGAN
from photochrom.train.methods.cyclegan import CycleGAN
from photochrom.train.methods.distribution import Distribution
from photochrom.train.methods.paired import Paired
from photochrom.train.methods.photo import PhotoMethod
from photochrom.train.methods.regression import Regression
from photochrom.train.recipe.sections import MethodName, Recipe

METHODS: Mapping[MethodName, type[ColorMethod]] = {
    "regression": Regression,
    "distribution": Distribution,
    "cgan": ConditionalGAN,
    "cyclegan": CycleGAN,
    "photo": PhotoMethod,
    "paired": Paired,
}


def build_method(recipe: Recipe, bins: Bins | None = None, method: type[ColorMethod] | None = None) -> ColorMethod:
    """The method of a recipe, with fresh weights.

    bins: for those that give a distribution. method: another class than the one that the recipe names.
    Raises UsageError where parts of the recipe don't go together.
    """
    return (method or METHODS[recipe.method])(recipe, bins)
