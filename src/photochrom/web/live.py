"""Frames of a camera or film, one after the other: colours that follow, instead of starting anew with each frame."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, replace

import numpy as np

from photochrom.colorizer import Colorizer
from photochrom.photo import Photo
from photochrom.prediction import Prediction
from photochrom.settings import Settings

SECONDS = 30.0  # a stream that has sent nothing for so long is forgotten
_MOST = 16  # streams remembered at once: a few MB each
_KEPT = 0.6  # share of the last answer in the next one, where the picture has hardly changed
_CUT = 12.0  # mean change of L* between two frames that is a cut


@dataclass
class _Stream:
    last: Prediction
    seen: float


class Streams:
    """The last answer of each stream. May be called by several threads."""

    def __init__(self) -> None:
        self._streams: OrderedDict[str, _Stream] = OrderedDict()
        self._lock = threading.Lock()

    def color(self, colorizer: Colorizer, photo: Photo, settings: Settings, *, stream: str) -> Photo:
        """The frame in colour; its answer is mixed with the one before where the picture stood still."""
        prediction = self._steadied(colorizer.predict(photo, settings), stream)
        return colorizer.render(photo, prediction, settings)

    def _steadied(self, now: Prediction, stream: str) -> Prediction:
        with self._lock:
            self._forget(time.monotonic())
            before = self._streams.get(stream)
        if before is not None and before.last.output.shape == now.output.shape:
            now = _mixed(before.last, now)
        with self._lock:
            self._streams[stream] = _Stream(now, time.monotonic())
            self._streams.move_to_end(stream)
        return now

    def _forget(self, now: float) -> None:
        old = [name for name, stream in self._streams.items() if now - stream.seen > SECONDS]
        for name in old:
            del self._streams[name]
        while len(self._streams) >= _MOST:
            self._streams.popitem(last=False)


def _mixed(before: Prediction, now: Prediction) -> Prediction:
    change = np.abs(now.shown - before.shown)
    if change.mean() > _CUT:
        return now
    height, width = now.output.shape[1:]
    cells = change[: height * (change.shape[0] // height), : width * (change.shape[1] // width)]
    still = cells.reshape(height, -1, width, cells.shape[1] // width).mean(axis=(1, 3)) / _CUT
    kept = (_KEPT * np.clip(1 - still, 0, 1)).astype(np.float32)
    return replace(now, output=now.output * (1 - kept) + before.output * kept)
