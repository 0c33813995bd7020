"""Live pictures in colour: the newest one is coloured, what came meanwhile is dropped, so that nothing lags."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from av.video.frame import VideoFrame

from photochrom.colorizer import Colorizer
from photochrom.film.broadcast import Broadcast
from photochrom.film.flow import Estimator, plane_of
from photochrom.film.info import FilmInfo
from photochrom.film.looking import EVERY, LOST, SOONEST, Finish
from photochrom.film.newest import Newest
from photochrom.film.painter import Painter
from photochrom.film.raster import Raster
from photochrom.film.reader import Frame
from photochrom.film.recorder import Recorder
from photochrom.film.relight import SteadyLevels
from photochrom.film.shots import FOLLOWED
from photochrom.film.step import Step
from photochrom.film.stream import Stream
from photochrom.settings import Settings

_QUALITY = 85  # of the JPEGs
_OVER = 30  # pictures that speed and latency are means of


@dataclass(frozen=True)
class Pace:
    """How it goes. rate: pictures a second; latency: seconds from a picture's arrival to its colours, on average over
    the last ones, and worst; shown, dropped: pictures until now."""

    rate: float = 0.0
    latency: float = 0.0
    worst: float = 0.0
    shown: int = 0
    dropped: int = 0

    def to_dict(self) -> dict[str, float]:
        """For status.json."""
        return {
            "frames_per_second": round(self.rate, 2),
            "latency_ms": round(1000 * self.latency, 1),
            "worst_latency_ms": round(1000 * self.worst, 1),
            "shown": self.shown,
            "dropped": self.dropped,
        }


class Eye:
    """Colours pictures as they come, each when it comes; what they are like may change on the way."""

    def __init__(self, colorizer: Colorizer, settings: Settings) -> None:
        self._colorizer, self._settings = colorizer, settings
        self._estimator = Estimator()
        self._kind: tuple[int, int, str] | None = None
        self._last: Step | None = None
        self._since = 0
        self._levels = SteadyLevels(colorizer.domain)

    def colored(self, image: VideoFrame) -> VideoFrame:
        """The picture in colour, as planes of 4:2:0."""
        kind = image.width, image.height, image.format.name
        if kind != self._kind:
            self._kind, self._last = kind, None
            info = FilmInfo.of_image(image)
            self._painter = Painter(self._colorizer, self._settings, info, Raster(info, "yuv420p"))
        painter = self._painter
        luma = painter.raster.luma(image)
        small = painter.small(luma)
        step = Step(Frame(0, 1, image), luma, small, plane_of(small))
        if self._last is not None:
            step.motion = self._estimator.between(self._last.plane, step.plane)
            if step.motion.back.sure.mean() < FOLLOWED:
                step.motion = None
        step.levels = self._levels.next(step)
        if step.motion is None:
            self._stream, self._since = Stream(Finish(painter)), EVERY
        lost = step.motion is not None and 1 - float(step.motion.back.sure.mean()) > LOST
        if self._since >= EVERY or (lost and self._since >= SOONEST):
            step.looked, self._since = painter.look(small), 0
        self._since += 1
        self._last = self._stream.add(step)
        return painter.picture(step)


def run_live(
    newest: Newest,
    colorizer: Colorizer,
    broadcast: Broadcast,
    *,
    settings: Settings | None = None,
    recorder: Recorder | None = None,
    seconds: float | None = None,
    tell: Callable[[Pace], None] = lambda pace: None,
    delays: list[float] | None = None,
) -> Pace:
    """Colour what comes until the source ends, or for so many `seconds`; gives how it went.

    tell: called once a second. delays: gets the latency of each picture, in seconds.
    """
    eye = Eye(colorizer, settings or Settings())
    begun = told = time.monotonic()
    times: deque[float] = deque(maxlen=_OVER)
    last: deque[float] = deque(maxlen=_OVER)  # latencies
    shown, worst, pace = 0, 0.0, Pace()
    while seconds is None or time.monotonic() - begun < seconds:
        try:
            seen = newest.take()
        except EOFError:
            break
        now = time.monotonic()
        if seen is not None:
            image = eye.colored(seen.image)
            broadcast.show(_jpeg(image))
            now = time.monotonic()
            last.append(now - seen.at)
            if delays is not None:
                delays.append(last[-1])
            times.append(now)
            shown += 1
            worst = max(worst, last[-1]) if shown > 1 else 0.0  # the first one waits for all that is made once
            if recorder is not None:
                recorder.add(image, seen.at)
        span = times[-1] - times[0] if len(times) > 1 else 0.0
        rate = (len(times) - 1) / span if span else 0.0
        pace = Pace(rate, float(np.mean(last)) if last else 0.0, worst, shown, newest.dropped)
        broadcast.status = pace.to_dict()
        if now - told >= 1:
            tell(pace)
            told = now
    return pace


def _jpeg(image: VideoFrame) -> bytes:
    made, data = cv2.imencode(".jpg", image.to_ndarray(format="bgr24"), [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    assert made
    return data.tobytes()
