"""Where the results go: a folder, object storage, or tar shards. Each result is there as a whole, or not at all."""

from __future__ import annotations

import os
import re
import shutil
import tarfile
import threading
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import IO, Protocol

from photochrom.archive import remote
from photochrom.atomic import atomic_write, make_folder, remove_leftovers
from photochrom.codec.writing import PAGE_SUFFIXES, suffix_of
from photochrom.digest import sha256_of_stream
from photochrom.errors import OutputError, OutputExistsError

SHARD_BYTES = 1 << 30
Data = bytes | IO[bytes]  # a temporary file, with a name, for what is too large to be held


class Target(Protocol):
    """Takes results by their names. Errors are OutputError and OutputExistsError."""

    def check_free(self, name: str) -> None:
        """Raises OutputExistsError where something of that name is there."""
        ...

    def write(self, name: str, data: Data, *, replace: bool) -> bool:
        """Write one. replace: it may be there already. False where it isn't safe yet: `sealed` says when it is.

        May be called by several threads.
        """
        ...

    def sealed(self) -> list[str]:
        """The names that have become safe since the last call."""
        ...

    def held(self, wanted: Mapping[str, str]) -> list[str]:
        """Those of these results, by name and SHA-256, that a killed run made safe without having been told so."""
        ...

    def close(self) -> None:
        """Make all that was written safe."""
        ...

    def path(self, name: str) -> Path | None:
        """Where a result is on the disk, None where it isn't."""
        ...

    def read(self, name: str) -> bytes:
        """A result that is safe. Raises OSError, KeyError where it is gone or can't be picked out."""
        ...


class Folder:
    """Files of a folder, in the structure of the source."""

    def __init__(self, folder: str) -> None:
        self._folder = Path(folder)
        self._clean: set[Path] = set()

    def check_free(self, name: str) -> None:
        """See Target."""
        if os.path.lexists(self._folder / name):
            raise _exists(self._folder / name)

    def write(self, name: str, data: Data, *, replace: bool) -> bool:
        """See Target."""
        path = self._folder / name
        if path.parent not in self._clean:
            make_folder(path.parent, otherwise="choose another -o")
            remove_leftovers(path.parent)
            self._clean.add(path.parent)
        with atomic_write(path, overwrite=replace) as out:
            if isinstance(data, bytes):
                out.write(data)
            else:
                shutil.copyfileobj(data, out, 1 << 20)
        return True

    def sealed(self) -> list[str]:
        """Each is safe when it is written."""
        return []

    def held(self, wanted: Mapping[str, str]) -> list[str]:
        """What isn't confirmed is written anew."""
        return []

    def close(self) -> None:
        """Nothing is held back."""

    def path(self, name: str) -> Path:
        """See Target."""
        return self._folder / name

    def read(self, name: str) -> bytes:
        """See Target."""
        return (self._folder / name).read_bytes()


class Storage:
    """Objects below an address."""

    def __init__(self, place: str) -> None:
        self._storage, root = remote.opened(place)
        self._root = root.rstrip("/")

    def check_free(self, name: str) -> None:
        """See Target."""
        if self._storage.exists(path := f"{self._root}/{name}"):
            raise _exists(path)

    def write(self, name: str, data: Data, *, replace: bool) -> bool:
        """See Target."""
        remote.put(self._storage, f"{self._root}/{name}", data)
        return True

    def sealed(self) -> list[str]:
        """Each is safe when it is written."""
        return []

    def held(self, wanted: Mapping[str, str]) -> list[str]:
        """What isn't confirmed is written anew."""
        return []

    def close(self) -> None:
        """Nothing is held back."""

    def path(self, name: str) -> None:
        """See Target."""

    def read(self, name: str) -> bytes:
        """See Target."""
        return bytes(self._storage.cat_file(f"{self._root}/{name}"))


class Shards:
    """coloured-000000.tar, coloured-000001.tar...: a shard gets its name when it is full, or the run ends.

    What a shard holds is safe from then on; what a killed run had in an unfinished one is coloured again.
    """

    def __init__(self, path: str, *, most: int = SHARD_BYTES) -> None:
        self._path = Path(path)
        self._most = most
        self._part: Path | None = None
        self._tar: tarfile.TarFile | None = None
        self._names: list[str] = []
        self._safe: list[str] = []
        self._stem = re.sub(r"\.tar$", "", self._path.name)
        for left in self._path.parent.glob(f".{self._stem}-*.tar.part"):
            left.unlink()
        numbers = [self._number(found) for found in self._path.parent.glob(f"{self._stem}-*.tar")]
        self._next = max(numbers, default=-1) + 1
        self._guard = threading.Lock()  # a shard takes one at a time

    def check_free(self, name: str) -> None:
        """See Target. A new shard holds nothing."""

    def write(self, name: str, data: Data, *, replace: bool) -> bool:
        """See Target."""
        with self._guard:
            self._add(name, data)
        return False

    def _add(self, name: str, data: Data) -> None:
        try:
            if self._tar is None:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                self._part = self._path.parent / f".{self._stem}-{self._next:06d}.tar.part"
                self._tar = tarfile.open(self._part, "w", format=tarfile.PAX_FORMAT)  # noqa: SIM115  closed by _seal
            member = tarfile.TarInfo(name)
            stream = BytesIO(data) if isinstance(data, bytes) else data
            member.size, member.mode = stream.seek(0, os.SEEK_END), 0o644
            stream.seek(0)
            self._tar.addfile(member, stream)
            self._names.append(name)
            if self._tar.offset >= self._most:
                self._seal()
        except OSError as error:
            raise OutputError(f"can't write {self._part}: {error.strerror or error}; choose another -o") from error

    def sealed(self) -> list[str]:
        """The names in the shards that were finished since the last call."""
        with self._guard:
            safe, self._safe = self._safe, []
        return safe

    def held(self, wanted: Mapping[str, str]) -> list[str]:
        """Of the last shard: it may have got its name in the moment in which the run was killed."""
        path = self._path.parent / f"{self._stem}-{self._next - 1:06d}.tar"
        if not wanted or not path.exists():
            return []
        with tarfile.open(path) as archive:
            members = [(member.name, archive.extractfile(member)) for member in archive if member.name in wanted]
            return [name for name, data in members if data and sha256_of_stream(data) == wanted[name]]

    def close(self) -> None:
        """Finish the shard that is being written."""
        with self._guard:
            self._seal()

    def path(self, name: str) -> None:
        """See Target."""

    def read(self, name: str) -> bytes:
        """See Target. Looks through the shards, the newest first."""
        for path in sorted(self._path.parent.glob(f"{self._stem}-*.tar"), reverse=True):
            with tarfile.open(path) as archive:
                if name in archive.getnames() and (found := archive.extractfile(name)):
                    return found.read()
        raise KeyError(name)

    def _seal(self) -> None:
        if self._tar is None or self._part is None:
            return
        self._tar.close()
        with open(self._part, "rb") as written:
            os.fsync(written.fileno())
        os.rename(self._part, self._path.parent / f"{self._stem}-{self._next:06d}.tar")
        self._next += 1
        self._tar, self._part = None, None
        self._safe += self._names
        self._names = []

    def _number(self, path: Path) -> int:
        match = re.fullmatch(re.escape(self._stem) + r"-(\d{6,})", path.stem)
        return int(match[1]) if match else -1


def _exists(path: object) -> OutputExistsError:
    return OutputExistsError(f"{path} exists already; add --overwrite to replace it")


def target_of(place: str) -> Target:
    """A folder, an address, or shards where the place ends in .tar. Raises UsageError."""
    if remote.is_address(place):
        return Storage(place)
    return Shards(place) if place.endswith(".tar") else Folder(place)


def result_name(key: str, format: str) -> str:
    """What the result of a picture is called, in a format that known_format gave.

    1900/tram.jpg -> 1900/tram.color.jpg; where the format changes the old suffix stays: tram.psd.color.png.
    """
    path = PurePosixPath(key)
    if PAGE_SUFFIXES.get(path.suffix.lower()) == format:
        return path.with_name(f"{path.stem}.color{path.suffix}").as_posix()
    return path.with_name(f"{path.name}.color{suffix_of(format)}").as_posix()
