"""The SHA-256 of a file, and of a picture in memory."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import IO, Any

_BLOCK = 1 << 20  # bytes; hashlib.file_digest is not in Python 3.10


def sha256_of(path: Path) -> str:
    """64 hexadecimal digits, lower case. Raises OSError."""
    with open(path, "rb") as stream:
        return sha256_of_stream(stream)


def sha256_of_stream(stream: IO[bytes]) -> str:
    """The same of what is left of an open file."""
    digest = hashlib.sha256()
    while block := stream.read(_BLOCK):
        digest.update(block)
    return digest.hexdigest()


def sha256_of_bytes(data: bytes) -> str:
    """The same of what a file holds."""
    return hashlib.sha256(data).hexdigest()


def sha256_of_pixels(array: Any) -> str:
    """The same of an array's values, with their shape and type. array: what numpy.asarray takes."""
    import numpy as np

    values = np.asarray(array)
    digest = hashlib.sha256(f"{values.dtype.str} {values.shape}".encode())
    digest.update(np.ascontiguousarray(values).view(np.uint8).data)
    return digest.hexdigest()
