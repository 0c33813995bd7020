"""Decoding one picture to 8-bit sRGB."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from PIL import Image, ImageOps

PICTURES = (".webp", ".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".avif", ".ppm")  # what is worth opening


def decode(data: bytes, least: int = 0) -> Image.Image:
    """Encoded bytes -> an upright RGB picture. Raises whatever Pillow raises for a broken one.

    With `least` a JPEG may be read at a half, a quarter or an eighth of its size, as long as its short side keeps at
    least that many pixels: several times as quick for photographs straight from a camera.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # odd metadata and large sizes: the pixels are all we want
        image = Image.open(io.BytesIO(data))
        if least:
            short = min(image.size)
            image.draft("RGB", tuple(max(1, side * least // short) for side in image.size))
        if image.mode in ("P", "PA"):
            image = image.convert("RGBA")
        return ImageOps.exif_transpose(image).convert("RGB")


@dataclass(frozen=True)
class Picture:
    """One training picture that isn't decoded yet.

    name: for people, the file's path or shard.tar:member. digest: 32 hex digits of its content (of its key, for a
    shard), by which it is put into the training or the validation part. part: where the data set says so itself.
    """

    name: str
    digest: str
    read: Callable[[], bytes | Image.Image] = field(repr=False, compare=False)
    part: Literal["", "train", "validation"] = ""

    def image(self, least: int = 0) -> Image.Image:
        """RGB; its short side may be as small as `least`. Raises OSError, ValueError… if it is broken."""
        data = self.read()
        return decode(data, least) if isinstance(data, bytes) else data
