"""Write pictures as the pages of a TIFF, 8 or 16 bits, in strips: Pillow can't write 16-bit RGB, and copies them whole.

TIFF 6.0 (Adobe, 1992): little-endian, deflate with horizontal differencing (predictor 2) or no compression.
"""

import struct
import zlib
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, BinaryIO

import numpy as np

from photochrom.codec.exif import read_block
from photochrom.codec.tiff import DESCRIPTIVE
from photochrom.codec.tiff_tags import Field, directory_bytes
from photochrom.color.lab import Pixels
from photochrom.color.rows import Rows
from photochrom.errors import OutputError
from photochrom.threads import ordered_map

_SHORT, _LONG, _RATIONAL, _ASCII, _BYTE, _UNDEFINED, _LONG8 = 3, 4, 5, 2, 1, 7, 16
_DESCRIPTION = 270
_STRIP_BYTES = 1 << 20
MOST_BYTES = 0xF0000000  # what offsets of 32 bits reach, with room for the directories


class TiffWriter:
    """Pages, one after the other, to a seekable file that is empty. Memory: a few strips of a page."""

    def __init__(self, out: BinaryIO, *, big: bool = False) -> None:
        """big: a BigTIFF, for files of more than 4 GB."""
        self._out, self._big = out, big
        head = b"II+\0\x08\0\0\0" + bytes(8) if big else b"II*\0" + bytes(4)
        self._at = len(head)
        self._pointer = len(head) // 2  # where the offset of the next page's directory is to be written
        out.write(head)

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
        rows: Rows | None = None,
    ) -> None:
        """pixels (H,W) or (H,W,3), alpha (H,W) or None, uint8 or uint16.

        description: goes where the EXIF has none. geo: tags to be kept as they are. page: which of how many this is,
        from 0; None for a single picture. rows: the pixels, where `pixels` has only their shape.
        """
        colors = 1 if pixels.ndim == 2 else 3
        samples = colors + (alpha is not None)
        if not self._big and self._at + raw_bytes(pixels.shape, pixels.dtype, alpha=alpha is not None) > MOST_BYTES:
            raise OutputError("a TIFF holds at most 4 GB; choose PNG for this picture")
        places = self._strips(pixels, alpha, compress) if rows is None else self._in_rows(rows, compress)
        bits = 8 * pixels.dtype.itemsize
        tags: dict[int, Field] = {
            256: _longs(pixels.shape[1]),
            257: _longs(pixels.shape[0]),
            258: _shorts(*[bits] * samples),
            259: _shorts(8 if compress else 1),
            262: _shorts(1 if colors == 1 else 2),
            277: _shorts(samples),
            284: _shorts(1),
            **places,
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
        for tag, value, data in _exif_tags(exif, self._at, self._big):
            tags[tag] = value
            self._write(data)
            self._pad()
        self._directory(tags)

    def _strips(self, pixels: Pixels, alpha: Pixels | None, compress: bool) -> dict[int, Field]:
        """Write them; gives the tags that say where they are."""
        height, width = pixels.shape[:2]
        samples = (1 if pixels.ndim == 2 else 3) + (alpha is not None)
        rows = max(1, _STRIP_BYTES // (width * samples * pixels.dtype.itemsize))
        strips = (_interleaved(pixels, alpha, slice(top, top + rows)) for top in range(0, height, rows))
        offsets, counts = self._blocks(strips, compress)
        return {273: offsets, 278: _longs(rows), 279: counts}

    def _in_rows(self, rows: Rows, compress: bool) -> dict[int, Field]:
        """The same for pixels that are there some rows at a time, in tiles where they come from tiles."""
        (wide, high), width = rows.kind.block, rows.shape[1]
        if wide == width:
            high = max(1, _STRIP_BYTES // (width * int(np.prod(rows.shape[2:])) * rows.dtype.itemsize))
        blocks = (
            _interleaved(_padded(band[top : top + high, left : left + wide], (wide, high), width), None, slice(None))
            for band in map(rows.__getitem__, rows.bands(max(1, rows.kind.step // high) * high))
            for top in range(0, len(band), high)
            for left in range(0, width, wide)
        )
        offsets, counts = self._blocks(blocks, compress)
        if wide == width:
            return {273: offsets, 278: _longs(high), 279: counts}
        return {322: _longs(wide), 323: _longs(high), 324: offsets, 325: counts}

    def _blocks(self, blocks: Iterable[Pixels], compress: bool) -> tuple[Field, Field]:
        """Write strips or tiles (h,w,S); gives where they are and how many bytes each has."""

        def packed(part: Pixels) -> bytes:
            if not compress:
                return part.tobytes()
            part[:, 1:] -= part[:, :-1].copy()  # wraps around, as the predictor asks for
            return zlib.compress(part.tobytes(), 6)

        offsets, counts = [], []
        for data in ordered_map(packed, blocks):
            offsets.append(self._at)
            counts.append(len(data))
            self._write(data)
        return self._offsets(*offsets), _longs(*counts)

    def _offsets(self, *values: int) -> Field:
        return (_LONG8, len(values), struct.pack(f"<{len(values)}Q", *values)) if self._big else _longs(*values)

    def _write(self, data: bytes) -> None:
        self._out.write(data)
        self._at += len(data)

    def _pad(self) -> None:
        self._write(bytes(self._at % 2))

    def _directory(self, tags: dict[int, Field]) -> None:
        """Write the page's directory here (even) and point at it from the header, or the page before."""
        at = self._at
        self._write(directory_bytes(tags, at, big=self._big))
        self._out.seek(self._pointer)
        self._out.write(struct.pack("<Q" if self._big else "<I", at))
        self._out.seek(self._at)
        self._pointer = at + (8 + 20 * len(tags) if self._big else 2 + 12 * len(tags))


def raw_bytes(shape: tuple[int, ...], dtype: np.dtype[Any], *, alpha: bool = False) -> int:
    """What the pixels (H,W) or (H,W,3) and their alpha take, uncompressed."""
    return shape[0] * shape[1] * ((1 if len(shape) == 2 else 3) + alpha) * dtype.itemsize


def _padded(part: Pixels, size: tuple[int, int], width: int) -> Pixels:
    """A tile at the right or lower end filled up to `size` (w,h), as TIFF asks for; strips, as wide as the picture, as
    they are."""
    if size[0] == width or part.shape[1::-1] == size:
        return part
    beyond = ((0, size[1] - part.shape[0]), (0, size[0] - part.shape[1]), (0, 0))
    return np.pad(part, beyond[: part.ndim], mode="edge")


def _interleaved(pixels: Pixels, alpha: Pixels | None, rows: slice) -> Pixels:
    part = pixels[rows] if pixels.ndim == 3 else pixels[rows, :, None]
    if alpha is not None:
        part = np.concatenate([part, alpha[rows, :, None]], axis=2)
    return part.astype(part.dtype.newbyteorder("<"))  # always a copy


def _longs(*values: int) -> Field:
    return _LONG, len(values), struct.pack(f"<{len(values)}I", *values)


def _shorts(*values: int) -> Field:
    return _SHORT, len(values), struct.pack(f"<{len(values)}H", *values)


def _exif_tags(exif: bytes, at: int, big: bool) -> Iterator[tuple[int, Field, bytes]]:
    """Tags for the main directory, each with bytes (the Exif and GPS directories) to be put at `at` (even) first."""
    if not exif:
        return
    block = read_block(exif)
    for tag in DESCRIPTIVE:
        if tag in block.main:
            yield tag, block.main[tag], b""
    for pointer, fields in block.details.items():
        data = directory_bytes(fields, at, big=big)
        yield pointer, ((_LONG8, 1, struct.pack("<Q", at)) if big else _longs(at)), data
        at += len(data) + len(data) % 2
