"""What goes wrong, as problem JSON (RFC 9457): our sentence, with the status that fits."""

from __future__ import annotations

from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from photochrom.errors import ModelError, OutputError, PhotochromError, PictureError, PictureTooLargeError, UsageError

MEDIA_TYPE = "application/problem+json"
_STATUS: tuple[tuple[type[PhotochromError], int], ...] = (
    (PictureTooLargeError, 413),
    (PictureError, 422),
    (UsageError, 400),
    (OutputError, 422),
    (ModelError, 500),
    (PhotochromError, 500),
)


class Refused(Exception):
    """A request that is turned away. sentence: for its person. retry_after: seconds, where asking again may help."""

    def __init__(self, status: int, sentence: str, *, retry_after: int | None = None) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence
        self.retry_after = retry_after


def problem(status: int, sentence: str, *, kind: str = "about:blank", retry_after: int | None = None) -> Response:
    """The response: `detail` is the sentence, `title` the status in words, `type` the class of the error."""
    body = {"type": kind, "title": HTTPStatus(status).phrase, "status": status, "detail": sentence}
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return JSONResponse(body, status, headers, media_type=MEDIA_TYPE)


def of_error(error: PhotochromError) -> Response:
    """The response to what the library refuses."""
    status = next(status for kind, status in _STATUS if isinstance(error, kind))
    return problem(status, str(error), kind=f"photochrom:{type(error).__name__}")


async def refused(request: Request, error: Exception) -> Response:
    """The handler of every error that a request may end in; what we don't refuse is a fault, told without details."""
    if isinstance(error, Refused):
        return problem(error.status, error.sentence, retry_after=error.retry_after)
    if isinstance(error, PhotochromError):
        return of_error(error)
    if isinstance(error, MemoryError):
        return problem(503, "there is not enough memory for this picture now; try again later", retry_after=30)
    return problem(500, "something went wrong here that shouldn't have; the server's log says more")
