"""Write one picture as a TIFF, 8 or 16 bits, in strips: Pillow can't write 16-bit RGB, and copies the whole picture.

TIFF 6.0 (Adobe, 1992): little-endian, deflate with horizontal differencing (predictor 2) or no compression.
"""

import struct
import zlib
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np

from photochrom.codec.exif import read_block
from photochrom.codec.tiff import DESCRIPTIVE
from photochrom.codec.tiff_tags import Field, directory_bytes
from photochrom.color.lab import Pixels
from photochrom.errors import OutputError
from photochrom.threads import ordered_map

_SHORT, _LONG, _RATIONAL, _ASCII, _BYTE, _UNDEFINED = 3, 4, 5, 2, 1, 7
_STRIP_BYTES = 1 << 20


def write_tiff(
    out: BinaryIO,
    pixels: Pixels,
    alpha: Pixels | None,
    *,
    compress: bool = True,
    dpi: tuple[float, float] | None = None,
    icc: bytes = b"",
    exif: bytes = b"",
    xmp: bytes = b"",
    iptc: bytes = b"",
) -> None:
    """pixels (H,W) or (H,W,3), alpha (H,W) or None, uint8 or uint16, to a seekable file. Memory: a few strips."""
    height, width = pixels.shape[:2]
    colors = 1 if pixels.ndim == 2 else 3
    samples = colors + (alpha is not None)
    row_bytes = width * samples * pixels.dtype.itemsize
    if row_bytes * height > 0xF0000000:
        raise OutputError("a TIFF holds at most 4 GB; choose PNG for this picture")
    rows = max(1, _STRIP_BYTES // row_bytes)

    def strip(top: int) -> bytes:
        part = _interleaved(pixels, alpha, slice(top, top + rows))
        if not compress:
            return part.tobytes()
        part[:, 1:] -= part[:, :-1].copy()  # wraps around, as the predictor asks for
        return zlib.compress(part.tobytes(), 6)

    out.write(b"II*\0" + bytes(4))
    offsets, counts, at = [], [], 8
    for data in ordered_map(strip, range(0, height, rows)):
        out.write(data)
        offsets.append(at)
        counts.append(len(data))
        at += len(data)
    bits = 8 * pixels.dtype.itemsize
    tags: dict[int, Field] = {
        256: _longs(width),
        257: _longs(height),
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
    if dpi is not None:
        for tag, inch in zip((282, 283), dpi, strict=True):
            tags[tag] = (_RATIONAL, 1, struct.pack("<II", round(inch * 10000), 10000))
        tags[296] = _shorts(2)
    for tag, kind, blob in ((700, _BYTE, xmp), (33723, _UNDEFINED, iptc), (34675, _UNDEFINED, icc)):
        if blob:
            tags[tag] = (kind, len(blob), blob)
    at += _pad(out, at)
    for tag, value, data in _exif_tags(exif, at):
        tags[tag] = value
        if data:
            out.write(data)
            at += len(data)
            at += _pad(out, at)
    _finish(out, at, tags)


def _interleaved(pixels: Pixels, alpha: Pixels | None, rows: slice) -> Pixels:
    part = pixels[rows] if pixels.ndim == 3 else pixels[rows, :, None]
    if alpha is not None:
        part = np.concatenate([part, alpha[rows, :, None]], axis=2)
    return part.astype(part.dtype.newbyteorder("<"))  # always a copy


def _longs(*values: int) -> Field:
    return _LONG, len(values), struct.pack(f"<{len(values)}I", *values)


def _shorts(*values: int) -> Field:
    return _SHORT, len(values), struct.pack(f"<{len(values)}H", *values)


def _pad(out: BinaryIO, at: int) -> int:
    if at % 2:
        out.write(b"\0")
    return at % 2


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


def _finish(out: BinaryIO, at: int, tags: dict[int, Field]) -> None:
    """Write the main directory at `at` (even) and point the header at it."""
    out.write(directory_bytes(tags, at))
    out.seek(4)
    out.write(struct.pack("<I", at))
    out.seek(0, 2)
