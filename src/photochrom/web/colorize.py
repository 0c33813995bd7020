"""POST /api/v1/colorize: a picture in, the picture in colour out, in the format that the client asks for."""

from __future__ import annotations

import io
import json
import re
import secrets
import zipfile
from pathlib import PurePosixPath
from urllib.parse import quote

from starlette.responses import Response

from photochrom.codec.writing import known_format, suffix_of
from photochrom.errors import UsageError
from photochrom.web.desk import Step
from photochrom.web.fields import is_on
from photochrom.web.order import Made, Order
from photochrom.web.problems import Refused
from photochrom.web.studio import Studio, look
from photochrom.web.upload import Upload

TYPES = {
    "JPEG": "image/jpeg", "PNG": "image/png", "TIFF": "image/tiff", "WEBP": "image/webp", "BMP": "image/bmp",
    "AVIF": "image/avif",
}  # fmt: skip
FOR_THE_PAGE = "multipart/form-data"  # an Accept that asks for the file, a copy to look at, and what is to be told
PAGED_TYPES = {**TYPES, "GIF": "image/gif"}
_BESIDES = ("format", "quality", "variants", "pages", "strip_location", "salvage", "origin")


def order_of(upload: Upload, *, accept: str, studio: Studio) -> Order:
    """What a request asks for. Raises UsageError, Refused (406), and for references as Studio.settings does."""
    fields = upload.fields
    pages = fields.get("pages", "")
    if pages and (fields.get("variants", "1") != "1" or FOR_THE_PAGE in accept):
        raise UsageError(
            "pages are coloured in one version and into one file: leave out variants, and accept a picture"
        )
    format = known_format(fields["format"], pages=bool(pages)) if fields.get("format") else accepted(accept)
    return Order(
        settings=studio.settings(upload, *_BESIDES),
        colorizer=studio.chosen(fields),
        format=format,
        quality=_whole(fields, "quality", 1, 100) if fields.get("quality") else None,
        variants=_whole(fields, "variants", 1, 16) if fields.get("variants") else 1,
        strip_location=is_on(fields, "strip_location"),
        salvage=is_on(fields, "salvage"),
        origin=is_on(fields, "origin"),
        pages=pages,
    )


def accepted(accept: str) -> str | None:
    """The format that an Accept header prefers among those we write; None for the picture's own.

    Raises Refused (406) where it names only what we can't give.
    """
    wanted: list[tuple[float, str]] = []
    for part in accept.split(","):
        kind, *parameters = [piece.strip().lower() for piece in part.split(";")]
        weight = next((p[2:] for p in parameters if p.startswith("q=")), "1")
        if kind and re.fullmatch(r"[01](\.\d{0,3})?", weight) and float(weight) > 0:
            wanted.append((float(weight), kind))
    if not wanted:
        return None
    for _, kind in sorted(wanted, key=lambda pair: -pair[0]):
        if kind in ("*/*", "image/*", FOR_THE_PAGE, "application/zip"):
            return None
        for format, media_type in TYPES.items():
            if kind == media_type:
                return format
    raise Refused(406, f"can't give {accept[:100]!r}; accept one of {', '.join(TYPES.values())}")


def colored(upload: Upload, step: Step, *, studio: Studio, accept: str) -> tuple[Response, int]:
    """The response, and how many pixels were coloured."""
    order = order_of(upload, accept=accept, studio=studio)
    made = studio.color(upload, order, step)
    names = names_of(upload.picture.name, made)
    headers = {
        "Photochrom-Model": quote(order.colorizer.info.name),
        "Photochrom-Notes": quote(json.dumps(made.notes)[:4000]),
    }
    if FOR_THE_PAGE in accept:
        step()
        return _for_the_page(made, names, order, headers), made.pixels
    if len(made.files) == 1:
        headers["Content-Disposition"] = disposition(names[0])
        return Response(made.files[0], media_type=PAGED_TYPES[made.format], headers=headers), made.pixels
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for name, data in zip(names, made.files, strict=True):
            archive.writestr(name, data)
    headers["Content-Disposition"] = disposition(PurePosixPath(names[0]).stem + ".zip")
    return Response(packed.getvalue(), media_type="application/zip", headers=headers), made.pixels


def names_of(given: str, made: Made) -> list[str]:
    """What to call each version: old.color.jpg, old.color-2.jpg."""
    stem, suffix = stem_of(given), suffix_of(made.format)
    return [f"{stem}.color{f'-{n}' if n > 1 else ''}{suffix}" for n in range(1, len(made.files) + 1)]


def stem_of(given: str) -> str:
    """Of the name that a sender gives what is harmless, without its suffix."""
    name = PurePosixPath(PurePosixPath(given.replace("\\", "/")).name).stem
    return re.sub(r"[^\w .()+-]", "_", name).strip(" .")[:100] or "picture"


def disposition(name: str) -> str:
    """A Content-Disposition for a name of any script (RFC 6266)."""
    plain = name.encode("ascii", "replace").decode().replace("?", "_")
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name)}"


def _for_the_page(made: Made, names: list[str], order: Order, headers: dict[str, str]) -> Response:
    """A form that a browser reads by itself: about (JSON), then picture and look for each version."""
    boundary = f"photochrom-{secrets.token_hex(16)}"
    about = {"notes": made.notes, "settings": order.settings.to_dict(), "model": order.colorizer.info.name}
    parts = [_part("about", json.dumps(about).encode(), "application/json")]
    for name, data, photo in zip(names, made.files, made.photos, strict=True):
        parts.append(_part("picture", data, TYPES[made.format], name))
        parts.append(_part("look", *look(photo), "look"))
    edge = f"--{boundary}\r\n".encode()
    body = b"".join(edge + part + b"\r\n" for part in parts) + f"--{boundary}--\r\n".encode()
    return Response(body, media_type=f"{FOR_THE_PAGE}; boundary={boundary}", headers=headers)


def _part(field: str, data: bytes, media_type: str, name: str = "") -> bytes:
    said = f'; filename="{quote(name)}"' if name else ""  # quoted: a browser takes bytes there in no agreed way
    head = f'Content-Disposition: form-data; name="{field}"{said}\r\nContent-Type: {media_type}\r\n\r\n'
    return head.encode() + data


def _whole(fields: dict[str, str], name: str, least: int, most: int) -> int:
    text = fields[name]
    if not re.fullmatch(r"\d{1,6}", text) or not least <= int(text) <= most:
        raise UsageError(f"{name} must be a whole number in {least}..{most}, got {text[:60]!r}")
    return int(text)
