"""What OpenAPI says of each address: its body, its fields (from Settings), its answers, an example."""

from __future__ import annotations

from typing import Any

from photochrom.web.colorize import FOR_THE_PAGE, PAGED_TYPES
from photochrom.web.fields import described, domains, schema_of
from photochrom.web.problems import MEDIA_TYPE
from photochrom.web.upload import MOST_REFERENCES

_MORE: dict[str, dict[str, Any]] = {
    "model": {"type": "string", "description": "Name of a model; /api/v1/models lists them."},
    "domain": {"type": "string", "enum": list(domains()), "description": "The kind of picture; auto decides."},
    "bands": {"type": "string", "description": "Of a satellite's TIFF: 4, or three as 4,3,2; the first by default."},
    "pages": {"type": "string", "description": "Of TIFFs, animations, MPOs: all, or 1,3-5; the first by default."},
    "format": {"type": "string", "description": "jpeg, png, tiff, webp, bmp or avif; the picture's own by default."},
    "quality": {"type": "integer", "minimum": 1, "maximum": 100, "description": "Of JPEG, WebP and AVIF."},
    "variants": {"type": "integer", "minimum": 1, "maximum": 16, "description": "More than one gives a zip."},
    "strip_location": {"type": "boolean", "description": "Leave out the GPS part of EXIF and XMP."},
    "origin": {"type": "boolean", "description": "Say in the file that a network made the colours, and which."},
    "name": {"type": "string", "description": "Of the picture, where its bytes are the body."},
    "salvage": {"type": "boolean", "description": "Colour a damaged picture as far as it goes."},
}
_COMMON = {name: _MORE[name] for name in ("model", "domain", "bands")}
_PLACE: dict[str, dict[str, Any]] = {
    "x": {"type": "number", "minimum": 0, "description": "From the left, in pixels of the upright picture."},
    "y": {"type": "number", "minimum": 0, "description": "From the top."},
}
_STREAM: dict[str, dict[str, Any]] = {
    "stream": {"type": "string", "description": "Any name; frames of one stream are coloured alike."}
}
_AS_REFERENCE: dict[str, dict[str, Any]] = {
    "as_reference": {"type": "boolean", "description": "Refuse it, with 422, where it can't be a reference."},
    "bands": _MORE["bands"],
}
_REFERENCE: dict[str, Any] = {
    "type": "array",
    "maxItems": MOST_REFERENCES,
    "items": {"type": "string", "format": "binary"},
    "description": "Files of pictures in colour, whose colours are followed; only in a form.",
}
_REASONS = {
    400: "A field that can't be used.",
    401: "No token, or a wrong one.",
    403: "A Host header or an Origin that isn't this server's.",
    408: "The upload was too slow.",
    413: "Too many bytes or pixels.",
    422: "A picture that can't be read, or a reference without colour.",
    429: "The queue is full; Retry-After says when to ask again.",
    503: "It took too long, or the server is shutting down.",
}


def _settings() -> dict[str, dict[str, Any]]:
    fields = {plain["name"]: schema_of(plain) for plain in described()}
    fields["settings"] = {"type": "string", "description": "JSON of any of these; single fields win over it."}
    return fields


def _described(fields: dict[str, dict[str, Any]], answer: dict[str, Any]) -> dict[str, Any]:
    picture = {"type": "string", "format": "binary", "description": "The bytes of a picture file."}
    files = {"picture": picture, **({"reference": _REFERENCE} if "guide" in fields else {})}
    form = {"type": "object", "required": ["picture"], "properties": {**files, **fields}}
    body = {"multipart/form-data": {"schema": form}, "application/octet-stream": {"schema": picture}}
    query = [{"name": name, "in": "query", "schema": schema} for name, schema in fields.items()]
    refusals = {status: {"description": why, "content": {MEDIA_TYPE: {}}} for status, why in _REASONS.items()}
    return {
        "responses": {200: {"description": "Done.", "content": answer}, **refusals},
        "response_model": None,
        "openapi_extra": {"requestBody": {"required": True, "content": body}, "parameters": query},
    }


def _binary(*types: str) -> dict[str, Any]:
    return {kind: {"schema": {"type": "string", "format": "binary"}} for kind in types}


COLORIZE = _described(
    {**_settings(), **_MORE},
    {**_binary(*PAGED_TYPES.values(), "application/zip"), FOR_THE_PAGE: {"schema": {"type": "object"}}},
)
PREVIEW = _described(_AS_REFERENCE, _binary("image/jpeg", "image/png"))
SUGGEST = _described(
    {**_PLACE, **_COMMON, "guide": _settings()["guide"]},
    {"application/json": {"example": [{"color": "#7a1f1f", "share": 0.41}]}},
)
EXPLAIN = _described(
    {**_settings(), **_COMMON, "at": {"type": "string", "description": "A place to look at: x,y."}},
    {"text/html": {"schema": {"type": "string"}}},
)
LIVE = _described({**_settings(), **_COMMON, **_STREAM}, _binary("image/jpeg"))
