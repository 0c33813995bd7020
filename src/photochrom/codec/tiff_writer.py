"""Write pictures as the pages of a TIFF, 8 or 16 bits, in strips: Pillow can't write 16-bit RGB, and copies them whole.

TIFF 6.0 (Adobe, 1992): little-endian, deflate with horizontal differencing (predictor 2) or no compression.
"""

import struct
import zlib
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import BinaryIO

import numpy as np

from photochrom.codec.exif import read_block
from photochrom.codec.tiff import DESCRIPTIVE
from photochrom.codec.tiff_tags import Field, directory_bytes
from photochrom.color.lab import Pixels
from photochrom.errors import OutputError
from photochrom.threads import ordered_map

_SHORT, _LONG, _RATIONAL, _ASCII, _BYTE, _UNDEFINED = 3, 4, 5, 2, 1, 7
_DESCRIPTION = 270
_STRIP_BYTES = 1 << 20
_MOST_BYTES = 0xF0000000  # what offsets of 32 bits reach, with room for the directories


class TiffWriter:
    """Pages, one after the other, to a seekable file that is empty. Memory: a few strips of a page."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self._at = 8
        self._pointer = 4  # where the offset of the next page's directory is to be written
        out.write(b"II*\0" + bytes(4))

    def add(
        self,
        pixels: Pixels,
        alpha: Pixels | None,
        *,
        compress: bool = True,
        dpi: tuple[float, float] | None = None,
        icc: bytes = b"",
        exif: bytes = b"",
        xmp: bytes = b"",
        iptc: bytes = b"",
        description: str = "",
        geo: Mapping[int, Field] = MappingProxyType({}),
        page: tuple[int, int] | None = None,
    ) -> None:
        """pixels (H,W) or (H,W,3), alpha (H,W) or None, uint8 or uint16.

        description: goes where the EXIF has none. geo: tags to be kept as they are. page: which of how many this is,
        from 0; None for a single picture.
        """
        colors = 1 if pixels.ndim == 2 else 3
        samples = colors + (alpha is not None)
        rows, offsets, counts = self._strips(pixels, alpha, samples, compress)
        bits = 8 * pixels.dtype.itemsize
        tags: dict[int, Field] = {
            256: _longs(pixels.shape[1]),
            257: _longs(pixels.shape[0]),
            258: _shorts(*[bits] * samples),
            259: _shorts(8 if compress else 1),
            262: _shorts(1 if colors == 1 else 2),
            273: _longs(*offsets),
            277: _shorts(samples),
            278: _longs(rows),
            279: _longs(*counts),
            284: _shorts(1),
        }
        if compress:
            tags[317] = _shorts(2)
        if alpha is not None:
            tags[338] = _shorts(2)  # unassociated: colours are not multiplied by it
        if page is not None:
            tags[254] = _longs(2)  # a page of several
            tags[297] = _shorts(min(page[0], 65535), min(page[1], 65535))
        if dpi is not None:
            for tag, inch in zip((282, 283), dpi, strict=True):
                tags[tag] = (_RATIONAL, 1, struct.pack("<II", round(inch * 10000), 10000))
            tags[296] = _shorts(2)
        if description:
            text = description.encode("utf-8", "replace") + b"\0"
            tags[_DESCRIPTION] = (_ASCII, len(text), text)
        for tag, kind, blob in ((700, _BYTE, xmp), (33723, _UNDEFINED, iptc), (34675, _UNDEFINED, icc)):
            if blob:
                tags[tag] = (kind, len(blob), blob)
        tags |= geo
        self._pad()
        for tag, value, data in _exif_tags(exif, self._at):
            tags[tag] = value
            self._write(data)
            self._pad()
        self._directory(tags)

    def _strips(
        self, pixels: Pixels, alpha: Pixels | None, samples: int, compress: bool
    ) -> tuple[int, list[int], list[int]]:
        """Rows of each, where they are, how many bytes each has."""
        height, width = pixels.shape[:2]
        row_bytes = width * samples * pixels.dtype.itemsize
        if self._at + row_bytes * height > _MOST_BYTES:
            raise OutputError("a TIFF holds at most 4 GB; choose PNG for this picture")
        rows = max(1, _STRIP_BYTES // row_bytes)

        def strip(top: int) -> bytes:
            part = _interleaved(pixels, alpha, slice(top, top + rows))
            if not compress:
                return part.tobytes()
            part[:, 1:] -= part[:, :-1].copy()  # wraps around, as the predictor asks for
            return zlib.compress(part.tobytes(), 6)

        offsets, counts = [], []
        for data in ordered_map(strip, range(0, height, rows)):
            offsets.append(self._at)
            counts.append(len(data))
            self._write(data)
        return rows, offsets, counts

    def _write(self, data: bytes) -> None:
        self._out.write(data)
        self._at += len(data)

    def _pad(self) -> None:
        self._write(bytes(self._at % 2))

    def _directory(self, tags: dict[int, Field]) -> None:
        """Write the page's directory here (even) and point at it from the header, or the page before."""
        at = self._at
        self._write(directory_bytes(tags, at))
        self._out.seek(self._pointer)
        self._out.write(struct.pack("<I", at))
        self._out.seek(self._at)
        self._pointer = at + 2 + 12 * len(tags)


def _interleaved(pixels: Pixels, alpha: Pixels | None, rows: slice) -> Pixels:
    part = pixels[rows] if pixels.ndim == 3 else pixels[rows, :, None]
    if alpha is not None:
        part = np.concatenate([part, alpha[rows, :, None]], axis=2)
    return part.astype(part.dtype.newbyteorder("<"))  # always a copy


def _longs(*values: int) -> Field:
    return _LONG, len(values), struct.pack(f"<{len(values)}I", *values)


def _shorts(*values: int) -> Field:
    return _SHORT, len(values), struct.pack(f"<{len(values)}H", *values)


def _exif_tags(exif: bytes, at: int) -> Iterator[tuple[int, Field, bytes]]:
    """Tags for the main directory, each with bytes (the Exif and GPS directories) to be put at `at` (even) first."""
    if not exif:
        return
    block = read_block(exif)
    for tag in DESCRIPTIVE:
        if tag in block.main:
            yield tag, block.main[tag], b""
    for pointer, fields in block.details.items():
        data = directory_bytes(fields, at)
        yield pointer, _longs(at), data
        at += len(data) + len(data) % 2
