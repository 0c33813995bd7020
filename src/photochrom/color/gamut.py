"""New chroma under an old lightness, within what sRGB can show.  numpy only."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from photochrom.color.lab import DELTA, FROM_XYZ, Float, Pixels, f_inverse
from photochrom.color.lightness import check_pixels, luminance
from photochrom.color.product import product
from photochrom.color.tables import STEPS, interpolate, srgb8_table, srgb_table
from photochrom.errors import UsageError


def merge(pixels: Pixels, ab: Float, out: Pixels | None = None) -> Pixels:
    """The lightness of `pixels` with the chroma `ab`, brought into the sRGB gamut.

    pixels: (H,W) grey or (H,W,3) sRGB, uint8 or uint16.  ab: (H,W,2), CIE a* and b*.  Gives (H,W,3) of the same
    dtype, into `out` if given.  A colour that sRGB can't show loses chroma; its lightness and its CIELAB hue angle
    stay. Zero chroma gives the grey back exactly.  Raises UsageError when the shapes don't fit.
    """
    check_pixels(pixels)
    height, width = pixels.shape[:2]
    if ab.shape != (height, width, 2):
        raise UsageError(f"ab must be {(height, width, 2)} to fit the pixels, got {ab.shape}: resize it first")
    if out is None:
        out = np.empty((height, width, 3), pixels.dtype)
    step = max(1, 65536 // width)
    for top in range(0, height, step):
        rows = slice(top, min(top + step, height))
        y, fy = luminance(pixels[rows])
        write_rgb(y, fy, ab[rows, :, 0] * np.float32(1 / 500), ab[rows, :, 1] * np.float32(-1 / 200), out[rows])
    return out


def write_rgb(y: Float, fy: Float, dx: Float, dz: Float, out: Pixels) -> None:
    """Rows of one picture from luminance Y, f(Y), and the chroma as dx = a*/500 and dz = -b*/200, each (h,w), into
    out (h,w,3).

    dx and dz are used as scratch space.
    """
    rgb = _linear_rgb(y, fy, dx, dz)
    _into_gamut(rgb, y, fy, dx, dz)
    top = np.iinfo(out.dtype).max
    if top == 255:
        table = srgb8_table()
        rgb *= np.float32(STEPS)
        rgb += np.float32(0.5)
        place = rgb.astype(np.int32).astype(np.intp)
        for c in range(3):
            out[..., c] = table.take(place[c], mode="clip").reshape(y.shape)
        return
    for c in range(3):
        value = interpolate(srgb_table(), rgb[c].clip(0, 1))
        value += np.float32(0.5)
        out[..., c] = value.reshape(y.shape)


_MATRIX: Float = np.ascontiguousarray(FROM_XYZ, np.float32)
_KNEE = np.float32(DELTA)
_SLOPE = np.float32(3 * DELTA**2)


def _linear_rgb(y: Float, fy: Float, dx: Float, dz: Float) -> Float:
    """Linear R, G, B as (3, n), not clipped."""
    xyz = np.empty((3, y.size), np.float32)
    xyz[1] = y.reshape(-1)
    for row, d in ((0, dx), (2, dz)):
        t, out = (fy + d).reshape(-1), xyz[row]
        if t.min() >= _KNEE:  # nothing darker than L* 8: plain cubes
            np.multiply(t, t, out=out)
            out *= t
            continue
        # f inverse without a branch: below the knee the line is the tangent of the cube there
        c = np.maximum(t, _KNEE)
        np.multiply(c, c, out=out)
        out -= _SLOPE
        out *= c
        t *= _SLOPE
        out += t
    return product(_MATRIX, xyz)


_UNDER, _OVER = np.float32(2e-6), np.float32(1.00002)  # beyond 0 and 1 by no more than float32 errs


def _excess(rgb: Float) -> Float:
    """How far out of gamut each column of rgb (3, n) lies; 0 or less is inside."""
    low = np.minimum(rgb[0], rgb[1])
    np.minimum(low, rgb[2], out=low)
    high = np.maximum(rgb[0], rgb[1])
    np.maximum(high, rgb[2], out=high)
    high -= _OVER
    low += _UNDER
    np.negative(low, out=low)
    excess: Float = np.maximum(low, high, out=high)
    return excess


def _into_gamut(rgb: Float, y: Float, fy: Float, dx: Float, dz: Float) -> None:
    """Rewrite the columns of rgb (3, n) that lie out of gamut, with their chroma scaled down until they fit."""
    if rgb.min() >= -_UNDER and rgb.max() <= _OVER:  # far cheaper than finding out where
        return
    excess = _excess(rgb)
    bad = np.flatnonzero(excess > 0)
    if not bad.size:
        return
    y, fy, dx, dz = (a.reshape(-1).take(bad) for a in (y, fy, dx, dz))
    a, b = dx * np.float32(500), dz * np.float32(-200)
    scale = _chroma_limit(fy, np.arctan2(b, a)) / np.maximum(np.hypot(a, b), np.float32(1e-6))
    np.minimum(scale, np.float32(1), out=scale)
    rgb[:, bad] = _linear_rgb(y, fy, dx * scale, dz * scale)


_LEVELS, _HUES = 160, 360  # cells of the table over f(Y) and hue


@lru_cache(maxsize=1)
def _gamut_table() -> Float:
    """The largest chroma in the sRGB gamut, (levels + 1, hues + 1), by bisection; made when first needed.

    Above L* 95 the gamut is hollow towards yellow: the way from grey to pure yellow leaves it and comes back.  There
    the table holds the nearer border.
    """
    f = np.linspace(4 / 29, 1, _LEVELS + 1)[:, None]
    hue = np.linspace(-np.pi, np.pi, _HUES + 1)[None]
    inside = np.zeros((_LEVELS + 1, _HUES + 1))
    step = 100.0
    for _ in range(18):
        trial = inside + step
        t = np.stack([f + np.cos(hue) * trial / 500, f + 0 * trial, f - np.sin(hue) * trial / 200], axis=-1)
        rgb = f_inverse(t) @ FROM_XYZ.T
        fits = (rgb.min(axis=-1) >= -1e-6) & (rgb.max(axis=-1) <= 1 + 1e-6)
        inside = np.where(fits, trial, inside)
        step /= 2
    inside[0] = inside[-1] = 0
    return inside.astype(np.float32)


def _chroma_limit(fy: Float, hue: Float) -> Float:
    """The largest chroma in gamut for f(Y) and hue (radians), each (n,): bilinear in the table, good to about 1 %."""
    table = _gamut_table().reshape(-1)
    u = (fy - np.float32(4 / 29)) * np.float32(_LEVELS / (25 / 29))
    v = (hue + np.float32(np.pi)) * np.float32(_HUES / (2 * np.pi))
    i = np.clip(u.astype(np.int32), 0, _LEVELS - 1)
    j = np.clip(v.astype(np.int32), 0, _HUES - 1)
    u -= i
    v -= j
    place = (i * (_HUES + 1) + j).astype(np.intp)
    upper = table.take(place) * (1 - v) + table.take(place + 1) * v
    lower = table.take(place + (_HUES + 1)) * (1 - v) + table.take(place + (_HUES + 2)) * v
    limit: Float = np.maximum(upper * (1 - u) + lower * u, np.float32(0))
    return limit
