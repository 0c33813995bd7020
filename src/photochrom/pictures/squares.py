"""The square of a picture that is trained on, and chance that depends on nothing but what it is asked for."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_U64 = np.uint64


def chance(seed: int, epoch: int, indices: NDArray[np.int64], count: int) -> NDArray[np.float64]:
    """(N,count) numbers in 0..1 for N pictures: the same for a picture in an epoch whoever asks, and in which order.

    A counter through the finaliser of SplitMix64 (Steele et al., OOPSLA 2014).
    """
    with np.errstate(over="ignore"):
        base = np.array([seed, epoch], np.int64).astype(_U64) @ np.array([0x9E3779B97F4A7C15, 0xD1B54A32D192ED03], _U64)
        x = base + (indices.astype(_U64)[:, None] * _U64(64) + np.arange(count, dtype=_U64)) * _U64(0xBF58476D1CE4E5B9)
        for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB), (31, 1)):
            x = (x ^ (x >> _U64(shift))) * _U64(factor)
    return (x >> _U64(11)).astype(np.float64) / 2**53


def boxes(sizes: NDArray[np.int64], zoom: float, drawn: NDArray[np.float64]) -> NDArray[np.float64]:
    """Squares (N,3) left, top, side of pictures (N,2) of width, height, by three numbers 0..1 for each (N,3).

    The side is the short side of the picture divided by 1..zoom, the place anywhere within the picture.
    """
    side = sizes.min(1) / (1 + drawn[:, 0] * (zoom - 1))
    corner = drawn[:, 1:] * (sizes - side[:, None])
    return np.concatenate([corner, side[:, None]], axis=1)


def cut(image: Image.Image, box: NDArray[np.float64], size: int) -> NDArray[np.uint8]:
    """The square left, top, side of a picture as (size,size,3)."""
    left, top, side = (float(v) for v in box)
    corners = (left, top, min(left + side, image.width), min(top + side, image.height))
    return np.asarray(image.resize((size, size), Image.Resampling.BICUBIC, box=corners, reducing_gap=3.0))


def centre(image: Image.Image, size: int) -> NDArray[np.uint8]:
    """The square in the middle, as (size,size,3)."""
    side = min(image.size)
    return cut(image, np.array([(image.width - side) / 2, (image.height - side) / 2, side]), size)


def random_crop(image: Image.Image, size: int, rng: np.random.Generator, most: float = 1.25) -> Image.Image:
    """A (size, size) crop, mirrored half the time, of the picture resized to a short side of size..size*most."""
    box = boxes(np.array([image.size]), most, rng.random((1, 3)))[0]
    crop = Image.fromarray(cut(image, box, size))
    return crop.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if rng.random() < 0.5 else crop
