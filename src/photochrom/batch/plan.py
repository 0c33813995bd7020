"""Which pictures a run is about, and where each result goes: decided for all of them before any work starts.

Results are called NAME.color.SUFFIX, beside the picture or, under an output folder, in the same structure. No two
pictures of a run ever share a result, and no result ever replaces a picture of the run. What a result is called
depends on which pictures are named, not on their order or on what is there already.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from photochrom.batch.find import PICTURES, Found, PassedOver, apart, find
from photochrom.codec.writing import PAGE_SUFFIXES, SUFFIXES, known_format, suffix_of
from photochrom.errors import OutputError, PhotochromError, UsageError
from photochrom.film.formats import CODECS, MUXERS, container_for, is_film
from photochrom.film.options import FilmOptions

_SUFFIX = re.compile(r"\.[a-z][a-z0-9]{1,3}")  # that a file may have, unlike the end of scans.2024 or work.final


@dataclass(frozen=True)
class Job:
    """One picture and the files its results go to (one for each variant), or the reason why it can't be done.

    `data` is the encoded picture when it comes from stdin; a job with neither outputs nor error goes to stdout.
    `flat`: pictures of other folders may have had results of these names, in a run before.
    """

    source: Path
    outputs: tuple[Path, ...] = ()
    error: PhotochromError | None = None
    data: bytes | None = None
    flat: bool = False

    @property
    def is_film(self) -> bool:
        """Whether the picture is a film, by its name."""
        return self.data is None and is_film(self.source.name)


@dataclass
class Plan:
    """Every picture of a run, in order, and how many files of the walked folders were passed over."""

    jobs: list[Job] = field(default_factory=list)
    passed: PassedOver = field(default_factory=PassedOver)


def plan(
    names: Sequence[str],
    *,
    output: str | None = None,
    recursive: bool = False,
    format: str | None = None,
    variants: int = 1,
    pages: bool = False,
    film: FilmOptions | None = None,
) -> Plan:
    """Find the pictures that `names` (files, folders, patterns) mean and name their results.

    pages: all pictures of each file are to be coloured; these names may then be given numbers.

    `output` is a file (it has a picture suffix and there is one picture) or a folder; None puts results beside the
    pictures. Whatever is wrong with one name becomes a Job with an error; UsageError is raised only for
    options that can't go together. film: how films are written, which says what their results are called.
    """
    film = film or FilmOptions()
    made = Plan()
    found = find(names, recursive=recursive, passed=made.passed)
    wanted = known_format(format, pages=pages) if format else None
    one_file = output_file(output, format, pages=pages) if output is not None else None
    if one_file and (recursive or len(found) > 1):
        raise UsageError(f"-o {output} names one file, but there is more than one picture; name a folder instead")
    suffixes = PAGE_SUFFIXES if pages else SUFFIXES
    results = [one_file] * len(found) if one_file else _results(found, output, wanted, suffixes, film)
    inputs = {os.path.realpath(f.source) for f in found}
    for f, path in zip(found, results, strict=True):
        outputs = with_variants(path, variants)
        error = f.error or _clash(f.source, outputs, inputs) or _mixed_up(f.source, path, film)
        flat = output is not None and not one_file and f.mirrored.parent == Path()
        made.jobs.append(Job(f.source, () if error else outputs, error, flat=flat))
    return made


def with_variants(path: Path, variants: int) -> tuple[Path, ...]:
    """`old.color.jpg`, `old.color-2.jpg`, `old.color-3.jpg`..."""
    return (path, *(path.with_name(f"{path.stem}-{n}{path.suffix}") for n in range(2, variants + 1)))


def output_file(output: str, format: str | None, *, pages: bool = False) -> Path | None:
    """The file that -o names, or None if it names a folder; UsageError if its suffix can't be written."""
    suffix = Path(output).suffix.lower()
    if os.path.isdir(output) or output.endswith(("/", os.sep)):
        return None
    if suffix[1:] in MUXERS:
        return Path(output)
    if suffix not in PICTURES:
        if _SUFFIX.fullmatch(suffix) and not os.path.lexists(output):
            raise UsageError(
                f"-o {output} ends as a file does, and {suffix} isn't a format that can be written; "
                f"name it {output}/ if it is to be a folder"
            )
        return None
    if is_film(output):
        raise UsageError(f"can't write a film as {suffix!r}; name it {', '.join(f'.{kind}' for kind in MUXERS)}")
    if known_format(suffix, pages=pages) != known_format(format or suffix, pages=pages):
        raise UsageError(f"-o {output} and --format {format} disagree; leave out --format or change the suffix")
    return Path(output)


def _results(
    found: Sequence[Found], output: str | None, wanted: str | None, suffixes: Mapping[str, str], film: FilmOptions
) -> list[Path]:
    """The first result of each picture. Pictures that would share one are told apart, all of them in the same way."""
    paths = [
        (f.source.parent if output is None else Path(output, f.mirrored.parent))
        / _result(f.source, wanted, suffixes, film)
        for f in found
    ]
    if output is not None:  # of one name, from two folders: each goes below the name of its folder
        for rivals in _rivals(found, paths):
            folders = [found[n].source.parent for n in rivals]
            if len(set(folders)) > 1:
                for n, folder in zip(rivals, apart(folders), strict=True):
                    paths[n] = Path(output, folder, paths[n].name)
    for rivals in _rivals(found, paths):
        # scan.tif and scan.jpg, both to JPEG: the one that changes its format keeps its old suffix in the name.
        for n in rivals:
            if found[n].source.suffix.lower() != paths[n].suffix.lower():
                paths[n] = paths[n].with_name(f"{found[n].source.name}.color{paths[n].suffix}")
    taken = {_key(path) for path in paths}
    for rivals in _rivals(found, paths):  # such as a.jpg and A.jpg, which the output's system may not tell apart
        for n in sorted(rivals, key=lambda n: str(found[n].source))[1:]:
            stem, suffix = paths[n].stem.removesuffix(".color"), paths[n].suffix
            count = 2
            while _key(path := paths[n].with_name(f"{stem}~{count}.color{suffix}")) in taken:
                count += 1
            paths[n] = path
            taken.add(_key(path))
    return paths


def _rivals(found: Sequence[Found], paths: Sequence[Path]) -> Iterator[list[int]]:
    """Groups of pictures whose results may be one file."""
    groups: defaultdict[str, list[int]] = defaultdict(list)
    for n, path in enumerate(paths):
        if found[n].error is None:
            groups[_key(path)].append(n)
    for group in groups.values():
        beside = all(paths[n].parent == found[n].source.parent for n in group)
        sources, results = {found[n].source.name for n in group}, {paths[n] for n in group}
        # Where a.jpg and A.jpg lie side by side, their results can too.
        proven = beside and len(results) == len(group) and len({_fold(s) for s in sources}) == 1
        if len(group) > 1 and not proven:
            yield group


def _result(source: Path, wanted: str | None, suffixes: Mapping[str, str], film: FilmOptions) -> str:
    suffix = source.suffix
    if is_film(source.name):
        kind = film.container or container_for(suffix, film.codec)
        return f"{source.stem}.{film.sheet}.color.jpg" if film.sheet else f"{source.stem}.color.{kind}"
    own = suffixes.get(suffix.lower())
    if own is None or (wanted and own != wanted):
        suffix = suffix_of(wanted or "PNG")  # PNG loses nothing
    return f"{source.stem if source.suffix.lower() in PICTURES else source.name}.color{suffix}"


def _key(path: Path) -> str:
    """The same for two paths that may be one file: some file systems, of memory cards too, don't tell A from a."""
    return _fold(os.path.abspath(path))


def _fold(text: str) -> str:
    return unicodedata.normalize("NFC", text).casefold()


def _clash(source: Path, outputs: Sequence[Path], inputs: set[str]) -> OutputError | None:
    for path in outputs:
        if _same(source, path):
            return OutputError(f"{source} would be replaced by its own result; name another file with -o")
        if os.path.realpath(path) in inputs:
            return OutputError(
                f"{source} would write over {path}, which is to be coloured too; name another file or folder with -o"
            )
    return None


def _mixed_up(source: Path, path: Path, film: FilmOptions) -> UsageError | None:
    """Why a film can't become that file, or a picture that one."""
    kind = path.suffix[1:].lower()
    if not is_film(source.name):
        return UsageError(f"{source} is no film, so it can't become {path}") if kind in MUXERS else None
    if film.sheet:
        reason = f"a sheet of a film is a picture; name it as in -o {path.stem}.jpg"
        return UsageError(reason) if kind in MUXERS else None
    if kind not in MUXERS:
        return UsageError(f"{source} is a film and can't become {path}; name it as in -o {path.stem}.mp4")
    if kind != (film.container or kind):
        return UsageError(f"-o {path} and --container {film.container} disagree; leave one of them out")
    if kind not in CODECS[film.codec]:
        return UsageError(f"{film.codec} doesn't go into {kind}; name a file that ends in .{CODECS[film.codec][0]}")
    return None


def _same(a: Path, b: Path) -> bool:
    try:
        return os.path.samefile(a, b)
    except OSError:  # one of them is not there
        return False
