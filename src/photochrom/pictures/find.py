"""Finding pictures: folders with everything below them, tar shards (also far away), CIFAR-10."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from photochrom.errors import UsageError
from photochrom.pictures.cifar import in_batch, is_cifar
from photochrom.pictures.picture import PICTURES, Picture
from photochrom.pictures.remote import fetched, is_far
from photochrom.pictures.shards import in_shard

_ENDS = 1 << 16  # bytes hashed at either end of a file: a photograph's are unlike any other's


def find_pictures(data: Sequence[str | Path], *, commands: bool = False) -> list[Picture]:
    """Every picture that folders, .tar shards, picture files and addresses of shards mean, in a fixed order.

    Hidden files are left out. commands: whether `pipe:` may run a command: only if the user typed these places, not if
    they were read from a file. Raises UsageError for a place that isn't there or holds no picture.
    """
    found: list[Picture] = []
    for place in data:
        paths = fetched(str(place), commands=commands) if is_far(str(place)) else list(_walk(Path(place)))
        plain = [path for path in paths if path.suffix.lower() in PICTURES and not is_cifar(path)]
        pictures = [picture for path in paths if path.suffix == ".tar" for picture in in_shard(path)]
        pictures += [picture for path in paths if is_cifar(path) for picture in in_batch(path)]
        with ThreadPoolExecutor(8) as pool:
            pictures += pool.map(_in_file, plain)
        if not pictures:
            raise UsageError(f"there is no picture in {place}: name a folder of pictures, .tar shards or CIFAR-10")
        found += pictures
    return found


def _walk(place: Path) -> Iterator[Path]:
    if place.is_file():
        yield place
        return
    if not place.is_dir():
        raise UsageError(f"there is no {place}: name a folder of pictures or a .tar shard")
    for folder, folders, names in os.walk(place):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(folder, name) for name in sorted(names) if not name.startswith("."))


def _in_file(path: Path) -> Picture:
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
    return Picture(name=str(path), digest=digest, read=path.read_bytes)
