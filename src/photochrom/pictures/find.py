"""Finding pictures: folders with everything below them, tar shards (also far away), CIFAR-10."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from photochrom.codec.formats import is_readable
from photochrom.errors import UsageError
from photochrom.pictures.cifar import cifar_pictures, is_cifar
from photochrom.pictures.pairs import joined_to_pairs
from photochrom.pictures.picture import Picture
from photochrom.pictures.remote import check_places, fetch, is_remote
from photochrom.pictures.shards import shard_pictures

_ENDS = 1 << 16  # bytes hashed at either end of a file: a photograph's are unlike any other's


def find_pictures(places: Sequence[str | Path], *, commands: bool = False) -> list[Picture]:
    """Every picture that folders, .tar shards, picture files and addresses of shards mean, in a fixed order.

    Of a pair (photochrom.pictures.pairs) that is the colour picture, with its `inputs`. Hidden files are left out.
    commands: whether `pipe:` may run a command: only if the user typed these places, not if they were read from a file.
    Raises UsageError for a place that isn't there or holds no picture, PictureError for a
    shard or a batch of CIFAR-10 that is damaged or can't be fetched.
    """
    pictures: list[Picture] = []
    for place in places:
        before = len(pictures)
        pictures += _pictures_at(str(place), commands=commands)
        if len(pictures) == before:
            raise UsageError(f"there is no picture in {place}: name a folder of pictures, .tar shards or CIFAR-10")
    return pictures


def _pictures_at(place: str, *, commands: bool) -> Iterator[Picture]:
    """Of the files of a folder: first those in shards, then those of CIFAR-10, then the picture files."""
    if is_remote(place):
        for address, copy in fetch(place, commands=commands):
            yield from shard_pictures(copy, address)
        return
    root = Path(place)
    files = list(_files_below(root))
    folder = root if root.is_dir() else root.parent
    batches = [file for file in files if is_cifar(file)]
    for file in files:
        if file.suffix.lower() == ".tar":
            yield from shard_pictures(file)
    for file in batches:
        yield from cifar_pictures(file)
    readable = (f for f in files if is_readable(f.name) and f not in batches)
    with ThreadPoolExecutor(8) as pool:
        yield from joined_to_pairs(list(pool.map(partial(_in_file, folder), readable)))


def _files_below(place: Path) -> Iterator[Path]:
    if place.is_file():
        yield place
        return
    check_places([place])
    for folder, folders, names in os.walk(place):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(folder, name) for name in sorted(names) if not name.startswith("."))


def _in_file(folder: Path, path: Path) -> Picture:
    try:
        with open(path, "rb") as stream:
            size = os.fstat(stream.fileno()).st_size
            hashed = hashlib.blake2b(str(size).encode() + stream.read(_ENDS), digest_size=16)
            if size > _ENDS:
                stream.seek(max(_ENDS, size - _ENDS))
                hashed.update(stream.read(_ENDS))
        digest = hashed.hexdigest()
    except OSError:  # told of, with its reason, when it is to be decoded
        digest = hashlib.blake2b(os.fsencode(path), digest_size=16).hexdigest()
    return Picture(
        where=str(path),
        set_name=folder.resolve().name,
        name=str(path.relative_to(folder)),
        digest=digest,
        load=path.read_bytes,
    )
