"""Hints for a film: a colour for a thing that is seen at some time, or at the beginning of some shot.

    {"hints": [{"x": 0.45, "y": 0.3, "color": "olive", "at": "1:23.5"},
               {"painted": "coat.png", "at": 95, "from": 94, "to": "1:40"}],
     "shots": {"12": [{"x": 0.2, "y": 0.7, "color": "navy"}], "13": "shot13.png"}}

A hint lies on what is at its place in the picture that is shown `at` a time, and holds for its shot, before and after;
`from` and `to` narrow that down. Under "shots", which are counted from 1, hints lie on the first picture of the shot.
Instead of x, y and color, `painted` names a picture with strokes on transparent ground, beside the .json.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from photochrom.errors import UsageError
from photochrom.film.clock import seconds_of
from photochrom.guidance.hint_files import OF_FILMS, hints_of, is_json, listed, painted_hints, read_json
from photochrom.settings import Hint


@dataclass(frozen=True, kw_only=True)
class TimedHint:
    """hint: as it lies in one picture of the film: the one that is shown `at` so many seconds, or else the first one of
    shot number `shot`, from 1 on, or else the first one that is coloured.

    start, end: seconds between which it holds, `end` not included; None: as far as its thing is followed in its shot.
    """

    hint: Hint
    at: float | None = None
    shot: int | None = None
    start: float | None = None
    end: float | None = None


def read_timed(paths: Sequence[str]) -> tuple[TimedHint, ...]:
    """What files of hints say of times and shots; what else they say is read by photochrom.guidance.hint_files.

    Raises UsageError.
    """
    return tuple(hint for path in paths if is_json(path) for hint in _timed(read_json(path), path))


def _timed(values: Any, path: str) -> list[TimedHint]:
    shots = values.get("shots", {}) if isinstance(values, dict) else {}
    if not isinstance(shots, dict):
        raise UsageError(f'{path} must name shots by their numbers, as in {{"shots": {{"12": [...]}}}}')
    entries = listed(values, path) if not shots or "hints" in values else []
    found = [
        hint
        for entry in entries
        if isinstance(entry, dict) and set(OF_FILMS) & set(entry)
        for hint in _entry(entry, path, None)
    ]
    for name, said in shots.items():
        shot = int(name) if name.isdecimal() else 0
        if shot < 1:
            raise UsageError(f"{path} has a shot {name!r}: they are counted from 1, as photochrom FILM --shots does")
        entries = [{"painted": said}] if isinstance(said, str) else listed(said, f"shot {shot} of {path}")
        found += [hint for entry in entries for hint in _entry(entry, path, shot)]
    return found


def _entry(entry: Any, path: str, shot: int | None) -> list[TimedHint]:
    where = path if shot is None else f"shot {shot} of {path}"
    if not isinstance(entry, dict):
        raise UsageError(f'{where} holds {entry!r:.60}, no hint: write {{"x": 0.45, "y": 0.3, "color": "olive"}}')
    own = {key: value for key, value in entry.items() if key not in OF_FILMS}
    at, start, end = (_seconds(entry.get(key), key, where) for key in ("at", "from", "to"))
    if start is not None and end is not None and end <= start:
        raise UsageError(f"a hint in {where} ends at {end:g} s and begins at {start:g} s: swap them")
    if at is not None and shot is not None:
        raise UsageError(f"a hint in {where} lies on its first picture: leave out its at, or list it under hints")
    if "painted" in entry:
        if own or not isinstance(entry["painted"], str):
            raise UsageError(f'strokes in {where} need a file and no x, y or color: {{"painted": "strokes.png"}}')
        hints = painted_hints(str(Path(path).parent / entry["painted"]))
    else:
        hints = hints_of([own], where)
    at = start if at is None and shot is None else at
    return [TimedHint(hint=hint, at=at, shot=shot, start=start, end=end) for hint in hints]


def _seconds(value: Any, key: str, where: str) -> float | None:
    if value is None:
        return None
    if isinstance(value, str):
        return seconds_of(value)
    if isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value) and value >= 0:
        return float(value)
    raise UsageError(f'{key} of a hint in {where} must be seconds, or a time like "1:23.5", got {value!r:.60}')
