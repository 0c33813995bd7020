"""EXIF, XMP and IPTC carried from the old file to the new one, corrected where they would now be wrong."""

import re
import struct

from PIL import ExifTags, Image

_ORIENTATION, _EXIF_IFD, _COLOR_SPACE, _WIDTH, _HEIGHT = 0x0112, 0x8769, 0xA001, 0xA002, 0xA003
_THUMB_OFFSET, _THUMB_LENGTH = 0x0201, 0x0202
_PREFIX = b"Exif\x00\x00"


def corrected_exif(exif: bytes, *, swapped: bool = False, srgb: bool = False) -> bytes:
    """The EXIF block with orientation 1 and without its thumbnail (it shows the old picture); b"" if it is broken.

    Patched in place and not rebuilt, since maker notes hold offsets that rebuilding would break.
    swapped: the picture was turned by 90 degrees, so width and height change places. srgb: say so as colour space.
    """
    body = bytearray(exif.removeprefix(_PREFIX))
    try:
        order = {b"II": "<", b"MM": ">"}[bytes(body[:2])]
        first = struct.unpack_from(order + "I", body, 4)[0]
        entries, after = _entries(body, first, order)
        if _ORIENTATION in entries:
            struct.pack_into(order + "HIHH", body, entries[_ORIENTATION] + 2, 3, 1, 1, 0)
        second = struct.unpack_from(order + "I", body, after)[0]
        struct.pack_into(order + "I", body, after, 0)
        if _EXIF_IFD in entries:
            details = struct.unpack_from(order + "I", body, entries[_EXIF_IFD] + 8)[0]
            _correct_details(body, details, order, swapped, srgb)
        if second:
            _cut_thumbnail(body, second, order)
        _check(bytes(body))
    except (KeyError, struct.error, SyntaxError, ValueError, TypeError, OSError, AttributeError):
        return b""
    return _PREFIX + bytes(body)


def _check(body: bytes) -> None:
    """Read all of it once: some writers parse it, and it must not be there that it turns out broken."""
    block = Image.Exif()
    block.load(body)
    dict(block.items())
    for pointer in (ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo):
        block.get_ifd(pointer)


def _entries(body: bytearray, at: int, order: str) -> tuple[dict[int, int], int]:
    """Where each tag of the directory at `at` lies, and where the pointer to the next directory lies."""
    count = struct.unpack_from(order + "H", body, at)[0]
    places = {}
    for i in range(count):
        place = at + 2 + 12 * i
        places[struct.unpack_from(order + "H", body, place)[0]] = place
    return places, at + 2 + 12 * count


def _correct_details(body: bytearray, at: int, order: str, swapped: bool, srgb: bool) -> None:
    details, _ = _entries(body, at, order)
    if srgb and _COLOR_SPACE in details:
        struct.pack_into(order + "HIHH", body, details[_COLOR_SPACE] + 2, 3, 1, 1, 0)
    if swapped and _WIDTH in details and _HEIGHT in details:
        w, h = details[_WIDTH] + 2, details[_HEIGHT] + 2
        body[w : w + 10], body[h : h + 10] = body[h : h + 10], body[w : w + 10]


def _cut_thumbnail(body: bytearray, at: int, order: str) -> None:
    """Nothing points at the thumbnail any more; drop its bytes where they are the last ones, as they mostly are."""
    try:
        places, _ = _entries(body, at, order)
        start = struct.unpack_from(order + "I", body, places[_THUMB_OFFSET] + 8)[0]
        length = struct.unpack_from(order + "I", body, places[_THUMB_LENGTH] + 8)[0]
    except (KeyError, struct.error):
        return
    if start > at and len(body) - 2 <= start + length <= len(body) + 2:
        del body[start:]


def corrected_xmp(xmp: object) -> bytes:
    """XMP with tiff:Orientation set to 1, as bytes; b"" for anything that is not XMP."""
    data = xmp.encode() if isinstance(xmp, str) else xmp
    if not isinstance(data, bytes):
        return b""
    return re.sub(rb"""(tiff:Orientation(?:\s*=\s*["']|>\s*))[2-8]""", rb"\g<1>1", data)


def iptc_from_photoshop(app13: bytes) -> bytes:
    """The IPTC record (caption, author, rights) inside a JPEG's Photoshop segment; b"" if there is none."""
    at = len(b"Photoshop 3.0\x00")
    while app13[at : at + 4] == b"8BIM" and at + 7 <= len(app13):
        name = (app13[at + 6] + 2) & ~1  # a Pascal string, padded to an even length
        head = at + 6 + name
        if head + 4 > len(app13):
            break
        number, size = struct.unpack_from(">H", app13, at + 4)[0], struct.unpack_from(">I", app13, head)[0]
        if number == 0x0404:
            return app13[head + 4 : head + 4 + size]
        at = head + 4 + size + (size & 1)
    return b""


def iptc_segment(iptc: bytes) -> bytes:
    """A JPEG APP13 segment that holds this IPTC record; b"" when there is none or it does not fit into a segment."""
    block = b"Photoshop 3.0\x008BIM\x04\x04\x00\x00" + struct.pack(">I", len(iptc)) + iptc + b"\x00" * (len(iptc) & 1)
    return b"\xff\xed" + struct.pack(">H", len(block) + 2) + block if iptc and len(block) < 65533 else b""
