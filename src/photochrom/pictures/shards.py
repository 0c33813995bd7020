"""Tar shards, WebDataset style: KEY.webp members; KEY.rgb.webp + KEY.ir.webp are a pair (photochrom.pictures.pairs)."""

from __future__ import annotations

import hashlib
import re
import tarfile
from functools import partial
from pathlib import Path, PurePosixPath
from urllib.parse import urlparse

from photochrom.codec.formats import is_readable
from photochrom.errors import PictureError
from photochrom.pictures.pairs import joined_to_pairs
from photochrom.pictures.picture import Picture


def shard_pictures(path: Path, address: str = "") -> list[Picture]:
    """Every picture of a shard in its order, found by the headers alone; the inputs of pairs are within these.

    address: where the shard was fetched from, if `path` is a copy. Raises PictureError for a damaged shard.
    """
    place = address or str(path)
    try:
        with tarfile.open(path, "r:") as tar:
            members = [member for member in tar if member.isreg() and is_readable(member.name)]
    except (tarfile.TarError, OSError) as error:
        raise PictureError(
            f"{place} is not a whole, uncompressed tar file ({error}): get it again or unpack it"
        ) from error
    set_name = re.sub(r"[-_]\d+$", "", PurePosixPath(urlparse(address).path if address else path.name).stem)
    pictures = [
        Picture(
            where=f"{place}:{member.name}",
            set_name=set_name,
            name=member.name,
            digest=hashlib.blake2b(_key(member.name).encode(), digest_size=16).hexdigest(),
            load=partial(_bytes_at, path, member.offset_data, member.size),
        )
        for member in members
    ]
    return joined_to_pairs(pictures)


def _key(name: str) -> str:
    """All up to the first dot of the file's name, as in WebDataset."""
    path = PurePosixPath(name)
    return str(path.with_name(path.name.partition(".")[0] or path.name))


def _bytes_at(path: Path, offset: int, size: int) -> bytes:
    with open(path, "rb") as stream:
        stream.seek(offset)
        return stream.read(size)
