"""Colour many files: one goes wrong, the others go on. The next picture is decoded while the network runs."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from photochrom.batch.plan import Job
from photochrom.errors import OutputError, OutputExistsError, PhotochromError, UsageError
from photochrom.photo import Photo, encode_photo, read_photo, save_photo
from photochrom.settings import Settings

if TYPE_CHECKING:
    from photochrom.colorizer import Colorizer

_READ_AHEAD_BYTES = 64 << 20  # a bigger file is not decoded early: two of them at once may not fit in memory


@dataclass(frozen=True, kw_only=True)
class Options:
    """What is done with every picture of a run: how it is coloured, how many versions, and how they are written."""

    settings: Settings = field(default_factory=Settings)
    variants: int = 1
    format: str | None = None
    quality: int | None = None
    overwrite: bool = False
    max_megapixels: float = 300.0


@dataclass
class Result:
    """What became of one picture: the files written, or the error; `seconds` is the time spent on it alone."""

    source: str
    outputs: list[Path] = field(default_factory=list)
    error: Exception | None = None
    seconds: float = 0.0
    warnings: list[str] = field(default_factory=list)


def color_files(
    jobs: Sequence[Job], colorizer: Colorizer, options: Options, *, stdout: BinaryIO | None = None
) -> Iterator[Result]:
    """Colour the pictures in order and say what became of each; UsageError (wrong for all of them) is raised.

    A job without outputs is encoded to `stdout`, in the picture's own format unless the options name one.
    """
    pool = ThreadPoolExecutor(1, thread_name_prefix="photochrom-open")
    ahead: Future[_Opened] | None = None
    try:
        for n, job in enumerate(jobs):
            opened = ahead or pool.submit(_open, job, options)
            after = jobs[n + 1] if n + 1 < len(jobs) else None
            ahead = pool.submit(_open, after, options) if after and _is_small(after.source) else None
            yield _color(job, opened, colorizer, options, stdout)
    finally:
        pool.shutdown(cancel_futures=True)


@dataclass
class _Opened:
    photo: Photo
    seconds: float


def _open(job: Job, options: Options) -> _Opened:
    start = time.perf_counter()
    if job.error:
        raise job.error
    if not options.overwrite:  # saving refuses as well; asking now spares the work
        for path in job.outputs:
            if os.path.lexists(path):
                raise OutputExistsError(
                    f"{path} exists already, so {job.source} was not coloured; add --overwrite to replace it"
                )
    photo = read_photo(job.source if job.data is None else job.data, max_megapixels=options.max_megapixels)
    return _Opened(photo, time.perf_counter() - start)


def _is_small(path: Path) -> bool:
    try:
        return path.stat().st_size < _READ_AHEAD_BYTES
    except OSError:
        return True


def _color(
    job: Job, opening: Future[_Opened], colorizer: Colorizer, options: Options, stdout: BinaryIO | None
) -> Result:
    result = Result(str(job.source))
    with _measured(result):
        asked = time.perf_counter()
        opened = opening.result()
        result.seconds = opened.seconds - (time.perf_counter() - asked)  # its own decoding counts, waiting does not
        photo = opened.photo
        result.warnings += photo.notes
        versions = colorizer.versions(options.settings, options.variants)
        prediction = colorizer.predict(photo, options.settings)
        colored = [colorizer.render(photo, prediction, version) for version in versions]
        result.warnings += colored[0].notes[len(photo.notes) :]
        if not job.outputs and stdout:
            data, notes = encode_photo(colored[0], format=options.format, quality=options.quality)
            stdout.write(data)
            stdout.flush()
            result.warnings += notes
        for path, version in zip(job.outputs, colored, strict=False):
            _make_folder(path.parent)
            result.warnings += save_photo(version, path, quality=options.quality, overwrite=options.overwrite)
            result.outputs.append(path)
    return result


@contextmanager
def _measured(result: Result) -> Iterator[None]:
    start = time.perf_counter()
    try:
        yield
    except (UsageError, BrokenPipeError):  # not about this picture
        raise
    except PhotochromError as error:
        result.error = error
    except MemoryError:
        result.error = PhotochromError(
            f"{result.source} needs more memory than there is; close other programs or make the picture smaller"
        )
    except Exception as error:  # noqa: BLE001  a bug of ours must not stop a run over a whole archive; the report shows where it is
        result.error = error
    result.seconds += time.perf_counter() - start


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"can't make the folder {folder}: {error.strerror}; choose another place with -o") from error
