"""What earlier runs found out, in small files: a run that was stopped goes on, a second model costs only itself."""

from __future__ import annotations

import functools
import hashlib
import zipfile
from pathlib import Path

import numpy as np

import photochrom
from photochrom.atomic import atomic_write
from photochrom.evaluate.arrays import Arrays


@functools.cache  # of the code that runs, even if its files change meanwhile
def package_digest() -> str:
    """Of every module of this package: what other code found out is not used again."""
    files = sorted(Path(photochrom.__file__).parent.rglob("*.py"))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:16]


class Cache:
    """A folder of .npz files, each named by what its numbers depend on: code, model, data, settings, weights.

    code: what names the code that finds them out; by default the digest of this package.
    """

    def __init__(self, folder: Path, *, code: str = "") -> None:
        self.folder = folder
        self._code = code or package_digest()

    def load(self, group: str, *parts: str) -> Arrays | None:
        """What was stored under the same group and parts; None if nothing was, or if the file is damaged."""
        try:
            # The file is opened here: numpy leaves a damaged one open.
            with open(self._path(group, parts), "rb") as stream, np.load(stream, allow_pickle=False) as stored:
                return {name: stored[name] for name in stored.files}
        except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile):
            return None

    def store(self, arrays: Arrays, group: str, *parts: str) -> None:
        """All of it, or nothing. Raises OutputError."""
        path = self._path(group, parts)
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(path, overwrite=True) as stream:
            np.savez(stream, **arrays)  # type: ignore[arg-type]

    def _path(self, group: str, parts: tuple[str, ...]) -> Path:
        name = hashlib.sha256("|".join((self._code, *parts)).encode()).hexdigest()[:32]
        return self.folder / group / f"{name}.npz"
