"""Where a picture was taken, taken out of its EXIF and XMP: for whoever shows a picture to strangers."""

import re
import struct

_PREFIX = b"Exif\x00\x00"
_GPS_IFD = 0x8825
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}  # bytes of each TIFF type
_XMP_ATTRIBUTE = re.compile(rb"""\s+exif:GPS\w+\s*=\s*(?:"[^"]*"|'[^']*')""")
_XMP_ELEMENT = re.compile(rb"<(exif:GPS\w+)\b[^>]*?(?:/>|>.*?</\1\s*>)", re.DOTALL)


def exif_without_location(exif: bytes) -> bytes:
    """The same block without its GPS directory, whose bytes are zeroed; b"" if the block is too broken to be sure.

    Patched in place and not rebuilt, since maker notes hold offsets that rebuilding would break.
    """
    prefix = _PREFIX if exif.startswith(_PREFIX) else b""
    body = bytearray(exif.removeprefix(_PREFIX))
    if not body:
        return exif
    try:
        order = {b"II": "<", b"MM": ">"}[bytes(body[:2])]
        first = struct.unpack_from(order + "I", body, 4)[0]
        count = struct.unpack_from(order + "H", body, first)[0]
        for n in reversed(range(count)):
            at = first + 2 + 12 * n
            tag, _, _, where = struct.unpack_from(order + "HHII", body, at)
            if tag == _GPS_IFD:
                _wipe(body, where, order)
                end = first + 2 + 12 * count + 4  # of the entries and of the pointer to the next directory
                body[at : end - 12] = body[at + 12 : end]
                count -= 1
                struct.pack_into(order + "H", body, first, count)
    except (KeyError, struct.error):
        return b""
    return prefix + bytes(body)


def xmp_without_location(xmp: bytes) -> bytes:
    """The same packet without exif:GPS properties, as attributes or as elements."""
    return _XMP_ELEMENT.sub(b"", _XMP_ATTRIBUTE.sub(b"", xmp))


def _wipe(body: bytearray, at: int, order: str) -> None:
    """Zero a directory and the values that lie elsewhere."""
    count = struct.unpack_from(order + "H", body, at)[0]
    for n in range(count):
        kind, number, where = struct.unpack_from(order + "HII", body, at + 2 + 12 * n + 2)
        size = _SIZES.get(kind, 1) * number
        if size > 4 and where < len(body):
            end = min(len(body), where + size)
            body[where:end] = bytes(end - where)
    end = min(len(body), at + 2 + 12 * count + 4)
    body[at:end] = bytes(end - at)
