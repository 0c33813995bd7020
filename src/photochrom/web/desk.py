"""From a request to a worker and back: a place in the queue, the upload, the work, and a client that may hang up."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TypeVar

from starlette.requests import Request

from photochrom.web.config import Limits
from photochrom.web.problems import Refused
from photochrom.web.upload import Upload, announced, receive
from photochrom.web.work import Ticket, Workers

T = TypeVar("T")
Step = Callable[[], None]

_LOOK = 0.2  # seconds between two looks whether the client is still there


class Desk:
    """Takes requests to the workers. limits: of each request."""

    def __init__(self, workers: Workers, limits: Limits) -> None:
        self._workers = workers
        self._limits = limits

    async def run(self, request: Request, work: Callable[[Upload, Step], T]) -> T:
        """Receive the upload and have it worked on: work(upload, step), in a thread, step between its parts.

        Raises Refused: 429 with no place left, 413 for too large a body, 408 for one too slow, 503 for too long a
        work, 499 where the client has gone; and what `work` raises.
        """
        size = announced(request, self._limits.body_bytes)
        self._workers.hold(size)
        handed = False
        try:
            upload = await self._received(request)
            ticket: Ticket[T] = Ticket(lambda t: work(upload, t.step), deadline=time.monotonic() + self._limits.seconds)
            ticket.result.add_done_callback(lambda _: self._workers.free(size))
            handed = True
            self._workers.submit(request.client.host if request.client else "", ticket)
        finally:
            if not handed:
                self._workers.free(size)
        return await self._awaited(request, ticket)

    async def _received(self, request: Request) -> Upload:
        try:
            return await asyncio.wait_for(receive(request, self._limits.body_bytes), self._limits.seconds)
        except TimeoutError:
            raise Refused(408, f"the upload took longer than {self._limits.seconds:g} s") from None

    async def _awaited(self, request: Request, ticket: Ticket[T]) -> T:
        result = asyncio.wrap_future(ticket.result)
        while True:
            done, _ = await asyncio.wait({result}, timeout=_LOOK)
            if done:
                return result.result()
            if await request.is_disconnected():
                ticket.drop()
                raise Refused(499, "the client has gone")
            if time.monotonic() > ticket.deadline + 5:  # a step that takes long: its result is no longer wanted
                ticket.drop()
                raise Refused(503, "this took longer than the server allows; try a smaller picture", retry_after=5)
