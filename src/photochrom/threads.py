"""A few threads over many strips: in order with few results held at a time, or each strip by itself."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def ordered_map(
    work: Callable[[Item], Result], items: Iterable[Item], *, threads: int | None = None, ahead: int | None = None
) -> Iterator[Result]:
    """Like map(), computed ahead in threads; numpy and zlib let go of the interpreter lock, so it pays.

    ahead: results held at a time while nobody asks for them; two for each thread if not given.
    """
    count = threads or min(4, os.cpu_count() or 1)
    most = ahead or 2 * count
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
    threads = min(len(items), threads or min(8, os.cpu_count() or 1))
    if threads <= 1:
        for item in items:
            work(item)
        return
    with ThreadPoolExecutor(threads) as pool:
        for _ in pool.map(work, items):
            pass
