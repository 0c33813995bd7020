"""Where the pictures of a run come from: folders, files, tar shards, lists of these, object storage; streamed."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from photochrom.archive import remote
from photochrom.archive.folder import file_item, walked
from photochrom.archive.item import Item, broken
from photochrom.archive.shards import members
from photochrom.batch.find import PassedOver
from photochrom.errors import PictureError, UsageError

TARS = (".tar", ".tar.gz", ".tgz")


def items(places: Sequence[str], passed: PassedOver, *, leave_out: frozenset[str] = frozenset()) -> Iterator[Item]:
    """Every picture of the places, one at a time. With several places the name of each comes before its keys.

    A place is a folder, a picture, a tar shard, an address (s3://...), or @list.txt: a file with a place on each line.
    Raises UsageError for a place that isn't there.
    """
    named = list(_named(places))
    for name, place in named:
        prefix = name if len(named) > 1 else ""
        for item in _of(place, passed, leave_out):
            yield replace(item, key=PurePosixPath(prefix, item.key).as_posix()) if prefix else item


def check(places: Sequence[str]) -> None:
    """Raises UsageError where a place isn't there; addresses are asked when their turn comes."""
    if not places:
        raise UsageError("no source was named; try photochrom batch scans -o coloured")
    for place in places:
        path = place.removeprefix("@")
        if remote.is_address(path):
            remote.opened(path)
        elif not os.path.exists(path):
            raise UsageError(
                f"there is no {path}; name a folder, a .tar, an address like s3://bucket/scans, or @list.txt"
            )


def _named(places: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Each place with a name of its own, by which its keys are told from others': its last part."""
    seen: Counter[str] = Counter()
    for place in places:
        name = PurePosixPath(place.removeprefix("@").replace(os.sep, "/").rstrip("/")).name or "root"
        name = Path(os.path.abspath(place)).name or "root" if name in (".", "..") else name
        for suffix in TARS:
            name = name.removesuffix(suffix)
        seen[name] += 1
        yield (name if seen[name] == 1 else f"{name}~{seen[name]}"), place


def _of(place: str, passed: PassedOver, leave_out: frozenset[str]) -> Iterator[Item]:
    if place.startswith("@"):
        yield from _listed(place[1:], passed, leave_out)
    elif place.endswith(TARS):
        try:
            if remote.is_address(place):
                stream, stamp = remote.stream_of(place)
            else:
                stream, stamp = open(place, "rb"), file_item(place, "").stamp  # noqa: SIM115  closed below
        except (OSError, PictureError) as error:
            reason = getattr(error, "strerror", None) or error
            yield broken(place, PictureError(f"can't open {place}: {reason}; check it"))
            return
        with stream:
            yield from members(place, stream, passed, stamp=stamp)
    elif remote.is_address(place):
        yield from remote.objects(place, passed)
    elif os.path.isdir(place):
        yield from walked(place, passed, leave_out=leave_out)
    else:
        yield file_item(place, os.path.basename(place))


def _listed(path: str, passed: PassedOver, leave_out: frozenset[str]) -> Iterator[Item]:
    """The places of a list; a file's whole path, without what leads out of the target, is its key."""
    with open(path, encoding="utf-8", errors="surrogateescape") as lines:
        for line in lines:
            place = line.rstrip("\r\n")
            if not place or place.startswith("#"):
                continue
            key = PurePosixPath(
                *(p for p in PurePosixPath(place.partition("://")[2] or place).parts if p not in ("/", "..", "."))
            )
            if remote.is_address(place) or os.path.isdir(place) or place.endswith(TARS):
                for item in _of(place, passed, leave_out):
                    yield replace(item, key=(key / item.key).as_posix())
            else:
                yield file_item(place, key.as_posix())
