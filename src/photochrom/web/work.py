"""Who is coloured next: a few threads, a bounded queue, and turns taken between clients."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

from photochrom.web.problems import Refused

T = TypeVar("T")


class Ticket(Generic[T]):
    """A piece of work that waits for its turn, and its result.

    deadline: time.monotonic() after which it is no longer wanted.
    """

    def __init__(self, work: Callable[[Ticket[T]], T], *, deadline: float) -> None:
        self.deadline = deadline
        self.result: Future[T] = Future()
        self._work = work
        self._dropped = threading.Event()

    def drop(self) -> None:
        """Nobody waits for it any more: it isn't begun, or ends at its next step."""
        self._dropped.set()
        self.result.cancel()  # does nothing to one that runs

    def step(self) -> None:
        """To be called between the steps of the work: raises Refused where it is no longer wanted."""
        if self._dropped.is_set():
            raise Refused(499, "the client has gone")
        if time.monotonic() > self.deadline:
            raise Refused(
                503, "this took longer than the server allows; try a smaller picture, or later", retry_after=5
            )

    def do(self) -> None:
        """Run it, whatever comes of it."""
        if not self.result.set_running_or_notify_cancel():
            return
        try:
            self.step()
            self.result.set_result(self._work(self))
        except BaseException as error:  # noqa: BLE001  it is raised where the result is waited for
            self.result.set_exception(error)


class Workers:
    """Threads that take work from a bounded queue, one piece of each client in turn.

    count: threads. most: pieces that wait or run. most_bytes: that the waiting and running hold together.
    """

    def __init__(self, count: int, *, most: int, most_bytes: int) -> None:
        self._most = most
        self._most_bytes = most_bytes
        self._bytes = 0
        self._held = 0
        self._waiting: OrderedDict[str, deque[Ticket[object]]] = OrderedDict()
        self._changed = threading.Condition()
        self._closed = False
        self._threads = [threading.Thread(target=self._run, name=f"photochrom-{n}", daemon=True) for n in range(count)]
        for thread in self._threads:
            thread.start()

    @property
    def held(self) -> int:
        """Requests that wait, run or are being received."""
        return self._held

    def hold(self, size: int) -> None:
        """Take a place for a request whose body has at most `size` bytes. Raises Refused (429) if there is none."""
        with self._changed:
            if self._closed:
                raise Refused(503, "the server is shutting down; try again later", retry_after=10)
            if self._held >= self._most or (self._held and self._bytes + size > self._most_bytes):
                raise Refused(
                    429, f"{self._held} pictures are waiting already; try again in a few seconds", retry_after=2
                )
            self._held += 1
            self._bytes += size

    def free(self, size: int) -> None:
        """Give that place back."""
        with self._changed:
            self._held -= 1
            self._bytes -= size
            self._changed.notify_all()

    def submit(self, client: str, ticket: Ticket[T]) -> Future[T]:
        """Put work into the client's own line; clients take turns."""
        with self._changed:
            self._waiting.setdefault(client, deque()).append(ticket)  # type: ignore[arg-type]  # any result
            self._changed.notify()
        return ticket.result

    def close(self, seconds: float) -> None:
        """Take nothing on, finish what runs or waits, at most for so long."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        end = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, end - time.monotonic()))

    def _run(self) -> None:
        while (ticket := self._next()) is not None:
            ticket.do()

    def _next(self) -> Ticket[object] | None:
        with self._changed:
            while not self._waiting:
                if self._closed:
                    return None
                self._changed.wait()
            client, line = self._waiting.popitem(last=False)
            ticket = line.popleft()
            if line:
                self._waiting[client] = line  # to the end: the others come first
            return ticket
