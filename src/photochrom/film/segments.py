"""What is coded already, kept beside the new film until it is whole, so that a killed run goes on where it was.

A segment is a file of packets: a run of pictures, coded by themselves. It gets its name, the places of its first
picture and of the one after its last, when it is on the disk. Time stamps are kept as they are, in the film's unit.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import shutil
import struct
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from av.packet import Packet

from photochrom.errors import OutputError

_HEAD = struct.Struct("<qq?I")  # time stamp, duration, key picture, bytes that follow
_NAME = re.compile(r"(\d{9})-(\d{9})\.packets")
_ABOUT = "about.json"


class Coded(NamedTuple):
    """A coded picture. time, duration: in units of the film. key: whether it can be decoded by itself."""

    time: int
    duration: int
    key: bool
    data: bytes


@dataclass(frozen=True)
class Segment:
    """first, last: the places of its first picture, and of the one after its last."""

    path: Path
    first: int
    last: int

    def packets(self, *, data: bool = True) -> Iterator[Coded]:
        """In the order of decoding. data: read the bytes too."""
        with open(self.path, "rb") as file:
            while head := file.read(_HEAD.size):
                time, duration, key, size = _HEAD.unpack(head)
                if data:
                    yield Coded(time, duration, key, file.read(size))
                else:
                    file.seek(size, os.SEEK_CUR)
                    yield Coded(time, duration, key, b"")


class Segments:
    """The folder of a film's segments, hidden beside the new film.

    about: what the film and its colours depend on; segments of another are thrown away. Raises OutputError.
    """

    def __init__(self, target: Path, about: object) -> None:
        name = hashlib.sha256(os.fsencode(target.name)).hexdigest()[:12]
        self.folder = target.parent / f".photochrom-{name}.film"
        self._target = target
        text = json.dumps(about, sort_keys=True, default=str)
        with _told(self._target):
            if self.folder.exists() and self._read_about() != text:
                shutil.rmtree(self.folder)
            self.folder.mkdir(parents=True, exist_ok=True)
            (self.folder / _ABOUT).write_text(text, encoding="utf-8")
            for path in self.folder.glob("*.part"):
                path.unlink()

    def done(self) -> list[Segment]:
        """Those that follow each other from the first picture on; whatever else there is goes."""
        found = []
        for path in sorted(self.folder.iterdir()):
            if match := _NAME.fullmatch(path.name):
                found.append(Segment(path, int(match[1]), int(match[2])))
        chain: list[Segment] = []
        for segment in found:
            if segment.first == (chain[-1].last if chain else 0):
                chain.append(segment)
            else:
                segment.path.unlink()
        return chain

    def write(self, first: int, packets: Sequence[Packet[Any]]) -> Segment:
        """Keep the packets of pictures from place `first` on; one packet a picture."""
        path = self.folder / f"{first:09d}-{first + len(packets):09d}.packets"
        part = path.with_suffix(".part")
        with _told(self._target):
            with open(part, "wb") as file:
                for packet in packets:
                    data = bytes(packet)
                    file.write(_HEAD.pack(packet.pts or 0, packet.duration or 0, packet.is_keyframe, len(data)))
                    file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(part, path)
        return Segment(path, first, first + len(packets))

    def remove(self, *, if_empty: bool = False) -> None:
        """Take the folder away; if_empty: only if it holds no segment, so that nothing done is lost."""
        with suppress(OSError):
            if not (if_empty and any(_NAME.fullmatch(path.name) for path in self.folder.iterdir())):
                shutil.rmtree(self.folder)

    def _read_about(self) -> str:
        try:
            return (self.folder / _ABOUT).read_text(encoding="utf-8")
        except (OSError, ValueError):
            return ""


@contextmanager
def _told(target: Path) -> Iterator[None]:
    """OSError becomes OutputError."""
    try:
        yield
    except OSError as error:
        reason = f"{(error.strerror or str(error)).lower()}; choose a folder you may write to"
        if error.errno == errno.ENOSPC:
            reason = "the disk is full; free some space and run it again, it goes on from there"
        raise OutputError(f"can't write {target}: {reason}") from error


def decode_times(segments: Iterable[Segment]) -> Iterator[int]:
    """When each packet is to be decoded, in the order of the packets: the time stamps in rising order, so many places
    earlier as the codec holds pictures back."""
    times: list[int] = []
    late = 0
    for segment in segments:
        own = [packet.time for packet in segment.packets(data=False)]
        rank = {time: place for place, time in enumerate(sorted(own))}
        late = max([late, *(place - rank[time] for place, time in enumerate(own))])
        times += sorted(own)
    step = times[1] - times[0] if len(times) > 1 else 1
    yield from (times[0] - (late - place) * step for place in range(min(late, len(times))))
    yield from times[: max(0, len(times) - late)]
