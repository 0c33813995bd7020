"""Weight files from their authors' addresses or the Hugging Face hub, kept in the cache folder and checked.

Written with urllib, since torch.hub follows a redirect to http and keeps a file that was cut short, and huggingface_hub
tries for 23 s before it says that there is no network, and does not compare the file with the SHA-256 that the hub
tells. Neither limits the size.
"""

from __future__ import annotations

import hashlib
import http.client
import os
import re
import urllib.error
import urllib.parse
import urllib.request
from email.message import Message
from pathlib import Path
from typing import IO

from photochrom.atomic import atomic_write, make_folder
from photochrom.digest import sha256_of
from photochrom.errors import ModelError, UsageError
from photochrom.progress import Progress, silent

LIMIT = 4 << 30  # bytes; a weight file that is larger is a mistake
HUB = "https://huggingface.co"  # or $HF_ENDPOINT
_HUB_ID = re.compile(r"[\w.-]+/[\w.-]+(@[\w./-]+)?(:[\w./-]+)?")
_HUB_FILES = ("model.safetensors", "pytorch_model.bin", "pytorch_model.pt")  # of a hub id that names no file
_THIS_MACHINE = ("localhost", "127.0.0.1", "::1")
_TIMEOUT = 30.0  # seconds without an answer
_BLOCK = 1 << 20  # bytes


def is_hub_id(text: str) -> bool:
    """Whether it reads as owner/name, owner/name@revision or owner/name:file."""
    return _HUB_ID.fullmatch(text) is not None


def fetch_from_hub(
    hub_id: str, folder: Path, *, sha256: str = "", limit: int = LIMIT, progress: Progress = silent
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


def fetch(url: str, folder: Path, *, sha256: str = "", limit: int = LIMIT, progress: Progress = silent) -> Path:
    """Download a file once; its place in `folder`.

    sha256: of the file, or how it begins; also checked against a copy that is there already. limit: most bytes.
    Only https, except from this machine. The file appears under its name when all of it is there.
    Raises UsageError (an address of another kind) and ModelError (not reached, too large, cut short, another file).
    """
    _check(url)
    name = Path(urllib.parse.urlsplit(url).path).name or "weights"
    target = folder / hashlib.sha256(url.encode()).hexdigest()[:16] / name
    if target.is_file() and (not sha256 or sha256_of(target).startswith(sha256.lower())):
        return target
    make_folder(target.parent, otherwise="set PHOTOCHROM_CACHE")
    redirects = _Redirects()
    request = urllib.request.Request(url, headers={"User-Agent": "photochrom"})  # noqa: S310  _check allows https alone
    try:
        with urllib.request.build_opener(redirects).open(request, timeout=_TIMEOUT) as answer:
            expected = sha256.lower() or _told_sha256(answer.headers) or redirects.sha256
            with atomic_write(target, overwrite=True) as stream:
                digest = _copy(answer, stream, url, limit, progress)
                if not digest.startswith(expected):
                    raise ModelError(
                        f"{url} is not the file that was expected (SHA-256 {digest[:12]}..., expected "
                        f"{expected[:12]}...): check the address"
                    )
    except urllib.error.HTTPError as error:
        kind = _NotThereError if error.code == 404 else ModelError
        raise kind(f"{url} answers {error.code} {error.reason}: check the address") from error
    except (OSError, http.client.HTTPException) as error:
        raise _not_reached(url, error) from error
    return target


class _NotThereError(ModelError):
    pass


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows no redirect to an address that `fetch` would not take itself."""

    sha256 = ""  # which the hub tells before it redirects to its storage

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Message, newurl: str
    ) -> urllib.request.Request | None:
        _check(newurl)
        self.sha256 = self.sha256 or _told_sha256(headers)
        # typeshed wants an HTTPMessage, whose interface is that of the Message that it hands us.
        return super().redirect_request(req, fp, code, msg, headers, newurl)  # type: ignore[arg-type]


def _check(url: str) -> None:
    parts = urllib.parse.urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _THIS_MACHINE):
        raise UsageError(f"weights are fetched by https only, not from {url}: download the file and give its path")


def _told_sha256(headers: Message) -> str:
    digest = (headers.get("X-Linked-ETag") or "").strip('"').lower()
    return digest if re.fullmatch("[0-9a-f]{64}", digest) else ""


def _copy(answer: http.client.HTTPResponse, out: IO[bytes], url: str, limit: int, progress: Progress) -> str:
    """Copy the body; gives its SHA-256. Raises ModelError for one that is too long or too short."""
    length, size, digest = int(answer.headers.get("Content-Length") or 0), 0, hashlib.sha256()
    while block := _read(answer, url):
        size += len(block)
        if max(size, length) > limit:
            raise ModelError(f"{url} has more than the {limit / 1e9:.1f} GB of any weight file: check the address")
        digest.update(block)
        out.write(block)
        progress("weights", size, length)
    if length and size != length:
        raise ModelError(f"{url} was cut short ({size} of {length} bytes): try again")
    return digest.hexdigest()


def _read(answer: http.client.HTTPResponse, url: str) -> bytes:
    try:
        return answer.read(_BLOCK)
    except (OSError, http.client.HTTPException) as error:  # to atomic_write an OSError would mean a full disk
        raise _not_reached(url, error) from error


def _not_reached(url: str, error: Exception) -> ModelError:
    reason = getattr(error, "reason", None) or error
    return ModelError(f"{url} can't be reached ({reason}): download the file by other means and give its path")
