"""Weight files from their authors' addresses or a hub, kept in the cache folder and checked."""

from __future__ import annotations

import hashlib
import http.client
import os
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from email.message import Message
from pathlib import Path
from typing import IO

from photochrom.atomic import atomic_write
from photochrom.errors import ModelError, OutputError, UsageError

LIMIT = 4 << 30  # bytes; a weight file that is larger is a mistake
HUB = "https://huggingface.co"  # or $HF_ENDPOINT
_HUB_ID = re.compile(r"[\w.-]+/[\w.-]+(@[\w./-]+)?(:[\w./-]+)?")
_HUB_FILES = ("model.safetensors", "pytorch_model.bin", "pytorch_model.pt")  # of a hub id that names no file
_HERE = ("localhost", "127.0.0.1", "::1")
_WAIT = 30.0  # seconds without an answer
_BLOCK = 1 << 20
Progress = Callable[[int, int], None]  # bytes so far, bytes in all (0 if not known)


def is_hub_id(text: str) -> bool:
    """Whether it reads as owner/name, owner/name@revision or owner/name:file."""
    return _HUB_ID.fullmatch(text) is not None


def fetch_from_hub(
    hub_id: str, folder: Path, *, sha256: str = "", limit: int = LIMIT, progress: Progress | None = None
) -> Path:
    """A weight file of the Hugging Face hub: "owner/name", with "@revision" and ":file" if they are to be others.

    The hub tells the SHA-256 of large files, and that is checked. Otherwise as `fetch`.
    """
    name, _, file = hub_id.partition(":")
    name, _, revision = name.partition("@")
    base = os.environ.get("HF_ENDPOINT", HUB).rstrip("/")
    names = (file,) if file else _HUB_FILES
    for candidate in names:
        url = f"{base}/{name}/resolve/{urllib.parse.quote(revision or 'main', safe='')}/{candidate}"
        try:
            return fetch(url, folder, sha256=sha256, limit=limit, progress=progress)
        except _NotThereError:
            continue
    raise ModelError(f"the hub has no {' or '.join(names)} under {name}: name the file, as in {name}:weights.pth")


def fetch(url: str, folder: Path, *, sha256: str = "", limit: int = LIMIT, progress: Progress | None = None) -> Path:
    """Download a file once; its place in `folder`.

    sha256: of the file, or how it begins; also checked against a copy that is there already. limit: most bytes.
    Only https, but for this machine itself. The file appears under its name when all of it is there.
    Raises UsageError (an address of another kind) and ModelError (not reached, too large, cut short, another file).
    """
    _check(url)
    name = Path(urllib.parse.urlsplit(url).path).name or "weights"
    target = folder / hashlib.sha256(url.encode()).hexdigest()[:16] / name
    if target.is_file() and (not sha256 or _digest(target).startswith(sha256.lower())):
        return target
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"can't make the folder {target.parent}: {error.strerror}; set PHOTOCHROM_CACHE") from error
    redirects = _Redirects()
    request = urllib.request.Request(url, headers={"User-Agent": "photochrom"})
    try:
        with urllib.request.build_opener(redirects).open(request, timeout=_WAIT) as answer:
            expected = sha256.lower() or _told(answer.headers) or redirects.told
            with atomic_write(target, overwrite=True) as stream:
                _copy(answer, stream, url, expected, limit, progress)
    except urllib.error.HTTPError as error:
        kind = _NotThereError if error.code == 404 else ModelError
        raise kind(f"{url} answers {error.code} {error.reason}: check the address") from error
    except (OSError, http.client.HTTPException) as error:
        raise _not_reached(url, error) from error
    return target


class _NotThereError(ModelError):
    pass


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows no redirect to an address that we would not have taken ourselves."""

    told = ""  # the SHA-256 that the hub gives before it sends us on to its storage

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Message, newurl: str
    ) -> urllib.request.Request | None:
        _check(newurl)
        self.told = self.told or _told(headers)
        return super().redirect_request(req, fp, code, msg, headers, newurl)  # type: ignore[arg-type]


def _check(url: str) -> None:
    parts = urllib.parse.urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _HERE):
        raise UsageError(f"weights are fetched by https only, not from {url}: download the file and give its path")


def _told(headers: Message) -> str:
    digest = (headers.get("X-Linked-ETag") or "").strip('"').lower()
    return digest if re.fullmatch("[0-9a-f]{64}", digest) else ""


def _copy(
    answer: http.client.HTTPResponse, out: IO[bytes], url: str, expected: str, limit: int, progress: Progress | None
) -> None:
    length = int(answer.headers.get("Content-Length") or 0)
    if length > limit:
        raise ModelError(f"{url} is {length / 1e9:.1f} GB, more than the {limit / 1e9:.1f} GB of any weight file")
    digest, size = hashlib.sha256(), 0
    while block := _read(answer, url):
        size += len(block)
        if size > limit:
            raise ModelError(f"{url} has more than the {limit / 1e9:.1f} GB of any weight file: check the address")
        digest.update(block)
        out.write(block)
        if progress:
            progress(size, length)
    if length and size != length:
        raise ModelError(f"{url} was cut short ({size} of {length} bytes): try again")
    if not digest.hexdigest().startswith(expected):
        raise ModelError(
            f"{url} is not the file that was expected (SHA-256 {digest.hexdigest()[:12]}..., "
            f"expected {expected[:12]}...): check the address"
        )


def _read(answer: http.client.HTTPResponse, url: str) -> bytes:
    try:
        return answer.read(_BLOCK)
    except (OSError, http.client.HTTPException) as error:  # not to be taken for a disk that is full
        raise _not_reached(url, error) from error


def _not_reached(url: str, error: Exception) -> ModelError:
    reason = getattr(error, "reason", None) or error
    return ModelError(f"{url} can't be reached ({reason}): download the file by other means and give its path")


def _digest(path: Path) -> str:
    with open(path, "rb") as stream:
        digest = hashlib.sha256()
        while block := stream.read(_BLOCK):
            digest.update(block)
        return digest.hexdigest()
