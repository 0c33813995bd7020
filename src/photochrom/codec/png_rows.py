"""How many rows of pixels a PNG really holds, and a PNG of those rows alone made whole. PNG (W3C, third edition)."""

import struct
import zlib
from collections.abc import Iterator

from photochrom.codec.png_writer import chunk

_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_PASSES = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]
_PIECE = 1 << 20


def share_held(data: bytes) -> float:
    """How much of the rows that the size needs can be unpacked, 0..1; under 1 too where no checksum is right."""
    needed = _needed(data)
    unpacker = zlib.decompressobj()
    held = sum(len(piece) for piece in _unpacked(data, needed, unpacker))
    return 1.0 if held == needed and (unpacker.eof or sums_right(data)) else min(held / needed, 0.99)


def sums_right(data: bytes) -> bool:
    """Whether the checksum of every chunk of pixels is right, which says that they are as they were written."""
    at, view = 8, memoryview(data)
    while at + 8 <= len(data):
        length, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        if kind in (b"IDAT", b"fdAT"):
            stored = int.from_bytes(data[at + 8 + length : at + 12 + length], "big")
            if zlib.crc32(view[at + 4 : at + 8 + length]) != stored:
                return False
        at += 12 + length
    return True


def mended(data: bytes) -> bytes:
    """The same PNG with black in place of what can't be unpacked."""
    needed, packer = _needed(data), zlib.compressobj(1)
    packed, had = [], 0
    for piece in _unpacked(data, needed, zlib.decompressobj()):
        packed.append(packer.compress(piece))
        had += len(piece)
    for start in range(had, needed, _PIECE):
        packed.append(packer.compress(bytes(min(_PIECE, needed - start))))
    packed.append(packer.flush())
    out = [data[:8]]
    for kind, body in _chunks(data):
        if kind == b"IDAT":
            break
        if kind in (b"IHDR", b"PLTE", b"tRNS", b"iCCP", b"gAMA", b"sRGB", b"pHYs", b"eXIf"):
            out.append(chunk(kind, body))
    return b"".join([*out, chunk(b"IDAT", b"".join(packed)), chunk(b"IEND", b"")])


def without_long_texts(data: bytes, most: int) -> tuple[bytes, bytes, list[str]]:
    """The PNG without packed texts and profiles of over `most` bytes, which Pillow refuses; such a profile; what went.

    Raises nothing: what can't be unpacked stays.
    """
    parts, at, last, profile = [], 8, 0, b""
    gone = []
    while at + 8 <= len(data):
        length, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        after = at + 12 + length
        if kind in (b"iCCP", b"zTXt", b"iTXt"):
            unpacked = _unpacked_text(kind, data[at + 8 : at + 8 + length], 16 * most)
            if len(unpacked) > most:
                profile = unpacked if kind == b"iCCP" and len(unpacked) < 16 * most else profile
                gone += ["profile" if kind == b"iCCP" else "text"] * (kind != b"iCCP" or not profile)
                parts.append(data[last:at])
                last = after
        at = after
    return (b"".join([*parts, data[last:]]) if parts else data), profile, gone


def _unpacked_text(kind: bytes, body: bytes, most: int) -> bytes:
    _, _, rest = body.partition(b"\0")
    if kind == b"iTXt":
        if rest[:1] != b"\1":
            return rest
        rest = b"\0".join(rest[2:].split(b"\0", 2)[2:])
    else:
        rest = rest[1:]
    try:
        return zlib.decompressobj().decompress(rest, most)
    except zlib.error:
        return b""


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 8
    while at + 8 <= len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        yield data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        at += 12 + length


def _needed(data: bytes) -> int:
    width, height, bits, color, _, _, interlaced = struct.unpack_from(">IIBBBBB", data, 16)
    bits *= _CHANNELS.get(color, 1)
    passes = _PASSES if interlaced else [(0, 0, 1, 1)]
    sizes = [(-(-(width - x) // dx), -(-(height - y) // dy)) for y, x, dy, dx in passes]
    return sum((1 + (w * bits + 7) // 8) * h for w, h in sizes if w > 0 and h > 0)


def _unpacked(data: bytes, most: int, unpacker: "zlib._Decompress") -> Iterator[bytes]:
    """The filtered rows as far as they can be unpacked, and no more than `most` bytes of them."""
    for kind, body in _chunks(data):
        if kind == b"IEND" or unpacker.eof:
            return
        if kind != b"IDAT":
            continue
        packed = body
        while packed and not unpacker.eof:  # to the checksum after the last row
            try:
                piece = unpacker.decompress(packed, max(1, min(_PIECE, most)))
            except zlib.error:
                return
            packed = unpacker.unconsumed_tail
            if len(piece) > most:  # there is more than the size needs, and its checksum can't be reached
                return
            most -= len(piece)
            yield piece
