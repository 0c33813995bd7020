"""Which pictures `names` mean: files, folders, patterns. Nothing is opened, and nothing but regular files is walked to.

Whatever is wrong with one name or one folder becomes a Found with an error, so that the others go on.
"""

from __future__ import annotations

import glob
import os
import re
import stat
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from photochrom.codec.formats import READABLE
from photochrom.errors import PhotochromError, PictureError
from photochrom.film.formats import FILMS

# Kinds that hold pictures and can't be read: a run over a folder says how many it passed over.
UNREADABLE = frozenset({
    ".3fr", ".ai", ".arw", ".cdr", ".cr2", ".cr3", ".crw", ".cur", ".dcm", ".dcr", ".dds", ".djv", ".djvu", ".dng",
    ".dpx", ".emf", ".eps", ".erf", ".exr", ".fff", ".fit", ".fits", ".fpx", ".hdr", ".icns", ".ico", ".iiq",
    ".jbig2", ".jls", ".jng", ".jp2k", ".jpf", ".jpm", ".jpx", ".jxl", ".jxr", ".kdc", ".mef", ".mng", ".mos",
    ".mrw", ".nef", ".nrw", ".orf", ".pcd", ".pcx", ".pdf", ".pef", ".pict", ".ps", ".psb", ".psd", ".raf", ".ras",
    ".raw", ".rw2", ".rwl", ".sgi", ".sr2", ".srf", ".srw", ".svg", ".svgz", ".tga", ".wdp", ".wmf", ".x3f", ".xbm",
    ".xcf", ".xpm",
})  # fmt: skip
PICTURES = READABLE | UNREADABLE | FILMS  # what a folder is walked for
# The stem of a result of ours, of a page of one too, or of what is written beside it.
_EARLIER = re.compile(r"(?P<stem>.+)\.color(-\d+)?(-p\d+)?(\.\w+\.(confidence|sheet))?", re.DOTALL)


@dataclass
class PassedOver:
    """Files of walked folders that a run has nothing to do with, counted."""

    why: Counter[str] = field(default_factory=Counter)  # keys: hidden, not_pictures, results
    unreadable: Counter[str] = field(default_factory=Counter)  # by suffix, in lower case
    films: Counter[str] = field(default_factory=Counter)  # by suffix, where a run is over pictures alone

    def wants(self, name: str) -> bool:
        """Whether a file of that name is a picture that can be read; if it isn't, and is of a kind that is told of,
        it is counted.

        For sources that are streamed; of the file itself nothing is asked.
        """
        stem, suffix = os.path.splitext(name)
        suffix = suffix.lower()
        if name.startswith("."):
            self.why["hidden"] += 1
        elif suffix in UNREADABLE:
            self.unreadable[suffix] += 1
        elif suffix in PICTURES and is_earlier_result(stem):
            self.why["results"] += 1
        elif suffix in FILMS:
            self.films[suffix] += 1
        else:
            return suffix in READABLE
        return False


@dataclass(frozen=True)
class Found:
    """A picture, or the reason why there is none; `mirrored` is where it goes under an output folder."""

    source: Path
    mirrored: Path
    error: PhotochromError | None = None


def find(names: Sequence[str], *, recursive: bool, passed: PassedOver) -> list[Found]:
    """The pictures in the order of the names, each once; earlier results beside their pictures are left out."""
    folders = dict.fromkeys(name for name in names if recursive and os.path.isdir(name))
    under = dict(zip(folders, _apart_by_name(list(folders)), strict=True)) if len(names) > 1 else {}
    found = [one for name in names for one in _expand(name, recursive, under.get(name), passed)]
    return _without_earlier_results(found, passed)


def is_earlier_result(stem: str) -> bool:
    """Whether a file whose name has that stem is a result of ours, or lies beside one."""
    return _EARLIER.fullmatch(stem) is not None


def apart(folders: Sequence[Path]) -> list[Path]:
    """Each folder as it is called from the one that holds them all."""
    absolute = [os.path.abspath(folder) for folder in folders]
    try:
        common = os.path.commonpath(absolute)
    except ValueError:  # drives of Windows have no folder in common
        return [
            Path(re.sub(r"\W", "", os.path.splitdrive(a)[0]), os.path.splitdrive(a)[1].lstrip("\\/")) for a in absolute
        ]
    return [Path(os.path.relpath(a, common)) for a in absolute]


def _apart_by_name(folders: Sequence[str]) -> list[Path]:
    """Their last names; those that share one are called as from the folder that holds them."""
    last = [Path(folder).resolve().name for folder in folders]
    shared = Counter(name.casefold() for name in last)
    twins = [Path(folder) for folder, name in zip(folders, last, strict=True) if shared[name.casefold()] > 1]
    told = iter(apart(twins))
    return [next(told) if shared[name.casefold()] > 1 else Path(name) for name in last]


def _expand(name: str, recursive: bool, under: Path | None, passed: PassedOver) -> Iterator[Found]:
    path = Path(name)
    if os.path.isdir(name):
        if not recursive:
            yield Found(path, path, PictureError(f"{name} is a folder; add -r to colour the pictures in it"))
            return
        for found in _walk(path, passed):
            yield found if found.error else Found(found.source, (under or Path()) / found.source.relative_to(path))
    elif not os.path.lexists(name) and glob.has_magic(name):  # a shell that leaves patterns alone, or quotes
        yield from _matching(path, recursive, passed)
    else:
        yield Found(path, Path(path.name), _reason_against(name))


def _matching(pattern: Path, recursive: bool, passed: PassedOver) -> Iterator[Found]:
    matches = sorted(glob.glob(str(pattern), recursive=True))
    if not matches:
        reason = PictureError(f"no file matches {pattern}; check the pattern and the folder")
        yield Found(pattern, pattern, reason)
    parts = pattern.parts
    base = Path(*parts[: next(i for i, part in enumerate(parts) if glob.has_magic(part))])
    for match in matches:
        if os.path.isdir(match):
            yield from _expand(match, recursive, Path(match).relative_to(base), passed)
        elif (mode := _mode(match)) is not None and not stat.S_ISREG(mode):
            passed.why["not_pictures"] += 1
        else:
            yield Found(Path(match), Path(match).relative_to(base), None if mode else _reason_against(match))


def _reason_against(name: str) -> PictureError | None:
    """Why a file of that name can't be opened, as far as can be told without opening it. A FIFO may be read."""
    try:
        mode = os.stat(name).st_mode
    except (OSError, ValueError) as error:
        if os.path.islink(name):
            return PictureError(f"{name} is a link to {os.readlink(name)}, which isn't there; mend the link")
        if isinstance(error, (FileNotFoundError, NotADirectoryError)):
            return PictureError(f"there is no file {name}; check the name and the folder")
        reason = getattr(error, "strerror", None) or error
        return PictureError(f"can't read {name}: {reason}; check the name and the permissions of its folder")
    if stat.S_ISREG(mode) or stat.S_ISFIFO(mode) or stat.S_ISDIR(mode):
        return None
    return PictureError(f"{name} is a device or socket, not a file; give a picture, or - for stdin")


def _mode(path: str | Path) -> int | None:
    """What it is, or links to; None for a link that leads nowhere, or something gone: to be told of.

    Of what is walked to only regular files are opened: whoever opens a FIFO, device or socket may wait for ever.
    """
    try:
        return os.stat(path).st_mode
    except OSError:
        return None


def _walk(folder: Path, passed: PassedOver) -> Iterator[Found]:
    """Pictures below a folder, sorted. Links to folders are not entered, so a loop of links is no danger."""
    refused: list[Found] = []

    def refuse(error: OSError) -> None:
        at = Path(error.filename or folder)
        reason = PictureError(f"can't read the folder {at}: {error.strerror}; check its permissions")
        refused.append(Found(at, at, reason))

    for where, folders, files in os.walk(folder, onerror=refuse):
        passed.why["hidden"] += sum(name.startswith(".") for name in (*folders, *files))
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            path = Path(where, name)
            suffix = path.suffix.lower()
            if name.startswith("."):
                continue
            mode = _mode(path) if suffix in PICTURES else 0
            if mode is not None and not stat.S_ISREG(mode):
                passed.why["not_pictures"] += 1
            elif suffix in UNREADABLE:
                passed.unreadable[suffix] += 1
            elif is_earlier_result(path.stem):
                passed.why["results"] += 1
            else:
                yield Found(path, path, None if mode else _reason_against(str(path)))
    yield from refused


def _without_earlier_results(found: Sequence[Found], passed: PassedOver) -> list[Found]:
    """Drop what is named twice, and results of an earlier run: `photochrom *.jpg` must work the second time too."""
    originals = {(f.source.parent, f.source.stem) for f in found}
    kept: dict[str, Found] = {}
    for f in found:
        match = _EARLIER.fullmatch(f.source.stem)
        if f.error is None and match and (f.source.parent, match["stem"]) in originals:
            passed.why["results"] += 1
        else:
            kept.setdefault(os.path.abspath(f.source), f)
    return list(kept.values())
