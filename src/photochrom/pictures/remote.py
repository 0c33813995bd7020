"""Shards that are far away: addresses are fetched once into a cache on the local disk.

`https://host/train-{000..099}.tar`, `gs://…` and `pipe:any command that writes a tar` are what the webdataset library
opens; the braces are WebDataset's too. `s3://…` is read with the command aws.
"""

from __future__ import annotations

import hashlib
import os
import shlex
import shutil
from pathlib import Path

from photochrom.atomic import atomic_write
from photochrom.errors import OutputExistsError, TrainingError


def is_far(place: str) -> bool:
    return place.startswith("pipe:") or "://" in place


def cache_folder() -> Path:
    """$PHOTOCHROM_CACHE, else photochrom/ in the user's cache folder."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get("PHOTOCHROM_CACHE") or Path(home) / "photochrom")


def _opened(address: str) -> str:
    return f"pipe:aws s3 cp {shlex.quote(address)} -" if address.startswith("s3://") else address


def fetched(place: str) -> list[Path]:
    """Local copies of the shards that an address means, fetched if they aren't there. Raises TrainingError."""
    import webdataset
    from braceexpand import braceexpand

    folder = cache_folder() / "shards"
    folder.mkdir(parents=True, exist_ok=True)
    copies = []
    for address in braceexpand(place):
        copy = folder / f"{hashlib.sha256(address.encode()).hexdigest()[:24]}.tar"
        if not copy.exists():
            try:
                with atomic_write(copy) as target, webdataset.gopen(_opened(address)) as source:
                    shutil.copyfileobj(source, target, 1 << 20)
            except OutputExistsError:
                pass  # another process of this machine was quicker
            except Exception as error:  # each kind of address has errors of its own
                raise TrainingError(f"{address} can't be fetched ({error}): check the address and try again") from error
        copies.append(copy)
    return copies
