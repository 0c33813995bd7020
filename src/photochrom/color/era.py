"""The look of an era or a process: what it does to a picture's colours, as a small set of numbers, and how to learn it.

An era maps chroma by a matrix (how vivid, and which hues more than others), draws a picture's mean colour towards one
of its own, so that the pictures of one folder agree, and adds a tone for each lightness (what became of neutral greys:
the dye or the ageing of the film). A palette draws colours towards the few that a process had.
"""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from photochrom.color.lab import Float
from photochrom.errors import UsageError, suggestion

KNOTS = (0.0, 25.0, 50.0, 75.0, 100.0)  # L* at which a tone is given
AGREE = 0.6  # of the way from a picture's own mean colour to the era's: pictures then differ by 0.4 of what they did
_FAR = 100.0  # ab units, or times: what no number of an era lies beyond
_ROUNDS = 12
_RIDGE = 0.05  # of learning: what keeps the matrix near to none, as much as some 5 pictures of middling chroma
_NEAR_PALETTE = 18.0  # ab units: how far a colour of the palette reaches
FORMAT = "photochrom era 1"
Pair = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Era:
    """name: of the row or the file. basis: what its numbers are based on, a sentence.

    tone: a* and b* at L* 0, 25, 50, 75 and 100 that are added, whose mean over a picture is taken off.
    matrix: rows of what a* and b* are multiplied by. mean: a* and b* that the pictures' means are
    drawn to, by the share `agree`, 0..1. palette: a* and b* of the colours that there were, and `pull`, 0..1, how far a
    colour near one of them is drawn to it. Raises UsageError for numbers that are none, or far off.
    """

    name: str
    basis: str
    mean: Pair = (0.0, 0.0)
    matrix: tuple[Pair, Pair] = ((1.0, 0.0), (0.0, 1.0))
    tone: tuple[Pair, ...] = ((0.0, 0.0),) * len(KNOTS)
    agree: float = AGREE
    palette: tuple[Pair, ...] = ()
    pull: float = 0.0

    def __post_init__(self) -> None:
        for name, count in (("mean", None), ("matrix", 2), ("tone", len(KNOTS)), ("palette", 0)):
            value: Any = getattr(self, name)
            pairs = (_pair(value, name),) if count is None else tuple(_pair(one, name) for one in _listed(value, name))
            if count and len(pairs) != count:
                raise UsageError(f"{name} of an era must have {count} pairs of numbers, got {len(pairs)}")
            object.__setattr__(self, name, pairs[0] if count is None else pairs)
        for name in ("agree", "pull"):
            share = getattr(self, name)
            if not isinstance(share, (int, float)) or not 0 <= share <= 1:
                raise UsageError(f"{name} of an era must lie in 0..1, got {share!r}")

    def apply(self, ab: Float, lightness: Float) -> Float:
        """A picture's chroma (h,w,2), ab units, as the era has it; lightness: (h,w) 0..100 of the same places."""
        out = ab @ np.asarray(self.matrix, np.float32).T
        if self.palette and self.pull:
            out = self._drawn(out)
        tone = self.tone_at(lightness)
        out += tone - tone.reshape(-1, 2).mean(axis=0)
        own = out.reshape(-1, 2).mean(axis=0)
        return np.asarray(out + (np.asarray(self.mean, np.float32) - own) * np.float32(self.agree), np.float32)

    def tone_at(self, lightness: Float) -> Float:
        """a* and b* (h,w,2) float32 that the era adds at a lightness (h,w)."""
        return np.stack([np.interp(lightness, KNOTS, [pair[c] for pair in self.tone]) for c in (0, 1)], axis=-1).astype(
            np.float32
        )

    def _drawn(self, ab: Float) -> Float:
        """Colours drawn towards those of the palette that are near; the others fade to half."""
        colors = np.asarray(self.palette, np.float32)
        gaps = np.square(ab[..., None, :] - colors).sum(axis=-1)
        near = np.exp(-gaps / np.float32(2 * _NEAR_PALETTE**2))
        total = near.sum(axis=-1, keepdims=True)
        target = near @ colors / np.maximum(total, 1e-6)
        share = np.float32(self.pull) * np.minimum(total, 1)
        faded = ab * (1 - np.float32(self.pull) / 2 * (1 - np.minimum(total, 1)))
        return np.asarray(faded + (target - faded) * share, np.float32)

    def to_json(self) -> str:
        """What read_era reads."""
        return json.dumps({"format": FORMAT, **asdict(self)}, indent=1) + "\n"


def read_era(path: str | os.PathLike[str]) -> Era:
    """An era that was learned. Raises UsageError: missing, no JSON, of another version or with wrong numbers."""
    path = Path(path)
    try:
        return _read(str(path), path.stat().st_mtime_ns)
    except OSError as error:
        raise UsageError(f"the era {path} can't be read ({error.strerror}): check the name") from error


@functools.lru_cache(maxsize=8)
def _read(path: str, changed: int) -> Era:
    text = Path(path).read_text(encoding="utf-8", errors="replace")
    try:
        values = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"the era {path} is no JSON ({error}): learn it again with photochrom era learn") from error
    if not isinstance(values, dict) or values.pop("format", None) != FORMAT:
        raise UsageError(f"{path} is no era of this version: learn it again with photochrom era learn")
    names = [f.name for f in fields(Era)]
    if unknown := [name for name in values if name not in names]:
        raise UsageError(f"the era {path} has an unknown {unknown[0]!r}: learn it again with photochrom era learn")
    if missing := [name for name in ("name", "basis") if not isinstance(values.get(name), str)]:
        raise UsageError(f"the era {path} lacks its {missing[0]}: learn it again with photochrom era learn")
    try:
        return Era(**values)
    except UsageError as error:
        raise UsageError(f"the era {path} can't be used: {error}") from error


def find_era(name_or_path: str, known: Mapping[str, Era]) -> Era:
    """The row of that name, or the .json of an era that was learned. Raises UsageError, naming the nearest."""
    if name_or_path in known:
        return known[name_or_path]
    if name_or_path.lower().endswith(".json"):
        return read_era(name_or_path)
    otherwise = f"choose one of {', '.join(known)}, or the .json of photochrom era learn"
    raise UsageError(f"there is no era {name_or_path!r}: {suggestion(name_or_path, known, otherwise=otherwise)}")


def learned(name: str, basis: str, truths: Sequence[Float], guesses: Sequence[Float], *, agree: float = 0.0) -> Era:
    """The era that turns what a network gives into what the pictures of a time had.

    truths: chroma (h,w,2) of each picture. guesses: the network's (h,w,2) of the same, in grey. The matrix is the one
    whose error is least, by its length and not by its square, and less counted where the truth is vivid, as the eye
    does (CIE94's 1 + 0.045 C); few pictures keep it near to none. The mean is that of the pictures.
    """
    prior: NDArray[np.float64] = np.eye(2)
    found = prior
    for _ in range(_ROUNDS):  # iteratively reweighted least squares
        normal, right = prior * _RIDGE, prior * _RIDGE
        for guess, truth in zip(guesses, truths, strict=True):
            x, y = guess.reshape(-1, 2).astype(np.float64), truth.reshape(-1, 2).astype(np.float64)
            error, chroma = np.hypot(*(y - x @ found).T), np.hypot(*y.T)
            weight = 1 / (np.maximum(error, 1) * (1 + 0.045 * chroma) * len(x))
            normal = normal + x.T @ (weight[:, None] * x)
            right = right + x.T @ (weight[:, None] * y)
        found = np.asarray(np.linalg.solve(normal, right), np.float64)
    a, b = np.mean([truth.reshape(-1, 2).mean(axis=0) for truth in truths], axis=0)
    (aa, ab), (ba, bb) = ([round(float(v), 3) for v in row] for row in found.T)
    mean = round(float(a), 2), round(float(b), 2)
    return Era(name=name, basis=basis, mean=mean, matrix=((aa, ab), (ba, bb)), agree=agree)


def _listed(value: object, name: str) -> Sequence[Any]:
    if not isinstance(value, (list, tuple)):
        raise UsageError(f"{name} of an era must be a list of pairs, got {type(value).__name__}")
    return value


def _pair(value: object, name: str) -> Pair:
    if isinstance(value, (list, tuple)) and len(value) == 2:
        numbers = [float(v) for v in value if isinstance(v, (int, float)) and not isinstance(v, bool)]
        if len(numbers) == 2 and all(abs(v) <= _FAR for v in numbers):
            return numbers[0], numbers[1]
    raise UsageError(f"{name} of an era must hold two numbers within {_FAR:g}, got {value!r:.40}")
