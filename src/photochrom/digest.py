"""The SHA-256 of a file."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import IO

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
