"""What is done with one picture, the same on this machine and on others: bytes in, bytes of the result out."""

from __future__ import annotations

import hashlib
import io
import json
import os
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, BinaryIO, cast

from photochrom.batch.origin import marked
from photochrom.batch.pages import Document, color_pages, open_document
from photochrom.batch.plan import Job
from photochrom.batch.run import Options
from photochrom.codec.budget import ALWAYS, bytes_per_pixel
from photochrom.codec.reading import identify
from photochrom.colorizer import Colorizer
from photochrom.digest import sha256_of
from photochrom.errors import OutputError, PhotochromError, PictureError, UsageError
from photochrom.photo import Photo, encode_photo, own_format, write_photo


@dataclass(frozen=True, kw_only=True)
class Order:
    """How every picture of a run is coloured and written.

    model: the SHA-256 of its file. certificate: that of the certificate by which results are signed, "" for none.
    """

    options: Options = field(default_factory=lambda: Options(origin=True))
    model: str = ""
    certificate: str = ""

    def digest(self) -> str:
        """Changes when results would: of the settings, the files that they name, the model and how results are written.

        Raises UsageError for a file that can't be read.
        """
        settings = self.options.settings
        try:
            files = {name: sha256_of(Path(name)) for name in settings.files}
        except OSError as error:
            raise UsageError(f"can't read {error.filename}: {error.strerror}; name another file") from error
        said = {
            "settings": settings.to_dict(),
            "files": files,
            "model": self.model,
            "write": {name: getattr(self.options, name) for name in _WRITING},
            "certificate": self.certificate,
        }
        return hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()[:32]


_WRITING = ("format", "quality", "strip_location", "salvage", "origin", "pages", "bands")  # what changes a result


@dataclass(frozen=True, kw_only=True)
class Colored:
    """data: the file, a temporary one for what is too large to be held. format: as known_format has it.

    confidence: 0..1, None for networks that can't say, and for pages. width, height: px, of the first page.
    """

    data: bytes | IO[bytes]
    format: str
    notes: list[str]
    width: int
    height: int
    confidence: float | None = None
    seconds: float = 0.0


def color(source: bytes | Path, key: str, order: Order, colorizer: Colorizer, *, by_rows: bool = False) -> Colored:
    """Colour one. key: what it is called in sentences. Raises PhotochromError, which is of this picture alone.

    by_rows: a TIFF that needs more than the order's memory is coloured some rows at a time, into a temporary file.
    """
    start = time.perf_counter()
    try:
        document = _document(source, key, order.options) if order.options.pages else None
        if document:
            made = _pages(document, key, order.options, colorizer)
        else:
            made = _picture(source, key, order.options, colorizer, by_rows)
    except OutputError as error:  # that it can't be encoded so; nothing has been written yet
        told = named(str(error), key)
        raise PictureError(told if key in told else f"{key}: {told}") from error
    except PhotochromError as error:
        raise type(error)(named(str(error), key)) from error
    except MemoryError as error:
        raise PhotochromError(f"{key} needs more memory than there is; lower --workers") from error
    notes = [named(note, key) for note in dict.fromkeys(made.notes)]
    return replace(made, notes=notes, seconds=time.perf_counter() - start)


def _picture(source: bytes | Path, key: str, options: Options, colorizer: Colorizer, by_rows: bool) -> Colored:
    photo = options.read(source, by_rows=by_rows)
    settings = options.settings.placed(photo.size, name=photo.name)
    prediction = colorizer.predict(photo, settings)
    made = colorizer.render(photo, prediction, settings)
    if options.origin:
        made = marked(made, colorizer, settings)
    certain = colorizer.confidence(prediction, settings)
    encoded: bytes | IO[bytes]
    if made.rows is None:
        encoded, said = encode_photo(made, format=options.format, quality=options.quality)
    else:
        encoded, said = _in_temporary_file(made, options, key)
    return Colored(
        data=encoded,
        format=options.format or own_format(photo),
        notes=[*made.notes, *said],
        confidence=None if certain is None else float(certain.mean()),
        width=photo.width,
        height=photo.height,
    )


def _document(source: bytes | Path, key: str, options: Options) -> Document | None:
    """A file of several pictures, opened; None for one of a single picture."""
    job = Job(source, data=None) if isinstance(source, Path) else Job(Path(key), data=source)
    document = open_document(job, options)
    if document.pages.count > 1 or document.together:
        return document
    document.stream.close()
    return None


def _pages(document: Document, key: str, options: Options, colorizer: Colorizer) -> Colored:
    if not document.together:
        document.stream.close()
        raise PictureError(
            f"the pages of {key} would be files of their own as {document.format}, and a run makes one of each; "
            "choose --format tiff"
        )
    width, height = document.pages.size
    memory = io.BytesIO()
    made = color_pages(Job(Path(key)), document, colorizer, options, to_write=frozenset(), stdout=memory)
    notes = [note for told in made for note in told]
    return Colored(data=memory.getvalue(), format=document.format, notes=notes, width=width, height=height)


def _in_temporary_file(photo: Photo, options: Options, key: str) -> tuple[IO[bytes], list[str]]:
    """What encode_photo does, on the disk: a file that is gone when it is closed."""
    try:
        with ExitStack() as closing:
            out = closing.enter_context(tempfile.NamedTemporaryFile(prefix="photochrom-"))
            notes = write_photo(cast(BinaryIO, out), photo, format=options.format, quality=options.quality)
            out.flush()
            out.seek(0)
            closing.pop_all()
            return out, notes
    except OSError as error:
        raise OutputError(
            f"can't write {key} in colour to {tempfile.gettempdir()}: {error.strerror or error}; name a folder with "
            "more space in TMPDIR"
        ) from error


def named(sentence: str, key: str) -> str:
    """A sentence about a picture in memory, with the name that it has in the source."""
    return sentence.replace("the picture in memory", key)


def memory_of(data: bytes) -> int:
    """Bytes that a picture will take at most, by its header; 0 for what is no picture."""
    return _memory(io.BytesIO(data), len(data))


def is_larger(path: Path, memory: int) -> bool:
    """Whether a TIFF would take more than `memory` bytes, told without reading it."""
    if path.suffix.lower() not in (".tif", ".tiff"):
        return False
    try:
        with open(path, "rb") as stream:
            return ALWAYS + _memory(stream, os.fstat(stream.fileno()).st_size) > memory
    except OSError:
        return False


def _memory(stream: IO[bytes], held: int) -> int:
    try:
        image = identify(stream, "the picture in memory")
    except Exception:  # noqa: BLE001  a damaged header, met with anything; what is wrong is told when it is read
        return 0
    return held + int(image.width * image.height * bytes_per_pixel(image))
