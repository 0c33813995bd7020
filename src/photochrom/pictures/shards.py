"""Tar shards, WebDataset style: KEY.webp members; of a pair, KEY.rgb.webp is the colour picture."""

from __future__ import annotations

import hashlib
import tarfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path, PurePosixPath

from photochrom.errors import TrainingError
from photochrom.pictures.picture import PICTURES, Picture


def shard_pictures(path: Path) -> Iterator[tuple[str, bytes]]:
    """Yield (member name, encoded bytes) of every picture in a tar shard, in order."""
    with tarfile.open(path) as tar:
        for member in tar:
            handle = tar.extractfile(member) if member.name.lower().endswith(PICTURES) else None
            if handle is not None:
                yield member.name, handle.read()


def in_shard(path: Path) -> list[Picture]:
    """Every colour picture of a shard, found by its headers alone. Raises TrainingError for a damaged shard."""
    try:
        with tarfile.open(path, "r:") as tar:
            members = [m for m in tar if m.isreg() and m.name.lower().endswith(PICTURES)]
    except (tarfile.TarError, OSError) as error:
        raise TrainingError(f"the shard {path} can't be read ({error}): fetch or make it again") from error
    paired = {_key(m.name) for m in members if _kind(m.name) == "rgb"}
    return [
        Picture(
            name=f"{path}:{m.name}",
            digest=hashlib.blake2b(_key(m.name).encode(), digest_size=16).hexdigest(),
            read=partial(_bytes_at, path, m.offset_data, m.size),
        )
        for m in members
        if _kind(m.name) == "rgb" or _key(m.name) not in paired
    ]


def _key(name: str) -> str:
    """All up to the first dot of the file's name, as in WebDataset."""
    path = PurePosixPath(name)
    return str(path.with_name(path.name.partition(".")[0] or path.name))


def _kind(name: str) -> str:
    """The "rgb" of KEY.rgb.webp; "" of KEY.webp."""
    parts = PurePosixPath(name).name.lower().split(".")
    return parts[-2] if len(parts) > 2 else ""


def _bytes_at(path: Path, offset: int, size: int) -> bytes:
    with open(path, "rb") as stream:
        stream.seek(offset)
        return stream.read(size)
