"""The newest picture of a source, read in a thread that never waits for whoever looks at it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from av.video.frame import VideoFrame

from photochrom.errors import PhotochromError, PictureError
from photochrom.film.source import Source

_WAITS = 0.5, 10.0  # seconds before a source is opened again: at first, doubled each time, and at most


@dataclass(frozen=True, eq=False)
class Seen:
    """A picture, and when it came, by time.monotonic()."""

    image: VideoFrame
    at: float


class Newest:
    """Use as a context manager. dropped: pictures that nobody took. came: all that came.

    tell: called with a sentence when the source is lost, and when it is there again.
    """

    def __init__(self, source: Source, *, ends: bool, tell: Callable[[str], None] = lambda text: None) -> None:
        self._source, self._ends, self._tell = source, ends, tell
        self._changed = threading.Condition()
        self._picture: Seen | None = None
        self._over = self._stop = False
        self._error: Exception | None = None
        self.dropped = self.came = 0
        self._thread = threading.Thread(target=self._read, name="photochrom-camera", daemon=True)

    def __enter__(self) -> Newest:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with self._changed:
            self._stop = True
            self._changed.notify_all()
        self._thread.join(timeout=1.0)  # one that waits for the network is left behind: it ends with the process

    def take(self, *, wait: float = 1.0) -> Seen | None:
        """The newest picture that wasn't taken yet, None if there is none within `wait` seconds.

        Raises EOFError at the end of a file, and PictureError where a source can't be opened at all.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._picture or self._over or self._stop, timeout=wait)
            if self._picture is not None:
                taken, self._picture = self._picture, None
                return taken
            if self._error is not None:
                raise self._error
            if self._over:
                raise EOFError
            return None

    def _read(self) -> None:
        pause = _WAITS[0]
        while not self._is_stopped():
            before = self.came
            try:
                for image in self._source():
                    if self._is_stopped():
                        return
                    self._put(image)
                reason = "it ended"
                if self._ends:
                    return self._finish(None)
            except (PhotochromError, OSError) as error:
                reason = str(error)
                if not self.came or self._ends:  # it was never there
                    return self._finish(error if isinstance(error, PhotochromError) else PictureError(str(error)))
            except Exception as error:  # noqa: BLE001  it is raised where pictures are taken
                return self._finish(error)
            pause = _WAITS[0] if self.came > before else min(2 * pause, _WAITS[1])
            self._tell(f"the source is lost ({reason}); trying again in {pause:g} s")
            with self._changed:
                self._changed.wait_for(lambda: self._stop, timeout=pause)

    def _is_stopped(self) -> bool:
        return self._stop

    def _put(self, image: VideoFrame) -> None:
        with self._changed:
            self.came += 1
            self.dropped += self._picture is not None
            self._picture = Seen(image, time.monotonic())
            self._changed.notify_all()

    def _finish(self, error: Exception | None) -> None:
        with self._changed:
            self._over, self._error = True, error
            self._changed.notify_all()
