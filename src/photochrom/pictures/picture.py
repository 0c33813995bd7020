"""One picture to learn from or to measure on, and its reading: by the codec that colouring reads by."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from photochrom.codec import reading
from photochrom.codec.arrays import to_8_bit
from photochrom.errors import PictureError
from photochrom.photo import MAX_MEGAPIXELS

Pixels: TypeAlias = NDArray[np.uint8]  # (H,W,3) sRGB
Part: TypeAlias = Literal["", "train", "validation"]


def decode(data: bytes, *, name: str, short_side: int = 0) -> Pixels:
    """The bytes of a picture file -> upright sRGB (H,W,3) uint8; its profile is honoured, transparency left away.

    With `short_side` a JPEG may be read at a half, a quarter or an eighth of its size, as long as its short side keeps
    at least that many pixels: several times as quick for photographs straight from a camera. name: for messages.
    Raises PictureError for what colouring refuses too.
    """
    decoded = reading.decode(io.BytesIO(data), name=name, max_pixels=MAX_MEGAPIXELS * 1e6, short_side=short_side)
    pixels = to_8_bit(decoded.pixels)
    return pixels if pixels.ndim == 3 else np.repeat(pixels[..., None], 3, axis=2)


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture that isn't decoded yet.

    where: for people, the file's path or SHARD:MEMBER. set_name: of the folder, or of a shard without its number.
    name: the path below that folder, or the member. load: gives the encoded bytes, or (H,W,3) sRGB pixels.
    digest: 32 hex digits of its content (of its key, for a shard's), by which it is put into the training or the
    validation part. part: where the data set says so itself. sha256: of the whole content, where that was asked for.
    inputs: of a pair, the pictures that a network is given in place of this one's lightness, each with its word in the
    file's name, as in ("ir", …); see photochrom.pictures.pairs.
    """

    where: str
    set_name: str
    name: str
    digest: str
    load: Callable[[], bytes | Pixels] = field(repr=False, compare=False)
    part: Part = ""
    sha256: str = ""
    inputs: tuple[tuple[str, Picture], ...] = ()

    def input(self, kind: str = "") -> Picture | None:
        """The input of a pair: of that kind, or the only one, or else the first by name; None where there is none."""
        return next((picture for word, picture in self.inputs if kind in ("", word)), None)

    def content(self) -> bytes | Pixels:
        """The encoded bytes, or (H,W,3) uint8 sRGB where the data set holds pixels. Raises PictureError."""
        try:
            return self.load()
        except OSError as error:
            raise PictureError(f"can't read {self.where}: {error.strerror or error}; check the file") from error

    def pixels(self, short_side: int = 0) -> Pixels:
        """(H,W,3) uint8 sRGB, upright; see decode(). Raises PictureError."""
        content = self.content()
        return decode(content, name=self.where, short_side=short_side) if isinstance(content, bytes) else content
