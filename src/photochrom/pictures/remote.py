"""Shards that are far away: addresses are fetched once into a cache on the local disk.

`https://host/train-{000..099}.tar`, `gs://…` and `pipe:any command that writes a tar` are what the webdataset library
opens; the braces are WebDataset's too. `s3://…` is read with the command aws.

A command may only be asked for by the person who starts the program, never by a file they were given.
"""

from __future__ import annotations

import hashlib
import os
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlparse

from photochrom.atomic import atomic_write
from photochrom.errors import OutputExistsError, PictureError, UsageError


def is_far(place: str) -> bool:
    """Whether a place is an address or a command, and not a path."""
    return place.startswith("pipe:") or "://" in place


def cache_folder() -> Path:
    """$PHOTOCHROM_CACHE, else photochrom/ in the user's cache folder."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get("PHOTOCHROM_CACHE") or Path(home) / "photochrom")


def _opened(address: str) -> str:
    return f"pipe:aws s3 cp {shlex.quote(address)} -" if address.startswith("s3://") else address


def _is_command(address: str) -> bool:
    """By the parser that webdataset goes by: it ignores case, tabs, newlines and leading control characters."""
    return urlparse(address).scheme == "pipe"


def fetched(place: str, *, commands: bool = False) -> Iterator[tuple[str, Path]]:
    """Each address that a place means, with a local copy of its shard, fetched if it isn't there.

    commands: whether `pipe:` may run a command; only for places that the user typed, not for those read from a file.
    Raises UsageError for a command that may not run, and PictureError for what can't be fetched.
    """
    import webdataset
    from braceexpand import braceexpand

    folder = cache_folder() / "shards"
    folder.mkdir(parents=True, exist_ok=True)
    for address in braceexpand(place):
        if _is_command(address) and not commands:
            raise UsageError(
                f"{address!r} is a command, and stands in a file (a recipe or a run's): commands are only run for "
                "--data, so name it there if you trust it"
            )
        copy = folder / f"{hashlib.sha256(address.encode()).hexdigest()[:24]}.tar"
        if not copy.exists():
            try:
                with atomic_write(copy) as target, webdataset.gopen(_opened(address)) as source:
                    shutil.copyfileobj(source, target, 1 << 20)
            except OutputExistsError:
                pass  # another process of this machine was quicker
            except Exception as error:  # each kind of address has errors of its own
                raise PictureError(f"{address} can't be fetched ({error}): check the address and try again") from error
        yield address, copy
