"""Which results of a picture are still to be written."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from photochrom.batch.sidecar import SUFFIX, read_sidecar
from photochrom.color.lightness import shrink_lightness
from photochrom.digest import sha256_of
from photochrom.errors import OutputExistsError, PictureError, UsageError
from photochrom.pictures.picture import decode

_CLOCK = 2.0  # seconds: memory cards (FAT) keep times no finer than this
_SMALL, _SAME = 64, 2.0  # px of either side, units of L*: how near a result is to its picture, and another isn't


def outputs_to_write(
    outputs: Sequence[Path],
    source: Path,
    *,
    overwrite: bool,
    skip_done: bool,
    flat: bool = False,
    keeps_lightness: bool = False,
) -> list[Path]:
    """Those of a picture's outputs that aren't done. Raises OutputExistsError; saving would too, but after the work.

    skip_done: one that is there, with something in it, and no older than its picture, is done. One that is older is
    replaced only with `overwrite`; an empty one holds nothing to lose, and is. flat: a picture of another folder may
    have had a result of this name; then one of another size isn't this picture's, nor one of another lightness, where
    results keep their picture's (keeps_lightness).
    """
    to_write = [path for path in outputs if not (skip_done and _is_done(path, source))]
    for path in outputs[:1] if skip_done and flat else ():
        if path not in to_write and not _is_of(path, source, keeps_lightness):
            raise OutputExistsError(f"{path} is of another picture than {source}; give another folder with -o")
    for path in [] if overwrite else to_write:
        if os.path.lexists(path) and not (skip_done and is_empty(path)):
            why = f"is older than {source}" if skip_done else f"exists already, so {source} was not coloured"
            raise OutputExistsError(f"{path} {why}; add --overwrite to replace it")
    return to_write


def is_empty(path: Path) -> bool:
    """Whether it is a file without content: a name that a killed run had reserved where there are no hard links."""
    try:
        seen = path.stat()
    except OSError:
        return False
    return stat.S_ISREG(seen.st_mode) and seen.st_size == 0


def _is_done(path: Path, source: Path) -> bool:
    try:
        seen = path.stat()
    except OSError:
        return False
    try:
        changed = source.stat().st_mtime
    except OSError:  # from stdin, or gone: then its result is all there is
        changed = 0.0
    return stat.S_ISREG(seen.st_mode) and seen.st_size > 0 and seen.st_mtime + _CLOCK >= changed


def _is_of(path: Path, source: Path, keeps_lightness: bool) -> bool:
    """Whether a result may be of this picture; yes where that can't be told.

    By its sidecar; else by their sizes, as their headers say, and then by looking at both.
    """
    if not source.is_file():  # a FIFO would be waited for
        return True
    try:
        if _says_so(path.with_name(path.name + SUFFIX), source):
            return True
        with Image.open(path) as result, Image.open(source) as picture:
            alike = sorted(result.size) == sorted(picture.size)
        return alike and (not keeps_lightness or _difference(path, source) < _SAME)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, PictureError):
        return True


def _says_so(sidecar: Path, source: Path) -> bool:
    """Whether a result's sidecar names the picture by its digest."""
    try:
        return sidecar.is_file() and read_sidecar(str(sidecar)).sha256 == sha256_of(source)
    except UsageError:  # of another program
        return False


def _difference(path: Path, source: Path) -> float:
    """Between two pictures, made small: mean difference of L*."""
    one, other = (
        shrink_lightness(decode(file.read_bytes(), name=str(file), short_side=_SMALL), (_SMALL, _SMALL))
        for file in (path, source)
    )
    return float(np.abs(one - other).mean())
