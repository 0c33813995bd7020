"""How a picture is to be coloured: every setting with its range, unit and sentence of help, in one place.

The command, the Python calls and the evaluation read them from here. A new setting is a field of Settings, the same
name in SettingsDict (which types the keywords of `colorize`), and a line of the command.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from functools import cache
from typing import Any, TypedDict, TypeVar, get_args, get_type_hints

from photochrom.errors import UsageError, suggestion

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Dial:
    """What is to be known of a setting beside its default. low, high: its range, both included. unit: "px", say."""

    help: str
    low: float | None = None
    high: float | None = None
    unit: str = ""


@dataclass(frozen=True)
class Hint:
    """A colour that a person gives for a place of the picture.

    x, y: from the left and from the top, pixels of the picture. color: "#7a1f1f", a CSS name ("olive"), three numbers
    0..255 (sRGB), or two: a* and b* (CIE Lab). radius: pixels around it that have the colour; None for about a
    hundredth of the short side. Raises UsageError.
    """

    x: float
    y: float
    color: str | tuple[float, ...]
    radius: float | None = None

    def __post_init__(self) -> None:
        from photochrom.color.named import ab_of

        for name, value, least in (("x", self.x, 0.0), ("y", self.y, 0.0), ("radius", self.radius, 0.5)):
            if value is not None and not (_is_number(value) and value >= least):
                raise UsageError(f"{name} of a hint must be {least:g} px or more, got {value!r}")
        ab_of(self.color)
        if not isinstance(self.color, str):  # JSON has lists
            object.__setattr__(self, "color", tuple(self.color))


@dataclass(frozen=True, kw_only=True)
class Guide:
    """What a person says of the colours, beside the dials. hints: colours of places; the last one wins."""

    hints: tuple[Hint, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "hints", tuple(self.hints))
        for hint in self.hints:
            if not isinstance(hint, Hint):
                raise UsageError(f"a hint must be a photochrom.Hint, got {type(hint).__name__}")

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Guide:
        """From `{"hints": [{"x": 320, "y": 200, "color": "#7a1f1f"}]}`. Raises UsageError."""
        _known(values, cls)
        hints = values.get("hints", ())
        if not isinstance(hints, (list, tuple)):
            raise UsageError(f"hints must be a list, got {type(hints).__name__}")
        made = []
        for hint in hints:
            _known(hint, Hint, needed=("x", "y", "color"))
            made.append(Hint(**hint))
        return cls(hints=tuple(made))


def setting(default: T, dial: Dial) -> T:
    """A field of Settings with what is to be known of it."""
    made: T = field(default=default, metadata={"dial": dial})
    return made


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Every way in which a picture may be coloured. Raises UsageError for a value out of its range.

    detail: short side of the network's input, 64..2048 px, rounded to what the network takes; None: as trained.
    strength: 0..1.5 times the chroma.
    vividness: 0..2; how boldly the network chooses where it is unsure; 1 is as trained.
    seed: None for the likeliest colours, a number for another plausible version.
    keep_tint: lay a tinted scan's own tint (sepia, say) over the colours instead of dropping it.
    guide: what a person says of the colours.
    """

    detail: int | None = setting(
        None, Dial(help="Size the network works at: more sees finer things.", low=64, high=2048, unit="px")
    )
    strength: float = setting(1.0, Dial(help="How much colour is laid on.", low=0, high=1.5))
    vividness: float = setting(1.0, Dial(help="From the safest to the boldest guess.", low=0, high=2))
    seed: int | None = setting(None, Dial(help="Another number, another colouring.", low=0))
    keep_tint: bool = setting(False, Dial(help="Keep the tint of sepia and toned pictures."))
    guide: Guide = setting(Guide(), Dial(help="Colours that a person gives for places of the picture."))

    def __post_init__(self) -> None:
        for name, kinds in setting_types().items():
            _check(name, getattr(self, name), kinds, dial_of(name))

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Settings:
        """From names and values, as a file or a request has them; `guide` may be a mapping too.

        Raises UsageError, for an unknown name with the nearest known one.
        """
        _known(values, cls)
        guide = values.get("guide")
        return cls(**{**values, "guide": Guide.from_dict(guide)} if isinstance(guide, Mapping) else values)

    def to_dict(self) -> dict[str, Any]:
        """What from_dict takes, of plain numbers, words, lists and mappings."""
        return asdict(self)

    def versions(self, count: int) -> list[Settings]:
        """Settings of `count` plausible versions of one picture, the likeliest first, then one seed after the other.

        With one version its own seed holds. Raises UsageError.
        """
        if count < 1:
            raise UsageError(f"the number of variants must be 1 or more, got {count}")
        if count == 1:
            return [self]
        return [replace(self, seed=None), *(replace(self, seed=(self.seed or 0) + i) for i in range(1, count))]


class SettingsDict(TypedDict, total=False):
    """The same as keywords: `model.colorize(picture, vividness=1.2)`. See Settings."""

    detail: int | None
    strength: float
    vividness: float
    seed: int | None
    keep_tint: bool
    guide: Guide


def resolve(settings: Settings | None, keywords: Mapping[str, Any]) -> Settings:
    """`settings` with what the keywords of a call say instead. Raises UsageError."""
    if not keywords:
        return settings or Settings()
    _known(keywords, Settings)
    return replace(settings or Settings(), **keywords)


def dial_of(name: str) -> Dial:
    """Help, range and unit of the setting of that name."""
    dial: Dial = next(f.metadata["dial"] for f in fields(Settings) if f.name == name)
    return dial


@cache
def setting_types() -> dict[str, tuple[type, ...]]:
    """The types that each setting may have."""
    hints = get_type_hints(Settings)
    return {f.name: get_args(hints[f.name]) or (hints[f.name],) for f in fields(Settings)}


def _check(name: str, value: object, kinds: tuple[type, ...], dial: Dial) -> None:
    whole = isinstance(value, int) and not isinstance(value, bool)
    if float in kinds and _is_number(value):
        pass
    elif not (isinstance(value, kinds) and (whole or int not in kinds or value is None)):
        expected = " or ".join("nothing" if kind is type(None) else kind.__name__ for kind in kinds)
        raise UsageError(f"{name} must be {expected}, got {value!r}")
    if (dial.low is None and dial.high is None) or not isinstance(value, (int, float)):
        return
    low, high, unit = dial.low or 0, dial.high, f" {dial.unit}" if dial.unit else ""
    if not (math.isfinite(value) and low <= value <= (math.inf if high is None else high)):
        span = f"be {low:g} or more" if high is None else f"lie in {low:g}..{high:g}{unit}"
        raise UsageError(f"{name} must {span}, got {value:g}")


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _known(values: object, kind: type[Any], *, needed: tuple[str, ...] = ()) -> None:
    """Refuse what isn't a mapping from names of the dataclass `kind`."""
    if not isinstance(values, Mapping):
        raise UsageError(f"{kind.__name__.lower()} must be names with values, got {type(values).__name__}")
    names = [f.name for f in fields(kind)]
    for key in values:
        if key not in names:
            otherwise = f"choose one of {', '.join(names)}"
            raise UsageError(
                f"{kind.__name__.lower()} has no {key!r}: {suggestion(str(key), names, otherwise=otherwise)}"
            )
    if missing := [name for name in needed if name not in values]:
        raise UsageError(f"a {kind.__name__.lower()} needs {', '.join(missing)}")
