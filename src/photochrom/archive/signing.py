"""Content credentials (C2PA): results signed with a certificate, so that others can tell who made them, and of what.

The manifest says what the XMP says (IPTC's digital source type, the model, the settings), and names the original, by
its hash, as the file that was opened. https://spec.c2pa.org; made by c2pa-python, the extra `c2pa`.
"""

from __future__ import annotations

import base64
import io
import json
import mimetypes
import re
import tempfile
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

from PIL import Image

import photochrom
from photochrom.archive.work import Colored
from photochrom.codec.origin import SOURCE_TYPE
from photochrom.errors import OutputError, PictureError, UsageError

_TYPES = {
    "JPEG": "image/jpeg", "PNG": "image/png", "TIFF": "image/tiff", "WEBP": "image/webp", "AVIF": "image/avif",
    "GIF": "image/gif",
}  # fmt: skip
# How a key signs, by the object identifier of its curve or kind, in DER.
_ALGORITHMS = {
    "2a8648ce3d030107": "es256", "2b81040022": "es384", "2b81040023": "es512", "2b6570": "ed25519",
    "2a864886f70d010101": "ps256", "2a864886f70d01010a": "ps256",
}  # fmt: skip
_WITHOUT_THUMBNAILS = {"builder": {"thumbnail": {"enabled": False}}}  # 30 KB in each file, and a second decoding


class Signer:
    """Signs results. May be used by several threads.

    certificate: a PEM of the chain, the signer's own first. key: a PEM of its private key, without a password. model:
    name and hash. settings: as Settings.to_dict has them. Raises UsageError where they can't sign.
    """

    def __init__(self, certificate: str, key: str, *, model: str, settings: dict[str, Any]) -> None:
        try:
            import c2pa
        except ImportError as error:
            raise UsageError("--c2pa needs c2pa-python: pip install 'photochrom[c2pa]'") from error
        self._c2pa: Any = c2pa
        self._context = c2pa.Context(c2pa.Settings.from_dict(_WITHOUT_THUMBNAILS))
        self._about = {"model": model, "settings": json.dumps(settings, sort_keys=True, default=str)}
        chain, private = _pem(certificate, "CERTIFICATE"), _pem(key, "PRIVATE KEY")
        try:
            info = c2pa.C2paSignerInfo(_algorithm(private, key).encode(), chain, private, None)
            self._signer = c2pa.Signer.from_info(info)
            self._sign(io.BytesIO(_pixel()), io.BytesIO(), "image/png", io.BytesIO(_pixel()), "pixel.png")
        except c2pa.C2paError as error:
            raise UsageError(
                f"{certificate} and {key} can't sign ({_brief(error)}); give a certificate for signing documents, with "
                "its chain, and the key that belongs to it"
            ) from error

    def sign(self, made: Colored, original: bytes | Path, key: str) -> Colored:
        """The result with a manifest. original: the file that it was made of; key: its name. Raises PictureError."""
        if made.format not in _TYPES:
            raise PictureError(f"{key} can't be signed as {made.format}; choose --format {', '.join(_TYPES).lower()}")
        with ExitStack() as closing:
            out: IO[bytes] = io.BytesIO()
            if not isinstance(made.data, bytes):
                out = closing.enter_context(tempfile.NamedTemporaryFile(prefix="photochrom-"))
            source = io.BytesIO(made.data) if isinstance(made.data, bytes) else made.data
            try:
                with open(original, "rb") if isinstance(original, Path) else io.BytesIO(original) as stream:
                    self._sign(source, out, _TYPES[made.format], stream, key)
            except self._c2pa.C2paError as error:
                raise PictureError(f"{key} can't be signed ({_brief(error)}); leave out --c2pa for it") from error
            except OSError as error:
                raise OutputError(f"can't sign {key}: {error.strerror or error}; free some space in TMPDIR") from error
            if isinstance(out, io.BytesIO):
                return replace(made, data=out.getvalue())
            closing.pop_all()  # a temporary file is gone when it is closed
            source.close()
            out.flush()
            out.seek(0)
            return replace(made, data=out)

    def _sign(self, source: IO[bytes], out: IO[bytes], kind: str, original: IO[bytes], name: str) -> None:
        agent = {"name": "photochrom", "version": photochrom.__version__}
        edited = {
            "action": "c2pa.edited",
            "digitalSourceType": SOURCE_TYPE,
            "softwareAgent": agent,
            "parameters": self._about,
        }
        manifest = {
            "claim_generator_info": [agent],
            "title": name,
            "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": [edited]}}],
        }
        builder = self._c2pa.Builder(json.dumps(manifest), self._context)
        try:
            builder.set_intent(self._c2pa.C2paBuilderIntent.EDIT)  # it says that the original was opened
            told = mimetypes.guess_type(name)[0] or "application/octet-stream"
            parent = {"title": name, "relationship": "parentOf"}
            builder.add_ingredient(json.dumps(parent), told, original)
            builder.sign(self._signer, kind, source, out)
        finally:
            builder.close()


def _pem(path: str, kind: str) -> bytes:
    """The bytes of a PEM file that holds something of that kind. Raises UsageError."""
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise UsageError(f"can't read {path}: {error.strerror}; give --c2pa CERTIFICATE KEY, two PEM files") from error
    if f"{kind}-----".encode() not in data:
        raise UsageError(f"{path} holds no {kind.lower()}; give --c2pa CERTIFICATE KEY, two PEM files")
    return data


def _algorithm(key: bytes, path: str) -> str:
    """How a private key signs. Raises UsageError for a kind that C2PA doesn't take, or one with a password."""
    body = re.search(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----([^-]*)-----END", key)
    found = base64.b64decode(body[1]) if body and b"ENCRYPTED" not in key else b""
    if b"BEGIN RSA PRIVATE KEY" in key:
        return "ps256"
    for identifier, name in _ALGORITHMS.items():
        if bytes.fromhex(f"06{len(identifier) // 2:02x}{identifier}") in found:
            return name
    raise UsageError(f"{path} can't sign; give a key of P-256, P-384, P-521, Ed25519 or RSA, without a password")


def _pixel() -> bytes:
    memory = io.BytesIO()
    Image.new("L", (1, 1)).save(memory, "PNG")
    return memory.getvalue()


def _brief(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
