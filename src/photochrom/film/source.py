"""Where live pictures come from: a camera, a file at its own pace, or a stream of the network."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import cv2
import numpy as np
from av.video.frame import VideoFrame

from photochrom.errors import PictureError
from photochrom.film.info import opened, probe
from photochrom.film.reader import Reader

_OPENING, _READING = 10.0, 5.0  # seconds that a stream may take for its beginning, and for its next picture
_STREAMS = ("rtsp://", "rtsps://", "rtmp://", "http://", "https://", "udp://", "rtp://", "srt://", "tcp://")
_SMALL_DELAY = {"fflags": "nobuffer", "flags": "low_delay", "rtsp_transport": "tcp"}

Source = Callable[[], Iterator[VideoFrame]]
"""Opens it and gives its pictures as they come; raises PictureError or OSError where it can't, or no longer."""


def source_of(name: str) -> tuple[Source, bool]:
    """The source of that name, and whether it comes to an end: the number of a camera, a file, or an address."""
    if name.isdigit():
        return (lambda: camera(int(name))), False
    if name.startswith(_STREAMS):
        return (lambda: stream(name)), False
    path = Path(name)
    if not path.exists():
        raise PictureError(
            f"there is no file {name}; give the number of a camera, a file, or an address like rtsp://..."
        )
    return (lambda: paced(path)), True


def camera(number: int) -> Iterator[VideoFrame]:
    """Pictures of a camera of this machine, grey."""
    device = cv2.VideoCapture(number)
    try:
        if not device.isOpened():
            raise PictureError(f"there is no camera {number}; 0 is the first, and no other program may use it")
        device.set(cv2.CAP_PROP_BUFFERSIZE, 1)  # the newest picture, where the driver can
        while True:
            there, picture = device.read()
            if not there:
                raise PictureError(f"the camera {number} gives no more pictures; check its cable")
            grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY) if picture.ndim == 3 else picture
            yield VideoFrame.from_ndarray(np.asarray(grey, np.uint8), "gray")
    finally:
        device.release()


def stream(address: str) -> Iterator[VideoFrame]:
    """Pictures of a network camera or of a server, as they arrive."""
    try:
        with av.open(address, "r", options=_SMALL_DELAY, timeout=(_OPENING, _READING)) as container:
            if not container.streams.video:
                raise PictureError(f"{address} sends no pictures; check the address")
            pictures = container.streams.video[0]
            for packet in container.demux(pictures):
                try:
                    yield from packet.decode()
                except av.error.InvalidDataError:  # begun in the middle: the next whole picture will do
                    continue
    except (av.FFmpegError, ValueError) as error:
        raise PictureError(f"{address} can't be read ({error}); check the address and the network") from error


def paced(path: Path) -> Iterator[VideoFrame]:
    """Pictures of a film, each when it is due."""
    with opened(path):
        pass  # so that what is wrong with it is said at once
    info = probe(path)
    begun = time.monotonic()
    for frame in Reader(info).frames():
        due = begun + info.seconds_at(frame.time)
        time.sleep(max(0.0, due - time.monotonic()))
        yield frame.image
