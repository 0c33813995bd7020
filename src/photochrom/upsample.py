"""From the network's small chroma to the full-size picture, along the edges of its lightness.

Chroma is nearly a linear function of lightness inside a small window: ab = A L* + B (He, Sun and Tang, "Guided image
filtering", PAMI 2013).  The relation survives area averaging, so it is fitted on small pictures and used at full size
(He and Sun, "Fast guided filter", 2015).  Only the slope A is smoothed; B is what makes the model give back the
network's own chroma, so plain areas are interpolated and not blurred.  It climbs in steps: the network's chroma grid,
twice and four times as fine, then full size.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from photochrom.color import Float, Pixels, check_pixels, lightness, luminance, write_rgb
from photochrom.errors import UsageError

# pixels worked on at once: the planes stay in the cache, and BLAS starts no threads of its own below ours
_STRIP = 24576
_BAND_ROWS = 512  # rows that are one task of a thread


# ---- resizing along one axis: area mean to fewer places, straight lines or a cubic B-spline to more ----


def _spans(n_in: int, n_out: int, first: int, last: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """Where the output places first..last begin and end, in input places."""
    edges = np.arange(first, last + 1) * (n_in / n_out)
    return edges[:-1], edges[1:]


def _area(x: NDArray[Any], axis: int, n_out: int) -> Float:
    x = np.moveaxis(x, axis, 0)
    n = len(x)
    total = np.zeros((n + 1, *x.shape[1:]), np.float64)
    np.cumsum(x, axis=0, out=total[1:], dtype=np.float64)
    edges = np.arange(n_out + 1) * (n / n_out)
    i = np.minimum(edges.astype(np.intp), n - 1)
    t = (edges - i).reshape(-1, *[1] * (x.ndim - 1))
    at = total[i] * (1 - t) + total[i + 1] * t
    return np.moveaxis((np.diff(at, axis=0) * (n_out / n)).astype(np.float32), 0, axis)


def _taps(n_in: int, n_out: int, first: int, last: int, smooth: bool) -> tuple[NDArray[np.intp], Float]:
    """For the output places first..last: which input places (n, taps), clamped at the border, and their weights (n,
    taps)."""
    at = (np.arange(first, last) + 0.5) * (n_in / n_out) - 0.5
    i = np.floor(at)
    t = at - i
    if smooth:  # cubic B-spline: never negative, so no colour beyond the neighbours' appears
        w = np.stack([(1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, 3 * (t + t**2 - t**3) + 1, t**3], axis=1) / 6
        offsets = np.arange(-1, 3)
    else:
        w = np.stack([1 - t, t], axis=1)
        offsets = np.arange(2)
    index = np.clip(i.astype(np.intp)[:, None] + offsets, 0, n_in - 1)
    return index, w.astype(np.float32)


def _enlarge(x: Float, axis: int, n_out: int, smooth: bool = False) -> Float:
    x = np.moveaxis(x, axis, 0)
    index, weights = _taps(len(x), n_out, 0, n_out, smooth)
    weights = weights.reshape(*weights.shape, *[1] * (x.ndim - 1))
    out = weights[:, 0] * x[index[:, 0]]
    for k in range(1, index.shape[1]):
        out += weights[:, k] * x[index[:, k]]
    return np.moveaxis(out, 0, axis)


def resize(x: Float, size: tuple[int, int]) -> Float:
    """A small float map (h,w) or (h,w,c) at size (w,h): area mean where it shrinks, straight lines where it grows."""
    for axis, n in ((0, size[1]), (1, size[0])):
        if n < x.shape[axis]:
            x = _area(x, axis, n)
        elif n > x.shape[axis]:
            x = _enlarge(x, axis, n)
    return np.ascontiguousarray(x, np.float32)


def shrink_lightness(pixels: Pixels, size: tuple[int, int], *, threads: int | None = None) -> Float:
    """L* (0..100) of `pixels` at size (w,h), as (h,w) float32: the area mean of L* itself, not of the encoded values.

    pixels: (H,W) or (H,W,3), uint8 or uint16.  Along an axis where `size` is larger than the picture, straight lines.
    Works strip by strip: nothing of the picture's size is made.
    """
    check_pixels(pixels)
    height, width = pixels.shape[:2]
    if min(size) < 1:
        raise UsageError(f"a picture can't be shrunk to {size[0]}x{size[1]}: each side must be 1 or more")
    if size[1] >= height:
        return resize(np.concatenate([resize(lightness(pixels[y : y + 1]), (size[0], 1)) for y in range(height)]), size)
    out = np.empty((size[1], size[0]), np.float32)
    scale = height / size[1]
    step = max(1, min(256, round(_STRIP / (width * scale))))

    def strip(first: int) -> None:
        last = min(first + step, size[1])
        begin, end = _spans(height, size[1], first, last)
        top, bottom = int(begin[0]), min(height, int(np.ceil(end[-1])))
        rows = np.arange(top, bottom)
        part = np.minimum(end[:, None], rows + 1) - np.maximum(begin[:, None], rows)
        weights = (np.maximum(part, 0) / scale).astype(np.float32)
        out[first:last] = resize(weights @ lightness(pixels[top:bottom]), (size[0], last - first))

    _each(strip, range(0, size[1], step), threads)
    return out


def _each(work: Any, items: range, threads: int | None) -> None:
    """work(item) for every item, on threads; numpy lets go of the interpreter's lock in the long parts."""
    threads = min(len(items), threads or min(8, os.cpu_count() or 1))
    if threads <= 1:
        for item in items:
            work(item)
        return
    with ThreadPoolExecutor(threads) as pool:
        for _ in pool.map(work, items):
            pass


# ---- the model ab = A L + B ----

# variance of L* (5.5 squared) at which the slope is halved; by CIEDE2000 on photographs, flat from 30 to 100
_EPS = np.float32(30)


def _mean(x: Float) -> Float:
    """Mean over 3 x 3, the border repeated.  (h,w,c) -> the same."""
    for axis in (0, 1):
        x = np.moveaxis(x, axis, 0)
        y = x * np.float32(1 / 3)
        total = y.copy()
        total[1:] += y[:-1]
        total[:-1] += y[1:]
        total[0] += y[0]
        total[-1] += y[-1]
        x = np.moveaxis(total, 0, axis)
    return x


def _slope(light: Float, ab: Float) -> Float:
    """The slopes A (h,w,2) of ab = A L + B in 3 x 3 windows.  Drawn to 0 where L hardly varies, and where a straight
    line explains the colours badly: that is what keeps a texture of the lightness from being copied into the chroma."""
    light = light[..., None]
    mean_l, mean_ab = _mean(light), _mean(ab)
    covariance = _mean(light * ab) - mean_l * mean_ab
    variance = np.maximum(_mean(light * light) - mean_l * mean_l, 0)
    left = _mean(ab * ab) - mean_ab * mean_ab - covariance * covariance / (variance + np.float32(1e-3))
    return _mean(covariance / (variance + _EPS + np.maximum(left, 0).sum(axis=-1, keepdims=True)))


def _fit(guide: Float, ab: Float) -> tuple[Float, Float]:
    """A and B (h,w,2) on the guide's grid, from ab (h',w',2) on its own grid, which is up to four times as coarse."""
    height, width = ab.shape[:2]
    fine, model = ab, None
    for factor in (1, 2, 4):
        size = (min(guide.shape[1], factor * width), min(guide.shape[0], factor * height))
        light = resize(guide, size)
        if model is not None:
            fine = resize(model[0], size) * light[..., None] + resize(model[1], size)
            for _ in range(2):  # shrunk again, it shall be the network's chroma
                fine += resize(ab - resize(fine, (width, height)), size)
        slope = _slope(light, fine)
        model = slope, fine - slope * light[..., None]
    assert model is not None
    return model


def paint(pixels: Pixels, ab_low: Float, *, guide: Float | None = None, threads: int | None = None) -> Pixels:
    """The picture in colour, (H,W,3) of the same dtype: its own lightness, and `ab_low` upsampled along its edges.

    pixels: (H,W) grey or (H,W,3) sRGB, uint8 or uint16.  ab_low: (h,w,2) float32, CIE a* and b*, covering the same
    field of view.
    guide: what shrink_lightness gave for this picture, (h',w') with h' >= h, to save doing it again.
    Beyond the output it needs a few tens of megabytes, whatever the picture's size; the number of threads changes no
    pixel. Raises UsageError when shapes or dtypes don't fit.
    """
    check_pixels(pixels)
    height, width = pixels.shape[:2]
    if ab_low.ndim != 3 or ab_low.shape[2] != 2 or 0 in ab_low.shape:
        raise UsageError(f"ab_low must be (h,w,2) and not empty, got {ab_low.shape}")
    ab = resize(ab_low.astype(np.float32), (min(width, ab_low.shape[1]), min(height, ab_low.shape[0])))
    middle = (min(width, 4 * ab.shape[1]), min(height, 4 * ab.shape[0]))
    if guide is None or guide.shape[0] < ab.shape[0] or guide.shape[1] < ab.shape[1]:
        guide = shrink_lightness(pixels, middle, threads=threads)
    else:
        guide = resize(guide, (min(guide.shape[1], middle[0]), min(guide.shape[0], middle[1])))
    slope, bias = _fit(guide, ab)
    # in units of f(Y): a* = 500 dx, b* = -200 dz, L* = 116 f - 16
    scale = np.array([1 / 500, -1 / 200], np.float32)
    planes = np.concatenate([slope * (116 * scale), (bias - 16 * slope) * scale], axis=2).transpose(2, 0, 1)
    planes = np.ascontiguousarray(planes, np.float32)
    out = np.empty((height, width, 3), pixels.dtype)
    rows_at_once = max(1, min(64, _STRIP // width))

    def band(top: int) -> None:
        bottom = min(top + _BAND_ROWS, height)
        index, weights = _taps(guide.shape[0], height, top, bottom, True)
        first, last = int(index.min()), int(index.max()) + 1
        # columns first, so that whole runs are gathered and not single floats
        columns = np.ascontiguousarray(planes[:, first:last].transpose(2, 0, 1))
        wide = np.ascontiguousarray(_enlarge(columns, 0, width, True).transpose(1, 2, 0))
        dense = np.zeros((bottom - top, last - first), np.float32)
        for k in range(index.shape[1]):
            dense[np.arange(bottom - top), index[:, k] - first] += weights[:, k]
        for y in range(top, bottom, rows_at_once):
            rows = slice(y, min(y + rows_at_once, bottom))
            part = dense[y - top : rows.stop - top]
            used = np.flatnonzero(part.any(axis=0))
            span = slice(int(used[0]), int(used[-1]) + 1)
            part = np.ascontiguousarray(part[:, span])
            light, f = luminance(pixels[rows])
            slope_x, slope_z, dx, dz = (part @ wide[c, span] for c in range(4))
            slope_x *= f
            slope_z *= f
            dx += slope_x
            dz += slope_z
            write_rgb(light, f, dx, dz, out[rows])

    _each(band, range(0, height, _BAND_ROWS), threads)
    return out
