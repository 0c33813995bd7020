"""LZW as TIFF 6.0 has it (section 13), decoded with numpy: silent about damage where libtiff writes to stderr."""

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

    About 30 MB of output a second: each run between two clear codes is resolved as a whole by pointer jumping.
    """
    source = np.frombuffer(data + bytes(4), np.uint8)
    parts: list[bytes] = []
    done = at = empty = 0
    while done < size:
        codes, at, ended = _block(source, at, 8 * len(data))
        if len(codes):
            parts.append(_expand(codes))
            done += len(parts[-1])
        elif not ended:
            empty += 1
        if ended:
            break
        if empty > _EMPTY_BLOCKS:
            raise ValueError("damaged LZW data")
    return b"".join(parts)[:size]


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


def _expand(codes: NDArray[np.int32]) -> bytes:
    """Entry j of the table is the string of code j and the first byte of the next: the output from code j on."""
    index = _INDEX[: len(codes)]
    literal = codes < _CLEAR
    parent = np.where(literal, index, codes - _FIRST)
    if not literal[0] or (parent > index - ~literal).any():
        raise ValueError("damaged LZW data")
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
