"""Recipes for people: the list of those that ship, one with all its keys, and the page of every key."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from photochrom.train.recipe.checks import METHODS, NETWORKS
from photochrom.train.recipe.keys import Key, all_sections
from photochrom.train.recipe.load import RECIPES, load_recipe, recipe_names
from photochrom.train.recipe.sections import Recipe


def head_of(name: str) -> dict[str, str]:
    """What the comment at the top of a recipe that ships says under "Command", "Time", "Published"...; lower case."""
    found: dict[str, str] = {}
    label = ""
    for line in (RECIPES / f"{name}.toml").read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            break
        for part in re.split(r"(?<=\.) (?=[A-Z][a-z]+: )", line.lstrip("# ")):  # two on one line
            match = re.match(r"([A-Z][a-z]+): +(.*)", part)
            if match:
                label = match[1].lower()
                found[label] = match[2]
            elif label and line.startswith("#           "):
                found[label] += " " + part.strip()
            else:
                label = ""
    return found


def listing() -> str:
    """The recipes that ship: name and title, what a short run and the published one cost."""
    lines = []
    for name in recipe_names():
        head = head_of(name)
        lines += [f"{name}: {load_recipe(name).title}"]
        if "published" in head:
            lines.append(f"    published size  {head['published']}")
        lines.append(f"    as run here     {head.get('time', 'not run yet')}")
    lines += ["", "photochrom train RECIPE --show: all its keys; --keys: those of all recipes, as a page"]
    return "\n".join(lines) + "\n"


def shown(name_or_path: str, overrides: Sequence[str] = ()) -> str:
    """A recipe as TOML with all its keys, what each may be, and its sentence; keys without effect are comments."""
    recipe = load_recipe(name_or_path, overrides)
    lines = []
    if not name_or_path.endswith(".toml"):
        text = (RECIPES / f"{name_or_path}.toml").read_text(encoding="utf-8").splitlines()
        lines += text[: next(i for i, line in enumerate(text) if not line.startswith("#"))]
    values = recipe.to_dict()
    lines += [f"{name} = {_toml(value)}" for name, value in values.items() if not isinstance(value, dict)]
    for section in all_sections():
        lines += ["", f"[{section.name}]  # {section.help}"]
        lines += [_line(key, values[section.name][key.name], recipe) for key in section.keys]
    return "\n".join(lines) + "\n"


def keys_page() -> str:
    """All keys of a recipe as a page of Markdown."""
    lines = [
        "# Keys of a recipe",
        "",
        "A recipe is a TOML file; `--set section.key=value` changes a key for one run. A key that says nothing of a",
        "method or a network is for all. Made by `photochrom train --keys`; one recipe's are shown by",
        "`photochrom train RECIPE --show`.",
    ]
    for section in all_sections():
        lines += ["", f"## [{section.name}]", "", section.help, "", "| key | default | may be | |", "|---|---|---|---|"]
        lines += [
            f"| `{key.name}` | `{_toml(key.default)}` | {_cell(key.kind)} | {_cell(key.help)} |" for key in section.keys
        ]
    return "\n".join(lines) + "\n"


def _line(key: Key, value: Any, recipe: Recipe) -> str:
    given = f"{key.name} = {_toml(value)}"
    if recipe.method not in METHODS.get(key.whole, {recipe.method}):
        return f"# {given}  # no effect with method = {recipe.method}"
    if recipe.network.kind not in NETWORKS.get(key.whole, {recipe.network.kind}):
        return f"# {given}  # no effect on network.kind = {recipe.network.kind}"
    return f"{given}  # {key.kind}; {key.help}"


def _toml(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
