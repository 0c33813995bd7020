"""All pages of a file in colour, in one file of the same kind: as `photochrom --pages` makes it, but in memory."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image

from photochrom.batch.pages import Document, color_pages, open_document
from photochrom.batch.plan import Job
from photochrom.batch.run import Options
from photochrom.errors import UsageError
from photochrom.web.desk import Step
from photochrom.web.order import Made, Order
from photochrom.web.upload import Upload


def document_of(upload: Upload, order: Order, *, max_megapixels: float) -> tuple[Job, Document, Options]:
    """The file of an upload, opened for the pages that are asked for, whose results go into one file.

    Raises PictureError, OutputError, and UsageError where they don't fit into one.
    """
    job = Job(Path("the picture in memory"), (), data=upload.picture.data)
    options = Options(
        settings=order.settings, format=order.format, quality=order.quality, max_megapixels=max_megapixels,
        salvage=order.salvage, pages=order.pages, strip_location=order.strip_location, origin=order.origin,
        bands=upload.fields.get("bands") or None,
    )  # fmt: skip
    document = open_document(job, options)
    if len(document.numbers) > 1 and not document.together:
        document.stream.close()
        raise UsageError(
            f"{document.format} can't hold these pages in one file: ask for tiff, or for one page at a time"
        )
    return job, document, options


def color_document(job: Job, document: Document, options: Options, order: Order, step: Step) -> Made:
    """Colour the pages one by one. step: called after each; may raise, to end it."""
    out = io.BytesIO()
    notes: list[str] = []
    for told in color_pages(job, document, order.colorizer, options, to_write=frozenset(), stdout=out):
        notes += [note for note in told if note not in notes]
        step()
    made = out.getvalue()
    return Made(photos=[], files=[made], format=document.format, pixels=_pixels(made), notes=notes)


def _pixels(made: bytes) -> int:
    with Image.open(io.BytesIO(made)) as pages:
        sizes = []
        for number in range(getattr(pages, "n_frames", 1)):
            pages.seek(number)
            sizes.append(pages.width * pages.height)
    return sum(sizes)
