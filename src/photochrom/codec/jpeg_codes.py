"""Whether the coded data of a JPEG is sound: read by libjpeg-turbo at an eighth of the size, its warnings being errors.

Pillow drops those warnings. At that size each block gives one pixel, its mean: codes are read, and little else is done.
Damage that leaves codes readable often moves the means of all blocks after it, beyond black or white for some; to see
that, their quantisation is halved.
"""

import re

import numpy as np

from photochrom.codec.jpeg import Jpeg

try:
    import simplejpeg
except ImportError:  # where nobody has built it
    simplejpeg = None

_DAMAGED = re.compile(r"Corrupt JPEG data|Premature end")
_LEFT_OVER = re.compile(r"Corrupt JPEG data: (\d+) extraneous bytes before marker 0xd9")
_SEGMENT = re.compile(rb"\xff+([\xc0-\xfe])")
_ALONE = range(0xD0, 0xDA)  # markers without a segment
_BEYOND = 40  # of 255 that a block's mean may lie beyond black or white: some encoders overshoot there on purpose
_STUFFING = 64  # bytes of fill that some cameras put before the end marker


def fault(data: bytes, found: Jpeg) -> str | None:
    """What is wrong with the coded data, in words; "" if nothing is seen, None where it can't be looked at."""
    if simplejpeg is None or not found.scans:
        return None
    end = found.scans[-1][1]
    coded, shares = _halved(data[:end] + b"\xff\xd9")
    kind = "GRAY" if found.planes in (1, 3) else "CMYK"
    try:
        means = simplejpeg.decode_jpeg(coded, kind, min_height=1, min_width=1, min_factor=8, strict=True)
    except ValueError as error:
        left = _LEFT_OVER.match(str(error))
        if left and int(left[1]) <= _fill(data[max(0, end - _STUFFING) : end]):
            return ""
        return "its data is damaged in the middle" if _DAMAGED.match(str(error)) else None
    for plane, share in enumerate(shares):
        most = share * (128 + _BEYOND) + 1
        if share and most < 127 and (np.abs(means[..., plane].astype(np.int16) - 128) > most).any():
            return "its data is damaged in the middle"
    return ""


def _fill(end: bytes) -> int:
    return len(end) - len(end.rstrip(b"\0\xff"))


def _halved(data: bytes) -> tuple[bytes, list[float]]:
    """The file with the first step of each quantisation table halved, and what share is left of it in each plane.

    Of the planes that are decoded as they are: the lightness of a photograph, and those of a CMYK picture, of which
    only the black is where the others are coded as YCbCr. 0 where that isn't known.
    """
    made, places, tables, mixed, at = bytearray(data), {}, b"", False, 2
    while segment := _SEGMENT.search(data, at):
        code, at = segment[1][0], segment.end()
        if code in _ALONE:
            continue
        start, at = at + 2, at + int.from_bytes(data[at : at + 2], "big")
        if code == 0xDA:
            break
        if code == 0xDB:
            while start < at:
                wide, number = data[start] >> 4, data[start] & 15
                places[number] = slice(start + 1, start + 2 + bool(wide))
                start += 129 if wide else 65
        elif 0xC0 <= code <= 0xC2:
            tables = data[start + 8 : at : 3]
        elif code == 0xEE and data[start : start + 5] == b"Adobe":
            mixed = data[start + 11] == 2
    left: dict[int, float] = {}
    for number, place in places.items():
        step = int.from_bytes(data[place], "big")
        made[place] = ((step + 1) // 2).to_bytes(place.stop - place.start, "big")
        left[number] = (step + 1) // 2 / step if step else 0.0
    shares = [left.get(table, 0.0) for table in (tables if len(tables) == 4 else tables[:1])]
    return bytes(made), [0.0, 0.0, 0.0, *shares[3:]] if mixed and len(shares) == 4 else shares
