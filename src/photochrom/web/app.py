"""The whole application: routes, the page, and the middleware round them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

import photochrom
from photochrom.errors import PhotochromError
from photochrom.web.config import Config
from photochrom.web.desk import Desk
from photochrom.web.guard import Guard
from photochrom.web.metrics import Counted, Metrics
from photochrom.web.page import page
from photochrom.web.problems import Refused, problem, refused
from photochrom.web.routes import api
from photochrom.web.studio import Studio
from photochrom.web.work import Workers

FINISH = 8.0  # seconds that running work has to end when the server is told to leave


def create_app(config: Config | None = None) -> FastAPI:
    """An ASGI application for that config, with workers of its own. Raises UsageError, ModelError for its model."""
    config = config or Config()
    limits = config.limits
    studio = Studio(config)
    studio.colorizer(config.model)  # here, so that whoever starts it is told what is wrong
    workers = Workers(config.workers, most=limits.queue, most_bytes=limits.waiting_bytes)
    metrics = Metrics(workers)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield
        workers.close(FINISH)

    app = FastAPI(
        title="photochrom",
        version=photochrom.__version__,
        description="Colour for pictures that have none. They stay in memory, while they are worked on.",
        lifespan=lifespan,
        docs_url=None,  # its scripts would come from another host; see page.py
        redoc_url=None,
        openapi_url="/api/v1/openapi.json",
    )
    app.include_router(api(Desk(workers, limits), studio, metrics))
    app.include_router(page(config, app))
    for kind in (Refused, PhotochromError, MemoryError, Exception):
        app.add_exception_handler(kind, refused)
    app.add_exception_handler(HTTPException, _of_http)
    app.add_exception_handler(RequestValidationError, _of_http)
    app.add_middleware(Counted, metrics=metrics)
    app.add_middleware(Guard, config=config)
    return app


async def _of_http(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 400
    sentences = {
        404: "there is nothing at this address; /docs lists what there is",
        405: "this address takes other methods",
    }
    return problem(status, sentences.get(status, "the request can't be understood; /docs says what it takes"))
