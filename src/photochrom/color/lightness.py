"""The lightness L* of pixels: whole, or made small for the network.  numpy only."""

from __future__ import annotations

import numpy as np

from photochrom.color.lab import Float, Pixels
from photochrom.color.product import product
from photochrom.color.resample import resize, resize_planes, run_of
from photochrom.color.rows import Rows
from photochrom.color.tables import STEPS, f_table, interpolate, look_up, luma_tables
from photochrom.errors import UsageError
from photochrom.threads import on_threads

_STRIP = 24576  # pixels of a strip of a big picture: its planes stay in the cache


def check_pixels(pixels: Pixels | Rows) -> None:
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
    if pixels.ndim == 2:
        y, f = look_up(pixels, "linear", "f")
        return y, f
    tables = luma_tables(pixels.dtype)
    y = tables[0].take(pixels[..., 0])
    for c in (1, 2):
        y += tables[c].take(pixels[..., c])
    np.minimum(y, np.float32(1), out=y)
    return y, interpolate(f_table(), y * np.float32(STEPS))


def lightness(pixels: Pixels) -> Float:
    """L* (H,W), 0..100, of (H,W) grey or (H,W,3) sRGB pixels, uint8 or uint16.  Grey g means R = G = B = g."""
    check_pixels(pixels)
    if pixels.ndim == 2:
        return look_up(pixels, "lightness")[0]
    out = np.empty(pixels.shape[:2], np.float32)
    step = max(1, 65536 // pixels.shape[1])
    for y in range(0, len(out), step):
        np.multiply(luminance(pixels[y : y + step])[1], np.float32(116), out=out[y : y + step])
    out -= np.float32(16)
    return out.clip(0, 100, out=out)


def shrink_lightness(pixels: Pixels | Rows, size: tuple[int, int], *, threads: int | None = None) -> Float:
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
    step = max(1, min(256, round(_STRIP / (width * (height / size[1])))))

    def strip(first: int) -> None:
        run = run_of(height, size[1], first, min(first + step, size[1]), "area")
        out[run.target] = resize_planes(
            product(run.weights, lightness(pixels[run.source])), (size[0], len(run.weights))
        )

    on_threads(strip, range(0, size[1], step), threads)
    return out
