"""Learning the look of a time from a folder of its colour pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from photochrom.color.era import Era, learned
from photochrom.color.lab import Float, rgb_to_lab
from photochrom.color.lightness import lightness
from photochrom.color.resample import resize
from photochrom.color.tint import describe
from photochrom.colorizer import Colorizer
from photochrom.errors import PhotochromError, UsageError
from photochrom.photo import Photo
from photochrom.pictures.picture import Picture
from photochrom.pictures.squares import center_crop
from photochrom.progress import Progress, silent

FEWEST = 3  # pictures
_SIDE = 256  # px of the squares that are compared


@dataclass(frozen=True, eq=False)
class Pair:
    """A period picture: its lightness (h,w), the network's chroma (h,w,2) of it in grey, and its own."""

    lightness: Float
    guess: Float
    truth: Float


def pairs_of(
    pictures: Sequence[Picture], colorizer: Colorizer, *, progress: Progress = silent
) -> tuple[list[Pair], list[str]]:
    """What the network makes of each picture's grey square, beside the truth; and why others were left out.

    Raises UsageError where fewer than three have colour.
    """
    pairs, left_out = [], []
    for n, picture in enumerate(pictures):
        progress("Looking at the pictures", n, len(pictures))
        try:
            pixels = picture.pixels()
        except PhotochromError as error:
            left_out.append(str(error))
            continue
        if describe(pixels).kind != "color":
            left_out.append(f"{picture.where} has no colours of its own")
            continue
        pairs.append(_pair(center_crop(pixels, _SIDE), colorizer))
    if len(pairs) < FEWEST:
        raise UsageError(f"an era is learned from {FEWEST} or more pictures in colour, got {len(pairs)}: add some")
    return pairs, left_out


def learn(pairs: Sequence[Pair], *, name: str, basis: str, agree: float) -> Era:
    """The era of these pictures."""
    return learned(name, basis, [pair.truth for pair in pairs], [pair.guess for pair in pairs], agree=agree)


@dataclass(frozen=True)
class Trial:
    """Mean error of chroma (ab units) and mean chroma, of pictures that the era was not learned from."""

    error_before: float
    error_after: float
    chroma_before: float
    chroma_after: float
    chroma_truth: float


def leave_one_out(pairs: Sequence[Pair], *, agree: float) -> Trial:
    """Learn from all pictures but one and try on that one, for each in turn."""
    rows = []
    for i, pair in enumerate(pairs):
        era = learn([*pairs[:i], *pairs[i + 1 :]], name="", basis="", agree=agree)
        after = era.apply(pair.guess, pair.lightness)
        rows.append(
            [
                *(np.linalg.norm(ab - pair.truth, axis=-1).mean() for ab in (pair.guess, after)),
                *(np.linalg.norm(ab, axis=-1).mean() for ab in (pair.guess, after, pair.truth)),
            ]
        )
    return Trial(*(float(v) for v in np.mean(rows, axis=0)))


def _pair(square: np.ndarray[tuple[int, ...], np.dtype[np.uint8]], colorizer: Colorizer) -> Pair:
    light = lightness(square)
    table = lightness(np.arange(256, dtype=np.uint8)[None])[0]
    grey = np.searchsorted((table[1:] + table[:-1]) / 2, light).astype(np.uint8)
    guess = colorizer.chroma(colorizer.predict(Photo.from_array(grey)))
    size = guess.shape[1], guess.shape[0]
    truth = resize(rgb_to_lab(square.astype(np.float32) / np.float32(255))[..., 1:], size)
    return Pair(resize(light, size), guess, truth)
