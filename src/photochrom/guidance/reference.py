"""What a reference picture says of another: places that the encoder's features match, after the deep analogies.

Features of strides 8, 16 and 32 of our own encoder describe each place of both pictures. Places that are each other's
nearest, and clearly nearer than any other, match; the colours of the matches are spread by kriging over the picture to
what looks like them (He et al., "Deep exemplar-based colorization", SIGGRAPH 2018, do so with features of VGG, by a
network). What looks like no match keeps the colours that it has.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from photochrom.color.kriging import weights_of
from photochrom.color.lab import Float, rgb_to_lab
from photochrom.color.lightness import shrink_lightness
from photochrom.color.resample import resize_planes
from photochrom.color.tint import describe
from photochrom.color.transfer import Likeness
from photochrom.errors import PictureError, UsageError
from photochrom.guidance.neighbours import agreement, smoothed
from photochrom.network.layers import encoder_features
from photochrom.network.models import ModelInfo
from photochrom.photo import Photo, as_photo
from photochrom.settings import InMemory

STRIDE = 8  # of the places that are compared
STRIDES = (8, 16, 32)
LIKE, SAME = (
    0.46,
    0.60,
)  # cosine of places that don't match, and that surely do: of unrelated pictures 1 % are over 0.54
FOLLOWS = 0.46, 0.60  # cosine from which, and over which wholly, a place follows the statistics
AHEAD = 0.02  # by how much the nearest place is nearer than the next that is not beside it
SHARP = 0.04  # 1 - cosine of two places of the picture at which their colours have exp(-1) in common
HELD = 0.3, 0.7  # a match keeps its own colours from where so much is known around it, and wholly
_SHORT = 256  # px of the short side at which both are seen
_POINTS = 400  # matches that are spread at most, the surest
_MOST = 6000  # places of a picture and of all references that are compared: 150 MB


@dataclass(frozen=True, eq=False)
class Reference:
    """A coloured picture as it is compared. looks: (n,c) float32, unit length. ab: (n,4,2), of the four quarters of
    each place. rows: in how many rows and columns the places lie."""

    looks: Float
    ab: Float
    rows: tuple[int, int]


def open_reference(given: str | InMemory) -> Photo:
    """The picture at that path, or in memory. Raises UsageError where it can't be read or has no colour."""
    if isinstance(given, InMemory) and given.picture is None:
        raise UsageError(
            f"a reference was in memory, and only its SHA-256 was kept ({given.sha256[:12]}…): give the picture again, "
            "with --reference (references=)"
        )
    try:
        photo = as_photo(given.picture if isinstance(given, InMemory) else given)
    except PictureError as error:
        raise UsageError(f"the reference can't be used: {error}") from error
    check_colored(photo, photo.name)
    return photo


def check_colored(photo: Photo, name: str) -> None:
    """Raises UsageError for a reference without colour. name: what to call it."""
    if describe(photo.pixels).kind == "grey":
        raise UsageError(f"the reference {name} is grey, so it has no colours to give: name a picture in colour")


def likeness_to(given: Sequence[str | InMemory], lightness: Float, info: ModelInfo) -> Likeness:
    """What the references say of a picture, by its lightness (h,w) as the network was shown it, L* 0..100.

    Raises UsageError for a reference that can't be read or has no colour, and ModelError.
    """
    references = [_reference(one, info) for one in given]
    looks, rows = _looks(lightness, info)
    others = np.concatenate([one.looks for one in references])
    colors = np.concatenate([one.ab for one in references])
    cosine = looks @ others.T
    nearest = cosine.argmax(axis=1)
    best = cosine[np.arange(len(looks)), nearest]
    back = cosine.argmax(axis=0)[nearest]
    ahead = best - _next(cosine, nearest, references)
    y, x = np.divmod(np.arange(len(looks)), rows[1])
    by, bx = np.divmod(back, rows[1])
    mutual = (np.abs(y - by) <= 1) & (np.abs(x - bx) <= 1)
    trust = _ramp(best, LIKE, SAME) * mutual * np.clip(ahead / AHEAD, 0, 1)
    places, tones = _places(nearest, references).reshape(3, *rows), colors[nearest].mean(axis=1)
    trust *= agreement(trust.reshape(rows), places, tones.reshape(*rows, 2)).ravel()
    matched = np.flatnonzero(trust > 0.05)
    alike = _ramp(best, *FOLLOWS)
    spread, sure = _spread(looks, rows, matched, trust, colors[nearest])
    usual = colors[np.unique(nearest[alike > 0.3])].reshape(-1, 2)
    return Likeness(_quartered(spread, rows), _grid(sure, rows), _grid(alike, rows), np.asarray(usual, np.float32))


def _places(nearest: NDArray[np.intp], references: Sequence[Reference]) -> NDArray[np.intp]:
    """Of places counted through all references (n,): in which of these, in what row and column, (3,n)."""
    starts = np.cumsum([0, *(len(one.looks) for one in references)])
    which = np.searchsorted(starts, nearest, side="right") - 1
    rows, columns = np.divmod(nearest - starts[which], np.array([one.rows[1] for one in references])[which])
    return np.stack([which, rows, columns])


def _spread(
    looks: Float, rows: tuple[int, int], matched: NDArray[np.intp], trust: Float, colors: Float
) -> tuple[Float, Float]:
    """Colours (n,4,2) of all places by those of the matches that look most like them, and how sure they are (n,).

    Kriging between the places' looks: a hundred matches of one wall say no more of a face than one of them does. Then
    each place asks those around it that look like it, so that none is stained alone.
    """
    if not len(matched):
        return np.zeros_like(colors), np.zeros(len(looks), np.float32)
    points = matched[np.argsort(-trust[matched], kind="stable")[:_POINTS]]
    errors = np.asarray(1 / trust[points] - 1, np.float32)
    weights = weights_of(_apart(looks[points], looks[points]), _apart(looks[points], looks), errors)
    weights = np.maximum(weights, 0)
    weights /= np.maximum(weights.sum(axis=0), 1)
    known = np.concatenate([colors.mean(axis=1), np.ones((len(looks), 1), np.float32)], axis=1)  # ab, and how surely
    said = weights.T @ known[points]
    said += (known - said) * trust[:, None]
    said = smoothed(said.reshape(*rows, 3), looks.reshape(*rows, -1)).reshape(-1, 3)
    sure = np.clip(said[:, 2], 0, 1)
    own = np.repeat((said[:, :2] / np.maximum(said[:, 2:], 1e-6))[:, None], colors.shape[1], axis=1)
    held = trust * np.clip((sure - HELD[0]) / (HELD[1] - HELD[0]), 0, 1)
    own += (colors - own) * held[:, None, None]  # a match itself has its colours quarter by quarter
    return np.asarray(own, np.float32), np.asarray(np.maximum(sure, held), np.float32)


def _apart(one: Float, other: Float) -> Float:
    """Distances (n,m) of places by their looks, (n,c) and (m,c) of unit length."""
    return np.asarray((1 - one @ other.T) / np.float32(SHARP), np.float32)


def _next(cosine: Float, nearest: np.ndarray, references: Sequence[Reference]) -> Float:
    """The cosine of the nearest place that is not beside `nearest`, for each row."""
    left = cosine.copy()
    start = 0
    rows = np.arange(len(cosine))
    for one in references:
        high, wide = one.rows
        y, x = np.divmod(nearest - start, wide)
        inside = (nearest >= start) & (nearest < start + high * wide)
        for dy in range(-2, 3):
            for dx in range(-2, 3):
                ok = inside & (y + dy >= 0) & (y + dy < high) & (x + dx >= 0) & (x + dx < wide)
                left[rows[ok], start + (y + dy)[ok] * wide + (x + dx)[ok]] = -1
        start += high * wide
    return np.asarray(left.max(axis=1), np.float32)


_seen: WeakKeyDictionary[InMemory, dict[str, Reference]] = WeakKeyDictionary()  # as long as the picture itself is kept


def _reference(given: str | InMemory, info: ModelInfo) -> Reference:
    if isinstance(given, str):
        path = os.path.abspath(given)
        return _of_file(path, _stamp(path), info.file, info.sha256)
    found = _seen.get(given, {}) if given.picture is not None else {}
    if info.sha256 not in found:
        found[info.sha256] = _described(open_reference(given), info)
        _seen[given] = found
    return found[info.sha256]


@lru_cache(maxsize=8)
def _of_file(path: str, stamp: tuple[int, int], file: os.PathLike[str], sha256: str) -> Reference:
    """stamp: of the file at `path`, for the cache."""
    return _described(open_reference(path), ModelInfo(name=Path(file).stem, file=Path(file), sha256=sha256))


def _described(photo: Photo, info: ModelInfo) -> Reference:
    short = _SHORT / min(photo.size)
    width, height = (max(1, round(side * short / 64)) * 64 for side in photo.size)
    lightness = shrink_lightness(photo.pixels, (width, height))
    looks, rows = _looks(lightness, info)
    ab = _small_ab(photo, (2 * rows[1], 2 * rows[0]))
    quarters = ab.reshape(rows[0], 2, rows[1], 2, 2).transpose(0, 2, 1, 3, 4).reshape(-1, 4, 2)
    return Reference(looks, np.ascontiguousarray(quarters), rows)


def _stamp(path: str) -> tuple[int, int]:
    try:
        seen = os.stat(path)
    except OSError:
        return 0, 0
    return seen.st_mtime_ns, seen.st_size


def _small_ab(photo: Photo, size: tuple[int, int]) -> Float:
    """Mean ab (h,w,2) of a picture's pixels at a small size (w,h)."""
    step = max(1, min(photo.size) // 1024)
    pixels = photo.pixels[::step, ::step].astype(np.float32) / np.float32(np.iinfo(photo.pixels.dtype).max)
    planes = np.ascontiguousarray(rgb_to_lab(pixels)[..., 1:].transpose(2, 0, 1))
    return np.ascontiguousarray(resize_planes(planes, size).transpose(1, 2, 0))


def _looks(lightness: Float, info: ModelInfo) -> tuple[Float, tuple[int, int]]:
    """Descriptions (n,c) of the places of a lightness (h,w), of unit length, and their rows and columns."""
    height, width = lightness.shape
    rows = max(1, height // STRIDE), max(1, width // STRIDE)
    while rows[0] * rows[1] > _MOST:
        rows = max(1, rows[0] // 2), max(1, rows[1] // 2)
    parts = []
    for features in encoder_features(info, lightness):
        if round(height / features.shape[1]) not in STRIDES:
            continue
        planes = resize_planes(features, (rows[1], rows[0])).reshape(len(features), -1)
        planes = planes - planes.mean(axis=1, keepdims=True)
        planes /= np.maximum(np.sqrt((planes * planes).sum(axis=0)), np.float32(1e-6))
        parts.append(planes)
    looks = np.concatenate(parts).T / np.float32(len(parts) ** 0.5)
    return np.ascontiguousarray(looks), rows


def _ramp(x: Float, low: float, high: float) -> Float:
    t = np.clip((x - low) / (high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), np.float32)


def _grid(values: Float, rows: tuple[int, int]) -> Float:
    return np.asarray(values.reshape(rows), np.float32)


def _quartered(colors: Float, rows: tuple[int, int]) -> Float:
    """Colours (n,4,2) of places as a map (2 rows, 2 columns, 2)."""
    whole = colors.reshape(*rows, 2, 2, 2).transpose(0, 2, 1, 3, 4).reshape(2 * rows[0], 2 * rows[1], 2)
    return np.ascontiguousarray(whole, np.float32)
