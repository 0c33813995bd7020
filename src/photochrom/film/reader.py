"""The pictures of a film in the order in which they are shown, each with an exact, rising time stamp."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass

import av
from av.container import InputContainer
from av.filter import Graph
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from photochrom.errors import PictureError
from photochrom.film.clock import clock
from photochrom.film.fields import graph_of, pulled
from photochrom.film.info import FilmInfo, opened
from photochrom.film.rising import Rising
from photochrom.film.telecine import Telecine

_SHORT = 0.5  # seconds that may be missing at the end before a film counts as cut short
_ENOUGH = 0.98  # and share of its length


@dataclass(frozen=True, eq=False)
class Frame:
    """One picture. time: its time stamp, and duration, in units of FilmInfo.time_base."""

    time: int
    duration: int
    image: VideoFrame


class Reader:
    """Reads a film once. After that: notes, a sentence each; ended: why the end of it can't be had, or None; reached:
    seconds of it that were.

    start, end: time stamps; only pictures from `start` until before `end` are given. needed: at least one of them.
    """

    def __init__(
        self,
        info: FilmInfo,
        *,
        start: int | None = None,
        end: int | None = None,
        deinterlace: bool = True,
        needed: bool = True,
    ) -> None:
        self.info = info
        self.notes: list[str] = []
        self.ended: str | None = None
        self.reached = 0.0
        self._unit = float(info.time_base)
        self._start, self._end = info.start if start is None else start, end
        self._needed = needed
        self._weave = deinterlace and info.interlaced
        self._telecine = Telecine()
        self._usual = max(1, round(1 / (info.rate * info.time_base)))  # duration of a picture

    def frames(self) -> Generator[Frame, None, None]:
        """Each picture of that part. Raises PictureError where there is none and one is needed."""
        damaged = mended = count = 0
        clock_of = Rising(self.info.time_base, first=self.info.start, step=self._usual)
        with opened(self.info.path) as (container, stream):
            if self.info.steady and self._start > self.info.start:
                self._seek(container, stream)
            images = self._watched(self._images(container, stream))
            for image in self._woven(images) if self._weave else images:
                if image is None:
                    damaged += 1
                    continue
                if (image.width, image.height) != self.info.size or image.format.name != self.info.format:
                    self.ended = (
                        f"its pictures change from {_kind(*self.info.size, self.info.format)} to "
                        f"{_kind(image.width, image.height, image.format.name)}"
                    )
                    break
                time, is_mended = clock_of.next(image.pts)
                mended += is_mended
                if self._end is not None and time >= self._end:
                    break
                duration = image.duration or self._usual
                self.reached = (time + duration - self.info.start) * self._unit
                if time >= self._start:
                    yield Frame(time, duration, image)
                    count += 1
        self._finish(count, damaged, mended)

    def _finish(self, count: int, damaged: int, mended: int) -> None:
        if not count and self._needed and self._start > self.info.start:
            raise PictureError(
                f"{self.info.path} is {clock(self.reached)} long and has no picture from "
                f"{clock((self._start - self.info.start) * self._unit)} on; choose another part of it"
            )
        if not count and self._needed:
            raise PictureError(f"{self.info.path} holds no picture that can be decoded; check that it was copied whole")
        if damaged:
            self.notes.append(f"{damaged} packets of it are damaged: what they show is missing")
        if mended:
            self.notes.append(
                f"{mended} of its time stamps were missing or ran backwards: the usual step stands for them"
            )
        if self._weave and self.info.fields != "auto":
            self.notes.append(
                "it is interlaced and doesn't say so: its pictures are made whole of their two fields "
                f"({'upper' if self.info.fields == 'tff' else 'lower'} first); --no-deinterlace leaves them as they are"
            )
        if note := self._telecine.note():
            self.notes.append(note)
        wanted = self.info.seconds
        if self._end is not None:
            wanted = min(wanted, (self._end - self.info.start) * self._unit)
        if self.ended is None and self.reached < min(wanted - _SHORT, wanted * _ENOUGH):
            self.ended = f"it is cut short: it should last {clock(self.info.seconds)}"

    def _seek(self, container: InputContainer, stream: VideoStream) -> None:
        """To a picture before the start; back to the beginning where the container can't say where that is."""
        target = self._start - int(1 / self._unit)
        try:
            container.seek(target, stream=stream, backward=True)
            first = next((p.pts for p in container.demux(stream) if p.pts is not None), None)
            if first is not None and first <= target:
                container.seek(target, stream=stream, backward=True)
                return
        except (OSError, av.FFmpegError):
            pass
        container.seek(0, stream=stream, backward=True)

    def _images(self, container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame | None]:
        """Decoded pictures, and None for what can't be."""
        packets = container.demux(stream)
        while True:
            try:
                packet = next(packets)
            except StopIteration:
                return
            except (OSError, av.FFmpegError) as error:
                self.ended = f"the rest of it can't be read ({getattr(error, 'strerror', None) or error})"
                return
            try:
                yield from packet.decode()
            except EOFError:
                return
            except (OSError, av.FFmpegError):
                yield None

    def _watched(self, images: Iterator[VideoFrame | None]) -> Iterator[VideoFrame | None]:
        """The same pictures, looked at for telecine."""
        for image in images:
            if image is not None and (image.width, image.height) == self.info.size:
                self._telecine.see(image)
            yield image

    def _woven(self, images: Iterator[VideoFrame | None]) -> Iterator[VideoFrame | None]:
        """The same pictures made whole of their two fields (BWDIF), with their own time stamps."""
        graph: Graph | None = None
        times: list[tuple[int | None, int]] = []

        def timed(graph: Graph) -> Iterator[VideoFrame]:
            for image in pulled(graph):
                image.time_base = self.info.time_base
                image.pts, image.duration = times.pop(0)
                yield image

        for image in images:
            if image is None or (image.width, image.height) != self.info.size:
                yield image
                continue
            if graph is None:
                graph = graph_of("bwdif", f"mode=send_frame:parity={self.info.fields}", image)
            times.append((image.pts, image.duration))
            graph.vpush(image)
            yield from timed(graph)
        if graph is not None:
            graph.vpush(None)
            yield from timed(graph)


def _kind(width: int, height: int, format: str) -> str:
    return f"{width}x{height} {format}"
