"""LZW as TIFF 6.0 has it (section 13), with numpy: silent about damage, of which libtiff tells stderr."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

_CLEAR, _END, _FIRST = 256, 257, 258  # two codes that mean something, then the first entry of the table
_LONGEST = 4097 - _FIRST  # codes between two clear codes: after so many the table of 12 bits is full
_EMPTY_BLOCKS = 64  # clear codes on end: no encoder writes them, and each costs time

# Before code k (from 0) is read, the table holds k - 1 entries; codes grow one entry before they have to.
_WIDTHS = (np.digitize(np.arange(_LONGEST) + _FIRST - 1, [511, 1023, 2047]) + 9).astype(np.int32)
_STARTS = np.cumsum(_WIDTHS, dtype=np.int32) - _WIDTHS
_MASKS = (1 << _WIDTHS) - 1
_INDEX = np.arange(_LONGEST, dtype=np.int32)
_ENDS = _STARTS + _WIDTHS
_SPAN = int(_ENDS[-1])


def lzw_decode(data: bytes, size: int) -> bytes:
    """The first `size` bytes of what `data` holds; fewer if it ends early. Raises ValueError if it is damaged.

    18 MB of output a second: each run between two clear codes is resolved as a whole by pointer jumping.
    """
    parts: list[bytes] = []
    for codes in _runs(data):
        parts.append(_expand(codes))
        size -= len(parts[-1])
        if size <= 0:
            break
    return b"".join(parts)[: size if size < 0 else None]


def lzw_is_sound(data: bytes, size: int) -> bool:
    """Whether `data` holds so many bytes, without damage up to there; 80 MB a second."""
    try:
        for codes in _runs(data):
            size -= _length(codes)
            if size <= 0:
                return True
    except ValueError:
        pass
    return False


def _runs(data: bytes) -> Iterator[NDArray[np.int32]]:
    """The codes between clear codes, checked: none is of an entry that isn't in the table yet."""
    source = np.frombuffer(data + bytes(4), np.uint8)
    at = empty = 0
    ended = False
    while not ended:
        codes, at, ended = _block(source, at, 8 * len(data))
        empty = 0 if len(codes) else empty + 1
        if empty > _EMPTY_BLOCKS:
            raise ValueError("damaged LZW data")
        if len(codes):
            if codes[0] >= _CLEAR or (codes - _FIRST >= _INDEX[: len(codes)]).any():
                raise ValueError("damaged LZW data")
            yield codes


def _block(source: NDArray[np.uint8], at: int, end: int) -> tuple[NDArray[np.int32], int, bool]:
    """The codes from bit `at` up to the next clear or end code, where to go on, and whether it was the last block."""
    for most in (254, _LONGEST):  # most blocks of tiny strips end within the codes of 9 bits
        count = int(np.searchsorted(_ENDS[:most], end - at, "right"))
        places = _STARTS[:count] + at % 8
        window = source[at >> 3 : (at + _SPAN >> 3) + 4].astype(np.int32)
        three = window[:-2] << 16 | window[1:-1] << 8 | window[2:]
        codes = three[places >> 3] >> (24 - (places & 7) - _WIDTHS[:count]) & _MASKS[:count]
        stops = np.flatnonzero(codes >> 1 == _CLEAR >> 1)
        if len(stops):
            stop = int(stops[0])
            return codes[:stop], at + int(_ENDS[stop]), bool(codes[stop] == _END)
    if at + _SPAN <= end:
        raise ValueError("damaged LZW data")
    return codes, end, True


def _length(codes: NDArray[np.int32]) -> int:
    """How many bytes they stand for: each code one more than its parent, which pointer jumping counts."""
    parent = np.full(len(codes) + 1, len(codes), np.int32)  # the last is the parent of all literals
    np.copyto(parent[:-1], codes - _FIRST, where=codes >= _FIRST)
    depth = (parent != len(codes)).astype(np.int32)
    while (step := depth[parent]).any():
        depth += step
        parent = parent[parent]
    return int(depth.sum()) + len(codes)


def _expand(codes: NDArray[np.int32]) -> bytes:
    """Entry j of the table is the string of code j and the first byte of the next: the output from code j on."""
    index = _INDEX[: len(codes)]
    literal = codes < _CLEAR
    parent = np.where(literal, index, codes - _FIRST)
    lengths = np.ones(len(codes), np.int32)
    ancestor, moving = parent.copy(), np.flatnonzero(~literal)
    lengths[moving] = 2
    while len(moving):  # each step doubles how far back a code has looked
        moving = moving[~literal[ancestor[moving]]]
        further = ancestor[moving]
        lengths[moving] += lengths[further] - 1
        ancestor[moving] = ancestor[further]
    starts = np.cumsum(lengths, dtype=np.int32) - lengths
    back = np.repeat(starts - starts[parent], lengths)
    source = np.arange(len(back), dtype=np.int32) - back
    values = np.repeat(codes.astype(np.uint8), lengths)
    moving = np.flatnonzero(back)
    while len(moving):
        further = source[source[moving]]
        changed = further != source[moving]
        moving = moving[changed]
        source[moving] = further[changed]
    whole: bytes = values[source].tobytes()
    return whole
