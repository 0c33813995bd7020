"""From a recipe's name, or a .toml of one's own, to a Recipe."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from photochrom.errors import UsageError, suggestion
from photochrom.train.recipe.checks import check_effects
from photochrom.train.recipe.sections import Recipe

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

RECIPES = Path(__file__).parents[2] / "recipes"  # those that ship with the package


def recipe_names() -> list[str]:
    """The recipes that ship with the package."""
    return sorted(path.stem for path in RECIPES.glob("*.toml"))


def load_recipe(name_or_path: str | Path, overrides: Sequence[str] = ()) -> Recipe:
    """A recipe that ships with the package, or the .toml file at a path; `overrides` are "section.key=value".

    Raises UsageError for a recipe, key or value that isn't known, naming the nearest.
    """
    path = _find(str(name_or_path), Path())
    values = _read(path)
    for override in overrides:
        _apply(values, override)
    return Recipe.from_dict({"name": path.stem, **values})


def recipe_to_train(name_or_path: str | Path, overrides: Sequence[str] = ()) -> Recipe:
    """The same, of a run that is to begin: refused too is what doesn't go together, or would do nothing.

    Judged is what the user says: the overrides, and a .toml of one's own, not what it builds on. Raises UsageError.
    """
    recipe = load_recipe(name_or_path, overrides)
    said: dict[str, Any] = {}
    if str(name_or_path).endswith(".toml"):
        said = _parsed(Path(name_or_path))
    for override in overrides:
        _apply(said, override)
    keys = [f"{section}.{key}" for section, values in said.items() if isinstance(values, dict) for key in values]
    check_effects(recipe, keys)
    return recipe


def _find(text: str, beside: Path) -> Path:
    """The file of a recipe that ships with the package, or of one's own in the folder `beside`."""
    path = beside / text if text.endswith(".toml") else RECIPES / f"{text}.toml"
    if path.is_file():
        return path
    if text.endswith(".toml"):
        raise UsageError(f"there is no recipe file {path}: check the path")
    hint = suggestion(text, recipe_names(), otherwise="name one's own as a path that ends in .toml")
    raise UsageError(f"there is no recipe {text!r}: {hint}")


def _read(path: Path, above: tuple[Path, ...] = ()) -> dict[str, Any]:
    """What a file says, over what its base says. above: the recipes that build on it."""
    if path.resolve() in above:
        raise UsageError(f"{path} is its own base, by way of {', '.join(p.name for p in above)}: take out one base")
    values = _parsed(path)
    base = values.pop("base", None)
    if base is None:
        return values
    if not isinstance(base, str):
        raise UsageError(f"base = {base!r} in {path} can't be used: name a recipe")
    merged = _read(_find(base, path.parent), (*above, path.resolve()))
    merged.pop("name", None)  # a recipe is called what its own file is
    for key, value in values.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = {**merged[key], **value} if both else value
    return merged


def _parsed(path: Path) -> dict[str, Any]:
    """What a file says by itself."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} is not TOML: {error}") from error


def _apply(values: dict[str, Any], override: str) -> None:
    """Set "section.key=value" in nested values; the value is TOML, or else text."""
    key, equals, value = override.partition("=")
    section, _, name = key.strip().rpartition(".")
    if not equals or not name:
        raise UsageError(f"--set {override!r} can't be read: write it as section.key=value, as in train.batch=8")
    try:
        parsed = tomllib.loads(f"x = {value.strip()}")["x"]
    except tomllib.TOMLDecodeError:
        parsed = value.strip()  # a bare word is text
    (values.setdefault(section, {}) if section else values)[name] = parsed
