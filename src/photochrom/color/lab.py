"""sRGB, linear light and CIE Lab, and putting new chroma under an old lightness.  numpy only.

Everything is CIE 1976 L*a*b* under D65 (2 degrees), sRGB primaries (IEC 61966-2-1), float32.  L* runs 0..100, a* and
b* about -110..110.  The matrix is normalised by the white point, so that equal R, G, B give a* = b* = 0 exactly as
floats allow.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from photochrom.errors import UsageError

Float = NDArray[np.float32]
Pixels = NDArray[Any]  # uint8 or uint16

_PRIMARIES = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
_TO_XYZ = _PRIMARIES / _PRIMARIES.sum(axis=1, keepdims=True)  # linear RGB -> X/Xn, Y/Yn, Z/Zn
_FROM_XYZ = np.linalg.inv(_TO_XYZ)
LUMA: Float = _TO_XYZ[1].astype(np.float32)  # weights of linear R, G, B in the luminance Y
_DELTA = 6.0 / 29.0
_STEPS = 1 << 16  # of the tables over linear light; read with interpolation they are good to 0.01 of a 16-bit level


def srgb_to_linear(x: NDArray[Any]) -> NDArray[Any]:
    """sRGB-encoded values (any shape, 0..1) to linear light.  Below 0 the linear toe is carried on."""
    x = np.asarray(x)
    return np.where(x <= 0.04045, x / 12.92, (np.maximum(x, 0.0) * (1 / 1.055) + 0.055 / 1.055) ** 2.4).astype(
        _float(x)
    )


def linear_to_srgb(x: NDArray[Any]) -> NDArray[Any]:
    """Linear light (any shape, 0..1) to sRGB-encoded values.  Below 0 the linear toe is carried on."""
    x = np.asarray(x)
    return np.where(x <= 0.0031308, x * 12.92, 1.055 * np.maximum(x, 1e-9) ** (1 / 2.4) - 0.055).astype(_float(x))


def _float(x: NDArray[Any]) -> np.dtype[Any]:
    return np.dtype(np.float64 if x.dtype == np.float64 else np.float32)


def _f(t: NDArray[Any]) -> NDArray[Any]:
    return np.where(t > _DELTA**3, np.cbrt(t), t / (3 * _DELTA**2) + 4 / 29)


def _f_inverse(t: NDArray[Any]) -> NDArray[Any]:
    return np.where(t > _DELTA, t**3, 3 * _DELTA**2 * (t - 4 / 29))


def rgb_to_lab(rgb: NDArray[Any]) -> NDArray[Any]:
    """sRGB (..., 3), floats 0..1, to CIE Lab (..., 3); float64 stays float64, everything else gives float32."""
    rgb = np.asarray(rgb)
    kind = _float(rgb)
    f = _f(srgb_to_linear(rgb) @ _TO_XYZ.T.astype(kind))
    x, y, z = f[..., 0], f[..., 1], f[..., 2]
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1).astype(kind)


def lab_to_rgb(lab: NDArray[Any]) -> NDArray[Any]:
    """CIE Lab (..., 3) to sRGB (..., 3), not clipped: colours out of gamut give values outside 0..1."""
    lab = np.asarray(lab)
    kind = _float(lab)
    y = (lab[..., 0] + 16) / 116
    f = np.stack([y + lab[..., 1] / 500, y, y - lab[..., 2] / 200], axis=-1)
    return linear_to_srgb((_f_inverse(f) @ _FROM_XYZ.T).astype(kind)).astype(kind)


@lru_cache(maxsize=8)
def _code_tables(dtype: np.dtype[Any]) -> tuple[Float, Float]:
    """Per code value: linear light Y, and f(Y) = (L* + 16) / 116."""
    codes = np.arange(np.iinfo(dtype).max + 1)
    linear = srgb_to_linear(codes / codes[-1])
    return linear.astype(np.float32), _f(linear).astype(np.float32)


@lru_cache(maxsize=1)
def _f_table() -> tuple[Float, Float]:
    f = _f(np.arange(_STEPS + 2) / _STEPS)
    return f.astype(np.float32), np.diff(f, append=f[-1]).astype(np.float32)


@lru_cache(maxsize=1)
def _srgb_table() -> tuple[Float, Float]:
    s = linear_to_srgb(np.arange(_STEPS + 2) / _STEPS) * 65535
    return s.astype(np.float32), np.diff(s, append=s[-1]).astype(np.float32)


@lru_cache(maxsize=1)
def _srgb8_table() -> NDArray[np.uint8]:
    table: NDArray[np.uint8] = np.rint(linear_to_srgb(np.arange(_STEPS + 1) / _STEPS) * 255).astype(np.uint8)
    return table


def _interpolate(table: tuple[Float, Float], x: Float) -> Float:
    """table(x) for x in 0..1, between the entries by straight lines."""
    t = x * np.float32(_STEPS)
    i = t.astype(np.int32)
    t -= i
    t *= table[1].take(i)
    t += table[0].take(i)
    return t


def check_pixels(pixels: Pixels) -> None:
    """Raises UsageError unless `pixels` is (H,W) or (H,W,3), uint8 or uint16, and not empty."""
    shape = pixels.shape
    if (
        pixels.dtype not in (np.uint8, np.uint16)
        or not (len(shape) == 2 or (len(shape) == 3 and shape[2] == 3))
        or 0 in shape
    ):
        raise UsageError(
            f"pixels must be (H,W) or (H,W,3) of uint8 or uint16 and not empty, got {shape} of {pixels.dtype}: "
            "convert them first"
        )


def luminance(pixels: Pixels) -> tuple[Float, Float]:
    """Y (0..1, linear light) and f(Y) = (L* + 16) / 116 of a few rows: (h,w) or (h,w,3) uint8 or uint16 -> two
    (h,w)."""
    linear, f = _code_tables(pixels.dtype)
    if pixels.ndim == 2:
        return linear.take(pixels), f.take(pixels)
    y = linear.take(pixels[..., 0]) * LUMA[0]
    for c in (1, 2):
        y += linear.take(pixels[..., c]) * LUMA[c]
    np.minimum(y, np.float32(1), out=y)
    return y, _interpolate(_f_table(), y)


def lightness(pixels: Pixels) -> Float:
    """L* (H,W), 0..100, of (H,W) grey or (H,W,3) sRGB pixels, uint8 or uint16.  Grey g means R = G = B = g."""
    check_pixels(pixels)
    if pixels.ndim == 2:
        return (_code_tables(pixels.dtype)[1] * np.float32(116) - np.float32(16)).clip(0, 100).take(pixels)
    out = np.empty(pixels.shape[:2], np.float32)
    step = max(1, 65536 // pixels.shape[1])
    for y in range(0, len(out), step):
        np.multiply(luminance(pixels[y : y + step])[1], np.float32(116), out=out[y : y + step])
    out -= np.float32(16)
    return out.clip(0, 100, out=out)


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
        table = _srgb8_table()
        rgb *= np.float32(_STEPS)
        rgb += np.float32(0.5)
        place = rgb.astype(np.int32).astype(np.intp)
        for c in range(3):
            out[..., c] = table.take(place[c], mode="clip").reshape(y.shape)
        return
    for c in range(3):
        value = _interpolate(_srgb_table(), rgb[c].clip(0, 1))
        value += np.float32(0.5)
        out[..., c] = value.reshape(y.shape)


_MATRIX: Float = np.ascontiguousarray(_FROM_XYZ, np.float32)
_KNEE = np.float32(_DELTA)
_SLOPE = np.float32(3 * _DELTA**2)


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
    rgb: Float = np.matmul(_MATRIX, xyz)
    return rgb


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
        rgb = _f_inverse(t) @ _FROM_XYZ.T
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
