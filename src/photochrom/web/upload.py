"""What a request brings: a picture and fields, held in memory and counted while they come."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from photochrom.web.problems import Refused


@dataclass(frozen=True, kw_only=True)
class Upload:
    """picture: the bytes of a file. name: as its sender calls it, for display only. fields: of query and form.

    others: further files by the name of their field, in the order they came.
    """

    picture: bytes
    name: str = ""
    fields: dict[str, str] = field(default_factory=dict)
    others: dict[str, list[bytes]] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Bytes in all."""
        return len(self.picture) + sum(len(data) for files in self.others.values() for data in files)


class _InMemory(MultiPartParser):
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
        return Upload(picture=body, name=fields.pop("name", ""), fields=fields)
    parser = _InMemory(request.headers, _counted(request, most), max_files=16, max_fields=200)
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
    picture: bytes | None = None
    name = ""
    others: dict[str, list[bytes]] = {}
    for key, value in form.multi_items():
        if not isinstance(value, UploadFile):
            fields[key] = value
        elif key != "picture":
            others.setdefault(key, []).append(await value.read())
        elif picture is not None:
            raise Refused(400, "the form has several pictures; send one request for each")
        else:
            picture, name = await value.read(), value.filename or ""
    if picture is None:
        raise Refused(400, "the form has no picture; add a file named picture")
    return Upload(picture=picture, name=name, fields=fields, others=others)


async def _counted(request: Request, most: int) -> AsyncGenerator[bytes, None]:
    got = 0
    async for chunk in request.stream():
        got += len(chunk)
        if got > most:
            raise _too_large(most)
        yield chunk


def _too_large(most: int) -> Refused:
    return Refused(413, f"the request has more than {most / 1e6:g} MB, the most that this server takes")
