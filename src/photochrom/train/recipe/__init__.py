"""Recipes: what a training run does, as one short TOML file. `sections` says what every key means.

`load_recipe("unet-cgan", ["train.batch=4"])` reads a recipe that ships with the package; a path to a .toml reads
one's own. Keys that are left out take their defaults, or with `base = "unet-cgan"` at the top what that recipe says
(or a .toml beside the file). A key or value that isn't known is refused, naming the nearest.
"""

from photochrom.train.recipe.load import RECIPES, load_recipe, recipe_names
from photochrom.train.recipe.sections import Recipe

__all__ = ["RECIPES", "Recipe", "load_recipe", "recipe_names"]
