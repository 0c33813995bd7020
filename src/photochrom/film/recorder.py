"""What is shown live, kept in a file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import av
from av.container import OutputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from photochrom.atomic import atomic_write
from photochrom.errors import UsageError
from photochrom.film.encoder import Coding, coding_for
from photochrom.film.formats import MUXERS
from photochrom.film.info import FilmInfo
from photochrom.film.options import FilmOptions

_UNIT = Fraction(1, 90000)  # seconds of a time stamp


class Recorder:
    """Writes pictures with the times at which they came. Of another size than the first they are left out."""

    def __init__(self, film: OutputContainer) -> None:
        self._film = film
        self._stream: VideoStream | None = None
        self._coding: Coding | None = None
        self._first = 0.0
        self._last = -1

    def add(self, image: VideoFrame, at: float) -> None:
        """The next picture. at: seconds, by any clock."""
        if self._stream is None:
            self._coding = coding_for(FilmInfo.of_image(image, rate=Fraction(90000)), FilmOptions())
            made = self._film.add_stream(
                self._coding.name, rate=25, options={**self._coding.options, "preset": "veryfast"}
            )
            assert isinstance(made, VideoStream)
            self._coding.set_up(made)
            made.codec_context.framerate = Fraction(25)
            self._stream, self._first = made, at
        assert self._coding is not None
        if (image.width, image.height) != self._coding.info.size:
            return
        time = max(self._last + 1, round((at - self._first) / _UNIT))
        image.pts, image.time_base, self._last = time, _UNIT, time
        self._film.mux(self._stream.encode(image))

    def finish(self) -> None:
        """Write what the coder holds back."""
        if self._stream is not None:
            self._film.mux(self._stream.encode(None))
        self._film.close()


@contextmanager
def recording(path: Path | None, *, overwrite: bool) -> Iterator[Recorder | None]:
    """A recorder for a film of that name, whole when the block ends, however it does; None for no path."""
    if path is None:
        yield None
        return
    kind = path.suffix[1:].lower()
    if kind not in ("mp4", "mov", "mkv"):
        raise UsageError(f"a recording is an mp4, mov or mkv file, got {path}; name it as in --record out.mp4")
    with atomic_write(path, overwrite=overwrite) as file:
        recorder = Recorder(av.open(file, "w", format=MUXERS[kind]))
        interrupted: BaseException | None = None
        try:
            yield recorder
        except (KeyboardInterrupt, SystemExit) as error:  # the usual way to end it
            interrupted = error
        recorder.finish()
    if interrupted is not None:
        raise interrupted
