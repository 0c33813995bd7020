"""What kind of picture one is: a small classifier of what its lightness looks like, which says how sure it is.

Features that a person could point at (how light is spread, how much of which size of detail there is, whether what is
bright is textured, as leaves are in infrared, or plain, as skies are in light), and what the encoder of a network that
ships answers to the picture, go through one hidden layer. scripts/train_decide.py trains it; docs/domains.md has what
it gets wrong.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from photochrom.color.false_color import false_palette
from photochrom.color.lab import Float
from photochrom.color.levels import sensor_levels
from photochrom.color.lightness import shrink_lightness
from photochrom.color.resample import mean3, resize_planes
from photochrom.color.tint import describe
from photochrom.domains.table import DOMAINS
from photochrom.network.layers import encoder_features
from photochrom.network.models import find_model
from photochrom.photo import Photo

SIDE = 128  # pixels of the short side that is looked at
MOST_ASPECT = 4.0  # of a longer picture the middle is looked at
OTHERWISE = "photo"
ENCODER = "infrared"  # of this model, which was made for other pictures than photographs
STRIDE = 32  # pixels of which its input's sides are multiples
FIRST = 2  # the first of its maps that is looked at, that of stride 8
SURE = 0.8  # a picture is of another domain from this probability on
TABLE = Path(__file__).with_suffix(".json")
WORDS = "domains", "encoder"  # what of it are no numbers: the domains' names, and the hash of the encoder's file


@dataclass(frozen=True, kw_only=True)
class Decision:
    """domain: to colour it as. likely: the likeliest one, of probability `sure`, 0..1: the same unless that is low."""

    domain: str
    likely: str
    sure: float

    def told(self) -> str:
        """What was decided, as the end of a sentence that begins with the picture's name."""
        share = f"{min(self.sure, 0.99):.0%}"
        if self.domain == self.likely:
            return f"is taken for {DOMAINS[self.domain].thing} ({self.domain}, {share} sure)"
        return (
            f"is coloured as a photograph: it may be {DOMAINS[self.likely].thing} ({share} sure; --domain "
            f"{self.likely} takes it for one)"
        )


def decide(photo: Photo) -> Decision:
    """The domain of a picture, "photo" where none is likely enough. About 50 ms of one core, more for a large one.

    What is in colour is a thermal frame if its colours are a thermal camera's, else a photograph.
    """
    if false_palette(photo.pixels):
        return Decision(domain="thermal", likely="thermal", sure=1.0)
    if describe(photo.pixels).kind == "color":
        return Decision(domain=OTHERWISE, likely=OTHERWISE, sure=1.0)
    given = probabilities(features(lightness_of(photo)))
    likely = max(given, key=lambda name: given[name])
    domain = likely if given[likely] >= SURE else OTHERWISE
    return Decision(domain=domain, likely=likely, sure=given[likely])


def lightness_of(photo: Photo) -> Float:
    """The lightness (h,w) that is judged, L* 0..100, of 128 px on the short side; what is transparent is white."""
    pixels = photo.pixels
    high, wide = pixels.shape[:2]
    most = int(MOST_ASPECT * min(high, wide))
    top, left = (max(0, (n - most) // 2) for n in (high, wide))
    part = slice(top, top + most), slice(left, left + most)
    pixels = pixels[part]
    scale = SIDE / min(pixels.shape[:2])
    size = round(pixels.shape[1] * scale), round(pixels.shape[0] * scale)
    light = shrink_lightness(pixels, size)
    if photo.alpha is not None:
        there = resize_planes(photo.alpha[part].astype(np.float32) / np.float32(np.iinfo(photo.alpha.dtype).max), size)
        light = light * there + 100 * (1 - there)
    return np.asarray(light, np.float32)


def probabilities(found: Float) -> dict[str, float]:
    """Of each domain, 0..1, for features (n,) of one picture."""
    table = _table()
    x = np.clip((found - table["mean"]) / table["spread"], -5, 5)
    hidden = np.maximum(x @ table["hidden"] + table["hidden_bias"], 0)
    logits = (hidden @ table["out"] + table["out_bias"]) / table["temperature"]
    odds = np.exp(logits - logits.max())
    return dict(zip(_names(), (odds / odds.sum()).tolist(), strict=True))


def features(light: Float) -> Float:
    """What is seen of a lightness (h,w), L* 0..100, as (n,) float32."""
    return np.concatenate([described(light), recognised(light)])


def recognised(light: Float, model: str = ENCODER) -> Float:
    """What the encoder of a model answers to it, (n,) float32: the mean and the deviation of each channel."""
    high, wide = (max(STRIDE, round(n / STRIDE) * STRIDE) for n in light.shape)
    seen = resize_planes(sensor_levels(light).show(light), (wide, high))
    maps = encoder_features(find_model(model), seen)[FIRST:]
    return np.concatenate([*(m.mean(axis=(1, 2)) for m in maps), *(m.std(axis=(1, 2)) for m in maps[:-1])])


def described(light: Float) -> Float:
    """What a person could point at in it, (n,) float32."""
    seen = sensor_levels(light).show(light) / np.float32(100)
    levels = [seen]
    while min(levels[-1].shape) > 8:
        small = levels[-1]
        levels.append(resize_planes(small, (max(1, small.shape[1] // 2), max(1, small.shape[0] // 2))))
    detail = [big - resize_planes(small, big.shape[::-1]) for big, small in pairwise(levels)]
    found: list[float] = [
        float(np.log(np.ptp(np.percentile(light, (1, 99))) + 1)),
        *_shares(light / np.float32(100)),
        *_shares(seen),
    ]
    energies = np.array([np.log(d.std() + 1e-3) for d in detail])
    found += [*energies, *(np.log(_peakedness(d)) for d in detail)]
    found += [float(np.log((np.abs(d) + 1e-3).mean())) - float(np.log(d.std() + 1e-3)) for d in detail]
    found += [_skewness(d) for d in detail]
    for at in (0, 1, 2):  # is what is bright textured?
        busy = _local_spread(levels[at])
        plain = levels[at]
        found += [_correlation(plain, busy), float(np.log(busy.mean() + 1e-3)), float((busy < 0.01).mean())]
        bright, dark = plain > 0.7, plain < 0.3
        found += [float(busy[mask].mean()) if mask.any() else 0.0 for mask in (bright, dark)]
        found += [float((bright & (busy < 0.02)).mean()), float((dark & (busy < 0.02)).mean())]
    found += _orientations(levels[1])
    grid = resize_planes(np.stack([seen, _local_spread(seen)]), (4, 4)) if min(seen.shape) >= 4 else np.zeros((2, 4, 4))
    rows, columns = grid.mean(axis=2), grid.mean(axis=1)
    found += [*(rows[0] - rows[0].mean()), *rows[1], *np.abs(columns[0] - columns[0][::-1])[:2], *grid[0].std(axis=1)]
    ring = np.concatenate([seen[:3].ravel(), seen[-3:].ravel(), seen[:, :3].ravel(), seen[:, -3:].ravel()])
    found += [float(ring.mean()), float(ring.std())]
    return np.nan_to_num(np.asarray(found, np.float32))


def _shares(plane: Float) -> list[float]:
    """How much of it has which lightness, in 12 steps, more finely at both ends."""
    edges = [-1, 0.02, 0.06, 0.14, 0.25, 0.37, 0.5, 0.62, 0.74, 0.85, 0.94, 0.985, 2]
    return [float(share) for share in np.histogram(plane, edges)[0] / plane.size]


def _peakedness(d: Float) -> float:
    """1 for an even spread, high where little stands out from nothing: lines."""
    mean = float(np.mean(d * d)) + 1e-7
    return float(np.mean(d**4)) / mean**2 + 1


def _skewness(d: Float) -> float:
    """Below 0 where what stands out is dark, as ink is."""
    return float(np.mean(d**3)) / math.pow(float(np.mean(d * d)) + 1e-6, 1.5)


def _local_spread(plane: Float) -> Float:
    mean = mean3(plane)
    return np.sqrt(np.maximum(mean3(plane * plane) - mean * mean, 0))


def _correlation(a: Float, b: Float) -> float:
    a, b = a - a.mean(), b - b.mean()
    return float((a * b).mean()) / (float(a.std()) * float(b.std()) + 1e-4)


def _orientations(plane: Float) -> list[float]:
    """Shares of the gradient's directions in 6 sectors: roads, horizons and buildings lie level and upright."""
    if min(plane.shape) < 2:
        return [0.0] * 6
    down, across = np.diff(plane, axis=0)[:, :-1], np.diff(plane, axis=1)[:-1]
    size = np.hypot(down, across)
    sector = np.floor((np.arctan2(down, across) / np.pi * 6 + 0.5) % 6).astype(np.intp) % 6
    share = np.bincount(sector.ravel(), size.ravel(), 6)
    return [float(v) for v in share / (share.sum() + 1e-6)]


@cache
def _table() -> dict[str, NDArray[np.float32]]:
    values = json.loads(TABLE.read_text(encoding="utf-8"))
    return {name: np.asarray(value, np.float32) for name, value in values.items() if name not in WORDS}


@cache
def _names() -> tuple[str, ...]:
    return tuple(json.loads(TABLE.read_text(encoding="utf-8"))["domains"])
