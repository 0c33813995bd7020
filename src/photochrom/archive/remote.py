"""Object storage and other places with an address, through fsspec: s3://bucket/scans, gs://..., az://..., memory://."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial
from pathlib import PurePosixPath
from typing import IO, TYPE_CHECKING, Any, cast

from photochrom.archive.item import Item
from photochrom.batch.find import PassedOver
from photochrom.errors import OutputError, PictureError, UsageError

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

# What an address may begin with, and the package that fsspec needs for it. Kinds that nest, unpack or run are left out.
PACKAGES = {"s3": "s3fs", "gs": "gcsfs", "az": "adlfs", "abfs": "adlfs", "file": "fsspec", "memory": "fsspec"}


def is_address(place: str) -> bool:
    """Whether it is an address and no path of the disk."""
    return "://" in place


def opened(place: str) -> tuple[AbstractFileSystem, str]:
    """The storage of an address, and the path in it. Raises UsageError for kinds that can't be had.

    Keys and endpoints come from where each kind's own tools have them: AWS_ACCESS_KEY_ID, AWS_ENDPOINT_URL...
    """
    scheme = place.partition("://")[0]
    if scheme not in PACKAGES:
        raise UsageError(f"{place} can't be opened: use an address of {', '.join(PACKAGES)}, or a folder")
    try:
        import fsspec

        options: dict[str, Any] = {}
        if scheme == "s3" and (endpoint := os.environ.get("AWS_ENDPOINT_URL")):
            options = {"endpoint_url": endpoint}
        storage, path = fsspec.core.url_to_fs(place, **options)
        return storage, str(path)
    except ImportError as error:
        package = PACKAGES[scheme]
        raise UsageError(
            f"{place} needs the package {package}, which isn't installed: pip install {package}"
        ) from error


def objects(place: str, passed: PassedOver) -> Iterator[Item]:
    """The pictures below an address, a folder of the storage at a time."""
    storage, root = opened(place)
    try:
        for where, _, files in storage.walk(root, detail=True):
            for name, seen in files.items():
                path = f"{where}/{name}"
                if passed.wants(PurePosixPath(path).name):
                    key, size = path.removeprefix(root).strip("/"), int(seen.get("size") or 0)
                    yield Item(key=key, read=partial(_get, storage, path), stamp=_stamp(seen), size=size)
    except Exception as error:  # each kind of storage has errors of its own, without a common base
        raise UsageError(f"can't list {place} ({error}); check the address and the storage's own keys") from error


def stream_of(place: str) -> tuple[IO[bytes], str]:
    """A file of the storage, to be read from front to back, and its stamp. Raises PictureError."""
    storage, path = opened(place)
    try:
        return cast("IO[bytes]", storage.open(path, "rb")), _stamp(storage.info(path))
    except Exception as error:  # see objects()
        raise PictureError(f"can't open {place} ({error}); check the address and the keys") from error


def put(storage: AbstractFileSystem, path: str, data: bytes | IO[bytes]) -> None:
    """All of a file, or nothing: object storage shows an object when its last byte is there. Raises OutputError."""
    try:
        storage.makedirs(path.rpartition("/")[0], exist_ok=True)
        if isinstance(data, bytes):
            storage.pipe_file(path, data)
        else:
            storage.put_file(data.name, path)
    except Exception as error:  # see objects()
        raise OutputError(f"can't write {path} ({error}); check the address, the keys and the space") from error


def _get(storage: AbstractFileSystem, path: str) -> bytes:
    try:
        return cast(bytes, storage.cat_file(path))
    except Exception as error:  # see objects()
        raise PictureError(f"can't read {path} ({error}); check the address and the keys") from error


def _stamp(seen: dict[str, Any]) -> str:
    """What the storage says of a version: its ETag, or its size and time."""
    told = next(
        (seen[name] for name in ("ETag", "etag", "md5Hash", "mtime", "LastModified", "created") if seen.get(name)), ""
    )
    return f"{seen.get('size')}-{told}"
