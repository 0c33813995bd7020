"""The pictures of one chunk while they are measured: decoded and painted only where nothing is remembered."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from photochrom.errors import PictureError
from photochrom.evaluate.cache import Arrays, Cache
from photochrom.evaluate.dataset import Chunk, Truths, open_square
from photochrom.evaluate.measures import Measure
from photochrom.evaluate.painters import Painter


class Squares:
    """The pictures of a chunk, decoded only if something has to be measured; reasons: "" or why one can't be used."""

    def __init__(self, chunk: Chunk, cache: Cache) -> None:
        self.chunk = chunk
        self._painted: dict[Painter, list[NDArray[np.uint8]]] = {}
        self._truths: Truths | None = None
        known = cache.load("index", chunk.key)
        if known is None:
            cache.store({"reasons": np.array(self._decode(), dtype=np.str_)}, "index", chunk.key)
            known = cache.load("index", chunk.key) or {}
        self.reasons = [str(reason) for reason in known["reasons"]]

    def _decode(self) -> list[str]:
        pictures, reasons = [], []
        for item in self.chunk.items:
            try:
                pictures.append(open_square(item, self.chunk.size))
                reasons.append("")
            except PictureError as error:
                reasons.append(str(error))
        self._truths = Truths(tuple(pictures))
        return reasons

    @property
    def truths(self) -> Truths:
        if self._truths is None:
            self._decode()
        assert self._truths is not None
        return self._truths

    def painted(self, painter: Painter) -> list[NDArray[np.uint8]]:
        if painter not in self._painted:
            pairs = zip(self.truths.greys, self.truths.pictures, strict=True)
            self._painted[painter] = [painter.paint(grey, truth) for grey, truth in pairs]
        return self._painted[painter]


def measured(measure: Measure, rows: Sequence[Painter], squares: Squares, cache: Cache) -> dict[Painter, Arrays]:
    """From the cache, or measured now and stored. Empty for a chunk without any usable picture."""
    if all(squares.reasons):
        return {painter: {} for painter in rows}
    key = measure.key, squares.chunk.key
    found = {painter: cache.load(measure.name, *key, painter.key) for painter in rows}
    new = [painter for painter, arrays in found.items() if arrays is None]
    if new:
        for painter, arrays in measure({painter: squares.painted(painter) for painter in new}, squares.truths).items():
            cache.store(arrays, measure.name, *key, painter.key)
            found[painter] = arrays
    return {painter: arrays for painter, arrays in found.items() if arrays is not None}
