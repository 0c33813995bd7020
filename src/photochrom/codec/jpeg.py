"""Whether a JPEG's data goes to its end: its marker segments walked, and a stream that tells how much the decoder took.

libjpeg makes up what is missing and says so only in warnings that Pillow drops. ITU-T T.81 is the format.
"""

import io
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256

import numpy as np
from PIL import Image, ImageChops, ImageFile

from photochrom.codec.exif_mending import mended_exif

MOST_SCANS = 100  # encoders write up to about 70; each scan of a progressive file goes over the whole picture
_MARKER = re.compile(rb"\xff+([\x01-\xfe])")
_RESTART = frozenset(range(0xD0, 0xD8))
_FRAMES = frozenset((*range(0xC0, 0xC4), *range(0xC5, 0xC8), *range(0xC9, 0xCC), *range(0xCD, 0xD0)))
_ALONE = _RESTART | {0x01, 0xD8}
_PREFETCH = 8  # bytes that libjpeg wants to see beyond those it needs
_BLOCK = 1 << 18  # bytes of coded data that are looked through at once
_STUFFING = 64  # bytes of fill that some cameras put before the end marker
_ZEROS = bytes(64)
_ZERO_RUN = re.compile(rb"\0{16,}")
_MOST_WIPED = 2  # places
_PROBE = b"".join(sha256(bytes([n])).digest() for n in range(8)).replace(b"\xff", b"\x55")  # noise, always the same


@dataclass
class Jpeg:
    """What the markers of a JPEG say.

    scans: where the coded data of each scan begins and ends, in bytes. breaks: where each run of coded data ends:
    before a restart marker and at the end of a scan. ended: the end marker is there. fault: what is surely wrong.
    share: of the picture that its bytes can hold at most.
    comments: the COM segments. exif: where the blocks of EXIF lie.
    wiped: where a run of zeros begins that no encoder writes. pages: where the pictures of the file begin, save
    thumbnails, as its index says; none if it has no index.
    gain_map: the second of them only says how bright a screen may show the first.
    """

    size: tuple[int, int] = (0, 0)
    planes: int = 0
    scans: list[tuple[int, int]] = field(default_factory=list)
    breaks: list[int] = field(default_factory=list)
    comments: list[bytes] = field(default_factory=list)
    exif: list[tuple[int, int]] = field(default_factory=list)
    progressive: bool = False
    coded_as_a_whole: bool = False
    restarts: int = 0
    ended: bool = False
    fault: str = ""
    share: float = 1.0
    wiped: int | None = None
    pages: list[int] = field(default_factory=list)
    gain_map: bool = False

    def take_note(self, code: int, body: bytes, end: int) -> None:
        """Of a segment that says something about the picture and ends at `end`."""
        if code == 0xFE:
            self.comments.append(body)
        elif code == 0xE1 and body.startswith(b"Exif\0\0"):
            self.exif.append((end - len(body), end))
        elif code == 0xE1 and b"hdrgm:Version" in body:
            self.gain_map = True
        elif code == 0xE2 and body.startswith(b"MPF\0"):
            self.pages = _pages(body[4:], end - len(body) + 4)


def survey(data: bytes) -> Jpeg:
    """Walk the segments of the first picture in a file. Nothing is decoded."""
    found = Jpeg()
    walk = _Walk()
    at, interval = 2, 0
    while marker := _MARKER.search(data, at):
        code, at = marker[1][0], marker.end()
        if code == 0xD9:
            found.ended = True
            break
        if code in _ALONE:
            continue
        length = int.from_bytes(data[at : at + 2], "big")
        body = data[at + 2 : at + length]
        if length < 2 or len(body) < length - 2:
            break
        at += length
        found.take_note(code, body, at)
        if code in _FRAMES:
            walk.frame(code, body, found)
        elif code == 0xC4:
            walk.tables(body)
        elif code == 0xDD:
            interval = int.from_bytes(body[:2], "big")
        elif code == 0xDA:
            at = walk.scan(data, at, body, interval, found)
            if len(found.scans) > MOST_SCANS:
                found.fault = f"it has more than {MOST_SCANS} scans"
                break
    found.fault = found.fault or walk.missing(found)
    return found


def pictures(data: bytes, found: Jpeg) -> list[tuple[int, int]]:
    """Where the pictures of a file of several begin and end; each is looked for where the index is wrong."""
    starts = found.pages
    if any(data[start : start + 3] != b"\xff\xd8\xff" for start in starts) or starts != sorted(set(starts)):
        starts, at = [0], 0
        while len(starts) < len(found.pages):
            scans = survey(data[at:]).scans
            at = data.find(b"\xff\xd8\xff", at + scans[-1][1]) if scans else -1
            if at < 0:
                break
            starts.append(at)
    return list(zip(starts, [*starts[1:], len(data)], strict=True))


def _pages(index: bytes, at: int) -> list[int]:
    """Where the pictures begin that a Multi-Picture Format index (CIPA DC-007) at `at` names, save thumbnails."""
    try:
        order = {b"II": "<", b"MM": ">"}[index[:2]]
        directory = struct.unpack_from(order + "I", index, 4)[0]
        for i in range(struct.unpack_from(order + "H", index, directory)[0]):
            tag, _, size, place = struct.unpack_from(order + "HHII", index, directory + 2 + 12 * i)
            if tag == 0xB002:
                entries = [struct.unpack_from(order + "III", index, place + n) for n in range(0, size - 15, 16)]
                return [offset + at if offset else 0 for kind, _, offset in entries if not _small(kind)]
    except (KeyError, struct.error):
        pass
    return []


def _small(kind: int) -> bool:
    """Whether an index calls a picture the thumbnail of another."""
    return kind >> 16 & 0xFF == 1


def _up(value: int, step: int) -> int:
    """value / step, rounded up."""
    return -(-value // step)


def _markers(data: bytes, start: int) -> Iterator[tuple[int, int]]:
    """Where each marker in coded data from `start` on begins, with the fill bytes before it, and its code.

    Coded data is full of 255s with a 0 behind them, over which a pattern takes as long as decoding.
    """
    view = np.frombuffer(data, np.uint8)
    for first in range(start, len(view) - 1, _BLOCK):
        part = view[first : first + _BLOCK + 1]
        found = (part[:-1] == 0xFF) & (part[1:] - np.uint8(1) < 0xFE)  # 0 becomes 255: neither 0 nor 255
        for at in np.flatnonzero(found).tolist():
            begin = first + at
            while begin > start and data[begin - 1] == 0xFF:
                begin -= 1
            yield begin, data[first + at + 1]


class _Walk:
    """Which coefficients of which component were sent, to which bit."""

    def __init__(self) -> None:
        self.components: dict[int, tuple[int, int]] = {}  # id -> sampling factors, across and down
        self.most = (1, 1)  # the largest of them
        self.left: dict[tuple[int, int], int] = {}  # (component, coefficient) -> bits still to come; absent: never sent
        self.flat: dict[
            int, bool
        ] = {}  # Huffman tables: whether bits of zero mean no change (DC) or no more of a block (AC)
        self.arithmetic = False

    def frame(self, code: int, body: bytes, found: Jpeg) -> None:
        found.size = (int.from_bytes(body[3:5], "big"), int.from_bytes(body[1:3], "big"))
        found.progressive = code in (0xC2, 0xC6, 0xCA, 0xCE)
        found.planes = body[5] if len(body) > 5 else 0
        self.arithmetic = code > 0xC8
        for i in range(6, len(body) - 2, 3):
            h, v = body[i + 1] >> 4 or 1, body[i + 1] & 15 or 1
            self.components[body[i]] = h, v
            self.most = max(h, self.most[0]), max(v, self.most[1])

    def tables(self, body: bytes) -> None:
        at = 0
        while at + 17 <= len(body):
            kind, counts = body[at], body[at + 1 : at + 17]
            symbols = body[at + 17 : at + 17 + sum(counts)]
            if symbols:
                joins = kind >> 4 and any(not s & 15 and 0 < s >> 4 < 15 for s in symbols)  # blocks of nothing
                self.flat[kind] = symbols[0] == 0 and not joins
            at += 17 + sum(counts)

    def scan(self, data: bytes, start: int, body: bytes, interval: int, found: Jpeg) -> int:
        """Take note of a scan whose coded data begins at `start`; gives where it ends."""
        end, restarts = self._end(data, start, found)
        found.scans.append((start, end))
        count = body[0] if body else 0
        ids, tables = body[1 : 1 + 2 * count : 2], body[2 : 2 + 2 * count : 2]
        first, last, bits = (*body[1 + 2 * count : 4 + 2 * count], 0, 0, 0)[:3] if found.progressive else (0, 63, 0)
        for one in ids:
            self.left.update({(one, k): bits & 15 for k in range(first, min(last, 63) + 1)})
        found.coded_as_a_whole |= count < len(self.components)
        blocks = sum(self._blocks(one, found.size, alone=count == 1) for one in ids)
        units = blocks if count == 1 else self._units(found.size)
        if interval and _up(units, interval) - 1 > restarts:
            found.fault = found.fault or "a part of it is missing"
        if not self.arithmetic:
            self._judge(data, (start, end), found, blocks=blocks, first=first, refined=bits >> 4, tables=tables)
        return end

    def _end(self, data: bytes, start: int, found: Jpeg) -> tuple[int, int]:
        """Where the coded data that begins at `start` ends, and how many restart markers it has."""
        restarts = 0
        for at, code in _markers(data, start):
            found.breaks.append(at)
            if code not in _RESTART:
                found.restarts += restarts
                return at, restarts
            if code != 0xD0 + restarts % 8:
                found.fault = found.fault or "a part of it is missing"
            restarts += 1
        found.restarts += restarts
        found.breaks.append(len(data.rstrip(b"\xff")))
        return found.breaks[-1], restarts

    def _judge(
        self, data: bytes, place: tuple[int, int], found: Jpeg, *, blocks: int, first: int, refined: int, tables: bytes
    ) -> None:
        """What can be told of a scan's coded data without decoding it."""
        size = place[1] - place[0]
        if not first and refined:  # one bit for each block, as it is
            if not found.restarts and size - data.count(b"\xff\x00", *place) != _up(blocks, 8):
                found.fault = found.fault or "a part of it is missing"
            return
        share = 8 * size / max(1, blocks * (1 if found.progressive else 2))
        if not first and share < 1:
            found.fault = found.fault or "it has far fewer bytes than its size needs"
            found.share = min(found.share, share)
        used = [t >> 4 if not first and found.progressive else 16 | t & 15 for t in tables]
        if not all(self.flat.get(t, True) for t in used) and data.find(_ZEROS, *place) >= 0:
            runs = list(_ZERO_RUN.finditer(data, *place))
            if len(runs) <= _MOST_WIPED:  # more of them are a pattern of the picture
                found.fault = found.fault or "a part of it was wiped with zeros"
                found.wiped = next(run.start() for run in runs if len(run[0]) >= len(_ZEROS))

    def _units(self, size: tuple[int, int]) -> int:
        return _up(size[0], 8 * self.most[0]) * _up(size[1], 8 * self.most[1])

    def _blocks(self, one: int, size: tuple[int, int], *, alone: bool) -> int:
        h, v = self.components.get(one, (1, 1))
        if not alone:
            return self._units(size) * h * v
        return _up(_up(size[0] * h, self.most[0]), 8) * _up(_up(size[1] * v, self.most[1]), 8)

    def missing(self, found: Jpeg) -> str:
        if not found.scans:
            return "its pixels are missing"
        if any(self.left.get((one, k), 1) for one in self.components for k in range(64)):
            return "some of its scans are missing, so it would be coarse"
        return ""


def with_sound_exif(data: bytes, found: Jpeg) -> bytes:
    """The same file, its EXIF blocks without what is damaged in them: Pillow warns of it, wherever it is read."""
    parts, last = [], 0
    for start, end in found.exif:
        block = mended_exif(data[start:end])
        if block != data[start:end]:
            parts += [data[last:start], block or bytes(end - start)]
            last = end
    return b"".join([*parts, data[last:]]) if parts else data


class Feed(io.BytesIO):
    """A JPEG of one scan as Pillow reads it, held back at the end of its data to see what the decoder still wants.

    surplus: it was done before the last bytes, so some before them are wrong. rows: None, or how many were complete
    when the data ended too early.
    """

    def __init__(self, data: bytes, found: Jpeg) -> None:
        end = found.scans[-1][1]
        super().__init__(data[:end] + bytes(_PREFETCH) + b"\xff\xd9")
        kept = len(data[max(0, end - _STUFFING) : end].rstrip(b"\0\xff"))
        last = end - _STUFFING + kept if kept and end > _STUFFING else end
        self._stops = [last - 2, end + _PREFETCH]
        self._image: ImageFile.ImageFile | None = None
        self.rows: int | None = None

    @property
    def surplus(self) -> bool:
        """Whether coded data was left over."""
        return len(self._stops) == 2

    def watch(self, image: ImageFile.ImageFile) -> None:
        """From now on hold back: `image` is about to decode from this."""
        self._image = image

    def read(self, size: int | None = -1, /) -> bytes:
        """At most `size` bytes, fewer where the decoder is watched; b"" at the end."""
        if self._image is None or size is None or size < 0:
            return super().read(size)
        at = self.tell()
        if self._stops and at >= self._stops[0]:
            if len(self._stops) == 1:  # Pillow's picture is black below what is decoded
                box = self._image.im.getbbox()
                self.rows = box[3] if box else 0
            del self._stops[0]
        return super().read(min(size, self._stops[0] - at) if self._stops else size)


def probed(data: bytes, found: Jpeg) -> bytes:
    """The file with noise after each run of coded data: it shows in the picture wherever the data is short."""
    parts, at = [], 0
    for end in found.breaks:
        parts += [data[at:end], _PROBE]
        at = end
    return b"".join([*parts, data[at:] if found.ended else b"\xff\xd9"])


def first_difference(one: Image.Image, other: Image.Image) -> int | None:
    """The first row in which two pictures of one mode and size differ; None if they don't."""
    for top in range(0, one.height, 256):
        box = (0, top, one.width, min(top + 256, one.height))
        difference = ImageChops.difference(one.crop(box), other.crop(box)).getbbox(alpha_only=False)
        if difference:
            return top + difference[1]
    return None
