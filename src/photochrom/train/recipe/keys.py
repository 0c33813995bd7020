"""Every key of a recipe with what it may be and the sentence beside it in `sections`, which is read from its source."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import io
import tokenize
from collections.abc import Mapping
from functools import cache
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from photochrom.train.recipe import sections
from photochrom.train.recipe.sections import Recipe
from photochrom.train.recipe.values import bounds_of

_WORDS = {int: "whole number", float: "number", bool: "true or false", str: "text"}


@dataclasses.dataclass(frozen=True)
class Key:
    """A key. section: "data"; name: "size"; default: as in Recipe.to_dict(); kind: what it may be; help: a sentence."""

    section: str
    name: str
    default: Any
    kind: str
    help: str

    @property
    def whole(self) -> str:
        """Its name with the section's, as --set takes it."""
        return f"{self.section}.{self.name}"


@dataclasses.dataclass(frozen=True)
class Section:
    """A section of a recipe, with what it is for."""

    name: str
    help: str
    keys: tuple[Key, ...]


@cache
def all_sections() -> tuple[Section, ...]:
    """All sections of a recipe in their order, each with all of its keys."""
    helps, found = _sentences(inspect.getsource(sections)), []
    usual = Recipe().to_dict()
    for name, kind in get_type_hints(Recipe).items():
        if not (isinstance(kind, type) and dataclasses.is_dataclass(kind)):
            continue
        hints = get_type_hints(kind, include_extras=True)
        keys = [
            Key(name, field.name, usual[name][field.name], _kind(hints[field.name]), helps[kind.__name__][field.name])
            for field in dataclasses.fields(kind)
        ]
        found.append(Section(name, (kind.__doc__ or "").strip(), tuple(keys)))
    return tuple(found)


def _sentences(source: str) -> Mapping[str, Mapping[str, str]]:
    """Of each class in the source, by the names of its fields: the comment behind a field, or that above it."""
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    lines = source.splitlines()
    comments = {token.start[0]: token.string.lstrip("# ") for token in tokens if token.type == tokenize.COMMENT}
    alone = {number for number in comments if lines[number - 1].lstrip().startswith("#")}
    found: dict[str, dict[str, str]] = {}
    for node in ast.parse(source).body:
        if not isinstance(node, ast.ClassDef):
            continue
        for field in node.body:
            if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
                own = [comments[n] for n in range(field.lineno, (field.end_lineno or 0) + 1) if n in comments]
                above: list[str] = []
                number = field.lineno - 1
                while number in alone:
                    above.insert(0, comments[number])
                    number -= 1
                found.setdefault(node.name, {})[field.target.id] = " ".join(above + own)
    return found


def _kind(hint: Any) -> str:
    """What a value may be, in words."""
    bounds = bounds_of(hint)
    if hasattr(hint, "__metadata__"):
        hint = get_args(hint)[0]
    if get_origin(hint) is Literal:
        return ", ".join(f'"{choice}"' for choice in get_args(hint))
    if get_origin(hint) is tuple:
        parts = [_kind(part) for part in get_args(hint)]
        return f"{len(parts)} times a {parts[0]}"
    if get_origin(hint) in (Union, UnionType):
        return " or ".join(_kind(part) for part in get_args(hint))
    return _WORDS[hint] + (f" of {bounds}" if bounds else "")
