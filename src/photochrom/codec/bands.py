"""Which bands of a file's are looked at: a satellite's picture has a dozen, of which one or three make a picture."""

import numpy as np

from photochrom.color.lab import Pixels
from photochrom.errors import PictureError, UsageError

Bands = tuple[int, ...]  # one or three, from 1


def parse_bands(text: str) -> Bands:
    """Bands from "4" or "4,3,2". Raises UsageError for anything else."""
    words = [word.strip() for word in text.split(",")]
    bands = tuple(int(word) for word in words if word.isascii() and word.isdecimal() and len(word) < 6)
    if len(bands) != len(words) or len(bands) not in (1, 3) or min(bands) < 1:
        raise UsageError(f"bands must be one number or three, from 1, as in 4 or 4,3,2; got {text!r}")
    return bands


def check_bands(bands: Bands, count: int, name: str) -> None:
    """Raises PictureError if the picture hasn't all of them."""
    if max(bands) > count:
        there = "one band" if count == 1 else f"{count} bands"
        raise PictureError(f"{name} has {there}, and no band {max(bands)}: choose others with --bands (bands=)")


def chosen_bands(pixels: Pixels, bands: Bands, name: str) -> Pixels:
    """Those of the colours of (H,W) or (H,W,3) pixels, as (H,W) for one and (H,W,3) for three. Raises PictureError."""
    check_bands(bands, 1 if pixels.ndim == 2 else pixels.shape[2], name)
    planes = pixels[..., None] if pixels.ndim == 2 else pixels
    return np.ascontiguousarray(planes[..., bands[0] - 1] if len(bands) == 1 else planes[..., [b - 1 for b in bands]])
