"""What a film says of itself: its size, colour, time and orientation, found by decoding its first pictures."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import av
from av.container import InputContainer
from av.sidedata.sidedata import SideData
from av.sidedata.sidedata import Type as SideDataType
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from photochrom.errors import PictureError
from photochrom.film.fields import HEIGHTS, order_of_fields

_FIRST = 12  # pictures that are looked at
_FASTEST = 480  # pictures a second that are believed
_UNKNOWN = 2  # of libavutil, for matrix, primaries and transfer alike
_RGB = 0  # of its matrices
_LIMITED = ("h264", "hevc", "av1", "libdav1d", "vp9", "mpeg2video", "mpeg4")  # where a grey picture is luma too
_HD = 720  # lines: a film of so many that names no matrix is taken for BT.709, one of fewer for BT.601


@dataclass(frozen=True, kw_only=True)
class FilmInfo:
    """index: of the stream. size: (width, height) as stored, pixels. format: libavutil's name of the pixel format.

    bits: of a luma sample. time_base: seconds of one unit of its time stamps. rate: pictures a second on average.
    start: time stamp of the first picture. seconds: how long it should be, and count: how many
    pictures, by its headers; 0 if they don't say. aspect: width of a pixel over its height.
    matrix, primaries, transfer, range: as libavutil numbers them; 2, and 0 for the range, are unknown.
    turn: degrees by which players turn it counter-clockwise. display_matrix: the same and more, as stored, or None.
    interlaced: most of its first pictures are two fields. fields: of those that don't say it, which is first, "tff" or
    "bff"; else "auto". steady: their time stamps rise, as they
    should. codec: libavcodec's name.
    """

    path: Path
    index: int
    codec: str
    size: tuple[int, int]
    format: str
    bits: int
    time_base: Fraction
    rate: Fraction
    start: int
    seconds: float
    count: int
    aspect: Fraction
    matrix: int
    primaries: int
    transfer: int
    range: int
    turn: int
    display_matrix: tuple[int, ...] | None
    interlaced: bool
    steady: bool
    fields: str = "auto"

    @classmethod
    def of_image(cls, image: VideoFrame, *, rate: Fraction = Fraction(25), count: int = 0) -> FilmInfo:
        """Of pictures without a file, all like this one, as those of a camera are."""
        return cls(
            path=Path("picture"),
            index=0,
            codec="rawvideo",
            size=(image.width, image.height),
            format=image.format.name,
            bits=image.format.components[0].bits,
            time_base=1 / rate,
            rate=rate,
            start=0,
            seconds=float(count / rate),
            count=count,
            aspect=Fraction(1),
            matrix=_UNKNOWN if image.colorspace == _RGB else int(image.colorspace),
            primaries=_UNKNOWN,
            transfer=_UNKNOWN,
            range=int(image.color_range),
            turn=0,
            display_matrix=None,
            interlaced=False,
            steady=True,
        )

    @property
    def shown(self) -> tuple[float, float]:
        """(width, height) as a viewer sees it: with square pixels, and turned."""
        width, height = float(self.size[0] * self.aspect), float(self.size[1])
        return (height, width) if self.turn % 180 else (width, height)

    def time_at(self, seconds: float) -> int:
        """The time stamp so many seconds after its first picture."""
        return self.start + round(seconds / self.time_base)

    def seconds_at(self, time: int) -> float:
        """How many seconds after its first picture a time stamp is."""
        return float((time - self.start) * self.time_base)

    @property
    def luma(self) -> tuple[float, float]:
        """Kr and Kb of its matrix: the shares of red and blue in the luma. BT.601 or BT.709 by its height if it says
        nothing."""
        known = {1: (0.2126, 0.0722), 4: (0.30, 0.11), 5: (0.299, 0.114), 6: (0.299, 0.114), 7: (0.212, 0.087)}
        known |= {9: (0.2627, 0.0593), 10: (0.2627, 0.0593)}
        return known.get(self.matrix, known[1] if min(self.size) >= _HD else known[6])

    @property
    def full(self) -> bool:
        """Whether black is code 0 and white the highest of the luma, not 16 and 235 (of 255)."""
        if not has_luma(self.format):
            return False  # it becomes so
        if self.format.startswith("yuvj") or self.range:
            return self.format.startswith("yuvj") or self.range == 2
        return self.format.startswith("gray") and self.codec not in _LIMITED


def has_luma(format: str) -> bool:
    """Whether the first plane of a pixel format, by libavutil's name, is luma and nothing else, as integers."""
    return format.startswith(("yuv", "gray")) and not format.endswith(("be", "f32le", "f16le"))


@contextmanager
def opened(path: Path) -> Iterator[tuple[InputContainer, VideoStream]]:
    """A film and the stream of its pictures. Raises PictureError."""
    try:
        if path.is_file() and not path.stat().st_size:
            raise PictureError(f"{path} is empty; check that it was copied whole")
        if path.is_dir():
            raise PictureError(f"{path} is a folder, not a film; add -r to colour what is in it")
        container = av.open(os.fspath(path), "r", metadata_errors="replace")
    except (OSError, ValueError, av.FFmpegError) as error:  # PyAV's errors are both, or neither
        reason = getattr(error, "strerror", None) or str(error)
        if isinstance(error, FileNotFoundError):
            raise PictureError(f"there is no file {path}; check the name and the folder") from None
        raise PictureError(
            f"{path} can't be read as a film ({reason}); it may be cut short, or of another kind"
        ) from error
    with container:
        films = [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]
        if not films:
            kind = "only sound" if container.streams.audio else "neither pictures nor sound"
            raise PictureError(f"{path} holds {kind}, so there is nothing to colour; check that it is the right file")
        best = container.streams.best("video")
        stream = next((s for s in films if s is best or (best and s.index == best.index)), films[0])
        if stream.codec_context is None:
            raise PictureError(
                f"the pictures of {path} are coded in a way that this build of PyAV can't decode; convert it first"
            )
        stream.thread_type = "AUTO"
        yield container, stream


def probe(path: Path) -> FilmInfo:
    """Look at a film's headers and first pictures. Raises PictureError."""
    with opened(path) as (container, stream):
        first: list[VideoFrame] = []
        try:
            for packet in container.demux(stream):
                try:
                    first += packet.decode()
                except av.error.InvalidDataError:
                    continue
                if len(first) >= _FIRST:
                    break
        except (OSError, av.FFmpegError):  # cut short within its first pictures: what came before counts
            pass
        if not first:
            raise PictureError(f"{path} holds no picture that can be decoded; check that it was copied whole")
        info = _described(path, container, stream, first)
        if info.interlaced or info.size[1] not in HEIGHTS:
            return info
        length = round(info.seconds / info.time_base)
        fields = order_of_fields(container, stream, start=info.start, length=length)
        return replace(info, interlaced=True, fields=fields) if fields else info


def _described(path: Path, container: InputContainer, stream: VideoStream, first: list[VideoFrame]) -> FilmInfo:
    frame, coder = first[0], stream.codec_context
    base = stream.time_base or Fraction(1, 90000)
    times = [f.pts for f in first if f.pts is not None]
    rate = stream.average_rate or stream.guessed_rate or Fraction(0)
    if not rate or rate > _FASTEST:  # a container without an index: what the first pictures show
        span = (times[-1] - times[0]) * base if len(times) > 1 else Fraction(0)
        rate = ((len(times) - 1) / span).limit_denominator(1001) if span > 0 else Fraction(25)
    seconds = float(stream.duration * base) if stream.duration else (container.duration or 0) / 1e6
    if container.format.name == "avi":  # of one that is cut short libav believes the length of the file
        seconds = max(seconds, float(stream.frames / rate))
    aspect = stream.sample_aspect_ratio or coder.sample_aspect_ratio or Fraction(1)
    return FilmInfo(
        path=path,
        index=stream.index,
        codec=coder.name,
        size=(frame.width, frame.height),
        format=frame.format.name,
        bits=frame.format.components[0].bits,
        time_base=base,
        rate=rate,
        start=times[0] if times else 0,
        seconds=seconds,
        count=stream.frames or round(seconds * rate),
        aspect=aspect if aspect > 0 else Fraction(1),
        matrix=_UNKNOWN if frame.colorspace == _RGB else int(frame.colorspace),
        primaries=int(coder.color_primaries),
        transfer=int(coder.color_trc),
        range=int(frame.color_range),
        turn=int(frame.rotation) % 360,
        display_matrix=_display_matrix(frame),
        interlaced=2 * sum(f.interlaced_frame for f in first) > len(first),
        steady=len(times) == len(first) and times == sorted(set(times)),
    )


def _display_matrix(frame: VideoFrame) -> tuple[int, ...] | None:
    for data in frame.side_data:
        if isinstance(data, SideData) and data.type is SideDataType.DISPLAYMATRIX:
            return struct.unpack("=9i", bytes(data)[:36])
    return None
