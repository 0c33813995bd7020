"""Several pictures into one file: the pages of a TIFF, an animation, an MPO."""

import io
import struct
from collections.abc import Sequence
from typing import BinaryIO, Protocol

import numpy as np
from PIL import Image

from photochrom.codec.arrays import to_8_bit
from photochrom.codec.pages import ANIMATED
from photochrom.codec.reading import Decoded
from photochrom.codec.tiff_writer import TiffWriter
from photochrom.codec.writing import add_to_tiff, encoding_options, image_of, save_with_pillow, write_picture
from photochrom.errors import OutputError

_GIF_COLORS = 255  # and one more that is transparent
_BASELINE, _LATER = 0x030000, 0x000000  # kinds of an MPO's pictures: the one that every reader shows, and no kind
_ENTRIES = 3  # of the index of an MPO


class PageWriter(Protocol):
    """Takes one picture after the other; the file is whole after `finish`. Both give notes of what was lost."""

    def add(self, picture: Decoded) -> list[str]:
        """One more picture, with what came with it."""

    def finish(self) -> list[str]:
        """Write what is still to be written."""


def container_of(format: str, *, source: str, animated: bool) -> bool:
    """Whether pictures of a `source` file ("MPO", or Pillow's name) go into one file of this format."""
    if format == "TIFF":
        return True
    return format in ANIMATED if animated else format == "JPEG" and source == "MPO"


def page_writer(out: BinaryIO, format: str, *, count: int, quality: int | None = None) -> PageWriter:
    """For `count` pictures to a seekable, empty file: "TIFF", "JPEG" (an MPO), or a format of ANIMATED."""
    if format == "TIFF":
        return _TiffPages(out, count)
    return _Mpo(out, quality) if format == "JPEG" else _Animation(out, format, quality)


class _TiffPages:
    """Each page has its own size, depth, colours and tags, and is written at once."""

    def __init__(self, out: BinaryIO, count: int) -> None:
        self._tiff, self._count, self._number = TiffWriter(out), count, 0

    def add(self, picture: Decoded) -> list[str]:
        page = (self._number, self._count) if self._count > 1 else None
        self._number += 1
        return add_to_tiff(self._tiff, picture, page=page)

    def finish(self) -> list[str]:
        return []


class _Mpo:
    """JPEGs one after the other, the first with an index of all (CIPA DC-007). Each has its own size and metadata."""

    def __init__(self, out: BinaryIO, quality: int | None) -> None:
        self._out, self._quality = out, quality
        self._files: list[bytes] = []

    def add(self, picture: Decoded) -> list[str]:
        memory = io.BytesIO()
        notes = write_picture(memory, picture, format="JPEG", quality=self._quality)
        self._files.append(memory.getvalue())
        return notes

    def finish(self) -> list[str]:
        first = self._files[0]
        if len(self._files) > 1:
            at = _after_application_segments(first)
            length = 4 + len(_index([0] * len(self._files), 0)) + 4
            sizes = [len(first) + length, *map(len, self._files[1:])]
            index = b"MPF\0" + _index(sizes, at + 8)
            segment = b"\xff\xe2" + struct.pack(">H", len(index) + 2) + index
            first = first[:at] + segment + first[at:]
        for data in (first, *self._files[1:]):
            self._out.write(data)
        return []


def _after_application_segments(data: bytes) -> int:
    """Where the last of a JPEG's first segments JFIF, EXIF and XMP ends."""
    at = 2
    while data[at] == 0xFF and data[at + 1] in (0xE0, 0xE1):
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return at


def _index(sizes: Sequence[int], at: int) -> bytes:
    """The MP index of pictures that follow one another; offsets count from `at`, where the index itself lies."""
    values = 8 + 2 + 12 * _ENTRIES + 4
    out = b"II*\0" + struct.pack("<IH", 8, _ENTRIES)
    out += struct.pack("<HHI4s", 0xB000, 7, 4, b"0100") + struct.pack("<HHII", 0xB001, 4, 1, len(sizes))
    out += struct.pack("<HHII", 0xB002, 7, 16 * len(sizes), values) + bytes(4)
    start = 0
    for number, size in enumerate(sizes):
        kind = _BASELINE if number == 0 else _LATER
        out += struct.pack("<IIIHH", kind, size, start - at if number else 0, 0, 0)
        start += size
    return out


class _Animation:
    """Whole frames of one size, with their times, held as 8 bits until the end, when Pillow writes them."""

    def __init__(self, out: BinaryIO, format: str, quality: int | None) -> None:
        self._out, self._format, self._quality = out, format, quality
        self._frames: list[Image.Image] = []
        self._durations: list[float | None] = []
        self._first: Decoded | None = None

    def add(self, picture: Decoded) -> list[str]:
        notes = []
        if self._first is None:
            self._first = picture
            if picture.pixels.dtype == np.uint16:
                notes.append(f"frames of a {self._format} have 8 bits; TIFF would keep all 16 (--format tiff)")
        elif picture.pixels.shape[:2] != self._first.pixels.shape[:2]:
            raise OutputError(f"the frames of a {self._format} must be of one size; choose TIFF for these")
        alpha = None if picture.alpha is None else to_8_bit(picture.alpha)
        self._frames.append(image_of(to_8_bit(picture.pixels), alpha))
        self._durations.append(picture.duration)
        return notes

    def finish(self) -> list[str]:
        first, frames, durations = self._first, self._frames, self._durations
        if first is None:
            raise OutputError("no frame was given; give at least one")
        options, notes = encoding_options(first, self._format, self._quality)
        if durations[0] is None and len(frames) > 1:  # an APNG's picture for viewers that show no animation
            durations = durations[1:]
            options["default_image"] = True
            if self._format != "PNG":
                del frames[0], options["default_image"]
                notes.append(f"the still picture before the animation is left out: {self._format} has no place for it")
        clear = any(frame.mode in ("LA", "RGBA") for frame in frames)
        for n, frame in enumerate(frames):  # one by one: there may be many
            frames[n] = _with_few_colors(frame, clear) if self._format == "GIF" else _as(frame, clear)
        plays = 1 if first.plays is None else first.plays
        if self._format == "GIF":
            notes.append("a GIF holds 256 colours a frame; --format png or webp keeps them all")
            options |= {"disposal": 2} if clear else {}
            options |= {"loop": max(0, plays - 1)} if plays != 1 else {}
        elif self._format != "AVIF":
            options["loop"] = plays
        times = [duration or 0.0 for duration in durations]  # ms, in parts of one too save where Pillow takes none
        options["duration"] = [round(time) for time in times] if self._format == "AVIF" else times
        # Into memory first: given a real file, Pillow writes past Python and hides why a write failed.
        memory = io.BytesIO()
        save_with_pillow(memory, frames[0], self._format, options | {"save_all": True, "append_images": frames[1:]})
        self._out.write(memory.getbuffer())
        return notes


def _as(frame: Image.Image, clear: bool) -> Image.Image:
    mode = "RGBA" if clear else "RGB"
    return frame if frame.mode == mode else frame.convert(mode)


def _with_few_colors(frame: Image.Image, clear: bool) -> Image.Image:
    """A frame of a GIF: 255 colours of its own, dithered, and one that is transparent where it was mostly."""
    opaque = frame.convert("RGB")
    palette = opaque.quantize(_GIF_COLORS, Image.Quantize.MEDIANCUT)
    few = opaque.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG)
    if clear:
        alpha = frame.convert("RGBA").getchannel("A")
        few.paste(_GIF_COLORS, mask=alpha.point(lambda a: 255 if a < 128 else 0))
        few.info["transparency"] = _GIF_COLORS
    return few
