"""The directories of TIFF and BigTIFF files of both byte orders, as far as they can be read; damage is left out."""

import io
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO

import numpy as np
from PIL.TiffImagePlugin import IFDRational

Number = int | float | IFDRational
Value = str | bytes | Number | tuple[Number, ...]
Tags = Mapping[int, Value]
Field = tuple[int, int, bytes]  # kind, count, value, little-endian

_HEADS = {b"II*\0": "<", b"MM\0*": ">", b"MM*\0": ">", b"II\0*": "<", b"II+\0": "<", b"MM\0+": ">"}
_BYTES, _TEXT, _RATIONALS = (1, 7), 2, (5, 10)
_NUMBERS = {3: "H", 4: "I", 6: "b", 8: "h", 9: "i", 11: "f", 12: "d", 13: "I", 16: "Q", 17: "q", 18: "Q"}
_SIZES = {1: 1, 2: 1, 5: 8, 7: 1, 10: 8} | {kind: struct.calcsize("=" + c) for kind, c in _NUMBERS.items()}
NODATA = 42113  # GDAL's: the value, as text, of what isn't measured
_MOST_ENTRIES = 4096  # of one directory; the longest that are met have about 200


@dataclass
class Directory:
    """values: by tag; one number is itself, several are a tuple. listed: also the tags whose values aren't there.

    fields: the same values as a TIFF directory holds them.
    """

    values: dict[int, Value]
    fields: dict[int, Field]
    listed: frozenset[int]
    next: int

    @property
    def whole(self) -> bool:
        """Whether all values are there."""
        return len(self.values) == len(self.listed)


class TiffTags:
    """A TIFF file's header, which finds its directories."""

    def __init__(self, file: IO[bytes]) -> None:
        """Raises OSError for what is no TIFF file."""
        file.seek(0)
        head = file.read(16)
        if head[:4] not in _HEADS:
            raise OSError("it has no TIFF header")
        self._file = file
        self.order, self._big = _HEADS[head[:4]], b"+" in head[2:4]
        self.size = file.seek(0, io.SEEK_END)
        self.first = self._numbers("Q" if self._big else "I", head[8:16] if self._big else head[4:8])[0]

    @property
    def little(self) -> bool:
        """Whether numbers begin with their low byte."""
        return self.order == "<"

    def directory(self, at: int) -> Directory:
        """The one at this offset. Raises OSError if its entries aren't all in the file."""
        entry, inside = (20, 8) if self._big else (12, 4)
        self._file.seek(at if at < self.size else self.size)
        count = self._numbers("Q" if self._big else "H", self._read(8 if self._big else 2))[0]
        if count > _MOST_ENTRIES:
            raise OSError(f"a directory of {count} entries")
        entries = self._read(count * entry)
        after = self._file.read(inside)
        values: dict[int, Value] = {}
        fields: dict[int, Field] = {}
        listed = set()
        budget = self.size  # bytes: many entries may point at the same ones
        for place in range(0, len(entries), entry):
            tag, kind, number = self._numbers("HHQ" if self._big else "HHI", entries[place : place + entry - inside])
            data = entries[place + entry - inside : place + entry]
            length = number * _SIZES.get(kind, 0)
            if tag in listed or not length:
                continue
            listed.add(tag)
            if length > inside:
                offset = self._numbers("Q" if self._big else "I", data)[0]
                if length > budget or offset + length > self.size:
                    continue
                budget -= length
                self._file.seek(offset)
                data = self._read(length)
            values[tag] = self._value(kind, data[:length])
            fields[tag] = kind, number, data[:length] if self.little else _swapped(kind, data[:length])
        following = self._numbers("Q" if self._big else "I", after)[0] if len(after) == inside else 0
        return Directory(values, fields, frozenset(listed), following)

    def _read(self, size: int) -> bytes:
        data = self._file.read(size)
        if len(data) < size:
            raise OSError("its directory is cut short")
        return data

    def _numbers(self, codes: str, data: bytes) -> tuple[int, ...]:
        if len(data) < struct.calcsize(self.order + codes):
            raise OSError("its directory is cut short")
        return struct.unpack(self.order + codes, data)

    def _value(self, kind: int, data: bytes) -> Value:
        if kind in _BYTES:
            return data
        if kind == _TEXT:
            return data.rstrip(b"\0").decode("latin-1")
        numbers: tuple[Number, ...]
        if kind in _RATIONALS:
            flat = struct.unpack(f"{self.order}{len(data) // 4}{'I' if kind == _RATIONALS[0] else 'i'}", data)
            numbers = tuple(IFDRational(a, b) for a, b in zip(flat[::2], flat[1::2], strict=True))
        else:
            numbers = struct.unpack(f"{self.order}{len(data) // _SIZES[kind]}{_NUMBERS[kind]}", data)
        return numbers[0] if len(numbers) == 1 else numbers


def _swapped(kind: int, data: bytes) -> bytes:
    unit = 4 if kind in _RATIONALS else _SIZES[kind]
    return np.frombuffer(data, f"u{unit}").byteswap().tobytes() if unit > 1 else data


def directory_bytes(tags: dict[int, Field], at: int, *, big: bool = False) -> bytes:
    """A directory that lies at `at` (even), then its values longer than four bytes; no other follows it.

    big: of a BigTIFF, where eight bytes fit.
    """
    head, entry, inside, offset = ("<Q", "<HHQ", 8, "<Q") if big else ("<H", "<HHI", 4, "<I")
    directory, values = struct.pack(head, len(tags)), b""
    beyond = at + len(directory) + (struct.calcsize(entry) + inside) * len(tags) + inside
    for tag in sorted(tags):
        kind, count, data = tags[tag]
        if len(data) <= inside:
            field = data.ljust(inside, b"\0")
        else:
            field = struct.pack(offset, beyond + len(values))
            values += data + b"\0" * (len(data) % 2)
        directory += struct.pack(entry, tag, kind, count) + field
    return directory + bytes(inside) + values
