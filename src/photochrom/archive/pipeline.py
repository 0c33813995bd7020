"""Many pictures at a time on one machine: as many threads as cores, each with a picture of its own, memory bounded.

Decoding, the network, upsampling and encoding all let go of Python's lock, so that threads share one network and
no picture has to be sent from process to process.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TypeVar

A = TypeVar("A")
B = TypeVar("B")


def each(work: Callable[[A], B], many: Iterable[A], *, workers: int, ahead: int = 2) -> Iterator[B]:
    """work(one) for each, `workers` at a time, in the order in which they end; what it raises is raised.

    At most workers + ahead are taken from `many` before a result is: a source of a million is never listed. Left early,
    what has begun is waited for and nothing else is begun.
    """
    if workers <= 1:
        yield from map(work, many)
        return
    source = iter(many)
    with ThreadPoolExecutor(workers, thread_name_prefix="photochrom") as pool:
        running: set[Future[B]] = set()
        ended = False
        try:
            while running or not ended:
                while not ended and len(running) < workers + ahead:
                    try:
                        one = next(source)
                    except StopIteration:
                        ended = True
                    else:
                        running.add(pool.submit(work, one))
                if running:
                    done, running = wait(running, return_when=FIRST_COMPLETED)
                    yield from (future.result() for future in done)
        finally:
            for future in running:
                future.cancel()


class Memory:
    """Bytes that pictures being worked on share: whoever needs more than is free waits, the longest waiting first."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._free = limit
        self._line: deque[object] = deque()
        self._changed = threading.Condition()

    def take(self, count: int) -> int:
        """Wait until so many are free; gives what was taken: never more than there are in all."""
        count = min(count, self.limit)
        me = object()
        with self._changed:
            self._line.append(me)
            self._changed.wait_for(lambda: self._line[0] is me and self._free >= count)
            self._line.popleft()
            self._free -= count
            self._changed.notify_all()
        return count

    def give(self, count: int) -> None:
        """Give them back."""
        with self._changed:
            self._free += count
            self._changed.notify_all()
