"""Colour many files: one goes wrong, the others go on. The next picture is decoded while the network runs."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, wait
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from photochrom.atomic import make_folder, remove_leftovers
from photochrom.batch.done import is_empty, outputs_to_write
from photochrom.batch.extras import CONFIDENCE, SHEET, confidence_map, save, versions_sheet
from photochrom.batch.films import color_job
from photochrom.batch.idle import without_effect
from photochrom.batch.origin import marked
from photochrom.batch.pages import Document, color_pages, files_of, open_document
from photochrom.batch.plan import Job
from photochrom.batch.sidecar import SUFFIX as SIDECAR
from photochrom.batch.sidecar import described, write_sidecar
from photochrom.codec.budget import default_memory
from photochrom.errors import OutputError, PhotochromError, PictureTooLargeError, UsageError
from photochrom.film.options import FilmOptions
from photochrom.network.models import models
from photochrom.photo import Photo, encode_photo, read_large, read_photo, save_photo
from photochrom.progress import Progress, silent
from photochrom.settings import Settings

if TYPE_CHECKING:
    from photochrom.colorizer import Colorizer

_ELSEWHERE = "choose another place with -o"
_READ_AHEAD_BYTES = 64 << 20  # a bigger file is not decoded early: two of them at once may not fit in memory


@dataclass(frozen=True, kw_only=True)
class Options:
    """What is done with every picture of a run: how it is coloured, how many versions, and how they are written."""

    settings: Settings = field(default_factory=Settings)
    model: str | None = None  # as it was named
    domain: str | None = None
    variants: int = 1
    format: str | None = None
    quality: int | None = None
    overwrite: bool = False
    skip_done: bool = False
    max_megapixels: float = 300.0
    max_memory: int | None = None
    salvage: bool = False
    pages: str | None = None
    strip_location: bool = False
    origin: bool = False
    bands: str | None = None
    confidence: bool = False
    sheet: bool = False
    sidecar: bool = False
    judged: bool = False  # a number for the confidence is wanted
    film: FilmOptions = field(default_factory=FilmOptions)

    def extras(self, job: Job) -> tuple[Path, ...]:
        """What is written beside the results of a job."""
        wanted = [suffix for suffix, on in ((CONFIDENCE, self.confidence), (SHEET, self.sheet)) if on and job.outputs]
        beside = tuple(job.outputs[0].with_name(job.outputs[0].name + suffix) for suffix in wanted)
        return (*beside, *(path for output in job.outputs if (path := self.sidecar_of(output))))

    def read(self, source: Path | bytes, *, by_rows: bool) -> Photo:
        """A picture as these options have it. by_rows: a TIFF that doesn't fit into memory is read some rows at a time.

        Raises PictureError.
        """
        photo = (read_large if by_rows else read_photo)(
            source,
            max_megapixels=self.max_megapixels,
            max_memory=self.max_memory,
            salvage=self.salvage,
            bands=self.bands,
        )
        return photo.without_location() if self.strip_location else photo

    def replaces(self, path: Path) -> bool:
        """Whether a file of that name may be replaced: with skip_done one that is empty, too."""
        return self.overwrite or (self.skip_done and is_empty(path))

    @property
    def keeps_lightness(self) -> bool:
        """Whether results surely have the lightness of their pictures, as the first page of each is read."""
        otherwise = self.pages or self.bands or self.domain not in (None, "photo") or self.settings.restore == "picture"
        of_photos = [None, *(info.name for info in models() if info.domain == "photo")]
        return not otherwise and self.model in of_photos

    def sidecar_of(self, output: Path) -> Path | None:
        """The sidecar of a result, where one is wanted."""
        return output.with_name(output.name + SIDECAR) if self.sidecar else None


@dataclass
class Result:
    """What became of one picture: the files written, or the error; `seconds` is the time spent on it alone.

    skipped: its results (`outputs`) were there already, and nothing was done. pages: the numbers of those that were
    asked for. first: how many of the outputs are of the first version. extras: what was written
    beside them. confidence: 0..1, the mean over what was coloured; None where it isn't known.
    """

    source: str
    outputs: list[Path] = field(default_factory=list)
    error: Exception | None = None
    seconds: float = 0.0
    warnings: list[str] = field(default_factory=list)
    skipped: bool = False
    pages: list[int] = field(default_factory=list)
    first: int = 1
    extras: list[Path] = field(default_factory=list)
    confidence: float | None = None


def color_files(
    jobs: Sequence[Job],
    colorizer: Colorizer,
    options: Options,
    *,
    stdout: BinaryIO | None = None,
    progress: Progress = silent,
) -> Iterator[Result]:
    """Colour the pictures in order and say what became of each; UsageError is raised until the first one is done.

    Then it is wrong for one of them alone: a hint that lies outside a smaller picture, say.

    A job without outputs is encoded to `stdout`, in the picture's own format unless the options name one. What killed
    runs left half written in the folders of the outputs is taken away first.
    """
    for folder in {path.parent for job in jobs for path in job.outputs}:
        remove_leftovers(folder)
    kinds = {job.is_film for job in jobs}
    idle = without_effect(options, films=kinds.pop()) if len(kinds) == 1 else ""
    ahead: Future[_Opened] | None = None
    fatal: tuple[type[Exception], ...] = (UsageError,)
    for n, job in enumerate(jobs):
        opening = ahead or _in_background(job, options)
        wait([opening])
        opened = opening.result()
        if ahead and isinstance(opened.result.error, PictureTooLargeError):  # for two at a time, perhaps
            wait([opening := _in_background(job, options)])
            opened = opening.result()
        after = jobs[n + 1] if n + 1 < len(jobs) else None
        ahead = _in_background(after, _careful(options), ahead=True) if after and _is_small(after.source) else None
        if opened.film:
            result = _color_film(job, opened, colorizer, options, progress)
        else:
            result = _color(job, opened, colorizer, options, stdout, fatal)
            fatal = () if opened.photo and not result.error else fatal
        if idle and not result.error and not result.skipped:  # once, of a run
            result.warnings.append(idle)
            idle = ""
        yield result


@dataclass
class _Opened:
    result: Result
    photo: Photo | None = None
    document: Document | None = None
    film: bool = False  # none of the three: nothing is to be done
    outputs: frozenset[Path] = frozenset()  # those to write


def _in_background(job: Job, options: Options, *, ahead: bool = False) -> Future[_Opened]:
    """Open a picture in a thread that nobody has to wait for: a decoder, or a FIFO, may take for ever.

    ahead: while another is coloured; then a large one is refused, and opened again when its turn comes.
    """
    future: Future[_Opened] = Future()

    def work() -> None:
        try:
            future.set_result(_open(job, options, ahead))
        except BaseException as error:  # noqa: BLE001  it is raised where the result is asked for
            future.set_exception(error)

    threading.Thread(target=work, name="photochrom-open", daemon=True).start()
    return future


def _open(job: Job, options: Options, ahead: bool) -> _Opened:
    opened = _Opened(Result(str(job.source)))
    with _measured(opened.result):
        if job.error:
            raise job.error
        whole, film = job, job.is_film
        if options.pages and not film:
            document = open_document(job, options)
            whole = files_of(job, document)
            opened.result.pages, opened.result.first = document.numbers, len(document.first_files(job))
            opened.document = document if document.pages.count > 1 or document.together else None
        wanted = whole.outputs if film else (*whole.outputs, *options.extras(whole))
        opened.outputs = frozenset(
            outputs_to_write(
                wanted,
                job.source,
                overwrite=options.overwrite,
                skip_done=options.skip_done,
                flat=job.flat,
                keeps_lightness=options.keeps_lightness,
            )
        )
        if whole.outputs and not opened.outputs:
            opened.document = None
            opened.result.skipped, opened.result.outputs = True, list(whole.outputs)
        elif film:
            opened.film = True
        elif opened.document is None:
            given = job.source if job.data is None else job.data
            opened.photo = options.read(given, by_rows=not ahead)
    return opened


def _careful(options: Options) -> Options:
    """For a picture that is decoded while another is coloured: it takes a quarter of the memory at most."""
    return replace(options, max_memory=(options.max_memory or default_memory()) // 4)


def _is_small(path: Path) -> bool:
    try:
        return path.stat().st_size < _READ_AHEAD_BYTES
    except OSError:
        return True


def _color(
    job: Job,
    opened: _Opened,
    colorizer: Colorizer,
    options: Options,
    stdout: BinaryIO | None,
    fatal: tuple[type[Exception], ...],
) -> Result:
    result, photo = opened.result, opened.photo
    if opened.document:
        return _color_pages(job, opened, colorizer, options, stdout)
    if photo is None:
        return result
    result.warnings += photo.notes
    with _measured(result, fatal=fatal):
        settings = options.settings.placed(photo.size, name=photo.name)
        versions = colorizer.versions(settings, options.variants)
        prediction = colorizer.predict(photo, settings)
        rendered = [(colorizer.render(photo, prediction, version), version) for version in versions]
        colored = [marked(one, colorizer, version) if options.origin else one for one, version in rendered]
        result.warnings += colored[0].notes[len(photo.notes) :]
        certain = None
        if options.judged or options.confidence:
            certain = colorizer.confidence(prediction, options.settings)
            result.confidence = None if certain is None else float(certain.mean())
        if options.confidence and certain is None:
            raise UsageError("this model predicts one colour, not a distribution: it has no --confidence")
    if result.error:
        return result
    with _measured(result, fatal=BrokenPipeError):
        if not job.outputs and stdout:
            data, notes = encode_photo(colored[0], format=options.format, quality=options.quality)
            _send(data, stdout)
            result.warnings += notes
        for path, version in zip(job.outputs, colored, strict=False):
            if path in opened.outputs:
                make_folder(path.parent, otherwise=_ELSEWHERE)
                notes = save_photo(version, path, quality=options.quality, overwrite=options.replaces(path))
                result.warnings += [note for note in notes if note not in result.warnings]  # once, not for each version
            result.outputs.append(path)
        _write_sidecars(job, opened, versions, colorizer, options)
        for path in options.extras(job):
            if path in opened.outputs and not path.name.endswith(SIDECAR):
                if path.name.endswith(CONFIDENCE):
                    assert certain is not None
                    image = confidence_map(prediction, certain, photo.size)
                else:
                    image = versions_sheet(photo, colored)
                save(image, path, overwrite=options.replaces(path))
            result.extras.append(path)
    return result


def _write_sidecars(
    job: Job,
    opened: _Opened,
    versions: Sequence[Settings],
    colorizer: Colorizer,
    options: Options,
) -> None:
    for path, version in zip(job.outputs, versions, strict=False):
        beside = options.sidecar_of(path)
        if beside in opened.outputs:
            made = described(
                job.source, path, settings=version, options=options,
                digest=colorizer.info.sha256,
            )  # fmt: skip
            write_sidecar(made, beside, overwrite=options.replaces(beside))


def _color_pages(job: Job, opened: _Opened, colorizer: Colorizer, options: Options, stdout: BinaryIO | None) -> Result:
    result, document = opened.result, opened.document
    assert document is not None
    with _measured(result, fatal=(UsageError, BrokenPipeError)):
        memory = None if job.outputs else io.BytesIO()
        if memory is not None and not document.together:
            raise OutputError(f"the pages of {job.source} would be files of their own; name one with -o new.png")
        for folder in {path.parent for path in opened.outputs}:
            make_folder(folder, otherwise=_ELSEWHERE)
        for told in color_pages(job, document, colorizer, options, to_write=opened.outputs, stdout=memory):
            result.warnings += [note for note in dict.fromkeys(told) if note not in result.warnings]
        if memory is not None and stdout:
            _send(memory.getvalue(), stdout)
        result.outputs = list(files_of(job, document).outputs)
    return result


def _color_film(job: Job, opened: _Opened, colorizer: Colorizer, options: Options, progress: Progress) -> Result:
    result = opened.result
    with _measured(result):
        if not job.outputs:
            raise UsageError(f"a film can't go to stdout; name a file for {job.source}, as in -o new.mp4")
        if options.sidecar:
            result.warnings.append(f"{job.source} is a film, for which no sidecar is written")
        make_folder(job.outputs[0].parent, otherwise=_ELSEWHERE)
        color_job(job, result, colorizer, options, progress=progress)
    return result


@contextmanager
def _measured(result: Result, *, fatal: type[Exception] | tuple[type[Exception], ...] = ()) -> Iterator[None]:
    """Put a block's time, and what goes wrong in it, into the result. fatal: what isn't about this picture alone."""
    start = time.perf_counter()
    try:
        yield
    except fatal:
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


def _send(data: bytes, stdout: BinaryIO) -> None:
    try:
        stdout.write(data)
        stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputError(f"can't write to stdout: {error.strerror or error}; name a file with -o") from error
