"""The pictures of an evaluation: found in folders and tar shards, named, hashed, and made into squares one by one."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from photochrom.errors import PictureError, UsageError
from photochrom.evaluate.arrays import Grey, Lab, Rgb
from photochrom.evaluate.given import digest_of
from photochrom.evaluate.metrics.picture import lab_of
from photochrom.pictures.find import find_pictures
from photochrom.pictures.picture import Picture
from photochrom.progress import Progress, silent

CHUNK = 16  # pictures that are measured and remembered together


@dataclass(frozen=True)
class Chunk:
    """Up to CHUNK pictures of one set, measured together; key: the digest of their bytes and the square's size.

    domain: that of the models, by which they are given something else than the lightness.
    """

    items: tuple[Picture, ...]
    size: int
    domain: str = "photo"

    @cached_property
    def key(self) -> str:
        """Of the cache: what is remembered of these pictures."""
        parts = (self.domain, str(self.size), *(item.sha256 for item in self.items))
        return hashlib.sha256(" ".join(parts).encode()).hexdigest()


@dataclass(frozen=True)
class Truths:
    """The decoded pictures of a chunk, (size,size,3) uint8 sRGB; what is made of them is made once, when asked for.

    given: what a model is given of each, (size,size) or (size,size,3): its lightness, or the input of its pair.
    """

    pictures: tuple[Rgb, ...]
    given: tuple[Grey | Rgb, ...]

    @cached_property
    def labs(self) -> tuple[Lab, ...]:
        """In CIELAB, which most measures are defined in."""
        return tuple(lab_of(picture) for picture in self.pictures)


def find_items(
    data: Sequence[Path], *, domain: str = "photo", limit: int = 0, progress: Progress = silent
) -> list[Picture]:
    """Every picture below the folders and in the tar shards, sorted by set, each with the digest of its bytes.

    A shard `objects-00.tar` belongs to the set `objects`, a picture in a folder to the set of the folder's name. limit:
    at most so many, every n-th of all; 0 for all. progress: called as they are read. domain: of the models, by which
    the digest is of the pairs' inputs too.
    Raises UsageError for what is neither a folder nor a whole tar shard, and where there is no picture.
    """
    for place in map(Path, data):
        if not place.exists():
            raise UsageError(f"there is no folder or tar shard {place}: check the name")
        if not (place.is_dir() or place.suffix.lower() == ".tar"):
            raise UsageError(f"{place} is neither a folder nor a .tar: unpack it, or name the folder that it lies in")
    try:
        pictures = find_pictures(data)
    except PictureError as error:
        raise UsageError(str(error)) from error
    order = {name: n for n, name in enumerate(dict.fromkeys(picture.set_name for picture in pictures))}
    pictures.sort(key=lambda picture: order[picture.set_name])  # stable: shards of one set come together
    if limit:
        pictures = pictures[:: -(-len(pictures) // limit)]
    hashed = []
    for n, picture in enumerate(pictures):
        try:
            digest = digest_of(picture, domain)
        except PictureError:
            digest = ""  # it is named as unreadable when its turn comes
        hashed.append(replace(picture, sha256=digest))
        progress("Reading", n + 1, len(pictures))
    return hashed


def chunks_of(pictures: Sequence[Picture], size: int, domain: str = "photo") -> list[Chunk]:
    """In order; a chunk never spans two sets, so what is remembered of one set serves with any others beside it."""
    chunks: list[Chunk] = []
    for name in dict.fromkeys(picture.set_name for picture in pictures):
        members = [picture for picture in pictures if picture.set_name == name]
        chunks += [Chunk(tuple(members[i : i + CHUNK]), size, domain) for i in range(0, len(members), CHUNK)]
    return chunks
