"""From the network's small chroma to the full-size picture, along the edges of its lightness.

Chroma is nearly a linear function of lightness inside a small window: ab = A L* + B (He, Sun and Tang, "Guided image
filtering", PAMI 2013).  The relation survives area averaging, so it is fitted on small pictures and used at full size
(He and Sun, "Fast guided filter", 2015).  Only the slope A is smoothed; B is what makes the model give back the
network's own chroma, so plain areas are interpolated and not blurred.  It climbs in steps: the network's chroma grid,
twice and four times as fine, then full size.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import numpy as np

from photochrom.color.gamut import write_rgb
from photochrom.color.lab import Float, Pixels
from photochrom.color.lightness import check_pixels, luminance, shrink_lightness
from photochrom.color.product import product
from photochrom.color.resample import Run, mean3, resize_planes, run_of, runs_of
from photochrom.color.rows import Rows
from photochrom.errors import UsageError
from photochrom.threads import on_threads

_TILE = (64, 384)  # rows and columns painted at once: planes that stay in the cache; far from a line, so that many
# tiles hold no colour out of gamut

STEPS = (1, 2, 4)  # times the network's chroma grid

_RUN = 64  # columns that are upsampled at once where the picture is at most _CLOSE times as wide as its grid
_CLOSE = 4
_THIN = 256  # times as long as its guide: a picture like a thread
_THIN_TILE = 1 << 15  # pixels painted at once of one

# ---- the model ab = A L + B; maps are planes (c,h,w) ----

# variance of L* (5.5 squared) at which the slope is halved; by CIEDE2000 on photographs, flat from 30 to 100
_EPS = np.float32(30)


def _slope(light: Float, ab: Float, usual: float) -> Float:
    """The slopes A (c,h,w) of ab = A L + B in 3 x 3 windows.  Drawn to `usual` where L hardly varies, and where a
    straight line explains the colours badly: drawn to 0, it keeps a texture of the lightness from being copied into
    the chroma."""
    mean_l, mean_ab = mean3(light), mean3(ab)
    covariance = mean3(light * ab) - mean_l * mean_ab
    variance = np.maximum(mean3(light * light) - mean_l * mean_l, 0)
    left = mean3(ab * ab) - mean_ab * mean_ab - covariance * covariance / (variance + np.float32(1e-3))
    most = variance + _EPS + np.maximum(left, 0).sum(axis=0)
    return mean3((covariance + np.float32(usual) * (most - variance)) / most)


def fit(guide: Float, ab: Float, *, usual: float = 0.0, steps: Sequence[int] = STEPS) -> tuple[Float, Float]:
    """A and B (c,h,w) of ab = A * guide + B on the guide's grid, from ab (c,h',w') on its own, up to four times as
    coarse.

    guide: (h,w), units of L*. usual: the slope where nothing is known of it. steps: how many times as fine as ab's the
    grids are on which it is found, one after the other; the last one is the guide's.
    """
    height, width = ab.shape[1:]
    fine, model = ab, None
    for factor in steps:
        size = (min(guide.shape[1], factor * width), min(guide.shape[0], factor * height))
        light = resize_planes(guide, size)
        if model is not None:
            fine = resize_planes(model[0], size) * light + resize_planes(model[1], size)
            for _ in range(2):  # so that, shrunk again, it gives the network's chroma
                fine += resize_planes(ab - resize_planes(fine, (width, height)), size)
        slope = _slope(light, fine, usual)
        model = slope, fine - slope * light
    assert model is not None
    return model


def along_edges(ab_low: Float, guide: Float) -> Float:
    """Chroma (h,w,2) on the grid of a lightness (H,W), L* 0..100, H up to 4 h: (H,W,2) float32, along its edges."""
    height, width = guide.shape
    ab = np.ascontiguousarray(ab_low.transpose(2, 0, 1), np.float32)
    ab = resize_planes(ab, (min(width, ab.shape[2]), min(height, ab.shape[1])))
    slope, bias = fit(guide, ab)
    fine = resize_planes(slope, (width, height)) * guide + resize_planes(bias, (width, height))
    return np.ascontiguousarray(fine.transpose(1, 2, 0))


def paint(
    pixels: Pixels,
    ab_low: Float,
    *,
    guide: Float | None = None,
    steps: Sequence[int] = STEPS,
    threads: int | None = None,
) -> Pixels:
    """The picture in colour, (H,W,3) of the same dtype: its own lightness, and `ab_low` upsampled along its edges.

    pixels: (H,W) grey or (H,W,3) sRGB, uint8 or uint16.  ab_low: (h,w,2) float32, CIE a* and b*, covering the same
    field of view.
    guide: what shrink_lightness gave for this picture, (h',w') with h' >= h, to save doing it again. steps: see fit.
    Beyond the output it needs a few tens of megabytes, whatever the picture's size; the number of threads changes no
    pixel. Raises UsageError when shapes or dtypes don't fit.
    """
    return brush(pixels, ab_low, guide=guide, steps=steps, threads=threads)(pixels, 0)


def brush(
    pixels: Pixels | Rows,
    ab_low: Float,
    *,
    guide: Float | None = None,
    steps: Sequence[int] = STEPS,
    threads: int | None = None,
) -> Callable[[Pixels, int], Pixels]:
    """What paint does, for some rows at a time: (rows of the picture, which is the first) -> these rows in colour.

    The whole picture needn't be held, and no seam is between rows: a pixel's colour depends on the small maps alone,
    and on its own lightness. Rows that begin at a multiple of 64 come out as paint gives them.
    """
    check_pixels(pixels)
    height, width = pixels.shape[:2]
    if ab_low.ndim != 3 or ab_low.shape[2] != 2 or 0 in ab_low.shape:
        raise UsageError(f"ab_low must be (h,w,2) and not empty, got {ab_low.shape}")
    ab = np.ascontiguousarray(ab_low.transpose(2, 0, 1), np.float32)
    ab = resize_planes(ab, (min(width, ab.shape[2]), min(height, ab.shape[1])))
    middle = (min(width, 4 * ab.shape[2]), min(height, 4 * ab.shape[1]))
    if guide is None or guide.shape[0] < ab.shape[1] or guide.shape[1] < ab.shape[2]:
        guide = shrink_lightness(pixels, middle, threads=threads)
    else:
        guide = resize_planes(guide, (min(guide.shape[1], middle[0]), min(guide.shape[0], middle[1])))
    slope, bias = fit(guide, ab, steps=steps)
    # in units of f(Y): a* = 500 dx, b* = -200 dz, L* = 116 f - 16
    scale = np.array([1 / 500, -1 / 200], np.float32)[:, None, None]
    grid = Grid(np.concatenate([slope * (116 * scale), (bias - 16 * slope) * scale]), guide.shape)

    def write(tile: Pixels, values: Float, out: Pixels) -> None:
        slope, chroma = values[:2], values[2:]
        light, f = luminance(tile)
        slope *= f
        chroma += slope
        write_rgb(light, f, chroma, out)

    def rows(some: Pixels, top: int) -> Pixels:
        out = np.empty((*some.shape[:2], 3), some.dtype)
        by_tiles(some, grid, write, out, top=top, height=height, threads=threads)
        return out

    return rows


class Grid(NamedTuple):
    """Small maps `planes` (c,h,w) float32, of the places from `top` and `left` on of a grid of `shape` (h,w)."""

    planes: Float
    shape: tuple[int, ...]
    top: int = 0
    left: int = 0


def by_tiles(
    pixels: Pixels,
    grid: Grid,
    write: Callable[[Pixels, Float, Pixels], None],
    out: Pixels,
    *,
    window: tuple[slice, slice] | None = None,
    top: int = 0,
    height: int | None = None,
    threads: int | None = None,
) -> None:
    """Fill `out` (H,W,3) tile by tile by write(pixels, planes (c,h,w) there, out (h,w,3)).

    Each tile has the maps of the grid, which covers the whole of the pixels (H,W...), at full size, by a cubic
    B-spline, as its own copy. window: the rows and columns to fill, of which the grid has the surroundings.
    top, height: where the pixels are some rows of a taller picture, which the grid covers, the first of them and its
    height.
    """
    width = pixels.shape[1]
    height = height or len(pixels)
    down, across = window or (slice(top, top + len(pixels)), slice(0, width))
    high, wide = (
        tile if size <= _THIN * small else _THIN_TILE // min(other, _TILE[1])
        for tile, size, small, other in zip(_TILE, (height, width), grid.shape, (width, height), strict=True)
    )
    thin = wide != _TILE[1]  # then the weights of all columns would be larger than the picture
    # Of a picture hardly larger than its grid the weights of a whole tile would be nearly all zeros.
    step = wide if thin or width > _CLOSE * grid.shape[1] else _RUN

    def columns(left: int) -> Iterable[Run]:
        right = min(left + wide, across.stop)
        if not thin and (across.start, across.stop) == (0, width):
            return runs_of(grid.shape[1], width, "spline", step)[left // step : -(-right // step)]
        return (run_of(grid.shape[1], width, x, min(x + step, right), "spline") for x in range(left, right, step))

    def band(first: int) -> None:
        rows = run_of(grid.shape[0], height, first, min(first + high, down.stop), "spline")
        some = grid.planes[:, _moved(rows.source, grid.top)]
        for left in range(across.start, across.stop, wide):
            parts = [
                product(rows.weights, product(some[..., _moved(column.source, grid.left)], column.across))
                for column in columns(left)
            ]
            tile = _moved(rows.target, top), slice(left, min(left + wide, across.stop))
            write(pixels[tile], parts[0] if len(parts) == 1 else np.concatenate(parts, axis=-1), out[tile])

    on_threads(band, range(down.start, down.stop, high), threads)


def _moved(run: slice, start: int) -> slice:
    return slice(run.start - start, run.stop - start)
