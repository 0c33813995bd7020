"""Write one picture as a TIFF, 8 or 16 bits, in strips: Pillow can't write 16-bit RGB, and copies the whole picture.

TIFF 6.0 (Adobe, 1992): little-endian, deflate with horizontal differencing (predictor 2) or no compression.
"""

import struct
import zlib
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np
from PIL import ExifTags, Image, TiffImagePlugin

from photochrom.codec.tiff import DESCRIPTIVE
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
    tags: dict[int, tuple[int, int, bytes]] = {
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


def _longs(*values: int) -> tuple[int, int, bytes]:
    return _LONG, len(values), struct.pack(f"<{len(values)}I", *values)


def _shorts(*values: int) -> tuple[int, int, bytes]:
    return _SHORT, len(values), struct.pack(f"<{len(values)}H", *values)


def _pad(out: BinaryIO, at: int) -> int:
    if at % 2:
        out.write(b"\0")
    return at % 2


def _exif_tags(exif: bytes, at: int) -> Iterator[tuple[int, tuple[int, int, bytes], bytes]]:
    """Tags for the main directory, each with bytes (the Exif and GPS directories) to be put at `at` (even) first."""
    if not exif:
        return
    block = Image.Exif()
    block.load(exif)
    for tag in DESCRIPTIVE:
        value = block.get(tag)
        if isinstance(value, str):
            text = value.encode("utf-8") + b"\0"
            yield tag, (_ASCII, len(text), text), b""
        elif isinstance(value, bytes) and value:
            yield tag, (_BYTE, len(value), value), b""
    for pointer in (ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo):
        details = block.get_ifd(pointer)
        if details:
            directory = TiffImagePlugin.ImageFileDirectory_v2(group=int(pointer))
            for tag, value in details.items():
                if not isinstance(value, dict):
                    directory[tag] = value
            data = directory.tobytes(at) + bytes(4)
            yield int(pointer), _longs(at), data
            at += len(data) + len(data) % 2


def _finish(out: BinaryIO, at: int, tags: dict[int, tuple[int, int, bytes]]) -> None:
    """Write the directory at `at` (even), then the values longer than four bytes, and point the header at it."""
    beyond = at + 2 + 12 * len(tags) + 4
    directory, values = struct.pack("<H", len(tags)), b""
    for tag in sorted(tags):
        kind, count, data = tags[tag]
        if len(data) <= 4:
            field = data.ljust(4, b"\0")
        else:
            field = struct.pack("<I", beyond + len(values))
            values += data + b"\0" * (len(data) % 2)
        directory += struct.pack("<HHI", tag, kind, count) + field
    out.write(directory + bytes(4) + values)
    out.seek(4)
    out.write(struct.pack("<I", at))
    out.seek(0, 2)
