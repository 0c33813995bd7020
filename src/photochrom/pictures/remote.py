"""Shards that are far away: each is fetched once into a cache on the local disk.

`https://host/train-{000..099}.tar`, `s3://…` and the like are opened by fsspec, which needs a package more for some.
`pipe:any command that writes a tar` runs in the shell. The braces are those of the shell in both.

A command may only be asked for by the person who starts the program, never by a file they were given. fsspec knows
more kinds of addresses, some of which unpack, nest or run what they name: only those that merely fetch are taken.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from photochrom.atomic import atomic_write
from photochrom.errors import OutputExistsError, PictureError, UsageError

_PIPE = "pipe:"
# What an address may begin with, and the package that fsspec needs for it.
_PACKAGES = {"https": "aiohttp", "http": "aiohttp", "s3": "s3fs", "gs": "gcsfs", "az": "adlfs", "hf": "huggingface_hub"}
_SCHEMES = {**_PACKAGES, "file": "fsspec", "memory": "fsspec"}
_BLOCK = 1 << 20  # bytes


def is_remote(place: str) -> bool:
    """Whether a place is an address or a command, and not a path."""
    return place.startswith(_PIPE) or "://" in place


def check_places(places: Sequence[str | Path]) -> None:
    """Raises UsageError for a place on this machine that isn't there; nothing is opened or fetched."""
    for place in places:
        if not is_remote(str(place)) and not Path(place).exists():
            raise UsageError(f"there is no {place}: name a folder of pictures or a .tar shard")


def cache_folder() -> Path:
    """$PHOTOCHROM_CACHE, else photochrom/ in the user's cache folder."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get("PHOTOCHROM_CACHE") or Path(home) / "photochrom")


def fetch(place: str, *, commands: bool = False) -> Iterator[tuple[str, Path]]:
    """Each address that a place means, with a local copy of its shard, fetched if it isn't there.

    commands: whether `pipe:` may run a command; only for places that the user typed, not for those read from a file.
    Raises UsageError for a command that may not run and an address of a kind that isn't known, PictureError for what
    can't be fetched.
    """
    from braceexpand import braceexpand

    folder = cache_folder() / "shards"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        addresses = list(braceexpand(place))
    except ValueError as error:
        raise UsageError(f"{place!r} has a brace too many or too few: write train-{{000..099}}.tar") from error
    for address in addresses:
        _check(address, commands=commands)
    for address in addresses:
        copy = folder / f"{hashlib.sha256(address.encode()).hexdigest()[:24]}.tar"
        if not copy.exists():
            try:
                with atomic_write(copy) as target:
                    (_run if address.startswith(_PIPE) else _download)(address, target)
            except OutputExistsError:
                pass  # another process of this machine was quicker
        yield address, copy


def _check(address: str, *, commands: bool) -> None:
    if address.startswith(_PIPE):
        if not commands:
            raise UsageError(
                f"{address!r} is a command, and stands in a file (a recipe or a run's): commands are only run for "
                "--data, so name it there if you trust it"
            )
    elif address.partition("://")[0] not in _SCHEMES:
        raise UsageError(f"{address!r} can't be fetched: use an address of {', '.join(_PACKAGES)}, or fetch it first")


def _run(address: str, target: BinaryIO) -> None:
    command = address.removeprefix(_PIPE)
    # A shell, as the user's pipes and variables need one; _check() has made sure that it was the user who asked.
    with subprocess.Popen(command, shell=True, stdout=subprocess.PIPE) as process:  # noqa: S602  see above
        assert process.stdout is not None
        shutil.copyfileobj(process.stdout, target, _BLOCK)
    if process.returncode:
        raise PictureError(f"{address} can't be fetched: the command ended with exit code {process.returncode}")


def _download(address: str, target: BinaryIO) -> None:
    import fsspec

    scheme = address.partition("://")[0]
    try:
        # filesystem(), and not open(), which would follow addresses within the address ("zip://x::s3://y").
        with fsspec.filesystem(scheme, **_options(scheme)).open(address, "rb") as source:
            shutil.copyfileobj(source, target, _BLOCK)
    except ImportError as error:
        raise PictureError(
            f"{address} can't be fetched without the package {_SCHEMES[scheme]}: pip install {_SCHEMES[scheme]}"
        ) from error
    except Exception as error:  # each kind of storage has errors of its own, without a common base
        raise PictureError(f"{address} can't be fetched ({error}): check it, or fetch it by other means") from error


def _options(scheme: str) -> dict[str, Any]:
    if scheme not in ("http", "https"):
        return {}
    from aiohttp import ClientTimeout

    # A shard may take as long as it likes, but not stand still; proxies are those of the environment.
    patience = ClientTimeout(total=None, sock_connect=30, sock_read=60)  # s
    return {"client_kwargs": {"timeout": patience, "trust_env": True}}
