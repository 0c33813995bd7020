"""One Ctrl-C or SIGTERM ends the command soon, whatever it is doing.

Both come out of a verb as exceptions do, so that what is half written is removed; but never out of an import: code in
C turns an exception there into another one, and prints it. Then the process ends at once.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    import socket

_SHOW_CURSOR = b"\r\x1b[?25h"  # the bar has hidden it


@contextmanager
def unwinding() -> Iterator[None]:
    """A block that Ctrl-C and SIGTERM leave as KeyboardInterrupt and SystemExit(143). See the module.

    In other threads than the main one, which get no signals, nothing is changed.
    """
    with _handling(_leave):
        yield


@contextmanager
def ends_within(seconds: float) -> Iterator[None]:
    """A block that the first Ctrl-C or SIGTERM leaves as it is left by an exception; the process ends then.

    Python's own handlers wait until a call into C comes back, which a decoder may not do for minutes. A thread that
    the system wakes ends the process after `seconds`, or at a second signal, removing what is half written. In other
    threads than the main one, which get no signals, nothing is changed.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    import socket

    got: list[int] = []

    def stopped(number: int, frame: FrameType | None) -> None:
        got.append(number)
        if len(got) == 1:  # at a second one the thread below ends it
            _leave(number, frame)

    wakened, waker = socket.socketpair()
    waker.setblocking(False)
    with _handling(stopped):
        woken_before = signal.set_wakeup_fd(waker.fileno(), warn_on_full_buffer=False)
        threading.Thread(target=_watch, args=(wakened, seconds), name="photochrom-stop", daemon=True).start()
        try:
            yield
        finally:
            if got:
                from photochrom import streams

                streams.flush()
                _end(128 + got[0])
            signal.set_wakeup_fd(woken_before)
            waker.close()


@contextmanager
def _handling(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    """A block within which the two signals that end a program are the handler's, save one that is ignored."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = [n for n in (signal.SIGINT, signal.SIGTERM) if signal.getsignal(n) is not signal.SIG_IGN]
    before = {n: signal.signal(n, handler) for n in numbers}
    try:
        yield
    finally:
        for number, handled in before.items():
            signal.signal(number, handled)


def _leave(number: int, frame: FrameType | None) -> None:
    while frame:
        if frame.f_code.co_filename == "<frozen importlib._bootstrap>":
            _end(128 + number)
        frame = frame.f_back
    raise KeyboardInterrupt if number == signal.SIGINT else SystemExit(128 + number)


def _watch(wakened: socket.socket, seconds: float) -> None:
    with wakened:
        first = _next_stop(wakened)
        if first is None:
            return
        wakened.settimeout(seconds)
        with suppress(OSError):  # no second one came in time
            _next_stop(wakened)
        _end(128 + first)


def _next_stop(wakened: socket.socket) -> int | None:
    """The next signal that ends the program; None when the block is left without one."""
    while number := wakened.recv(1):
        if number[0] in (signal.SIGINT, signal.SIGTERM):
            return number[0]
    return None


def _end(code: int) -> NoReturn:
    atomic = sys.modules.get("photochrom.atomic")  # or nothing was written yet
    if discard_unfinished := getattr(atomic, "discard_unfinished", None):
        discard_unfinished()
    if sys.stderr.isatty():
        os.write(sys.stderr.fileno(), _SHOW_CURSOR)
    os._exit(code)  # threads that are in a decoder aren't waited for
