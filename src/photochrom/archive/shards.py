"""Tar shards (WebDataset): their pictures one after the other, read once from front to back."""

from __future__ import annotations

import os
import tarfile
from collections.abc import Iterator
from functools import partial
from pathlib import PurePosixPath
from typing import IO

from photochrom.archive.item import Item, broken
from photochrom.batch.find import UNREADABLE, PassedOver
from photochrom.codec.formats import READABLE
from photochrom.errors import PictureError
from photochrom.film.formats import FILMS


def members(name: str, stream: IO[bytes], passed: PassedOver, *, stamp: str = "") -> Iterator[Item]:
    """The pictures of a tar, whose name without suffix comes before each key. stamp: of the shard itself.

    A member's bytes are taken as the stream goes by, so an item keeps them. A tar that ends early gives what came
    before and then a broken item.
    """
    shard = PurePosixPath(name.replace(os.sep, "/")).name.removesuffix(".gz").removesuffix(".tar")
    try:
        with tarfile.open(fileobj=stream, mode="r|*") as archive:
            for member in archive:
                path = PurePosixPath(member.name)
                suffix = path.suffix.lower()
                if suffix in UNREADABLE:
                    passed.unreadable[suffix] += 1
                if suffix in FILMS:
                    passed.films[suffix] += 1
                if not member.isfile() or suffix not in READABLE:
                    continue
                taken = archive.extractfile(member)
                data = taken.read() if taken else b""
                key = PurePosixPath(shard, *(part for part in path.parts if part not in ("/", "..", "."))).as_posix()
                yield Item(key=key, read=partial(bytes, data), stamp=f"{stamp} {member.offset}", size=len(data))
    except (tarfile.TarError, OSError, EOFError) as error:
        yield broken(shard, PictureError(f"{name} can't be read to its end ({error}); get a whole copy"))
