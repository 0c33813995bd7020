"""A few threads over many strips: in order with few results held at a time, or each strip by itself."""

import math
import os
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import TypeVar

_QUOTA = Path("/sys/fs/cgroup/cpu.max")  # of a container: microseconds of "100000", or "max 100000"

Item = TypeVar("Item")
Result = TypeVar("Result")
_here = threading.local()


@contextmanager
def alone() -> Iterator[None]:
    """A block in which this thread does by itself what it would share with new ones: each core has its own work."""
    before, _here.alone = _is_alone(), True
    try:
        yield
    finally:
        _here.alone = before


def _is_alone() -> bool:
    return getattr(_here, "alone", False)


@cache
def cores() -> int:
    """Cores that this process may use: of the machine, of what it is bound to, or of its container, the fewest."""
    counts = [os.cpu_count() or 1]
    if sys.platform == "linux":
        counts.append(len(os.sched_getaffinity(0)))
    with suppress(OSError, ValueError):
        most, period = _QUOTA.read_text(encoding="ascii").split()
        counts.append(math.ceil(int(most) / int(period)))
    return max(1, min(counts))


def ordered_map(
    work: Callable[[Item], Result], items: Iterable[Item], *, threads: int | None = None, ahead: int | None = None
) -> Iterator[Result]:
    """Like map(), computed ahead in threads; numpy and zlib let go of the interpreter lock, so it pays.

    ahead: results held at a time while nobody asks for them; two for each thread if not given.
    """
    count = threads or min(4, cores())
    most = ahead or 2 * count
    if _is_alone():
        yield from map(work, items)
        return
    waiting: deque[Future[Result]] = deque()
    with ThreadPoolExecutor(count) as pool:
        for item in items:
            waiting.append(pool.submit(work, item))
            if len(waiting) > most:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def on_threads(work: Callable[[int], None], items: range, threads: int | None) -> None:
    """work(item) for every item, on threads; numpy lets go of the interpreter's lock in the long parts."""
    threads = min(len(items), threads or min(8, cores()))
    if threads <= 1 or _is_alone():
        for item in items:
            work(item)
        return
    with ThreadPoolExecutor(threads) as pool:
        for _ in pool.map(work, items):
            pass
