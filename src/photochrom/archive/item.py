"""One picture of a source, before it is read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from photochrom.errors import PhotochromError


@dataclass(frozen=True, kw_only=True)
class Item:
    """key: its place in the source, "1900/tram.tif"; the same in every run. read: its bytes; raises PictureError.

    stamp: changes when the file does, as far as can be told without reading it; "" where nothing can be told.
    size: bytes, 0 if not known. path: of a file of the disk, which needn't be read into memory.
    error: the reason why there is nothing to read.
    """

    key: str
    read: Callable[[], bytes]
    stamp: str = ""
    size: int = 0
    path: Path | None = None
    error: PhotochromError | None = None


def broken(key: str, error: PhotochromError) -> Item:
    """A place of the source that can't be read; it becomes a failure of its own."""

    def refuse() -> bytes:
        raise error

    return Item(key=key, read=refuse, error=error)
