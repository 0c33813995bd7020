"""Pictures drawn for timing: shading, edges and grain, so that their files are as large as photographs."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from photochrom.photo import Photo


def shape_of(megapixels: float) -> tuple[int, int]:
    """(width, height) of a picture of three by two."""
    height = max(2, round((megapixels * 1e6 / 1.5) ** 0.5))
    return round(height * 1.5), height


def grey_picture(size: tuple[int, int], seed: int = 0) -> NDArray[np.uint8]:
    """(H,W) uint8."""
    width, height = size
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(20, 230, (max(2, height // 100), max(2, width // 100))).astype(np.uint8))
    picture = np.array(coarse.resize(size, Image.Resampling.BICUBIC))
    picture[height // 3 :, : width // 2] //= 2
    grain = rng.integers(0, 13, (min(height, 512), width), dtype=np.uint8)
    for top in range(0, height, 512):  # in bands: 100 megapixels of wider numbers would be a gigabyte
        band = picture[top : top + 512]
        np.clip(band, 6, 249, out=band)
        band += grain[: len(band)]
        band -= 6
    return picture


def write_jpeg(path: Path, megapixels: float, seed: int = 0) -> Path:
    """A grey JPEG of quality 92."""
    image = Image.fromarray(grey_picture(shape_of(megapixels), seed))
    with io.BytesIO() as memory:
        image.save(memory, "JPEG", quality=92)
        path.write_bytes(memory.getvalue())
    return path


def write_tiff16(path: Path, megapixels: float) -> Path:
    """A grey TIFF of 16 bits."""
    picture = grey_picture(shape_of(megapixels)).astype(np.uint16)
    picture *= 257
    Photo.from_array(picture).save(path)
    return path
