"""The pictures of an evaluation: found in folders and tar shards, named, hashed, and made into squares one by one."""

from __future__ import annotations

import hashlib
import os
import re
import tarfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from photochrom.batch.plan import READABLE
from photochrom.color.lightness import lightness
from photochrom.color.tint import describe
from photochrom.errors import PictureError, PictureWarning, UsageError
from photochrom.evaluate.metrics.picture import Lab, lab_of
from photochrom.photo import Photo

Picture = NDArray[np.uint8]
Grey = NDArray[np.uint8]
CHUNK = 16  # pictures that are measured and remembered together


@dataclass(frozen=True)
class Item:
    """One picture: a file, or `size` bytes of a tar shard from `offset` on. kind: the name of its set."""

    kind: str
    name: str
    path: Path
    offset: int
    size: int
    sha256: str = ""

    def read(self) -> bytes:
        """The encoded bytes. Raises PictureError."""
        try:
            with open(self.path, "rb") as stream:
                stream.seek(self.offset)
                return stream.read(self.size)
        except OSError as error:
            raise PictureError(f"can't read {self.path}: {error.strerror or error}; check the file") from error


@dataclass(frozen=True)
class Chunk:
    """Up to CHUNK pictures of one set, measured together; key: the digest of their bytes and the square's size."""

    items: tuple[Item, ...]
    size: int

    @cached_property
    def key(self) -> str:
        parts = (str(self.size), *(item.sha256 for item in self.items))
        return hashlib.sha256(" ".join(parts).encode()).hexdigest()


@dataclass(frozen=True)
class Truths:
    """The decoded pictures of a chunk, (size,size,3) uint8 sRGB; what is made of them is made once, when asked for."""

    pictures: tuple[Picture, ...]

    @cached_property
    def greys(self) -> tuple[Grey, ...]:
        return tuple(grey_of(picture) for picture in self.pictures)

    @cached_property
    def labs(self) -> tuple[Lab, ...]:
        return tuple(lab_of(picture) for picture in self.pictures)


def find_items(
    data: Sequence[Path], *, limit: int = 0, tell: Callable[[int, int], None] = lambda n, of: None
) -> list[Item]:
    """Every picture below the folders and in the tar shards, sorted by set, each with the digest of its bytes.

    A shard `objects-00.tar` belongs to the set `objects`, a picture in a folder to the set of the folder's name. limit:
    at most so many, every n-th of all; 0 for all. tell: called with the pictures read and their number.
    Raises UsageError for what is neither a folder nor a tar shard, and where there is no picture at all.
    """
    items = [item for path in data for item in _items_of(Path(path))]
    if not items:
        raise UsageError(
            f"there is no picture in {', '.join(map(str, data))}: name a folder or a .tar of colour pictures"
        )
    order = {kind: n for n, kind in enumerate(dict.fromkeys(item.kind for item in items))}
    items.sort(key=lambda item: order[item.kind])  # stable: shards of one set come together
    if limit:
        items = items[:: -(-len(items) // limit)]
    found = []
    for n, item in enumerate(items):
        try:
            digest = hashlib.sha256(item.read()).hexdigest()
        except PictureError:
            digest = ""  # it is named as unreadable when its turn comes
        found.append(replace(item, sha256=digest))
        tell(n + 1, len(items))
    return found


def _items_of(path: Path) -> Iterator[Item]:
    if path.is_dir():
        for where, folders, files in os.walk(path):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in sorted(files):
                file = Path(where, name)
                if file.suffix.lower() in READABLE and not name.startswith("."):
                    size = file.stat().st_size if file.exists() else 0
                    yield Item(path.resolve().name, str(file.relative_to(path)), file, 0, size)
    elif path.suffix.lower() == ".tar" and path.is_file():
        yield from _members(path)
    elif not path.exists():
        raise UsageError(f"there is no folder or tar shard {path}: check the name")
    else:
        raise UsageError(f"{path} is neither a folder nor a .tar: unpack it, or name the folder that it lies in")


def _members(path: Path) -> Iterator[Item]:
    kind = re.sub(r"[-_]\d+$", "", path.stem)
    try:
        with tarfile.open(path, "r:") as tar:
            for member in tar:
                if member.isfile() and Path(member.name).suffix.lower() in READABLE:
                    yield Item(kind, member.name, path, member.offset_data, member.size)
    except (tarfile.TarError, OSError) as error:
        raise UsageError(
            f"{path} is not a whole, uncompressed tar file ({error}): get it again or unpack it"
        ) from error


def chunks_of(items: Sequence[Item], size: int) -> list[Chunk]:
    """In order; a chunk never spans two sets, so what is remembered of one set serves with any others beside it."""
    made: list[Chunk] = []
    for kind in dict.fromkeys(item.kind for item in items):
        of_kind = [item for item in items if item.kind == kind]
        made += [Chunk(tuple(of_kind[i : i + CHUNK]), size) for i in range(0, len(of_kind), CHUNK)]
    return made


def open_square(item: Item, size: int) -> Picture:
    """The centre (size,size,3) of the picture, its short side brought to `size` by antialiased bicubic; uint8 sRGB.

    Raises PictureError: not readable, or without any colour (it can't be a truth).
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PictureWarning)  # of several frames the first one counts
        photo = Photo.open(item.read())
    if describe(photo.pixels).kind == "grey":
        raise PictureError("it has no colour")
    pixels = photo.to_array(dtype=np.uint8)[..., :3]
    return square(Image.fromarray(np.ascontiguousarray(pixels)), size)


def square(image: Image.Image, size: int) -> Picture:
    """The centre square of an RGB picture as (size,size,3) uint8, resized by antialiased bicubic."""
    scale = size / min(image.size)
    image = image.resize((round(image.width * scale), round(image.height * scale)), Image.Resampling.BICUBIC)
    left, top = (image.width - size) // 2, (image.height - size) // 2
    return np.asarray(image.crop((left, top, left + size, top + size)))


def grey_of(picture: Picture) -> Grey:
    """(H,W) uint8 with the lightness of the (H,W,3) picture: what every model is given."""
    table = lightness(np.arange(256, dtype=np.uint8)[None])[0]
    return np.searchsorted((table[1:] + table[:-1]) / 2, lightness(picture)).astype(np.uint8)


def refuse_colourless(items: Sequence[Item]) -> None:
    """Raises UsageError unless one of the pictures has colour; stops at the first."""
    for item in items:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", PictureWarning)
                if describe(Photo.open(item.read()).pixels).kind == "colour":
                    return
        except PictureError:
            continue
    places = ", ".join(
        dict.fromkeys(str(item.path if item.path.suffix == ".tar" else item.path.parent) for item in items)
    )
    raise UsageError(f"none of the {len(items)} pictures in {places} is in colour: there is nothing to compare with")
