"""Squares of pictures, and chance that depends on nothing but what it is asked for."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from photochrom.pictures.picture import Pixels

_U64 = np.uint64
_SPREAD = 0x9E3779B97F4A7C15, 0xD1B54A32D192ED03  # odd numbers that spread seeds and epochs


def chance(seed: int, epoch: int, indices: NDArray[np.int64], count: int) -> NDArray[np.float64]:
    """(N,count) numbers in 0..1 for N pictures: the same for a picture in an epoch whoever asks, and in which order.

    A counter through the finaliser of SplitMix64 (Steele et al., OOPSLA 2014).
    """
    with np.errstate(over="ignore"):
        given = np.array([seed, epoch], np.int64).astype(_U64) * np.array(_SPREAD, _U64)
        x = np.asarray(indices.astype(_U64)[:, None] * _U64(64) + np.arange(count, dtype=_U64), _U64)
        x *= _U64(0xBF58476D1CE4E5B9)
        x += given[0] + given[1]
        for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB), (31, 1)):
            x ^= x >> _U64(shift)
            x *= _U64(factor)
    return (x >> _U64(11)).astype(np.float64) / 2**53


def random_boxes(sizes: NDArray[np.int64], zoom: float, drawn: NDArray[np.float64]) -> NDArray[np.float64]:
    """Squares (N,3) left, top, side of pictures (N,2) of width, height, by three numbers 0..1 for each (N,3).

    The side is the short side of the picture divided by 1..zoom, the place anywhere within the picture.
    """
    side = sizes.min(1) / (1 + drawn[:, 0] * (zoom - 1))
    corner = drawn[:, 1:] * (sizes - side[:, None])
    return np.concatenate([corner, side[:, None]], axis=1)


def resized_crop(pixels: Pixels, box: NDArray[np.float64], size: int) -> Pixels:
    """The square left, top, side of a picture (H,W,3), as (size,size,3): one antialiased bicubic resize of that box."""
    image = Image.fromarray(pixels)
    left, top, side = (float(v) for v in box)
    corners = (left, top, min(left + side, image.width), min(top + side, image.height))
    return np.array(image.resize((size, size), Image.Resampling.BICUBIC, box=corners, reducing_gap=3.0))


def center_crop(pixels: Pixels, size: int) -> Pixels:
    """The largest square in the middle of a picture (H,W,3), as (size,size,3) by resized_crop().

    It begins at a whole pixel, so that one of the wanted size already isn't blurred by a shift of half a pixel.
    """
    height, width = pixels.shape[:2]
    return resized_crop(pixels, center_box(width, height), size)


def center_box(width: int, height: int) -> NDArray[np.float64]:
    """Left, top, side of the largest square in the middle of a picture, at whole pixels."""
    side = min(height, width)
    return np.array([(width - side) // 2, (height - side) // 2, side], np.float64)
