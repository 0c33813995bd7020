"""EXIF, XMP and IPTC carried from the old file to the new one, corrected where they would now be wrong."""

import io
import re
import struct
from dataclasses import dataclass

from photochrom.codec.tiff_tags import Directory, Field, TiffTags, directory_bytes

_ORIENTATION, _EXIF_IFD, _COLOR_SPACE, _WIDTH, _HEIGHT = 0x0112, 0x8769, 0xA001, 0xA002, 0xA003
_THUMB_OFFSET, _THUMB_LENGTH = 0x0201, 0x0202
_GPS_IFD, _DESCRIPTION = 0x8825, 0x010E
_POINTERS = frozenset((0xA005, 0x014A))  # tags of an Exif directory that point at others, which are not carried over
_XMP_ORIENTATION = re.compile(rb"""(tiff:Orientation(?:\s*=\s*["']|>\s*))([2-8])""")
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
    except (KeyError, struct.error, OSError):
        return b""
    return _PREFIX + bytes(body)


def orientation(exif: bytes, xmp: object = b"") -> int:
    """1..8 as the EXIF says, else the XMP; 1 if neither does."""
    try:
        tags = TiffTags(io.BytesIO(exif.removeprefix(_PREFIX)))
        found = tags.directory(tags.first).values.get(_ORIENTATION)
    except OSError:
        found = None
    if not isinstance(found, int):
        data = xmp.encode() if isinstance(xmp, str) else xmp
        match = _XMP_ORIENTATION.search(data) if isinstance(data, bytes) else None
        found = int(match[2]) if match else 1
    return found if 1 <= found <= 8 else 1


@dataclass
class Block:
    """main: the fields of a block's first directory. details: those of Exif and GPS, by the tag that points there.

    whole: nothing that is listed was unreadable.
    """

    main: dict[int, Field]
    details: dict[int, dict[int, Field]]
    whole: bool


def read_block(exif: bytes) -> Block:
    """What can be read of an EXIF block; of a damaged one there may be nothing."""
    try:
        tags = TiffTags(io.BytesIO(exif.removeprefix(_PREFIX)))
        return block_of(tags, tags.directory(tags.first))
    except OSError:
        return Block({}, {}, whole=False)


def block_of(tags: TiffTags, main: Directory) -> Block:
    """The same of a directory that has been read: a page of a TIFF is one."""
    details, whole = {}, main.whole
    for pointer in (_EXIF_IFD, _GPS_IFD):
        at = main.values.get(pointer)
        if not isinstance(at, int):
            continue
        try:
            directory = tags.directory(at)
        except OSError:
            whole = False
            continue
        whole &= directory.whole
        if kept := {tag: field for tag, field in directory.fields.items() if tag not in _POINTERS}:
            details[pointer] = kept
    return Block(main.fields, details, whole)


def made_anew(exif: bytes) -> tuple[bytes, bool]:
    """The block without orientation, thumbnail and what can't be read in it, and whether all could be read."""
    block = read_block(exif)
    left_out = {_ORIENTATION, *_POINTERS, _EXIF_IFD, _GPS_IFD}
    main = {tag: field for tag, field in block.main.items() if tag not in left_out}
    return exif_block(main, block.details), block.whole


def describes(exif: bytes) -> bool:
    """Whether it has an ImageDescription."""
    return _DESCRIPTION in read_block(exif).main


def exif_block(main: dict[int, Field], details: dict[int, dict[int, Field]]) -> bytes:
    """An EXIF block of a main directory and those that hang on it; b"" if all are empty."""
    if not main and not details:
        return b""
    out, fields = b"II*\0" + bytes(4), dict(main)
    for pointer, entries in details.items():
        fields[pointer] = (4, 1, struct.pack("<I", len(out)))
        out += directory_bytes(entries, len(out))
        out += bytes(len(out) % 2)
    return _PREFIX + out[:4] + struct.pack("<I", len(out)) + out[8:] + directory_bytes(fields, len(out))


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
    return _XMP_ORIENTATION.sub(rb"\g<1>1", data)


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


def comment_segments(comments: tuple[bytes, ...]) -> bytes:
    """JPEG COM segments with these comments, as far as a segment can hold each."""
    return b"".join(b"\xff\xfe" + struct.pack(">H", len(c[:65533]) + 2) + c[:65533] for c in comments)
