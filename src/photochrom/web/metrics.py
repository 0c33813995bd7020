"""Figures for whoever runs the server, in Prometheus' format; nothing of a picture is in them."""

from __future__ import annotations

import time

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from photochrom.web.work import Workers

_SECONDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)


class Metrics:
    """Counts of one server, in a registry of its own."""

    def __init__(self, workers: Workers) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "photochrom_requests", "Requests answered.", ("route", "status"), registry=self.registry
        )
        self._seconds = Histogram(
            "photochrom_request_seconds",
            "From request to answer.",
            ("route",),
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.pixels = Counter("photochrom_pixels", "Pixels coloured.", registry=self.registry)
        held = Gauge("photochrom_held_requests", "Requests that wait or are worked on.", registry=self.registry)
        held.set_function(lambda: workers.held)

    def text(self) -> bytes:
        """The page that Prometheus reads."""
        return generate_latest(self.registry)

    def answered(self, route: str, status: int, seconds: float) -> None:
        """Count one."""
        self._requests.labels(route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)


class Counted:
    """ASGI middleware that counts each answer by the route's own path, so that a client can't make up names."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        start, status = time.perf_counter(), 499  # nothing was sent: the client had gone

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noted)
        finally:
            route = scope.get("route")
            self._metrics.answered(getattr(route, "path", "other"), status, time.perf_counter() - start)
