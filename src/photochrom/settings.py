"""How a picture is to be coloured: every setting with its range, unit and sentence of help, in one place.

The command, the Python calls and the evaluation read them from here. A new setting is a field of Settings, the same
name in SettingsDict (which types the keywords of `colorize`), and a line of the command.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from functools import cache
from numbers import Integral, Real
from typing import Any, Literal, TypedDict, TypeVar, get_args, get_type_hints

from photochrom.errors import UsageError, suggestion

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Dial:
    """What is to be known of a setting beside its default. low, high: its range, both included. unit: "px", say.

    words: those that it may be, where it is a word; any where there are none.
    """

    help: str
    low: float | None = None
    high: float | None = None
    unit: str = ""
    words: tuple[str, ...] = ()


USUAL_RADIUS = 0.0125  # of the short side; 3 px of 256, about the middle of what the networks were trained with
_LEAST_RADIUS = {"px": 0.5, "share": 1e-5}


@dataclass(frozen=True)
class Hint:
    """A colour that a person gives for a place of the picture.

    x, y: from the left and from the top. color: "#7a1f1f", a CSS name ("olive"), three numbers 0..255 (sRGB), or two:
    a* and b* (CIE Lab). radius: around it that has the colour; None for about a hundredth of the short side.
    unit: "px", pixels of the picture as it is shown, upright; or "share", 0..1 of its width and height, with the radius
    as a share of its short side: the same for a thumbnail and for the full scan. Raises UsageError.
    """

    x: float
    y: float
    color: str | tuple[float, ...]
    radius: float | None = None
    unit: Literal["px", "share"] = "px"

    def __post_init__(self) -> None:
        from photochrom.color.named import plain_color

        if self.unit not in _LEAST_RADIUS:
            raise UsageError(f'unit of a hint must be "px" or "share", got {_brief(self.unit)}')
        most, span = (1e9, "{:g} px or more") if self.unit == "px" else (1.0, "in {:g}..1 of the picture")
        for name, least in (("x", 0.0), ("y", 0.0), ("radius", _LEAST_RADIUS[self.unit])):
            value = getattr(self, name)
            if value is None and name == "radius":
                continue
            number = _number(value)
            if number is None or not least <= number <= most:
                raise UsageError(f"{name} of a hint must be {span.format(least)}, got {_brief(value)}")
            object.__setattr__(self, name, float(number))
        object.__setattr__(self, "color", plain_color(self.color))

    def shared(self, size: tuple[int, int], *, name: str = "the picture") -> Hint:
        """The same in shares of a picture of `size` (width, height), its radius spelt out. name: of it, in messages.

        Raises UsageError for a place outside the picture.
        """
        radius = self.radius or (USUAL_RADIUS if self.unit == "share" else USUAL_RADIUS * min(size))
        if self.unit == "share":
            return replace(self, radius=radius)
        if self.x >= size[0] or self.y >= size[1]:
            raise UsageError(
                f"the hint at {self.x:g},{self.y:g} lies outside {name}, which has {size[0]}x{size[1]} pixels: "
                "count from its upper left corner, or give shares, as in 45%,30%"
            )
        x, y = min((self.x + 0.5) / size[0], 1.0), min((self.y + 0.5) / size[1], 1.0)
        return Hint(x, y, self.color, min(max(radius / min(size), _LEAST_RADIUS["share"]), 1.0), "share")


@dataclass(frozen=True)
class InMemory:
    """A reference that is no file. Two are the same if their hashes are. Raises UsageError for what is no picture.

    picture: a Photo, the bytes of a file, a Pillow image or an array, which must not change any more; None where only
    the hash is known, as in settings that were saved.
    sha256: 64 hexadecimal digits, of the bytes, or of the pixels with their shape and type; reckoned if not given.
    """

    picture: object = field(compare=False, repr=False)
    sha256: str = ""

    def __post_init__(self) -> None:
        digest = self.sha256 or _digest_of(self.picture)
        if not re.fullmatch("[0-9a-f]{64}", digest):
            raise UsageError(f"a reference's sha256 must be 64 hexadecimal digits, got {_brief(digest)}")
        object.__setattr__(self, "sha256", digest)


@dataclass(frozen=True, kw_only=True)
class Guide:
    """What a person says of the colours, beside the dials. Raises UsageError.

    hints: colours of places; the last one wins. references: pictures in colour whose colours are to be followed: paths,
    or pictures in memory (Photo, bytes, Pillow, array), which are kept as InMemory.
    statistics: how what matches no place of them follows: "monge" (Monge-Kantorovich), "reinhard" or "none".
    """

    hints: tuple[Hint, ...] = ()
    references: tuple[Any, ...] = ()  # str | InMemory, whatever kind of picture was given
    statistics: Literal["monge", "reinhard", "none"] = "monge"

    def __post_init__(self) -> None:
        hints: object = self.hints
        if not isinstance(hints, (list, tuple)):
            raise UsageError(f"hints must be a list of photochrom.Hint, got {_brief(hints)}")
        for hint in hints:
            if not isinstance(hint, Hint):
                raise UsageError(f"a hint must be a photochrom.Hint, got {_brief(hint)}")
        object.__setattr__(self, "hints", tuple(hints))
        references: object = self.references
        if not isinstance(references, (list, tuple)):
            raise UsageError(f"references must be a list of paths or pictures, got {_brief(references)}")
        object.__setattr__(self, "references", tuple(_reference(one) for one in references))
        known = get_args(get_type_hints(Guide)["statistics"])
        if self.statistics not in known:
            otherwise = f"choose one of {', '.join(known)}"
            near = suggestion(str(self.statistics), known, otherwise=otherwise)
            raise UsageError(f"there are no statistics {_brief(self.statistics)}: {near}")

    @property
    def reference_files(self) -> tuple[str, ...]:
        """The paths among the references."""
        return tuple(one for one in self.references if isinstance(one, str))

    def to_dict(self) -> dict[str, Any]:
        """What from_dict takes; of a reference in memory only its hash."""
        kept = [one if isinstance(one, str) else {"sha256": one.sha256} for one in self.references]
        return {**asdict(replace(self, references=())), "references": kept}

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
        return cls(**{**values, "hints": tuple(made)})


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
    warmth: -1..1, from bluer to yellower; tint: -1..1, from greener to more magenta; 1 is 20 units of b* or a*.
    saturation: "reds=1.3,blues=0.5", what the chroma of hues is multiplied by: reds, oranges, yellows, greens, cyans,
    blues, purples.
    protect_skin: 0..1; how much what has the colour of skin is left as it was by strength, warmth, tint and saturation.
    seed: None for the likeliest colours, a number for another plausible version.
    keep_tint: lay a tinted scan's own tint (sepia, say) over the colours instead of dropping it.
    keep_lightness: 0..1; how much of the picture's own lightness is mixed in where the network predicts it: in
    sketches, infrared, thermal and satellite pictures. A photograph keeps its own.
    guide: what a person says of the colours.
    restore: "eyes" shows the network the picture as it was when new: neither faded nor yellowed; "picture" mends these
    in the picture too, with grain, dust and scratches, and needs OpenCV; "" neither.
    frame: "auto" leaves mounts, borders and captions round a print uncoloured, "off" colours all.
    era: "" for none, the name of one ("kodachrome", see `photochrom era list`), or the .json of one that was learned.
    """

    detail: int | None = setting(
        None, Dial(help="Size the network works at: more sees finer things.", low=64, high=2048, unit="px")
    )
    strength: float = setting(1.0, Dial(help="How much colour is laid on.", low=0, high=1.5))
    vividness: float = setting(1.0, Dial(help="From the safest to the boldest guess.", low=0, high=2))
    warmth: float = setting(0.0, Dial(help="Bluer below 0, yellower above.", low=-1, high=1))
    tint: float = setting(0.0, Dial(help="Greener below 0, more magenta above.", low=-1, high=1))
    saturation: str = setting("", Dial(help="Chroma of hues: reds=1.3,blues=0.5 (reds, oranges, yellows, greens...)."))
    protect_skin: float = setting(0.0, Dial(help="How much skin is left alone by these dials.", low=0, high=1))
    seed: int | None = setting(None, Dial(help="Another number, another colouring.", low=0))
    keep_tint: bool = setting(False, Dial(help="Keep the tint of sepia and toned pictures."))
    keep_lightness: float = setting(
        0.0, Dial(help="Mix in the picture's own lightness, where the network predicts it.", low=0, high=1)
    )
    restore: str = setting(
        "",
        Dial(help="Mend age and damage: for the network's eyes, or in the picture too.", words=("", "eyes", "picture")),
    )
    frame: str = setting(
        "auto", Dial(help="auto leaves mounts and borders uncoloured, off colours all.", words=("auto", "off"))
    )
    era: str = setting("", Dial(help="Look of a time or a process: 1900s, kodachrome... (photochrom era list)."))
    guide: Guide = setting(Guide(), Dial(help="Colours that a person gives for places of the picture."))

    def __post_init__(self) -> None:
        for name, kinds in setting_types().items():
            object.__setattr__(self, name, _plain(name, getattr(self, name), kinds, dial_of(name)))
        if self.era:
            from photochrom.color.eras import era_of

            era_of(self.era)
        if self.saturation:
            from photochrom.color.grading import parse_saturation

            parse_saturation(self.saturation)

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
        return {**asdict(replace(self, guide=Guide())), "guide": self.guide.to_dict()}

    @property
    def files(self) -> tuple[str, ...]:
        """The files that are named: references, and the era where it was learned."""
        return (*self.guide.reference_files, *((self.era,) if os.path.isfile(self.era) else ()))

    def placed(self, size: tuple[int, int], *, name: str = "the picture") -> Settings:
        """The same for a picture of `size` (width, height): its hints in shares. Raises UsageError, as Hint.shared."""
        if not self.guide.hints:
            return self
        hints = tuple(hint.shared(size, name=name) for hint in self.guide.hints)
        return replace(self, guide=replace(self.guide, hints=hints))

    def versions(self, count: int) -> list[Settings]:
        """Settings of `count` plausible versions of one picture, the likeliest first, then one seed after the other.

        With one version its own seed holds. Raises UsageError.
        """
        number = _number(count)
        if number is None or number < 1 or number != int(number):
            raise UsageError(f"the number of variants must be 1 or more, got {_brief(count)}")
        if number == 1:
            return [self]
        return [replace(self, seed=None), *(replace(self, seed=(self.seed or 0) + i) for i in range(1, int(number)))]


class SettingsDict(TypedDict, total=False):
    """The same as keywords: `model.colorize(picture, vividness=1.2)`. See Settings."""

    detail: int | None
    strength: float
    vividness: float
    warmth: float
    tint: float
    saturation: str
    protect_skin: float
    seed: int | None
    keep_tint: bool
    keep_lightness: float
    restore: str
    frame: str
    era: str
    guide: Guide


def resolve(settings: Settings | None, keywords: Mapping[str, Any]) -> Settings:
    """`settings` with what the keywords of a call say instead. Raises UsageError."""
    base = Settings() if settings is None else settings
    if not isinstance(base, Settings):
        raise UsageError(f"settings must be a photochrom.Settings, got {_brief(base)}: Settings.from_dict makes one")
    _known(keywords, Settings)
    return replace(base, **keywords) if keywords else base


def dial_of(name: str) -> Dial:
    """Help, range and unit of the setting of that name."""
    dial: Dial = next(f.metadata["dial"] for f in fields(Settings) if f.name == name)
    return dial


@cache
def setting_types() -> dict[str, tuple[type, ...]]:
    """The types that each setting may have."""
    hints = get_type_hints(Settings)
    return {f.name: get_args(hints[f.name]) or (hints[f.name],) for f in fields(Settings)}


def _plain(name: str, value: object, kinds: tuple[type, ...], dial: Dial) -> Any:
    """The value as int, float, bool or None of Python itself, whatever kind of number it came as."""
    if value is None and type(None) in kinds:
        return None
    if Guide in kinds:
        if not isinstance(value, Guide):
            example = 'photochrom.Guide(hints=[photochrom.Hint(320, 200, "olive")])'
            raise UsageError(f"{name} must be a Guide, like {example}; got {_brief(value)}")
        return value
    if str in kinds:
        if not isinstance(value, (str, os.PathLike)):
            raise UsageError(f"{name} must be a word, got {_brief(value)}")
        word = os.fspath(value)
        if dial.words and word not in dial.words:
            choices = ", ".join(repr(known) for known in dial.words)
            otherwise = f"choose one of {choices}"
            raise UsageError(f"{name} can't be {word!r}: {suggestion(word, dial.words, otherwise=otherwise)}")
        return word
    if bool in kinds:
        if not (isinstance(value, (bool, int)) or type(value).__name__.startswith("bool")) or value not in (0, 1):
            raise UsageError(f"{name} must be True or False, got {_brief(value)}")
        return bool(value)
    number = _number(value)
    whole = float not in kinds
    if number is None or (whole and number != int(number)):
        raise UsageError(f"{name} must be a {'whole ' if whole else ''}number, got {_brief(value)}")
    low, high, unit = dial.low or 0, dial.high, f" {dial.unit}" if dial.unit else ""
    if not low <= number <= (math.inf if high is None else high) or (high is None and number == math.inf):
        span = f"be {low:g} or more" if high is None else f"lie in {low:g}..{high:g}{unit}"
        raise UsageError(f"{name} must {span}, got {_brief(value)}")
    return int(number) if whole else float(number)


def _number(value: object) -> int | float | None:
    """A finite number, of numpy too, as Python's own; None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, Integral):
        return int(value)
    return float(value) if isinstance(value, Real) and math.isfinite(value) else None


def _reference(value: object) -> str | InMemory:
    if isinstance(value, InMemory):
        return value
    if isinstance(value, (str, os.PathLike)):
        return os.fspath(value)
    if isinstance(value, Mapping) and set(value) == {"sha256"}:
        return InMemory(None, str(value["sha256"]))
    return InMemory(value)


def _digest_of(picture: object) -> str:
    from photochrom.digest import sha256_of_bytes, sha256_of_pixels  # they bring OpenSSL: not for every start

    if isinstance(picture, bytes):
        return sha256_of_bytes(picture)
    pixels: Any = getattr(picture, "pixels", picture)  # of a Photo
    if not hasattr(pixels, "__array_interface__"):
        raise UsageError(
            f"a reference must be a path, bytes, a Photo, a Pillow image or an array, got {_brief(picture)}"
        )
    return sha256_of_pixels(pixels.convert("RGBA") if getattr(pixels, "mode", "") == "P" else pixels)


def _brief(value: object) -> str:
    shown = f"{value:g}" if isinstance(value, float) else repr(value)
    return shown if len(shown) <= 60 else f"{shown[:57]}..."


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
