"""Which pictures a run is about, and where each result goes: decided for all of them before any work starts.

Results are called NAME.color.SUFFIX, beside the picture or, under an output folder, in the same structure. No two
pictures of a run ever share a result, and no result ever replaces a picture of the run.
"""

from __future__ import annotations

import glob
import os
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from photochrom.codec.formats import READABLE
from photochrom.codec.writing import SUFFIXES, known_format
from photochrom.errors import OutputError, PhotochromError, PictureError, UsageError

# A folder's pictures. The last three can't be read: a run says so, rather than pass over them without a word.
_PICTURES = READABLE | {".pcx", ".psd", ".tga"}
_EARLIER = re.compile(r"(?P<stem>.+)\.color(-\d+)?", re.DOTALL)  # the stem of a result of ours


@dataclass(frozen=True)
class Job:
    """One picture and the files its results go to (one for each variant), or the reason why it can't be done.

    `data` is the encoded picture when it comes from stdin; a job with neither outputs nor error goes to stdout.
    """

    source: Path
    outputs: tuple[Path, ...] = ()
    error: PhotochromError | None = None
    data: bytes | None = None


@dataclass
class Plan:
    """Every picture of a run, in order, and how many files of the walked folders were left out and why."""

    jobs: list[Job] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)  # keys: hidden, not_pictures, results


@dataclass(frozen=True)
class _Found:
    source: Path
    mirrored: Path  # where it goes under an output folder
    error: PhotochromError | None = None


def plan(
    names: Sequence[str],
    *,
    output: str | None = None,
    recursive: bool = False,
    format: str | None = None,
    variants: int = 1,
) -> Plan:
    """Find the pictures that `names` (files, folders, patterns) mean and name their results.

    `output` is a file (it has a picture suffix and there is one picture) or a folder; None puts results beside the
    pictures. Whatever is wrong with one name becomes a Job with an error; UsageError is raised only for
    options that can't go together.
    """
    made = Plan()
    found = _without_earlier_results(
        [f for name in names for f in _expand(name, recursive, len(names) > 1, made)], made
    )
    wanted = known_format(format) if format else None
    one_file = output_file(output, format) if output is not None else None
    if one_file and (recursive or len(found) > 1):
        raise UsageError(f"-o {output} names one file, but there is more than one picture; name a folder instead")

    def first_output(f: _Found) -> Path:
        folder = f.source.parent if output is None else Path(output, f.mirrored.parent)
        return one_file or folder / _result(f.source, wanted)

    first = [first_output(f) for f in found]
    rivals = Counter(_key(path) for path in first)
    inputs = {os.path.realpath(f.source) for f in found}
    taken: dict[str, Path] = {}
    for f, named in zip(found, first, strict=True):
        path = named
        if f.error is None and rivals[_key(path)] > 1 and f.source.suffix.lower() != path.suffix.lower():
            # scan.tif and scan.jpg, both to JPEG: the one that changes its format keeps its old suffix in the name.
            path = path.with_name(f"{f.source.name}.color{path.suffix}")
        outputs = with_variants(path, variants)
        error = f.error or _clash(f.source, outputs, inputs, taken)
        if error is None:
            taken.update((_key(p), f.source) for p in outputs)
        made.jobs.append(Job(f.source, () if error else outputs, error))
    return made


def with_variants(path: Path, variants: int) -> tuple[Path, ...]:
    """`old.color.jpg`, `old.color-2.jpg`, `old.color-3.jpg`..."""
    return (path, *(path.with_name(f"{path.stem}-{n}{path.suffix}") for n in range(2, variants + 1)))


def output_file(output: str, format: str | None) -> Path | None:
    """The file that -o names, or None if it names a folder; UsageError if its suffix can't be written."""
    suffix = Path(output).suffix.lower()
    if os.path.isdir(output) or output.endswith(("/", os.sep)) or suffix not in _PICTURES:
        return None
    if known_format(suffix) != (known_format(format) if format else SUFFIXES[suffix]):
        raise UsageError(f"-o {output} and --format {format} disagree; leave out --format or change the suffix")
    return Path(output)


def _result(source: Path, wanted: str | None) -> str:
    suffix = source.suffix
    own = SUFFIXES.get(suffix.lower())
    if own is None or (wanted and own != wanted):
        suffix = next(s for s, name in SUFFIXES.items() if name == (wanted or "PNG"))  # PNG loses nothing
    return f"{source.stem if source.suffix.lower() in _PICTURES else source.name}.color{suffix}"


def _key(path: Path) -> str:
    """The same for two paths that may be one file: some systems don't tell A.jpg from a.jpg."""
    text = os.path.abspath(path)
    return text.casefold() if sys.platform in ("win32", "darwin") else text


def _clash(source: Path, outputs: Sequence[Path], inputs: set[str], taken: dict[str, Path]) -> OutputError | None:
    for path in outputs:
        if _same(source, path):
            return OutputError(f"{source} would be replaced by its own result; name another file with -o")
        if os.path.realpath(path) in inputs:
            return OutputError(
                f"{source} would write over {path}, which is to be coloured too; name another file or folder with -o"
            )
        if (other := taken.get(_key(path))) is not None:
            return OutputError(
                f"{source} would be written to {path}, as {other} is; colour them in two runs with different -o folders"
            )
    return None


def _same(a: Path, b: Path) -> bool:
    try:
        return os.path.samefile(a, b)
    except OSError:  # one of them is not there
        return False


def _expand(name: str, recursive: bool, one_of_many: bool, made: Plan) -> Iterator[_Found]:
    path = Path(name)
    if os.path.isdir(name):
        if not recursive:
            yield _Found(path, path, PictureError(f"{name} is a folder; add -r to colour the pictures in it"))
            return
        under = Path(path.resolve().name) if one_of_many else Path()
        for found in _walk(path, made):
            yield found if found.error else _Found(found.source, under / found.source.relative_to(path))
    elif not os.path.lexists(name) and glob.has_magic(name):  # a shell that leaves patterns alone, or quotes
        matches = sorted(glob.glob(name, recursive=True))
        if not matches:
            yield _Found(path, path, PictureError(f"no file matches {name}; check the pattern and the folder"))
        parts = path.parts
        base = Path(*parts[: next(i for i, part in enumerate(parts) if glob.has_magic(part))])
        for match in matches:
            if os.path.isdir(match):
                yield from _expand(match, recursive, True, made)
            else:
                yield _Found(Path(match), Path(match).relative_to(base))
    elif not os.path.lexists(name):
        yield _Found(path, path, PictureError(f"there is no file {name}; check the name and the folder"))
    else:
        yield _Found(path, Path(path.name))


def _walk(folder: Path, made: Plan) -> Iterator[_Found]:
    """Pictures below a folder, sorted. Links to folders are not entered, so a loop of links is no danger."""
    refused: list[_Found] = []

    def refuse(error: OSError) -> None:
        at = Path(error.filename or folder)
        reason = PictureError(f"can't read the folder {at}: {error.strerror}; check its permissions")
        refused.append(_Found(at, at, reason))

    for where, folders, files in os.walk(folder, onerror=refuse):
        made.skipped["hidden"] += sum(name.startswith(".") for name in (*folders, *files))
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            path = Path(where, name)
            if name.startswith("."):
                continue
            if path.suffix.lower() not in _PICTURES or not (path.is_file() or path.is_symlink()):
                made.skipped["not_pictures"] += 1
            elif _EARLIER.fullmatch(path.stem):
                made.skipped["results"] += 1
            else:
                yield _Found(path, path)
    yield from refused


def _without_earlier_results(found: Sequence[_Found], made: Plan) -> list[_Found]:
    """Drop what is named twice, and results of an earlier run: `photochrom *.jpg` must work the second time too."""
    originals = {(f.source.parent, f.source.stem) for f in found}
    kept: dict[str, _Found] = {}
    for f in found:
        match = _EARLIER.fullmatch(f.source.stem)
        if f.error is None and match and (f.source.parent, match["stem"]) in originals:
            made.skipped["results"] += 1
        else:
            kept.setdefault(os.path.abspath(f.source), f)
    return list(kept.values())
