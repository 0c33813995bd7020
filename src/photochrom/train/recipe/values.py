"""From the plain values of a TOML file to dataclasses; what isn't known is refused, naming the nearest."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeVar, cast, get_args, get_origin, get_type_hints

from photochrom.errors import UsageError, suggestion

T = TypeVar("T")


@dataclasses.dataclass(frozen=True)
class Bounds:
    """What a number may be, as a field's annotation: Annotated[int, Bounds(8)]. The two ends are named by keyword."""

    least: float
    _: dataclasses.KW_ONLY
    most: float | None = None
    below: float | None = None

    def __contains__(self, value: float) -> bool:
        """Whether it is one of them; nan is not."""
        return (
            self.least <= value
            and (self.most is None or value <= self.most)
            and (self.below is None or value < self.below)
        )

    def __str__(self) -> str:
        end = f" and under {self.below}" if self.below is not None else ""
        return f"at least {self.least}" + (f" and at most {self.most}" if self.most is not None else end)


def build(kind: type[T], values: Mapping[str, Any]) -> T:
    """A dataclass whose fields are values, or sections that are dataclasses. Raises UsageError."""
    return cast(T, _build(kind, values, "", kind))


def check_bounds(section: object, prefix: str) -> None:
    """See that each number of a dataclass is within the Bounds of its field. Raises UsageError.

    prefix: of the keys in what is told, as in "train.".
    """
    for name, hint in get_type_hints(type(section), include_extras=True).items():
        value = getattr(section, name)
        parts = [(value, hint)] if get_origin(hint) is not tuple else zip(value, get_args(hint), strict=True)
        for part, kind in parts:
            bounds = bounds_of(kind)
            if bounds and not isinstance(part, str) and part not in bounds:
                raise UsageError(f"{prefix}{name} = {part} can't be used: give a number of {bounds}")


def bounds_of(hint: object) -> Bounds | None:
    """The Bounds of a field's annotation, or of a number among several types."""
    for part in (hint, *get_args(hint)):
        for extra in getattr(part, "__metadata__", ()):
            if isinstance(extra, Bounds):
                return extra
    return None


def _build(kind: type[Any], values: Mapping[str, Any], prefix: str, root: type[Any]) -> object:
    hints = get_type_hints(kind)
    known = [f.name for f in dataclasses.fields(kind)]
    arguments: dict[str, object] = {}
    for key, value in values.items():
        if key not in hints:
            hint = suggestion(key, known) or _elsewhere(key, known, root)
            raise UsageError(f"{prefix}{key} is no key of a recipe: {hint}")
        kind_of_value = hints[key]
        if dataclasses.is_dataclass(kind_of_value):
            if not isinstance(value, Mapping):
                raise UsageError(f"{key} is a section of a recipe, not a value: write [{key}] and keys below it")
            arguments[key] = _build(cast(type[Any], kind_of_value), value, f"{key}.", root)
        else:
            arguments[key] = _coerced(f"{prefix}{key}", value, kind_of_value)
    return kind(**arguments)


def _coerced(key: str, value: object, hint: object) -> object:
    """The value as the type the key has; a whole number is a float too, and 32 is "32"."""
    if get_origin(hint) is Literal:
        choices = get_args(hint)
        if str(value) in choices:
            return str(value)
        raise UsageError(
            f"{key} = {value!r} isn't known: {suggestion(str(value), choices, otherwise=_all_of(choices))}"
        )
    if get_origin(hint) is tuple:
        if isinstance(value, (list, tuple)) and len(value) == len(get_args(hint)):
            return tuple(_coerced(key, v, t) for v, t in zip(value, get_args(hint), strict=True))
        raise UsageError(f"{key} = {value!r} can't be used: give {len(get_args(hint))} numbers, as in [0.5, 0.999]")
    if hint == float | str:  # a number, or words for it
        try:
            return value if isinstance(value, str) else _coerced(key, value, float)
        except UsageError:
            raise UsageError(f"{key} = {value!r} can't be used: give a number or text") from None
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        if hint is float:
            return float(value)
        if hint is int and value == int(value):
            return int(value)
        if hint is str:
            return str(value)
    if (hint is bool and isinstance(value, bool)) or (hint is str and isinstance(value, str)):
        return value
    words = {int: "a whole number", float: "a number", bool: "true or false", str: "text"}
    raise UsageError(f"{key} = {value!r} can't be used: give {words[cast(type, hint)]}")


def _elsewhere(key: str, known: Sequence[str], root: type[Any]) -> str:
    """A hint for a key that belongs to another section."""
    sections = {name: hint for name, hint in get_type_hints(root).items() if dataclasses.is_dataclass(hint)}
    others = {f"{name}.{f.name}": f.name for name, hint in sections.items() for f in dataclasses.fields(hint)}
    near = difflib.get_close_matches(key, others.values(), n=1, cutoff=0.6)
    if not near:
        return _all_of(known)
    return f"did you mean {next(whole for whole, name in others.items() if name == near[0])}?"


def _all_of(choices: Sequence[str]) -> str:
    return f"choose one of {', '.join(choices)}"
