"""Stages of a work, each in a thread of its own, with bounded queues between: none runs far ahead or hangs."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import suppress
from typing import Any, Generic, TypeVar

from photochrom.errors import PhotochromError

Item = TypeVar("Item")
Stage = tuple[str, Callable[[Iterator[Any]], Iterator[Any]]]
"""What it does, in a word or two for messages, and the generator that does it."""


class StageError(PhotochromError):
    """A stage met a fault that is nobody's picture's; the message says which stage."""


class _Stopped(Exception):
    """Another stage has failed, or nobody asks for more."""


class _Queue(Generic[Item]):
    def __init__(self, size: int) -> None:
        self._items: deque[Item] = deque()
        self._size = size
        self._changed = threading.Condition()
        self._ended = self._stopped = False

    def put(self, item: Item) -> None:
        with self._changed:
            self._changed.wait_for(lambda: len(self._items) < self._size or self._stopped)
            if self._stopped:
                raise _Stopped
            self._items.append(item)
            self._changed.notify_all()

    def end(self) -> None:
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def stop(self) -> None:
        with self._changed:
            self._stopped = True
            self._items.clear()
            self._changed.notify_all()

    def __iter__(self) -> Iterator[Item]:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._items or self._ended or self._stopped)
                if self._stopped:
                    raise _Stopped
                if not self._items:
                    return
                item = self._items.popleft()
                self._changed.notify_all()
            yield item


def run_stages(
    source: Iterator[Any], stages: Sequence[Stage], *, name: str = "reading", ahead: int = 4
) -> Generator[Any, None, None]:
    """What the last stage gives, while all of them work at once; the source runs in a thread too.

    ahead: items that wait between two stages at most. When a stage raises, all of them end, and the error is raised
    here: as it is if it is a PhotochromError or OSError, otherwise as a StageError that says which stage it was. When
    the caller stops asking, they end too.
    """
    queues: list[_Queue[Any]] = [_Queue(ahead) for _ in range(len(stages) + 1)]
    failed: list[tuple[str, BaseException]] = []
    guard = threading.Lock()

    def work(what: str, items: Iterator[Any], out: _Queue[Any]) -> None:
        try:
            for item in items:
                out.put(item)
            out.end()
        except _Stopped:
            pass
        except BaseException as error:  # noqa: BLE001  it is raised where the results are asked for
            with guard:
                failed.append((what, error))
            for queue in queues:
                queue.stop()

    todo = [(name, source), *((what, stage(iter(queue))) for (what, stage), queue in zip(stages, queues, strict=False))]
    threads = [
        threading.Thread(target=work, args=(what, items, queue), name=f"photochrom-{what}", daemon=True)
        for (what, items), queue in zip(todo, queues, strict=True)
    ]
    for thread in threads:
        thread.start()
    try:
        with suppress(_Stopped):
            yield from queues[-1]
    finally:
        for queue in queues:
            queue.stop()
        for thread in threads:
            thread.join(timeout=10)  # one that hangs in a decoder is left behind: it ends with the process
    if failed:
        what, error = failed[0]
        if isinstance(error, (PhotochromError, OSError, MemoryError)):
            raise error
        raise StageError(f"{what} failed ({type(error).__name__}: {error}); please report it") from error
