"""Small conversions between pixel types, and between arrays and Pillow images."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from photochrom.color.lab import Pixels
from photochrom.errors import PictureError

_SMALL = 1 << 19  # pixels of pictures whose copies don't matter: they are converted at once, in a third of the time
_STRIP_SAMPLES = 1 << 21  # work on about two million samples at a time: fast, and never a copy of the whole picture


def strips(shape: tuple[int, ...]) -> Iterator[slice]:
    """Slices of rows that cover an array of this shape, each of about two million samples."""
    per_row = int(np.prod(shape[1:], dtype=np.int64))
    rows = max(1, _STRIP_SAMPLES // max(1, per_row))
    for top in range(0, shape[0], rows):
        yield slice(top, min(top + rows, shape[0]))


def from_image(image: Image.Image) -> Pixels:
    """A loaded Pillow image as an array of its own; strip by strip, since np.asarray holds three copies at once."""
    if image.width * image.height <= _SMALL:
        whole = np.asarray(image)
        return whole.astype(whole.dtype.newbyteorder("="))
    probe = np.asarray(image.crop((0, 0, 1, 1)))
    out = np.empty((image.height, image.width, *probe.shape[2:]), probe.dtype.newbyteorder("="))
    for rows in strips(out.shape):
        out[rows] = np.asarray(image.crop((0, rows.start, image.width, rows.stop)))
    return out


def to_8_bit(pixels: Pixels) -> NDArray[np.uint8]:
    """uint16 to uint8, rounded to the nearest; uint8 comes back as it is."""
    if pixels.dtype == np.uint8:
        return pixels
    table = ((np.arange(65536, dtype=np.uint32) + 128) // 257).astype(np.uint8)
    out = np.empty(pixels.shape, np.uint8)
    for rows in strips(pixels.shape):
        np.take(table, pixels[rows], out=out[rows], mode="clip")
    return out


def from_floats(values: NDArray[Any], *, name: str = "the array") -> NDArray[np.uint16]:
    """Floats 0..1 as uint16 0..65535, rounded. Raises PictureError for NaN, infinity or values clearly outside 0..1."""
    out = np.empty(values.shape, np.uint16)
    for rows in strips(values.shape):
        part = values[rows].astype(np.float32)
        low, high = float(part.min()), float(part.max())
        if not (low >= -0.01 and high <= 1.01):  # written so that NaN fails too
            raise PictureError(
                f"can't use {name}: floats must lie in 0..1, got {low:g}..{high:g}; divide by their largest value"
            )
        out[rows] = np.rint(np.clip(part, 0, 1) * np.float32(65535))
    return out


def as_dtype(pixels: Pixels, dtype: np.dtype[Any]) -> NDArray[Any]:
    """uint8 or uint16 pixels as uint8, uint16, or a float type with 0..1, in the byte order of `dtype`."""
    if pixels.dtype == dtype:
        return pixels
    if not dtype.isnative:
        return as_dtype(pixels, dtype.newbyteorder("=")).astype(dtype)
    if dtype == np.uint8:
        return to_8_bit(pixels)
    if dtype == np.uint16:
        return pixels.astype(np.uint16) * np.uint16(257)
    if dtype.kind != "f":
        raise PictureError(f"can't give pixels as {dtype}; ask for uint8, uint16 or a float type")
    out = np.empty(pixels.shape, dtype)
    for rows in strips(pixels.shape):  # divide in float32: float16 would overflow at 65504
        out[rows] = pixels[rows].astype(np.promote_types(dtype, np.float32)) / np.iinfo(pixels.dtype).max
    return out


def flatten_on_white(pixels: Pixels, alpha: Pixels) -> Pixels:
    """The picture laid over white paper, for formats that hold no transparency."""
    top = np.iinfo(pixels.dtype).max
    out = np.empty_like(pixels)
    for rows in strips(pixels.shape):
        a = alpha[rows].astype(np.uint32)
        a = a if pixels.ndim == 2 else a[..., None]
        # 65535 * 65535 + 32767 still fits into 32 bits.
        out[rows] = (pixels[rows] * a + np.uint32(top) * (top - a) + np.uint32(top // 2)) // np.uint32(top)
    return out
