"""Pairs to train on, written into a folder: colour pictures, and beside each the drawing or infrared picture of it."""

from __future__ import annotations

import hashlib
import io
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from photochrom.atomic import atomic_write, make_folder
from photochrom.errors import OutputExistsError, PhotochromError, PictureError
from photochrom.pictures.picture import Picture
from photochrom.prepare.align import Alignment, align
from photochrom.prepare.matching import key_of
from photochrom.progress import Progress, silent

Pixels = NDArray[np.uint8]
Make = Callable[[Pixels, np.random.Generator], Pixels]
COLOR_FOLDER = "rgb"


@dataclass(frozen=True)
class Prepared:
    """What became of a picture: the files written (none where they were there already), or the error."""

    source: str
    files: tuple[Path, ...] = ()
    error: PhotochromError | None = None
    skipped: bool = False


@dataclass(frozen=True, kw_only=True)
class Target:
    """Where pairs go: FOLDER/rgb/NAME and FOLDER/KIND/NAME.png. alone: only the latter, right in FOLDER.

    overwrite: replace what is there; else it is left as it is.
    """

    folder: Path
    kind: str
    alone: bool = False
    overwrite: bool = False

    def input(self, name: str) -> Path:
        """Of the input that is made."""
        return self.folder / ("" if self.alone else self.kind) / f"{name}.png"

    def color(self, name: str, suffix: str) -> Path:
        """Of the colour picture."""
        return self.folder / COLOR_FOLDER / f"{name}{suffix}"


def make_inputs(
    pictures: Sequence[Picture], make: Make, target: Target, *, seed: int = 0, progress: Progress = silent
) -> Iterator[Prepared]:
    """Of each colour picture its input, as `make` says. seed: with the picture's name, of what is drawn by chance.

    The colour picture is copied as it is. What goes wrong with one picture is told in its place.
    """
    for n, (name, picture) in enumerate(_named(pictures)):
        rng = np.random.default_rng((seed, int(hashlib.sha256(name.encode()).hexdigest()[:8], 16)))
        yield _guarded(picture.where, lambda: _one_input(picture, name, make, target, rng))  # noqa: B023  called at once
        progress("Preparing", n + 1, len(pictures))


def join_pairs(
    pairs: Sequence[tuple[Picture, Picture]], target: Target, *, how: Alignment = "auto", progress: Progress = silent
) -> Iterator[Prepared]:
    """Of each colour picture and its input what both show, at the colour picture's size. how: as of align()."""
    for n, (truth, given) in enumerate(pairs):
        yield _guarded(given.where, lambda: _one_pair(truth, given, target, how))  # noqa: B023  called at once
        progress("Aligning", n + 1, len(pairs))


def _guarded(where: str, work: Callable[[], tuple[Path, ...]]) -> Prepared:
    try:
        files = work()
    except PhotochromError as error:
        return Prepared(where, error=error)
    return Prepared(where, files, skipped=not files)


def _one_input(picture: Picture, name: str, make: Make, target: Target, rng: np.random.Generator) -> tuple[Path, ...]:
    suffix = PurePosixPath(picture.name).suffix.lower()
    content = picture.content()
    paths = [target.input(name)]
    if not target.alone:
        paths.append(target.color(name, suffix if isinstance(content, bytes) else ".png"))
    if _is_done(paths, target):
        return ()
    made = make(picture.pixels(), rng)
    data = [_png(made), content if isinstance(content, bytes) else _png(content)]
    return _written(paths, data[: len(paths)])


def _one_pair(truth: Picture, given: Picture, target: Target, how: Alignment) -> tuple[Path, ...]:
    name = key_of(truth.name) or PurePosixPath(truth.name).stem
    paths = [target.input(name), target.color(name, ".png")]
    if _is_done(paths, target):
        return ()
    try:
        aligned = align(truth.pixels(), given.pixels(), how)
    except PictureError as error:
        raise PictureError(f"{given.where}: {error}") from error
    return _written(paths, [_png(aligned.given), _png(aligned.truth)])


def _named(pictures: Sequence[Picture]) -> Iterator[tuple[str, Picture]]:
    """Each picture with its name below the target, without suffix; of several sets below the set's name."""
    several = len({picture.set_name for picture in pictures}) > 1
    taken: set[str] = set()
    for picture in pictures:
        inside = [part for part in PurePosixPath(picture.name.replace("\\", "/")).parts if part not in ("/", "..", ".")]
        name = str(PurePosixPath(picture.set_name if several else "", *inside).with_suffix(""))
        while name.casefold() in taken:  # a.jpg and a.png
            name += "~"
        taken.add(name.casefold())
        yield name, picture


def _is_done(paths: Sequence[Path], target: Target) -> bool:
    """Whether all of it is there. Raises OutputExistsError where a part of it is, and nothing may be replaced."""
    there = [path for path in paths if path.exists()]
    if target.overwrite or not there:
        return False
    if len(there) < len(paths):
        raise OutputExistsError(f"{there[0]} exists already, without its other half; add --overwrite, or remove it")
    return True


def _written(paths: Sequence[Path], contents: Sequence[bytes]) -> tuple[Path, ...]:
    for path, data in zip(paths, contents, strict=True):
        make_folder(path.parent, otherwise="choose another with -o")
        with atomic_write(path, overwrite=True) as stream:
            shutil.copyfileobj(io.BytesIO(data), stream)
    return tuple(paths)


def _png(pixels: Pixels) -> bytes:
    """Grey where all channels are alike."""
    if pixels.ndim == 3 and (pixels == pixels[..., :1]).all():
        pixels = pixels[..., 0]
    memory = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(memory, "PNG")
    return memory.getvalue()
