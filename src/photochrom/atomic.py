"""Write a file so that either all of it appears under its name, or nothing does, whatever happens meanwhile."""

import errno
import functools
import hashlib
import os
import platform
import re
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from photochrom.errors import OutputError, OutputExistsError

# A file system without hard links (exFAT, some network shares) answers os.link with one of these.
_NO_LINKS = {errno.EPERM, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP, errno.EACCES, errno.EMLINK, errno.EINVAL}
_NO_SYNC = {errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP}  # of a file system that can't be asked to
# A temporary name says whose it is: the machine and process that write it. No picture of anybody is called so.
_PART = re.compile(r"\.photochrom-(?P<machine>[0-9a-f]{8})-(?P<process>\d+)-[0-9a-f]{12}\.part")
_OLD = 3600.0  # seconds: no file takes so long from its first byte to its name

_guard = threading.Lock()  # held while a temporary file appears or takes its name, and while all are discarded
_parts: set[Path] = set()
_ended = False


@contextmanager
def atomic_write(path: str | os.PathLike[str], *, overwrite: bool = False) -> Iterator[BinaryIO]:
    """Yield a seekable binary file; when the block ends well, it appears under `path` in one step.

    The bytes go to a temporary name in the same folder, and are on the disk before the file gets its own name. When
    the block raises (Ctrl-C too) the temporary file is removed and `path` is as it was before. Without `overwrite`
    an existing target is never touched, not even one that appears while we write.

    Raises OutputExistsError (there already) and OutputError (any OSError: no such folder, not writable, disk full).
    """
    target = Path(path)
    if overwrite:
        target = Path(os.path.realpath(target))  # write through a symbolic link, don't replace it
    elif os.path.lexists(target):
        raise _exists(target)
    # A name of fixed length: the target's own may already be as long as the file system allows.
    part = target.parent / f".photochrom-{_machine()}-{os.getpid()}-{secrets.token_hex(6)}.part"
    try:
        if os.path.isdir(target):
            raise OutputError(f"can't write {target}: it is a folder; give the name of a file")
        if os.path.exists(target) and not os.path.isfile(target):  # it would be replaced by a file
            raise OutputError(f"can't write {target}: it is a device or a pipe; give the name of a file")
        try:
            with _opened(part) as stream:
                yield stream
                stream.flush()
                _sync(stream.fileno())
            with _guard:
                if overwrite:
                    os.replace(part, target)
                else:
                    _place_new(part, target)
            _sync_folder(target.parent)
        except OSError as error:
            raise OutputError(f"can't write {target}: {_reason(error, target)}") from error
    finally:
        with suppress(OSError):  # it may never have come to be
            part.unlink()
        _parts.discard(part)


def make_folder(folder: str | os.PathLike[str], *, otherwise: str = "") -> None:
    """Make it, and those that it lies in, unless it is there. otherwise: what to do where that fails, for the sentence.

    Raises OutputError.
    """
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        end = f"; {otherwise}" if otherwise else ""
        raise OutputError(f"can't make the folder {folder}: {error.strerror}{end}") from error


def remove_leftovers(folder: str | os.PathLike[str]) -> int:
    """Take away what killed processes left half written in a folder; gives how many files that were.

    Only files under the temporary names of atomic_write, and of these only the ones that nobody writes any more: their
    process on this machine is gone, or another machine wrote to them last over an hour ago.
    """
    removed = 0
    with suppress(OSError), os.scandir(folder) as entries:  # a folder that isn't there holds nothing
        for entry in entries:
            match = _PART.fullmatch(entry.name)
            if match is None:
                continue
            with suppress(OSError):  # another run may take it away at the same moment
                if entry.is_file(follow_symlinks=False) and _is_left(match, entry):
                    os.unlink(entry.path)
                    removed += 1
    return removed


def discard_unfinished() -> None:
    """Remove every file that this process is writing, and begin no other: for the moment before os._exit."""
    global _ended  # noqa: PLW0603  about the process itself
    _ended = True
    held = _guard.acquire(timeout=0.3)  # a file system that doesn't answer must not keep us
    for part in tuple(_parts):
        with suppress(OSError):
            part.unlink()
    if held:
        _guard.release()


def _opened(part: Path) -> BinaryIO:
    with _guard:
        if _ended:
            raise OSError(errno.EINTR, "the program is ending")
        _parts.add(part)
        return open(part, "xb")


@functools.cache
def _machine() -> str:
    """Eight hex digits for all processes that see each other's ids: of one machine, boot and container."""
    seen = [os.fsencode(platform.node())]
    with suppress(OSError):
        seen.append(Path("/proc/sys/kernel/random/boot_id").read_bytes())
        seen.append(os.readlink(b"/proc/self/ns/pid"))
    return hashlib.sha256(b"\n".join(seen)).hexdigest()[:8]


def _is_left(match: re.Match[str], entry: os.DirEntry[str]) -> bool:
    if match["machine"] == _machine():
        return not _runs(int(match["process"]))
    return time.time() - entry.stat(follow_symlinks=False).st_mtime > _OLD


def _runs(process: int) -> bool:
    if os.name != "posix":
        return process == os.getpid()  # os.kill would end it there; a file that is open can't be removed there either
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):  # it is somebody else's
        return True
    return True


def _sync(descriptor: int) -> None:
    """To the disk itself: a machine that loses power must not keep the name and lose the bytes."""
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _NO_SYNC:
            raise


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":
        return  # Windows opens no folders
    with suppress(OSError):  # the file is whole by now; that its name may be lost is not worth an error
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


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
    if error.errno == errno.ENOENT and target.parent.is_dir():  # as /proc says it, where nothing can be made
        return f"nothing can be written to the folder {target.parent}; choose another place"
    if error.errno == errno.ENOENT:
        return f"there is no folder {target.parent}; make it first"
    if error.errno == errno.ENOSPC:
        return "the disk is full; free some space and try again"
    if error.errno == errno.ENAMETOOLONG:
        return "its name is too long for this folder; choose a shorter one"
    if error.errno in (errno.EACCES, errno.EROFS, errno.EPERM):
        return f"{(error.strerror or 'not allowed').lower()}; choose a folder you may write to"
    return f"{error.strerror or error}; choose another place"
