"""Colour all pages of one file: into one file of the same kind where that can hold them, else into numbered files."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, BinaryIO

from photochrom.atomic import atomic_write
from photochrom.batch.origin import marked
from photochrom.batch.plan import Job
from photochrom.codec.bands import parse_bands
from photochrom.codec.page_writing import container_of, page_writer
from photochrom.codec.pages import Pages
from photochrom.codec.writing import known_format
from photochrom.errors import OutputError, PictureError, UsageError
from photochrom.photo import Photo, chosen_pages, opened, save_photo, writing

if TYPE_CHECKING:
    from photochrom.batch.run import Options
    from photochrom.colorizer import Colorizer
    from photochrom.prediction import Prediction
    from photochrom.settings import Settings


@dataclass
class Document:
    """A file of several pictures, opened. numbers: the pages that are to be coloured.

    format: of the results. together: they go into one file; else each into its own, called by `names`.
    """

    stream: IO[bytes]
    pages: Pages
    numbers: list[int]
    format: str
    together: bool

    def names(self, output: Path, number: int) -> Path:
        """What the result of a page is called where each is a file: `old.color-p03.png`."""
        width = len(str(self.pages.count))
        return (
            output
            if self.together or self.pages.count == 1
            else output.with_name(f"{output.stem}-p{number:0{width}}{output.suffix}")
        )

    def first_files(self, job: Job) -> set[Path]:
        """The files that the first version goes to."""
        return {self.names(job.outputs[0], number) for number in self.numbers} if job.outputs else set()


def open_document(job: Job, options: Options) -> Document:
    """Open a job's file. Raises PictureError for one that can't be read or has no such pages."""
    choose = chosen_pages(options.pages or "all")
    stream, name, _ = opened(job.source if job.data is None else job.data)
    with ExitStack() as stack:
        stack.enter_context(stream)
        pages = Pages(
            stream, name=name, max_pixels=options.max_megapixels * 1e6, max_memory=options.max_memory,
            salvage=options.salvage, bands=parse_bands(options.bands) if options.bands else None,
        )  # fmt: skip
        numbers = choose(pages.count)
        if beyond := [number for number in numbers if number > pages.count]:
            have = "1 page" if pages.count == 1 else f"{pages.count} pages"
            raise PictureError(f"{name} has {have}; there is no page {beyond[0]}, so leave it out of --pages")
        format = _format(job, options, pages)
        together = container_of(format, source=pages.format, animated=pages.animated)
        if pages.count == 1:
            together = format == "GIF"
        if together:
            pages.check_frames(len(numbers) * max(1, len(job.outputs)))
        elif format == "GIF":
            raise OutputError(f"a GIF holds animations only, and {name} is none; choose --format tiff, or png")
        stack.pop_all()  # from here on the document holds it
        return Document(stream, pages, numbers, format, together)


def _format(job: Job, options: Options, pages: Pages) -> str:
    if options.format:
        return known_format(options.format, pages=True)
    if job.outputs:
        return known_format(job.outputs[0].suffix, pages=True)
    try:
        return known_format(pages.format.replace("MPO", "JPEG"), pages=True)
    except UsageError:
        return "PNG"


def files_of(job: Job, document: Document) -> Job:
    """The job with every file that its pages go to: for each version in turn, page by page."""
    files = tuple(
        dict.fromkeys(document.names(output, number) for output in job.outputs for number in document.numbers)
    )
    for path in files:
        if os.path.realpath(path) == os.path.realpath(job.source):
            raise OutputError(f"{job.source} would be replaced by its own result; name another file with -o")
    return replace(job, outputs=files)


def color_pages(
    job: Job,
    document: Document,
    colorizer: Colorizer,
    options: Options,
    *,
    to_write: frozenset[Path],
    stdout: BinaryIO | None = None,
) -> Iterator[list[str]]:
    """Colour the pages and write them; gives what is to be told, page by page.

    A file of all pages appears when the last is done, or not at all. stdout: where a job without outputs goes.
    """
    versions = colorizer.versions(options.settings, options.variants)
    with document.stream, ExitStack() as stack, writing(str(job.source), document.format):
        writers = []
        for output, version in zip(job.outputs or (None,), versions, strict=False):
            out: BinaryIO | None = stdout
            if document.together and output is not None:
                if output not in to_write:
                    continue
                out = stack.enter_context(atomic_write(output, overwrite=options.replaces(output)))
            if document.together and out is not None:
                count = len(document.numbers)
                writers.append((version, page_writer(out, document.format, count=count, quality=options.quality)))
        for number, decoded in document.pages.chosen(_wanted(job, document, to_write)):
            photo = Photo(**vars(decoded), path=None if job.data is not None else job.source)
            if options.strip_location:
                photo = photo.without_location()
            told = list(photo.notes)
            prediction = colorizer.predict(photo, options.settings)

            def made(version: Settings, photo: Photo = photo, prediction: Prediction = prediction) -> Photo:
                colored = colorizer.render(photo, prediction, version)
                return marked(colored, colorizer, version) if options.origin else colored

            for version, writer in writers:
                told += writer.add(colored := made(version))
                told += colored.notes
            for output, version in [] if document.together else zip(job.outputs, versions, strict=False):
                path = document.names(output, number)
                if path in to_write:
                    colored = made(version)
                    told += save_photo(colored, path, quality=options.quality, overwrite=options.replaces(path))
                    told += colored.notes
            yield told
        for _, writer in writers:
            yield writer.finish()
        yield list(document.pages.notes)


def _wanted(job: Job, document: Document, to_write: frozenset[Path]) -> Sequence[int]:
    """The pages that have a file to be written."""
    if document.together or not job.outputs:
        return document.numbers
    return [n for n in document.numbers if any(document.names(output, n) in to_write for output in job.outputs)]
