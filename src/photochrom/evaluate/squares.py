"""The pictures of one chunk while they are measured: decoded and painted only where nothing is remembered."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from photochrom.errors import PictureError
from photochrom.evaluate.arrays import Arrays, Rgb
from photochrom.evaluate.cache import Cache
from photochrom.evaluate.dataset import Chunk, Truths
from photochrom.evaluate.given import open_pair
from photochrom.evaluate.measures import Measure
from photochrom.evaluate.painters import Painter


class Squares:
    """The pictures of a chunk as squares, decoded and painted when they are first asked for."""

    def __init__(self, chunk: Chunk) -> None:
        self.chunk = chunk
        self._painted: dict[Painter, list[Rgb]] = {}

    @cached_property
    def _decoded(self) -> tuple[Truths, list[str]]:
        pairs, reasons = [], []
        for picture in self.chunk.items:
            try:
                pairs.append(open_pair(picture, self.chunk.size, self.chunk.domain))
                reasons.append("")
            except PictureError as error:
                reasons.append(str(error))
        return Truths(tuple(truth for truth, _ in pairs), tuple(given for _, given in pairs)), reasons

    @property
    def truths(self) -> Truths:
        """Those that can be used."""
        return self._decoded[0]

    @property
    def reasons(self) -> list[str]:
        """For every picture of the chunk why it can't be used, "" if it can."""
        return self._decoded[1]

    def painted(self, painter: Painter) -> list[Rgb]:
        """What a painter makes of the truths."""
        if painter not in self._painted:
            pairs = zip(self.truths.given, self.truths.pictures, strict=True)
            self._painted[painter] = [painter.paint(given, truth) for given, truth in pairs]
        return self._painted[painter]


def reasons_of(squares: Squares, cache: Cache) -> list[str]:
    """The same as squares.reasons: from the cache, or found out now and stored."""
    known = cache.load("index", squares.chunk.key)
    if known is None:
        known = {"reasons": np.array(squares.reasons, dtype=np.str_)}
        cache.store(known, "index", squares.chunk.key)
    return [str(reason) for reason in known["reasons"]]


def measured(measure: Measure, painters: Sequence[Painter], squares: Squares, cache: Cache) -> dict[Painter, Arrays]:
    """The numbers of each painter's squares: from the cache, or measured now and stored."""
    key = measure.key, squares.chunk.key
    loaded = {painter: cache.load(measure.name, *key, painter.key) for painter in painters}
    known = {painter: arrays for painter, arrays in loaded.items() if arrays is not None}
    new = {painter: squares.painted(painter) for painter in painters if painter not in known}
    if new:
        for painter, arrays in measure(new, squares.truths).items():
            cache.store(arrays, measure.name, *key, painter.key)
            known[painter] = arrays
    return known
