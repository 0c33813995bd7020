"""The addresses of the API, each a few lines: what it takes is in `upload`, what it does in a module of its own."""

from __future__ import annotations

import re
from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

import photochrom
from photochrom.errors import UsageError
from photochrom.web.colorize import colored
from photochrom.web.desk import Desk, Step
from photochrom.web.explain import explained
from photochrom.web.fields import described, is_on
from photochrom.web.live import Streams
from photochrom.web.metrics import Metrics
from photochrom.web.schema import COLORIZE, EXPLAIN, LIVE, PREVIEW, SUGGEST
from photochrom.web.studio import Studio, look
from photochrom.web.suggest import swatches
from photochrom.web.upload import Upload


def api(desk: Desk, studio: Studio, metrics: Metrics) -> APIRouter:
    """All of /api/v1, /healthz and /metrics."""
    router = APIRouter()
    streams = Streams()

    @router.post("/api/v1/colorize", summary="Colour a picture", **COLORIZE)
    async def colorize(request: Request) -> Response:
        accept = request.headers.get("accept", "")

        def work(upload: Upload, step: Step) -> Response:
            response, pixels = colored(upload, step, studio=studio, accept=accept)
            metrics.pixels.inc(pixels)
            return response

        return await desk.run(request, work)

    @router.post("/api/v1/preview", summary="A picture as a browser can show it", **PREVIEW)
    async def preview(request: Request) -> Response:
        def work(upload: Upload, step: Step) -> Response:
            reference = is_on(upload.fields, "as_reference")
            photo = studio.open_reference(upload.picture) if reference else studio.open(upload, salvage=True)
            step()
            shown, media_type = look(photo)
            size = {"Photochrom-Width": str(photo.width), "Photochrom-Height": str(photo.height)}
            return Response(shown, media_type=media_type, headers=size)

        return await desk.run(request, work)

    @router.post("/api/v1/suggest", summary="The likeliest colours of a place", **SUGGEST)
    async def suggest(request: Request) -> Response:
        def work(upload: Upload, step: Step) -> Response:
            photo = studio.open(upload, salvage=True)
            step()
            at = _number(upload, "x"), _number(upload, "y")
            settings = studio.settings(upload, "x", "y")
            colorizer = studio.chosen(upload.fields)
            return JSONResponse([asdict(swatch) for swatch in swatches(colorizer, photo, at, settings)])

        return await desk.run(request, work)

    @router.post("/api/v1/explain", summary="How a picture gets its colours, as one HTML file", **EXPLAIN)
    async def explain(request: Request) -> Response:
        return await desk.run(request, lambda upload, step: explained(upload, step, studio=studio))

    @router.post("/api/v1/live", summary="The next frame of a stream", **LIVE)
    async def live(request: Request) -> Response:
        def work(upload: Upload, step: Step) -> Response:
            photo = studio.open(upload)
            settings = studio.settings(upload, "stream")
            colorizer = studio.chosen(upload.fields, usual="photo-fast")
            stream = f"{request.client.host if request.client else ''} {upload.fields.get('stream', '')[:64]}"
            shown = streams.color(colorizer, photo, settings, stream=stream)
            metrics.pixels.inc(photo.width * photo.height)
            return Response(shown.encode(format="JPEG", quality=85), media_type="image/jpeg")

        return await desk.run(request, work)

    @router.get("/api/v1/models", summary="The models")
    async def models() -> list[dict[str, Any]]:
        return [{key: value for key, value in info.to_dict().items() if key != "file"} for info in photochrom.models()]

    @router.get("/api/v1/settings", summary="Every setting, its range, default and meaning")
    async def settings() -> list[dict[str, Any]]:
        return described()

    @router.get("/healthz", summary="Whether the server is up")
    async def healthz() -> dict[str, str]:
        return {"status": "ok", "version": photochrom.__version__}

    @router.get("/metrics", summary="Figures for Prometheus", include_in_schema=False)
    async def prometheus() -> Response:
        return Response(metrics.text(), media_type="text/plain; version=0.0.4")

    return router


def _number(upload: Upload, name: str) -> float:
    text = upload.fields.get(name, "")
    if not re.fullmatch(r"\d{1,9}(\.\d{1,9})?", text):
        raise UsageError(f"{name} must be a number of pixels, got {text[:60]!r}")
    return float(text)
