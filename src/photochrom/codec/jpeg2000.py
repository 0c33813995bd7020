"""Whether the coded pixels of a JPEG 2000 are sound, as far as that shows without decoding (ISO/IEC 15444-1, annex A).

Its coder never writes 255 and then more than 143 there: those pairs are left to markers. OpenJPEG is silent about them.
"""

import re
from collections.abc import Iterator

_WIPED = bytes(64)
_MOST_PACKETS = 4096
_NEVER = re.compile(rb"\xff[\x90\x93-\xff]")  # FF91 and FF92 may stand before and behind a packet's header
_TILE, _TILE_DATA, _END = b"\xff\x90\x00\x0a", b"\xff\x93", b"\xff\xd9"


def is_damaged(data: bytes) -> bool:
    """Of a whole file: for a pair of bytes that no coder writes, or more zeros on end than there are empty packets."""
    start = data.find(b"\xff\x4f\xff\x51")
    first = data.find(_TILE, start)
    if min(start, first) < 0:
        return False
    if any(_NEVER.search(data, begin, end) for begin, end in _coded(data, first)):
        return True
    style = data.find(b"\xff\x52", start)
    if style < 0 or data[style + 4] & 1:  # precincts of its own: there may be many more packets
        return False
    components = int.from_bytes(data[start + 40 : start + 42], "big")
    packets = int.from_bytes(data[style + 6 : style + 8], "big") * (data[style + 9] + 1) * components
    return packets < _MOST_PACKETS and data.find(_WIPED + bytes(packets), data.find(_TILE_DATA, style)) >= 0


def _coded(data: bytes, at: int) -> Iterator[tuple[int, int]]:
    """Where the packets of each part of a tile begin and end, from the first part's header at `at` on."""
    while data[at : at + 4] == _TILE:
        length = int.from_bytes(data[at + 6 : at + 10], "big")
        begin = at + 12
        while data[begin : begin + 2] != _TILE_DATA:  # marker segments of the part
            if data[begin : begin + 1] != b"\xff":
                return
            begin += 2 + int.from_bytes(data[begin + 2 : begin + 4], "big")
        end = at + length if length else data.rfind(_END)
        yield begin + 2, min(end, len(data))
        at = end
