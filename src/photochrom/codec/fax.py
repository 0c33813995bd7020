"""Fax coding of TIFF compressions 2, 3 and 4 (ITU-T T.4 and T.6): every code is checked, and damage is told.

libtiff makes up what it can't read, goes on, and writes to stderr.
"""

import numpy as np
from numpy.typing import NDArray

from photochrom.codec.fax_codes import BLACK, LONGEST, WHITE

RLE, T4, T6 = 2, 3, 4
_PASS, _HORIZONTAL = 8, 9
# The two-dimensional modes: a change 3 to the left .. 3 to the right of the one above, pass, horizontal.
_MODES = {"1": 0, "011": 1, "000011": 2, "0000011": 3, "010": -1, "000010": -2, "0000010": -3, "0001": 8, "001": 9}
_MODE_BITS = 7
_PART = 1 << 22  # pixels that are unpacked at once


class FaxError(OSError):
    """The data are damaged or end early. rows: the packed rows before that."""

    def __init__(self, message: str, rows: bytes) -> None:
        super().__init__(message)
        self.rows = rows


def decode(data: bytes, *, compression: int, options: int, width: int, rows: int) -> bytes:
    """So many rows of packed bits, each beginning at a byte; 1 is black. options: T4Options of the TIFF.

    Raises FaxError where the data hold no such rows.
    """
    reader = _Reader(data, width)
    changes: list[list[int]] = []
    above: list[int] = []
    try:
        for _ in range(rows):
            if compression == RLE:
                reader.to_byte()
                above = reader.plain_row()
            elif compression == T6:
                above = reader.row_by(above)
            else:
                above = reader.row_by(above) if reader.starts_two_dimensional(bool(options & 1)) else reader.plain_row()
            changes.append(above)
    except (LookupError, ValueError) as error:
        raise FaxError("a row of its fax data is damaged", _packed(changes, width)) from error
    return _packed(changes, width)


class _Reader:
    """Bits of the data, from the highest of each byte on; zeros follow, of which no row can be made."""

    def __init__(self, data: bytes, width: int) -> None:
        self._data, self._width = data, width
        self._bits = self._count = self._at = 0
        self._end = 8 * len(data)

    def _peek(self, count: int) -> int:
        if self._count < count:
            piece = self._data[self._at : self._at + 8].ljust(8, b"\0")
            self._at += 8
            self._bits = (self._bits & ((1 << self._count) - 1)) << 64 | int.from_bytes(piece, "big")
            self._count += 64
        return self._bits >> (self._count - count) & ((1 << count) - 1)

    def _skip(self, count: int) -> None:
        self._count -= count
        if 8 * self._at - self._count > self._end:
            raise ValueError("the data end early")

    def to_byte(self) -> None:
        """On to where the next byte begins."""
        self._skip(self._count % 8)

    def starts_two_dimensional(self, mixed: bool) -> bool:
        """Pass the end-of-line code before a row, if there is one; whether the row is told by the one above it."""
        found = False
        while self._peek(11) == 0:  # fill, and then the 1 of the code
            while self._peek(12) == 0:
                self._skip(1)
            if found and not mixed:
                raise ValueError("two end-of-line codes: the end of the page")
            self._skip(12)
            found = True
            if mixed:
                break
        if not mixed:
            return False
        if not found:
            raise ValueError("no end-of-line code")
        tag = self._peek(1)
        self._skip(1)
        return not tag

    def _run(self, black: bool) -> int:
        table = BLACK if black else WHITE
        total = 0
        while True:
            length, run = table[self._peek(LONGEST)]
            if length > LONGEST:
                raise ValueError("no code of a run")
            self._skip(length)
            total += run
            if run < 64:
                return total

    def plain_row(self) -> list[int]:
        """Where the colour changes in a row of runs, beginning with white."""
        at, black = 0, False
        row: list[int] = []
        while at < self._width:
            at += self._run(black)
            _change(row, at, self._width)
            black = not black
        if at > self._width:
            raise ValueError("a run beyond the row")
        return row

    def row_by(self, above: list[int]) -> list[int]:
        """The same of a row that is told by the changes of the one above it."""
        width = self._width
        over = [*above, width, width, width]
        row: list[int] = []
        at, black, place = -1, False, 0
        while at < width:
            while place > 0 and over[place - 1] > at:
                place -= 1
            while over[place] <= at and over[place] < width:
                place += 1
            if place % 2 != black and over[place] < width:  # of the other colour than what it is read for
                place += 1
            above_change = over[place]
            length, mode = _MODE_TABLE[self._peek(_MODE_BITS)]
            self._skip(length)
            if mode == _PASS:
                at = over[place + 1] if above_change < width else width
                if at >= width and above_change >= width:
                    raise ValueError("a pass beyond the row")
            elif mode == _HORIZONTAL:
                first = max(at, 0) + self._run(black)
                at = first + self._run(not black)
                if at > width:
                    raise ValueError("a run beyond the row")
                _change(row, first, width)
                _change(row, at, width)
            else:
                after = above_change + mode
                if after < max(at, 0) or after > width or (after == at and row):
                    raise ValueError("a change before the last one")
                at = after
                _change(row, at, width)
                black = not black
        return row


def _change(row: list[int], at: int, width: int) -> None:
    """One more change of colour; two at one place are none."""
    if row and row[-1] == at:
        row.pop()
    elif at < width:
        row.append(at)


def _mode_table() -> dict[int, tuple[int, int]]:
    return {
        int(code, 2) << (_MODE_BITS - len(code)) | rest: (len(code), mode)
        for code, mode in _MODES.items()
        for rest in range(1 << (_MODE_BITS - len(code)))
    }


_MODE_TABLE = _mode_table()


def _packed(changes: list[list[int]], width: int) -> bytes:
    """Rows of packed bits from where each changes its colour."""
    step = max(1, _PART // width)
    return b"".join(_bits(changes[top : top + step], width).tobytes() for top in range(0, len(changes), step))


def _bits(changes: list[list[int]], width: int) -> NDArray[np.uint8]:
    turns = np.zeros((len(changes), width), np.uint8)
    counts = [len(row) for row in changes]
    places = np.fromiter((at for row in changes for at in row), np.intp, sum(counts))
    turns[np.repeat(np.arange(len(changes)), counts), places] = 1
    return np.packbits(np.bitwise_xor.accumulate(turns, axis=1), axis=1)
