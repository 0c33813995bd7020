"""Write a file so that either all of it appears under its name, or nothing does."""

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from photochrom.errors import OutputError, OutputExistsError

# A file system without hard links (exFAT, some network shares) answers os.link with one of these.
_NO_LINKS = {errno.EPERM, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP, errno.EACCES, errno.EMLINK, errno.EINVAL}


@contextmanager
def atomic_write(path: str | os.PathLike[str], *, overwrite: bool = False) -> Iterator[BinaryIO]:
    """Yield a seekable binary file; when the block ends well, it appears under `path` in one step.

    The bytes go to a temporary name in the same folder. When the block raises (Ctrl-C too) the temporary
    file is removed and `path` is as it was before. Without `overwrite` an existing target is never touched,
    not even one that appears while we write.

    Raises OutputExistsError (there already) and OutputError (any OSError: no such folder, not writable, disk full).
    """
    target = Path(path)
    if overwrite:
        target = Path(os.path.realpath(target))  # write through a symbolic link, don't replace it
    elif os.path.lexists(target):
        raise _exists(target)
    # A name of fixed length: the target's own may already be as long as the file system allows.
    part = target.parent / f".photochrom-{secrets.token_hex(6)}.part"
    try:
        if target.is_dir():
            raise OutputError(f"can't write {target}: it is a folder; give the name of a file")
        try:
            with open(part, "xb") as stream:
                yield stream
            if overwrite:
                os.replace(part, target)
            else:
                _place_new(part, target)
        except OSError as error:
            raise OutputError(f"can't write {target}: {_reason(error, target)}") from error
    finally:
        with suppress(OSError):  # it may never have come to be
            part.unlink()


def _place_new(part: Path, target: Path) -> None:
    """Give `part` the name `target`, which must not exist: os.link fails if it does, os.replace would not."""
    try:
        os.link(part, target)
    except FileExistsError:
        raise _exists(target) from None
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        try:
            os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY))  # reserve the name, then take it
        except FileExistsError:
            raise _exists(target) from None
        os.replace(part, target)


def _exists(target: Path) -> OutputExistsError:
    return OutputExistsError(f"{target} exists already; choose another name or ask for overwriting")


def _reason(error: OSError, target: Path) -> str:
    if error.errno == errno.ENOENT:
        return f"there is no folder {target.parent}; make it first"
    if error.errno == errno.ENOSPC:
        return "the disk is full; free some space and try again"
    if error.errno in (errno.EACCES, errno.EROFS, errno.EPERM):
        return f"{(error.strerror or 'not allowed').lower()}; choose a folder you may write to"
    return f"{error.strerror or error}; choose another place"
