"""Pictures in false colours, as thermal cameras paint them: back to the intensity that the colours stand for.

Each palette is a way through RGB from cold to warm, by colours at equal steps. Cameras differ a little from one
another, and JPEG blurs, so a colour stands for the nearest place of the way.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from photochrom.color.lab import Pixels
from photochrom.color.lightness import check_pixels

PALETTES: dict[str, tuple[str, ...]] = {
    "iron": (
        "000000", "00001f", "0a0046", "1e0073", "46008c", "6e009b", "96009b", "b4058c", "c81973", "d72d46", "e64b14",
        "f06e05", "f89600", "fcbe0a", "ffdc32", "fff078", "fffff0",
    ),
    "inferno": (
        "000004", "160b39", "420a68", "6a176e", "932667", "bc3754", "dd513a", "f37819", "fca50a", "f6d746", "fcffa4",
    ),
    "hot": ("0b0000", "550000", "9f0000", "ea0000", "ff3500", "ff8000", "ffca00", "ffff22", "ffff91", "ffffff"),
    "rainbow": ("000080", "0000ff", "0080ff", "00ffff", "80ff80", "ffff00", "ff8000", "ff0000", "800000"),
}  # fmt: skip
STEPS = 256  # places of a palette
NEAR = 28.0  # units of RGB, 0..255: a colour that lies no further from a palette is of it
MOST = 0.8  # share of the colours that are of a palette in a picture painted with it; the rest is writing and a logo
COLORFUL = 40.0  # units of RGB between the highest and lowest channel: what is paler could be of any palette
ENOUGH = 0.2  # share of the picture that is so colourful, at least
_BITS = 6  # of each channel in the table of nearest places
_LOOKED_AT = 40_000  # pixels


def false_palette(pixels: Pixels) -> str | None:
    """The palette that (H,W,3) pixels, uint8 or uint16, are painted with; None for true colours and grey."""
    check_pixels(pixels)
    if pixels.ndim == 2:
        return None
    step = max(1, int((pixels.shape[0] * pixels.shape[1] / _LOOKED_AT) ** 0.5))
    colors = _in_bytes(pixels[::step, ::step]).reshape(-1, 3)
    if (np.ptp(colors, axis=1) > COLORFUL).mean() < ENOUGH:
        return None
    shares = {name: float((_nearest(name)[1][_cells(colors)] < NEAR).mean()) for name in PALETTES}
    best = max(shares, key=lambda name: shares[name])
    return best if shares[best] >= MOST else None


def true_intensity(pixels: Pixels, palette: str) -> Pixels:
    """The intensity (H,W) of (H,W,3) pixels in false colours, of the same dtype and its whole range."""
    top = np.iinfo(pixels.dtype).max
    places = _nearest(palette)[0]
    out = np.empty(pixels.shape[:2], pixels.dtype)
    for y in range(0, len(out), 256):
        out[y : y + 256] = places[_cells(_in_bytes(pixels[y : y + 256]))].astype(np.uint32) * top // (STEPS - 1)
    return out


def palette_colors(name: str) -> NDArray[np.uint8]:
    """(256,3) sRGB of a palette, from cold to warm."""
    given = np.array([[int(color[i : i + 2], 16) for i in (0, 2, 4)] for color in PALETTES[name]])
    at = np.linspace(0, len(given) - 1, STEPS)
    return (
        np.stack([np.interp(at, np.arange(len(given)), given[:, c]) for c in range(3)], axis=1).round().astype(np.uint8)
    )


def _in_bytes(pixels: Pixels) -> NDArray[np.uint8]:
    return np.asarray(pixels if pixels.dtype == np.uint8 else pixels >> 8, np.uint8)


def _cells(colors: NDArray[np.uint8]) -> NDArray[np.intp]:
    high = (colors >> (8 - _BITS)).astype(np.intp)
    return (high[..., 0] << 2 * _BITS) | (high[..., 1] << _BITS) | high[..., 2]


@lru_cache(maxsize=len(PALETTES))
def _nearest(name: str) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """For each colour, in cells of 4 x 4 x 4, the nearest place of the palette and how far away it is."""
    centers = (np.arange(1 << _BITS, dtype=np.float32) + np.float32(0.5)) * (256 >> _BITS)
    cube = np.stack(np.meshgrid(centers, centers, centers, indexing="ij"), axis=-1).reshape(-1, 3)
    way = palette_colors(name).astype(np.float32)
    place, away = np.empty(len(cube), np.uint8), np.empty(len(cube), np.float32)
    lengths = (way * way).sum(axis=1)
    for i in range(0, len(cube), 1 << 14):
        part = cube[i : i + (1 << 14)]
        squared = lengths - 2 * (part @ way.T)  # + |part|², which is the same for all places
        nearest = squared.argmin(axis=1)
        place[i : i + len(part)] = nearest
        away[i : i + len(part)] = np.sqrt(np.maximum(squared.min(axis=1) + (part * part).sum(axis=1), 0))
    return place, away
