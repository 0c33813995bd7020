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
        write_rgb(y, fy, ab[rows].transpose(2, 0, 1) * _UNITS[:, None, None], out[rows])
    return out


def write_rgb(y: Float, fy: Float, chroma: Float, out: Pixels) -> None:
    """Rows of one picture from luminance Y and f(Y), each (h,w), and the chroma (2,h,w) as a*/500 and -b*/200, into
    out (h,w,3)."""
    y, fy, chroma = y.reshape(-1), fy.reshape(-1), chroma.reshape(2, -1)
    rgb = _linear_rgb(y, fy, chroma)
    _into_gamut(rgb, y, fy, chroma)
    top = np.iinfo(out.dtype).max
    if top == 255:
        table = srgb8_table()
        rgb += np.float32(0.5)
        coded: Pixels = table.take(rgb.astype(np.int32).astype(np.intp), mode="clip")
    else:
        coded = interpolate(srgb_table(), rgb.clip(0, STEPS))
        coded += np.float32(0.5)
    for c in range(3):
        out[..., c] = coded[c].reshape(out.shape[:2])


_UNITS: Float = np.array([1 / 500, -1 / 200], np.float32)
_MATRIX: Float = np.ascontiguousarray(FROM_XYZ, np.float32) * np.float32(STEPS)
_KNEE = np.float32(DELTA)
_SLOPE = np.float32(3 * DELTA**2)


def _linear_rgb(y: Float, fy: Float, chroma: Float) -> Float:
    """Linear R, G, B as (3, n), in steps of the tables, not clipped, from Y and f(Y), each (n,), and chroma (2, n)."""
    xyz = np.empty((3, y.size), np.float32)
    xyz[1] = y
    for t, cube in zip(fy + chroma, xyz[::2], strict=True):
        if t.min() >= _KNEE:  # nothing darker than L* 8: plain cubes
            np.multiply(t, t, out=cube)
            np.multiply(cube, t, out=cube)
            continue
        # f inverse without a branch: below the knee the line is the tangent of the cube there
        c = np.maximum(t, _KNEE)
        np.multiply(c, c, out=cube)
        np.subtract(cube, _SLOPE, out=cube)
        np.multiply(cube, c, out=cube)
        np.multiply(t, _SLOPE, out=t)
        np.add(cube, t, out=cube)
    return product(_MATRIX, xyz)


_UNDER, _OVER = (
    np.float32(2e-6 * STEPS),
    np.float32(1.00002) * np.float32(STEPS),
)  # beyond 0 and 1 by no more than float32 errs


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


def _into_gamut(rgb: Float, y: Float, fy: Float, chroma: Float) -> None:
    """Rewrite the columns of rgb (3, n) that lie out of gamut, with their chroma scaled down until they fit."""
    if rgb.min() >= -_UNDER and rgb.max() <= _OVER:  # far cheaper than finding out where
        return
    excess = _excess(rgb)
    bad = np.flatnonzero(excess > 0)
    if not bad.size:
        return
    y, fy, chroma = y.take(bad), fy.take(bad), chroma.take(bad, axis=1)
    a, b = chroma[0] * np.float32(500), chroma[1] * np.float32(-200)
    scale = _chroma_limit(fy, np.arctan2(b, a)) / np.maximum(np.hypot(a, b), np.float32(1e-6))
    np.minimum(scale, np.float32(1), out=scale)
    rgb[:, bad] = _linear_rgb(y, fy, chroma * scale)


_LEVELS, _HUES = 160, 360  # cells of the table over f(Y) and hue


@lru_cache(maxsize=1)
def _gamut_table() -> Float:
    """The largest chroma in the sRGB gamut, (levels + 1, hues + 1), by bisection; made when first needed.

    Above L* 95 the gamut is hollow towards yellow: the way from grey to pure yellow leaves it and comes back.  There
    the table holds the nearer border.
    """
    f = np.linspace(4 / 29, 1, _LEVELS + 1)[:, None]
    hue = np.linspace(-np.pi, np.pi, _HUES + 1)[None]
    across, down, y = np.cos(hue) / 500, np.sin(hue) / 200, f_inverse(f)
    inside = np.zeros((_LEVELS + 1, _HUES + 1))
    step = 100.0
    for _ in range(18):
        trial = inside + step
        x, z = f_inverse(f + across * trial), f_inverse(f - down * trial)
        for red_green_blue in FROM_XYZ:  # plane by plane: minima over three neighbours take six times as long
            value = red_green_blue[0] * x + red_green_blue[1] * y + red_green_blue[2] * z
            trial[(value < -1e-6) | (value > 1 + 1e-6)] = 0
        inside = np.maximum(trial, inside)
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
