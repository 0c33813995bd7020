"""Whether a picture is grey, tinted (sepia, cyanotype, toned, yellowed) or truly in colour.

A tint is a curve: the chroma of a toned print depends on its lightness alone, times a fading that changes slowly over
the page along the same hue, or, under lamps of two colours, a tint whose hue changes slowly over the page.  What none
of these explains is colour.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from photochrom.color.lab import Float, Pixels, rgb_to_lab
from photochrom.color.lightness import check_pixels
from photochrom.color.product import product
from photochrom.color.rows import Rows, sampled

KNOTS = 33  # of Tint.curve, at equal steps of L* from 0 to 100
# Chroma, in CIELAB units.  Chosen on photographs left in colour, made grey and toned (with noise, JPEG, uneven fading).
_GREY = 3.0  # nearly all of the picture has less
# At most this, plus this share of the tone's own chroma, is left unexplained by a tint:
_SPREAD = 1.5, 0.05  # as the root mean square
_PATCH = 5.0, 0.15  # in the most colourful 0.5 %: a red coat in the snow
# What tones are called: hues in degrees of the ab plane, chroma in units. By the descriptions of the processes.
_CYAN, _BROWN, _PURPLE = (190.0, 300.0), (35.0, 110.0), (300.0, 35.0)
_FAINT = 12.0  # selenium gives no more
_PAINT = 4.0  # times the spread: the most colourful 0.5 % of a print on which little is painted
_LAMPS = 1.2, 4.0  # the two of a grey print that was photographed under lamps of two colours


@dataclass(frozen=True, eq=False)
class Tint:
    """What describe found.

    kind: "grey", "tinted" or "color".  curve: (33, 2) float32, the mean a* and b* at L* = 0, 3.125 .. 100; zero for
    grey. spread: the root mean square of the chroma that the curve and a slow fading leave unexplained; patch: its
    99.5th percentile.
    """

    kind: Literal["grey", "tinted", "color"]
    curve: Float
    spread: float = 0.0
    patch: float = 0.0

    @property
    def called(self) -> str:
        """What such a print is called: "grey", "sepia", "cyanotype", "selenium-toned", "toned", "hand-tinted" or
        "colour". By the hue of its tone, weighted by chroma; colours that are few and far from the tone are paint.
        """
        if self.kind == "grey":
            return "grey"
        if self.kind == "color":
            return "hand-tinted" if self.patch > _PAINT * self.spread else "colour"
        chroma = np.hypot(self.curve[:, 0], self.curve[:, 1])
        a, b = (self.curve * chroma[:, None]).sum(axis=0)
        hue, strength = float(np.degrees(np.arctan2(b, a))) % 360, float(chroma.mean())
        if _CYAN[0] <= hue <= _CYAN[1]:
            return "cyanotype"
        if (hue >= _PURPLE[0] or hue <= _PURPLE[1]) and strength < _FAINT:
            return "selenium-toned"
        return "sepia" if _BROWN[0] <= hue <= _BROWN[1] else "toned"


def describe(pixels: Pixels | Rows) -> Tint:
    """Judge (H,W) grey or (H,W,3) sRGB pixels, uint8 or uint16, by a copy of at most about 128 px, so JPEG's chroma
    noise and grain average out.  Raises UsageError for other arrays."""
    check_pixels(pixels)
    if pixels.ndim == 2:
        return Tint("grey", np.zeros((KNOTS, 2), np.float32))
    lab = rgb_to_lab(_small(pixels))
    light, ab = lab[..., 0].ravel(), lab[..., 1:].reshape(-1, 2)
    if _is_grey(ab):
        return Tint("grey", np.zeros((KNOTS, 2), np.float32))
    curve = _curve(light, ab)
    rest = ab - _at(curve, light)
    rest -= _fading(rest, ab.mean(axis=0), lab.shape[:2])
    size = _weighed(rest, _at(curve, light))
    spread, patch = float(np.sqrt((size * size).mean())), float(np.percentile(size, 99.5))
    tone = float(np.hypot(*_at(curve, light).T).mean())  # not of the mean: a split tone's two hues would cancel
    strange = spread > _SPREAD[0] + _SPREAD[1] * tone or patch > _PATCH[0] + _PATCH[1] * tone
    if strange:
        left = np.hypot(*_lamps(light, ab, lab.shape[:2]).T)
        two = float(np.sqrt((left * left).mean())), float(np.percentile(left, 99.5))
        if two[0] <= _LAMPS[0] and two[1] <= _LAMPS[1]:
            return Tint("tinted", curve, *two)
    return Tint("color" if strange else "tinted", curve, spread, patch)


def is_grey(pixels: Pixels) -> bool:
    """Whether describe would call (H,W) or (H,W,3) sRGB pixels "grey", several times as quickly."""
    check_pixels(pixels)
    return pixels.ndim == 2 or _is_grey(rgb_to_lab(_small(pixels))[..., 1:].reshape(-1, 2))


def _is_grey(ab: Float) -> bool:
    return bool(np.percentile(np.hypot(ab[:, 0], ab[:, 1]), 99.5) < _GREY)


def tint_ab(tint: Tint, lightness: Float) -> Float:
    """The tint's a* and b* (h,w,2) float32 for a lightness (h,w), 0..100: what gives a toned print its tone back."""
    return _at(tint.curve, lightness)


def _at(curve: Float, lightness: Float) -> Float:
    knots = np.linspace(0, 100, KNOTS)
    return np.stack([np.interp(lightness, knots, curve[:, c]) for c in (0, 1)], axis=-1).astype(np.float32)


def _small(pixels: Pixels | Rows) -> Float:
    """RGB 0..1 of at most about 128 px: every n-th pixel at first, so that a scan of 100 megapixels costs no more
    than a snapshot, then the mean of up to 6 x 6 of those."""
    step = -(-max(pixels.shape[:2]) // 768)
    x = sampled(pixels, step).astype(np.float32) / np.float32(np.iinfo(pixels.dtype).max)
    block = -(-max(x.shape[:2]) // 128)
    for axis, shape in ((0, (-1, 1, 1)), (1, (1, -1, 1))):
        starts = np.arange(0, x.shape[axis], block)
        counts = np.diff(starts, append=x.shape[axis]).astype(np.float32)
        x = np.add.reduceat(x, starts, axis=axis) / counts.reshape(shape)
    return x


def _curve(light: Float, ab: Float) -> Float:
    """Mean chroma per knot of lightness, each pixel shared between its two knots; empty knots filled from their
    neighbours."""
    place = np.clip(light * ((KNOTS - 1) / 100), 0, KNOTS - 1.001)
    knot = place.astype(np.intp)
    t = place - knot
    count = np.bincount(knot, 1 - t, KNOTS) + np.bincount(knot + 1, t, KNOTS)
    seen = np.flatnonzero(count > 0.5)
    curve = np.empty((KNOTS, 2), np.float32)
    for c in (0, 1):
        total = np.bincount(knot, (1 - t) * ab[:, c], KNOTS) + np.bincount(knot + 1, t * ab[:, c], KNOTS)
        curve[:, c] = np.interp(np.arange(KNOTS), seen, total[seen] / count[seen])
    return curve


def _weighed(rest: Float, tone: Float) -> Float:
    """Length (n,) of what is unexplained, `rest` (n, 2), with the part along the tone's own hue counted at a third:
    a scan's halved chroma planes and a print's density blur the tone along that hue, and only colour leaves it."""
    length = np.hypot(tone[:, 0], tone[:, 1])
    along = (rest * tone).sum(axis=1) / np.maximum(length, np.float32(1))
    size: Float = np.sqrt(np.maximum((rest * rest).sum(axis=1) - along * along * np.float32(8 / 9), 0))
    return size


def _fading(rest: Float, mean: NDArray[Any], shape: tuple[int, ...]) -> Float:
    """The part of `rest` (n, 2) that a quadratic surface over the page explains, along the hue of the tint only."""
    length = float(np.hypot(mean[0], mean[1]))
    if length < 1:
        return np.zeros_like(rest)
    along = (mean / length).astype(np.float32)
    y, x = (v.ravel() for v in np.meshgrid(*(np.linspace(-1, 1, n, dtype=np.float32) for n in shape), indexing="ij"))
    basis = np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=1)
    return product(basis, _fitted(basis, product(rest, along[:, None]))) * along


def _lamps(light: Float, ab: Float, shape: tuple[int, ...]) -> Float:
    """What is left of ab (n, 2) by a light whose hue changes slowly over the page and falls on grey of some lightness:
    a cubic surface over the page, times a parabola in L*."""
    y, x = (v.ravel() for v in np.meshgrid(*(np.linspace(-1, 1, n, dtype=np.float32) for n in shape), indexing="ij"))
    places = [x**i * y**j for i in range(4) for j in range(4 - i)]
    shade = light / np.float32(100)
    basis = np.stack([place * shade**k for place in places for k in range(3)], axis=1)
    return ab - product(basis, _fitted(basis, ab))


def _fitted(basis: Float, values: Float) -> Float:
    """What to multiply a basis (n,k) with, (k,m), to come nearest to values (n,m)."""
    square, right = product(basis.T, basis), product(basis.T, values)
    return np.asarray(np.linalg.lstsq(square, right, rcond=None)[0], np.float32)
