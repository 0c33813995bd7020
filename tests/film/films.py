"""Small films made by code, and what is to be known of a film afterwards."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.codec.context import Flags
from av.packet import Packet

Draw = Callable[[int, tuple[int, int]], np.ndarray]


def moving(n: int, size: tuple[int, int]) -> np.ndarray:
    """Luma (H,W), 16..235: a disc that moves over a ramp."""
    width, height = size
    y, x = np.mgrid[:height, :width]
    luma = 60 + 60 * x / width + 30 * np.sin(y / 7)
    luma[(x - 20 - 2 * n) ** 2 + (y - height / 2) ** 2 < (height / 5) ** 2] = 210
    return luma


@dataclass
class Sound:
    codec: str = "aac"
    rate: int = 48000


@dataclass
class FilmMaker:
    """What a film is to be like. times: time stamps of its pictures in units of `unit`, as many as there are."""

    codec: str = "libx264"
    format: str = "yuv420p"
    size: tuple[int, int] = (96, 64)
    times: Sequence[int] = tuple(range(12))
    unit: Fraction = Fraction(1, 25)
    rate: int = 0  # pictures a second, on average; 0: one in each unit
    draw: Draw = moving
    sound: Sound | None = None
    subtitles: str = ""
    options: dict[str, str] = field(default_factory=dict)
    video: dict[str, Any] = field(default_factory=dict)  # attributes of the coder
    metadata: dict[str, str] = field(default_factory=dict)
    chapters: bool = False
    turn: int = 0
    attachment: bytes = b""
    chroma: int | None = None  # code of Cb; None for a grey film
    muxer: dict[str, str] = field(default_factory=dict)
    interlaced: bool = False

    def write(self, path: Path) -> Path:
        with av.open(str(path), "w", container_options=self.muxer) as film:
            stream = film.add_stream(self.codec, rate=self.rate or 1 / self.unit, options=self.options)
            stream.width, stream.height, stream.pix_fmt = *self.size, self.format
            if self.interlaced:
                stream.codec_context.flags |= Flags.interlaced_dct | Flags.interlaced_me
            stream.codec_context.time_base = self.unit
            stream.time_base = self.unit
            for name, value in self.video.items():
                setattr(stream.codec_context, name, value)
            if self.turn:
                stream.set_display_rotation(self.turn)
            sound = film.add_stream(self.sound.codec, rate=self.sound.rate) if self.sound else None
            words = film.add_mux_stream(self.subtitles) if self.subtitles else None
            if sound:
                sound.metadata["language"] = "fin"
            if self.attachment:
                film.add_attachment("font.ttf", "font/ttf", self.attachment)
            film.metadata.update(self.metadata)
            if self.chapters:
                ends = [(0, 200, "one"), (200, 480, "two")]
                film.set_chapters(
                    [
                        {"id": n, "start": a, "end": b, "time_base": Fraction(1, 1000), "metadata": {"title": title}}
                        for n, (a, b, title) in enumerate(ends)
                    ]
                )
            for n, time in enumerate(self.times):
                image = self._picture(n)
                image.pts, image.time_base, image.duration = time, self.unit, 1
                film.mux(stream.encode(image))
            film.mux(stream.encode(None))
            if sound:
                for frame in tone(sound, float(self.times[-1] * self.unit) + 0.04):
                    film.mux(sound.encode(frame))
                film.mux(sound.encode(None))
            if words:
                for n in range(2):
                    packet = Packet(b"\0\5Hello" if self.subtitles == "mov_text" else b"Hello")
                    packet.pts = packet.dts = 40 + 200 * n
                    packet.duration, packet.time_base, packet.stream = 100, Fraction(1, 1000), words
                    film.mux(packet)
        return path

    def _picture(self, n: int) -> av.VideoFrame:
        luma = self.draw(n, self.size)
        image = av.VideoFrame(*self.size, self.format)
        bits = image.format.components[0].bits
        kind, shift = (np.uint8, 1) if bits == 8 else (np.uint16, 1 << (bits - 8))
        for place, plane in enumerate(image.planes):
            rows = np.frombuffer(memoryview(plane), kind).reshape(-1, plane.line_size // np.dtype(kind).itemsize)
            if self.format == "bgr24":
                rows[:, : 3 * self.size[0]] = np.repeat(np.rint((luma - 16) * 255 / 219), 3, axis=1)
            elif place == 0:
                rows[:, : self.size[0]] = np.rint(luma * shift)
            else:
                rows[:] = (self.chroma if self.chroma is not None and place == 1 else 128) * shift
        return image


def tone(stream: Any, seconds: float) -> Iterator[av.AudioFrame]:
    samples = stream.codec_context.frame_size or 1024
    for start in range(0, int(seconds * stream.rate), samples):
        wave = np.sin(np.arange(start, start + samples) * 0.05) * 8000
        frame = av.AudioFrame.from_ndarray(
            np.stack([wave, wave]).astype(np.int16).T.reshape(1, -1).copy(), "s16", "stereo"
        )
        frame.sample_rate, frame.pts, frame.time_base = stream.rate, start, Fraction(1, stream.rate)
        yield frame


@dataclass
class Seen:
    """A film: its pictures' time stamps in seconds, their luma and chroma, its other streams' packets, and so on."""

    times: list[Fraction]
    luma: list[np.ndarray]
    rgb: list[np.ndarray]
    packets: dict[int, list[tuple[Any, ...]]]
    types: list[str]
    metadata: dict[str, str]
    chapters: list[Any]
    video: dict[str, Any]

    @property
    def stamp(self) -> str:
        return hashlib.sha256(repr(self.times).encode()).hexdigest()


def seen(path: Path) -> Seen:
    with av.open(str(path)) as film:
        stream = film.streams.video[0]
        coder = stream.codec_context
        frames = list(film.decode(stream))
        times = [frame.pts * stream.time_base for frame in frames]
        video = {
            "codec": coder.name,
            "format": coder.pix_fmt,
            "range": coder.color_range,
            "matrix": coder.colorspace,
            "primaries": coder.color_primaries,
            "transfer": coder.color_trc,
            "aspect": stream.sample_aspect_ratio,
            "turn": frames[0].rotation,
        }
        luma = [luma_of(frame) for frame in frames]
        rgb = [frame.to_ndarray(format="rgb24") for frame in frames]
        metadata, chapters = dict(film.metadata), film.chapters()
        types = [s.type for s in film.streams]
    with av.open(str(path)) as film:
        packets: dict[int, list[tuple[Any, ...]]] = {}
        for packet in film.demux():
            if packet.size and packet.stream.type != "video":
                at = None if packet.pts is None else packet.pts * packet.time_base
                packets.setdefault(packet.stream.index, []).append((at, bytes(packet)))
    return Seen(times, luma, rgb, packets, types, metadata, chapters, video)


def luma_of(frame: av.VideoFrame) -> np.ndarray:
    plane = frame.planes[0]
    kind = np.uint8 if frame.format.components[0].bits == 8 else np.uint16
    rows = np.frombuffer(memoryview(plane), kind).reshape(-1, plane.line_size // np.dtype(kind).itemsize)
    return rows[: plane.height, : plane.width].copy()
