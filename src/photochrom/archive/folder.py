"""Pictures of a folder in the order in which the system gives them: none is waited for, none is listed before."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from photochrom.archive.item import Item, broken
from photochrom.batch.find import PassedOver
from photochrom.errors import PictureError
from photochrom.film.formats import is_film


def walked(folder: str, passed: PassedOver, *, leave_out: frozenset[str] = frozenset()) -> Iterator[Item]:
    """The pictures below a folder, each with its path from there as key. Links to folders are not entered.

    passed: counts what is passed over, as `photochrom -r` does. leave_out: real paths of folders that aren't entered.
    """
    waiting = [folder]
    while waiting:
        where = waiting.pop()
        try:
            entries = os.scandir(where)
        except OSError as error:
            reason = PictureError(f"can't read the folder {where}: {error.strerror}; check its permissions")
            yield broken(_key(where, folder), reason)
            continue
        with entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False) and not entry.name.startswith("."):
                    if os.path.realpath(entry.path) not in leave_out:
                        waiting.append(entry.path)
                elif not passed.wants(entry.name):
                    continue
                elif not entry.is_file() and os.path.exists(entry.path):  # who opens a FIFO or device may wait for ever
                    passed.why["not_pictures"] += 1
                else:
                    yield file_item(entry.path, _key(entry.path, folder))


def file_item(path: str, key: str) -> Item:
    """A file of the disk. What is wrong with it shows when it is read; a film is no picture."""
    if is_film(path):
        return broken(key, PictureError(f"{path} is a film; photochrom {path} -o FOLDER colours it"))
    try:
        seen = os.stat(path)
        stamp, size = f"{seen.st_size}-{seen.st_mtime_ns}", seen.st_size
    except OSError:
        stamp, size = "", 0
    return Item(key=key, read=lambda: _read(path), stamp=stamp, size=size, path=Path(path))


def _key(path: str, folder: str) -> str:
    return Path(os.path.relpath(path, folder)).as_posix()


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as stream:
            return stream.read()
    except FileNotFoundError:
        reason = f"is a link to {os.readlink(path)}, which isn't there" if os.path.islink(path) else "is gone"
        raise PictureError(f"{path} {reason}; check it") from None
    except OSError as error:
        raise PictureError(
            f"can't read {path}: {error.strerror or error}; check the file and its permissions"
        ) from error
