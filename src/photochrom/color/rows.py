"""The pixels of a picture that is too large to be held: read, or made, some rows at a time.  numpy only."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from photochrom.color.lab import Pixels

_HELD = 3  # bands: what asks for strips asks on a few threads, nearly in order
_SAMPLE = 768  # px of the longer side of the sample that is taken on the way: what color/tint looks at


class Kind(NamedTuple):
    """shape: (H,W) or (H,W,3). dtype: uint8 or uint16. block: (width, height) of the tiles that they are stored in,
    (W, 1) for strips. step: rows that are read at once."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    block: tuple[int, int]
    step: int


class Rows:
    """Like an array of which only slices of rows can be taken; each comes anew, and is the caller's own.

    read: gives rows, a slice that begins at a multiple of kind.step and is as long, or ends with the picture. May be
    used from several threads at once. notes: where it leaves what was seen on the way, a sentence each.
    """

    def __init__(self, kind: Kind, read: Callable[[slice], Pixels], notes: list[str] | None = None) -> None:
        self.kind, self.notes = kind, [] if notes is None else notes
        self._read = read
        self._bands: OrderedDict[int, Pixels] = OrderedDict()
        self._sample: dict[int, Pixels] = {}
        self._lock = threading.Lock()

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the whole."""
        return self.kind.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """uint8 or uint16."""
        return self.kind.dtype

    @property
    def ndim(self) -> int:
        """2 for grey, 3 for colour."""
        return len(self.kind.shape)

    def __getitem__(self, rows: slice) -> Pixels:
        start, stop, _ = rows.indices(self.shape[0])
        step = self.kind.step
        parts = []
        for number in range(start // step, -(-stop // step)):
            top = number * step
            parts.append(self._band(number)[max(0, start - top) : stop - top])
        return np.concatenate(parts)

    def bands(self, step: int | None = None) -> Iterator[slice]:
        """Slices that cover all rows, each of `step`, by default of as many as are read at once."""
        step = step or self.kind.step
        return (slice(top, min(top + step, self.shape[0])) for top in range(0, self.shape[0], step))

    def part(self, rows: slice, columns: slice) -> Rows:
        """A rectangle of it."""
        shape = (rows.stop - rows.start, columns.stop - columns.start, *self.shape[2:])

        def read(some: slice) -> Pixels:
            return self[some.start + rows.start : some.stop + rows.start][:, columns]

        return Rows(self.kind._replace(shape=shape), read, self.notes)

    def sampled(self, step: int) -> Pixels:
        """Every n-th pixel of every n-th row, as an array. Free where all was read before and `step` is the usual."""
        if step == self._usual and len(self._sample) == len(range(0, self.shape[0], self.kind.step)):
            return np.concatenate([self._sample[number] for number in sorted(self._sample)])
        return np.concatenate([self[rows][-rows.start % step :: step, ::step] for rows in self.bands()])

    @property
    def _usual(self) -> int:
        return -(-max(self.shape[:2]) // _SAMPLE)

    def _band(self, number: int) -> Pixels:
        with self._lock:
            if number in self._bands:
                self._bands.move_to_end(number)
                return self._bands[number]
            top = number * self.kind.step
            band = self._read(slice(top, min(top + self.kind.step, self.shape[0])))
            self._sample[number] = band[-top % self._usual :: self._usual, :: self._usual].copy()
            self._bands[number] = band
            while len(self._bands) > _HELD:
                self._bands.popitem(last=False)
            return band


def crop(pixels: Pixels | Rows, box: tuple[slice, slice]) -> Pixels | Rows:
    """A rectangle: its rows and columns."""
    return pixels.part(*box) if isinstance(pixels, Rows) else pixels[box]


def sampled(pixels: Pixels | Rows, step: int) -> Pixels:
    """Every n-th pixel of every n-th row."""
    return pixels.sampled(step) if isinstance(pixels, Rows) else pixels[::step, ::step]
