"""Ctrl-C and SIGTERM in the middle of a run."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import Any


class Signals:
    """While it is entered, the two are noted, so that the step under way can be finished and saved first.

    A second one ends the run at once. Outside the main thread, where Python allows no handlers, nothing is noted.
    """

    def __init__(self) -> None:
        self.received: int | None = None
        self._before: dict[int, Any] = {}  # signal.signal() gives a function, a number or None

    def __enter__(self) -> Signals:
        if threading.current_thread() is threading.main_thread():
            self._before = {n: signal.signal(n, self._note) for n in (signal.SIGINT, signal.SIGTERM)}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def raise_received(self) -> None:
        """End the run if there was one: KeyboardInterrupt for Ctrl-C, SystemExit(128 + number) for SIGTERM."""
        if self.received is not None:
            raise KeyboardInterrupt if self.received == signal.SIGINT else SystemExit(128 + self.received)

    def _note(self, number: int, frame: FrameType | None) -> None:
        again = self.received is not None
        self.received = number
        if again:
            self.raise_received()
