"""What a request brings: a picture and fields, held in memory and counted while they come."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from photochrom.web.problems import Refused

MOST_REFERENCES = 8  # of one request


@dataclass(frozen=True, kw_only=True)
class File:
    """A file of a form. name: as its sender calls it, for display only."""

    data: bytes
    name: str = ""


@dataclass(frozen=True, kw_only=True)
class Upload:
    """fields: of query and form. references: pictures whose colours are to be followed."""

    picture: File
    fields: dict[str, str] = field(default_factory=dict)
    references: tuple[File, ...] = ()


class _Parser(MultiPartParser):
    """Never writes a part of an upload to a temporary file."""

    spool_max_size = 2**62


def announced(request: Request, most: int) -> int:
    """The bytes that the body will have at most, by its header. Raises Refused (413, 411 for a length that is none)."""
    given = request.headers.get("content-length")
    if given is None:
        return most
    if not given.isdigit():
        raise Refused(400, f"the Content-Length {given!r} is no number")
    if int(given) > most:
        raise _too_large(most)
    return int(given)


async def receive(request: Request, most: int) -> Upload:
    """Read the whole body, multipart or the picture alone.

    most: bytes that it may have. Raises Refused: 413 for more, 400 for a broken form, or one without a picture.
    """
    fields = dict(request.query_params)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "multipart/form-data":
        body = b"".join([chunk async for chunk in _counted(request, most)])
        if not body:
            raise Refused(400, "the request has no picture; send a file's bytes as its body, or a form with a picture")
        return Upload(picture=File(data=body, name=fields.pop("name", "")), fields=fields)
    parser = _Parser(request.headers, _counted(request, most), max_files=16, max_fields=200)
    try:
        form = await parser.parse()
    except MultiPartException as error:
        raise Refused(400, f"the form can't be read ({error.message}); send multipart/form-data") from error
    except (KeyError, ValueError, UnicodeDecodeError) as error:
        raise Refused(400, "the form can't be read; send multipart/form-data with a boundary") from error
    try:
        return await _upload_of(form, fields)
    finally:
        await form.close()


async def _upload_of(form: FormData, fields: dict[str, str]) -> Upload:
    files: dict[str, list[File]] = {"picture": [], "reference": []}
    for key, value in form.multi_items():
        if isinstance(value, UploadFile) and key in files:
            files[key].append(File(data=await value.read(), name=value.filename or ""))
        elif isinstance(value, UploadFile):
            raise Refused(400, f"there is no file called {key[:60]!r} here; send a picture, and references if any")
        elif key in files:
            raise Refused(400, f"{key} must be a file, as curl sends it with -F {key}=@old.jpg")
        else:
            fields[key] = value
    if not files["picture"]:
        raise Refused(400, "the form has no picture; add a file named picture")
    if len(files["picture"]) > 1:
        raise Refused(400, "the form has several pictures; send one request for each")
    if len(files["reference"]) > MOST_REFERENCES:
        raise Refused(400, f"the form has {len(files['reference'])} references; send {MOST_REFERENCES} at most")
    return Upload(picture=files["picture"][0], fields=fields, references=tuple(files["reference"]))


async def _counted(request: Request, most: int) -> AsyncGenerator[bytes, None]:
    got = 0
    async for chunk in request.stream():
        got += len(chunk)
        if got > most:
            raise _too_large(most)
        yield chunk


def _too_large(most: int) -> Refused:
    return Refused(413, f"the request has more than {most / 1e6:g} MB, the most that this server takes")
