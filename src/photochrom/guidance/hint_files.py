"""Hints as people give them: `320,200=#7a1f1f@8` on the command line, a list in a .json, strokes painted on a .png."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from photochrom.errors import UsageError
from photochrom.guidance.reference import open_reference
from photochrom.guidance.strokes import hints_of_strokes
from photochrom.photo import Photo, read_photo
from photochrom.settings import Guide, Hint

_HINT = re.compile(
    r"\s*(?P<x>[-+.\de]+)\s*(?P<across>%?)\s*,\s*(?P<y>[-+.\de]+)\s*(?P<down>%?)\s*="
    r"(?P<color>[^@]*)(?:@\s*(?P<radius>[-+.\de]+)\s*(?P<of>%|px)?\s*)?"
)
_SHAPE = "write it like 320,200=#7a1f1f, 45%,30%=olive or 320,200=olive@8 (8 px around it)"
_MOST = 16 << 20  # bytes of a .json: a hundred thousand hints
OF_FILMS = ("at", "from", "to", "painted")  # what an entry may say beside a hint's own words, for a film


def parse_hint(text: str) -> Hint:
    """A hint from `X,Y=COLOUR` or `X,Y=COLOUR@RADIUS`: pixels from the left and from the top, or shares with a %.

    Raises UsageError.
    """
    found = _HINT.fullmatch(text)
    if not found:
        raise UsageError(f"{text!r} is no hint: {_SHAPE}")
    shares = {found["across"], found["down"]}
    if len(shares) > 1 or (found["radius"] and (found["of"] == "%") != bool(found["across"])):
        raise UsageError(f"the hint {text!r} mixes pixels and %: {_SHAPE}")
    unit = 0.01 if found["across"] else 1.0
    try:
        x, y = float(found["x"]) * unit, float(found["y"]) * unit
        radius = float(found["radius"]) * unit if found["radius"] else None
    except ValueError:
        raise UsageError(f"{text!r} is no hint: {_SHAPE}") from None
    try:
        return Hint(x, y, found["color"].strip(), radius, "share" if found["across"] else "px")
    except UsageError as error:
        raise UsageError(f"the hint {text!r} can't be used: {error}") from error


def read_hints(path: str, *, films: bool = False) -> tuple[Hint, ...]:
    """Hints from a file.

    A .json holds a list of {"x": 0.45, "y": 0.3, "color": "olive", "radius": 0.02}, or {"hints": [...]}: x and y are
    shares, 0..1, of the width and height, the radius one of the short side; with "unit": "px" they are pixels.
    Any other file is a picture with strokes painted on transparent ground, of the same shape as the picture.
    films: leave out what it says of times and shots of a film (photochrom.film.timed), which is refused otherwise.
    Raises UsageError.
    """
    if not is_json(path):
        return painted_hints(path)
    values = read_json(path)
    shots = isinstance(values, dict) and "shots" in values
    entries = listed(values, path) if not shots or "hints" in values else []
    own = [entry for entry in entries if not (isinstance(entry, dict) and set(OF_FILMS) & set(entry))]
    if not films and (shots or len(own) < len(entries)):
        raise UsageError(f"{path} holds hints for times or shots of a film: give a picture hints without them")
    return hints_of(own, path)


def is_json(path: str) -> bool:
    """Whether a file of hints is a list of them, not painted strokes."""
    return Path(path).suffix.lower() == ".json"


def painted_hints(path: str) -> tuple[Hint, ...]:
    """Hints of the strokes on a picture. Raises UsageError."""
    return hints_of_strokes(_painted(path), name=path)


def read_json(path: str) -> Any:
    """What a .json of hints holds. Raises UsageError."""
    try:
        with open(path, "rb") as stream:
            text = stream.read(_MOST + 1)
        if len(text) > _MOST:
            raise UsageError(f"{path} is longer than {_MOST >> 20} MB: hints are a few lines of JSON")
        return json.loads(text)
    except OSError as error:
        raise UsageError(f"the hints {path} can't be read: {error.strerror}; check the name") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path} is no JSON ({error}): write a list of x, y and color") from error


def guide_of(
    hints: Sequence[str],
    files: Sequence[str],
    references: Sequence[str] = (),
    statistics: str = "monge",
    *,
    films: bool = False,
) -> Guide:
    """What `--hints`, `--hint` and `--reference` of the command say together; a single hint wins over a file.

    films: see read_hints. Raises UsageError, for a reference that can't be read or is grey too.
    """
    read = [hint for path in files for hint in read_hints(path, films=films)]
    for path in references:
        open_reference(path)
    values = {"references": tuple(references), "statistics": statistics}
    return replace(Guide.from_dict(values), hints=(*read, *map(parse_hint, hints)))


def listed(values: Any, path: str) -> list[Any]:
    """The entries of a list, or of the list under "hints". Raises UsageError."""
    entries = values.get("hints") if isinstance(values, dict) else values
    if not isinstance(entries, list):
        raise UsageError(f'{path} holds no list of hints: write [{{"x": 0.45, "y": 0.3, "color": "olive"}}]')
    return entries


def hints_of(entries: Sequence[Any], path: str) -> tuple[Hint, ...]:
    """Hints of entries with x, y and color, as shares unless they say otherwise. Raises UsageError."""
    hints = [{"unit": "share", **entry} if isinstance(entry, dict) else entry for entry in entries]
    try:
        return Guide.from_dict({"hints": hints}).hints
    except UsageError as error:
        raise UsageError(f"{path} can't be used: {error}") from error


def _painted(path: str) -> Photo:
    from photochrom.errors import PictureError

    try:
        return read_photo(path)
    except PictureError as error:
        raise UsageError(f"the hints can't be used: {error}") from error
