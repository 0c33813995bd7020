"""What is written beside a result: a map of confidence, a contact sheet."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from photochrom.atomic import atomic_write
from photochrom.codec.arrays import to_8_bit
from photochrom.color.lab import Float, Pixels
from photochrom.color.resample import resize
from photochrom.color.rows import Rows, sampled
from photochrom.photo import Photo
from photochrom.sheet import montage

if TYPE_CHECKING:
    from photochrom.prediction import Prediction

CONFIDENCE, SHEET = ".confidence.png", ".sheet.jpg"  # after the whole name of the first result
_MAP, _TILE = 1024, 480  # px: of the long side of a map, of the width of a picture on a sheet, at most


def confidence_map(prediction: Prediction, certain: Float, size: tuple[int, int]) -> Image.Image:
    """Confidence (h,w) 0..1 of what the network was shown as a grey picture of a picture of `size` (w,h).

    White is sure, black a guess; a mount, whose colours are its own, is white. At most 1024 px.
    """
    scale = min(1.0, _MAP / max(size))
    wide, high = (max(1, round(side * scale)) for side in size)
    if prediction.frame is None:
        shown = resize(certain, (wide, high))
    else:
        shown = np.ones((high, wide), np.float32)
        rows, columns = prediction.frame.box((wide, high))
        inside = prediction.frame.inside((wide, high), slice(0, high))[rows, columns]
        print_ = resize(certain, (columns.stop - columns.start, rows.stop - rows.start))
        shown[rows, columns] = np.where(inside, print_, 1)
    return Image.fromarray(np.rint(np.clip(shown, 0, 1) * 255).astype(np.uint8))


def versions_sheet(photo: Photo, versions: Sequence[Photo]) -> Image.Image:
    """The picture as it was, and its versions, numbered as their files are."""
    names = ["as it was", *(str(n) for n in range(1, len(versions) + 1))]
    pictures = [_tile(one.pixels if one.rows is None else one.rows) for one in (photo, *versions)]
    return Image.fromarray(montage(list(zip(names, pictures, strict=True)), columns=3, wide=_TILE))


def save(image: Image.Image, path: Path, *, overwrite: bool) -> None:
    """Write a PNG or JPEG, as its name says. Raises OutputError."""
    with atomic_write(path, overwrite=overwrite) as stream:
        if path.suffix == ".png":
            image.save(stream, "PNG")
        else:
            image.save(stream, "JPEG", quality=90, subsampling=0)


def _tile(pixels: Pixels | Rows) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    step = max(1, max(pixels.shape[:2]) // (4 * _TILE))  # of a big scan every n-th pixel is enough
    image = Image.fromarray(to_8_bit(np.ascontiguousarray(sampled(pixels, step)))).convert("RGB")
    image.thumbnail((_TILE, 2 * _TILE), Image.Resampling.LANCZOS)
    return np.asarray(image)
