"""What is done with one picture, the same on this machine and on others: bytes in, bytes of the result out."""

from __future__ import annotations

import hashlib
import io
import json
import os
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, BinaryIO, cast

from photochrom.batch.origin import marked
from photochrom.codec.budget import ALWAYS, bytes_per_pixel
from photochrom.codec.reading import identify
from photochrom.colorizer import Colorizer
from photochrom.errors import OutputError, PhotochromError
from photochrom.photo import Photo, encode_photo, own_format, read_large, read_photo, write_photo
from photochrom.settings import Settings


@dataclass(frozen=True, kw_only=True)
class Order:
    """How every picture of a run is coloured and written.

    model: its SHA-256. origin: say in the file what made its colours. max_memory: bytes for one picture.
    """

    settings: Settings = field(default_factory=Settings)
    model: str = ""
    format: str | None = None
    quality: int | None = None
    strip_location: bool = False
    salvage: bool = False
    origin: bool = True
    max_megapixels: float = 300.0
    max_memory: int | None = None

    def digest(self) -> str:
        """Changes when results would: of the settings, the model and how they are written."""
        said = {
            "settings": self.settings.to_dict(),
            "model": self.model,
            "write": [self.format, self.quality, self.strip_location, self.salvage, self.origin],
        }
        return hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()[:32]


@dataclass(frozen=True, kw_only=True)
class Colored:
    """data: the file, a temporary one for what is too large to be held. format: as known_format has it.

    confidence: 0..1, None for networks that can't say.
    """

    data: bytes | IO[bytes]
    format: str
    notes: list[str]
    confidence: float | None
    width: int
    height: int
    seconds: float


def color(source: bytes | Path, key: str, order: Order, colorizer: Colorizer, *, by_rows: bool = False) -> Colored:
    """Colour one. key: what it is called in sentences. Raises PhotochromError.

    by_rows: a TIFF that needs more than the order's memory is coloured some rows at a time, into a temporary file.
    """
    start = time.perf_counter()
    try:
        photo = (read_large if by_rows else read_photo)(
            source, max_megapixels=order.max_megapixels, max_memory=order.max_memory, salvage=order.salvage
        )
        if order.strip_location:
            photo = photo.without_location()
        prediction = colorizer.predict(photo, order.settings)
        made = colorizer.render(photo, prediction, order.settings)
        if order.origin:
            made = marked(made, colorizer, order.settings)
        certain = colorizer.confidence(prediction, order.settings)
        encoded: bytes | IO[bytes]
        if made.rows is None:
            encoded, said = encode_photo(made, format=order.format, quality=order.quality)
        else:
            encoded, said = _in_temporary_file(made, order, key)
    except PhotochromError as error:
        raise type(error)(named(str(error), key)) from error
    except MemoryError as error:
        raise PhotochromError(f"{key} needs more memory than there is; lower --workers") from error
    return Colored(
        data=encoded,
        format=order.format or own_format(photo),
        notes=[named(note, key) for note in (*made.notes, *said)],
        confidence=None if certain is None else float(certain.mean()),
        width=photo.width,
        height=photo.height,
        seconds=time.perf_counter() - start,
    )


def _in_temporary_file(photo: Photo, order: Order, key: str) -> tuple[IO[bytes], list[str]]:
    """What encode_photo does, on the disk: a file that is gone when it is closed."""
    try:
        with ExitStack() as closing:
            out = closing.enter_context(tempfile.NamedTemporaryFile(prefix="photochrom-"))
            notes = write_photo(cast(BinaryIO, out), photo, format=order.format, quality=order.quality)
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
