"""The page itself: a few files beside this module, served as they are, and the reference of the API as plain HTML."""

from __future__ import annotations

import html
import json
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import APIRouter, FastAPI
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, JSONResponse, Response

import photochrom
from photochrom.web.config import Config
from photochrom.web.fields import described, domains
from photochrom.web.upload import MOST_REFERENCES

STATIC = Path(__file__).parent / "static"
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


@cache
def files() -> dict[str, tuple[bytes, str]]:
    """Name -> bytes and media type. Read once; no name of a request ever becomes a path."""
    found = sorted(path for path in STATIC.iterdir() if path.suffix in _TYPES)
    return {path.name: (path.read_bytes(), _TYPES[path.suffix]) for path in found}


def page(config: Config, app: FastAPI) -> APIRouter:
    """/, /static/..., /docs, and what the page asks first."""
    router = APIRouter(include_in_schema=False)

    @router.get("/")
    async def index() -> Response:
        return _file("index.html")

    @router.get("/static/{name}")
    async def static(name: str) -> Response:
        return _file(name)

    @router.get("/favicon.ico")
    async def favicon() -> Response:
        return _file("icon.svg")

    @router.get("/api/v1/page")
    async def about() -> Response:
        return JSONResponse(about_page(config))

    @router.get("/docs")
    async def docs() -> Response:
        return HTMLResponse(reference(app.openapi()))

    return router


def about_page(config: Config) -> dict[str, Any]:
    """What the page draws its controls from."""
    limits = {
        "megabytes": config.limits.megabytes, "megapixels": config.limits.megapixels, "references": MOST_REFERENCES,
    }  # fmt: skip
    models = [{"name": info.name, "domain": info.domain} for info in photochrom.models()]
    return {"domains": domains(), "models": models, "model": config.model, "settings": described(), "limits": limits}


def reference(openapi: dict[str, Any]) -> str:
    """The OpenAPI description as a page that needs no script."""
    parts = []
    for path, methods in openapi["paths"].items():
        for method, entry in methods.items():
            body = entry.get("requestBody", {}).get("content", {}).get("multipart/form-data", {})
            fields = body.get("schema", {}).get("properties", {})
            rows = "".join(_row(name, schema) for name, schema in fields.items())
            table = f"<table><tr><th>Field</th><th>Type</th><th>Meaning</th></tr>{rows}</table>" if rows else ""
            example = html.escape(_curl(method, path))
            parts.append(
                f"<section><h2><code>{method.upper()} {html.escape(path)}</code></h2>"
                f"<p>{html.escape(entry.get('summary', ''))}.</p><pre>{example}</pre>{table}</section>"
            )
    head = (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>photochrom: the API</title>'
        '<meta name="viewport" content="width=device-width"><link rel="stylesheet" href="/static/style.css">'
    )
    about = html.escape(openapi["info"]["description"])
    return (
        f"{head}<main class='reference'><h1>The API</h1><p>{about} "
        "<a href='/api/v1/openapi.json'>OpenAPI as JSON</a>. Errors are problem JSON (RFC 9457).</p>"
        f"{''.join(parts)}</main></html>"
    )


def _row(name: str, schema: dict[str, Any]) -> str:
    span = f" {schema['minimum']:g}..{schema['maximum']:g}" if "minimum" in schema and "maximum" in schema else ""
    default = f" Default: {json.dumps(schema['default'])}." if "default" in schema else ""
    cells = (f"<code>{name}</code>", _kind(schema) + span, schema.get("description", "") + default)
    return (
        "<tr>"
        + "".join(f"<td>{cell if cell.startswith('<code>') else html.escape(cell)}</td>" for cell in cells)
        + "</tr>"
    )


def _kind(schema: dict[str, Any]) -> str:
    """What a field is: "number", "file", "files"."""
    if schema["type"] == "array":
        return f"{_kind(schema['items'])}s"
    return "file" if schema.get("format") == "binary" else str(schema["type"])


def _curl(method: str, path: str) -> str:
    place = f"http://127.0.0.1:8000{path}"
    if method == "get":
        return f"curl {place}"
    more = (
        " -F x=320 -F y=200" if path.endswith("suggest") else " -F vividness=1.2" if path.endswith("colorize") else ""
    )
    return f"curl -F picture=@old.jpg{more} {place}{' -o new.jpg' if not path.endswith('suggest') else ''}"


def _file(name: str) -> Response:
    if name not in files():
        raise HTTPException(404)
    data, kind = files()[name]
    return Response(data, media_type=kind, headers={"Cache-Control": "no-cache"})
