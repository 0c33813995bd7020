"""All pictures of a file: pages of a TIFF, frames of an animation, pictures of an MPO."""

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import IO

from PIL import ImageFile

from photochrom.codec import gif, jpeg, png_rows
from photochrom.codec.bands import Bands
from photochrom.codec.budget import check_frames, check_memory, check_pixels
from photochrom.codec.mending import mended, more_than_one
from photochrom.codec.reading import Decoded, decode, decode_image, guarded, identify
from photochrom.codec.samples import from_pillow, read_samples
from photochrom.codec.tiff import ScanTiff
from photochrom.codec.whole import Loss, wiped_loss
from photochrom.errors import PictureError

ANIMATED = ("GIF", "WEBP", "PNG", "AVIF")  # formats whose files may be animations


class Pages:
    """A file of one or several pictures, opened; each is decoded when it is asked for.

    format: of the whole, "MPO" where it has several JPEGs in it. size: (width, height) of the first, as stored.
    animated: they are shown one after the other.
    notes: what is to be told of the file as a whole.
    """

    def __init__(
        self,
        stream: IO[bytes],
        *,
        name: str,
        max_pixels: float,
        max_memory: int | None = None,
        salvage: bool = False,
        bands: Bands | None = None,
    ) -> None:
        """Reads headers. Raises PictureError as decode does."""
        self._stream, self._name, self._salvage = stream, name, salvage
        self._max_pixels, self._max_memory, self._bands = max_pixels, max_memory, bands
        self.notes: tuple[str, ...] = ()
        with guarded(name):
            given = mended(stream, name)
            self._image = identify(given.stream, name)
            self._file_size = given.stream.seek(0, io.SEEK_END)
            self.size = self._image.size
            self._parts = _pictures_of(self._image, stream)
            self.format = "MPO" if len(self._parts) > 1 else self._image.format or "PNG"
            self.count = len(self._parts) or int(getattr(self._image, "n_frames", 1))
            self.animated = self.count > 1 and self.format in ANIMATED
            if self.animated:
                self.notes = self._losses(given.stream)

    def _losses(self, stream: IO[bytes]) -> tuple[str, ...]:
        """What is missing of an animation, as far as it shows without decoding. Raises PictureError unless salvage."""
        stream.seek(0)
        data = stream.read()
        loss: Loss | None = None
        if self.format == "GIF" and not gif.is_ended(data):
            loss = Loss("its frames end early", None)
        elif self.format == "PNG" and not png_rows.sums_right(data):
            loss = Loss("a part of its frames is damaged", None)
        elif self.format in ("WEBP", "AVIF"):
            loss = wiped_loss(self._image, data)
        if loss and loss.sure and not self._salvage:
            raise PictureError(loss.refusal(self._name))
        return (loss.note(self._name),) if loss else ()

    def read(self, number: int) -> Decoded:
        """The picture of that number, from 1. Raises PictureError and PictureTooLargeError as decode does."""
        if not 1 <= number <= self.count:
            raise PictureError(f"{self._name} has {told(self.count)}; there is no page {number}")
        name = f"page {number} of {self._name}" if self.count > 1 else self._name
        if self.count == 1 or self._parts:
            stream = self._stream
            if self._parts:
                start, end = self._parts[number - 1]
                self._stream.seek(start)
                stream = io.BytesIO(self._stream.read(end - start))
            decoded = decode(
                stream, name=name, max_pixels=self._max_pixels, max_memory=self._max_memory, salvage=self._salvage,
                bands=self._bands,
            )  # fmt: skip
        else:
            with guarded(name):
                self._image.seek(number - 1)
                check_pixels(self._image.size, name, self._max_pixels)
                check_memory(self._image, name, max_memory=self._max_memory, held=self._file_size)
                decoded = self._page(name) if isinstance(self._image, ScanTiff) else self._frame(name, number)
        return replace(decoded, notes=tuple(note for note in decoded.notes if note != more_than_one(name)))

    def chosen(self, numbers: Sequence[int]) -> Iterator[tuple[int, Decoded]]:
        """Those pictures, decoded one by one, with their numbers.

        With salvage one that can't be read is left out, with a note; the last error is raised where none can be.
        """
        given, lost = 0, None
        for number in numbers:
            try:
                decoded = self.read(number)
            except PictureError as error:
                if not self._salvage:
                    raise
                lost = error
                self.notes += (f"page {number} of {self._name} is left out: {error}",)
            else:
                given += 1
                yield number, decoded
        if lost and not given:
            raise lost

    def check_frames(self, count: int) -> None:
        """Refuse an animation of so many frames, which are held until all are there. Raises PictureTooLargeError."""
        if self.animated:
            check_frames(self._image.size, count, self._name, max_memory=self._max_memory)

    def _page(self, name: str) -> Decoded:
        assert isinstance(self._image, ScanTiff)
        samples = read_samples(self._image, lambda: self._image, name, salvage=self._salvage, bands=self._bands)
        return decode_image(self._image, samples, name=name)

    def _frame(self, name: str, number: int) -> Decoded:
        """Composed with those before it: as it is seen."""
        self._image.load()
        frame = decode_image(self._image, from_pillow(self._image, name), name=name, bands=self._bands)
        if not self.animated:
            return frame
        duration = self._image.info.get("duration", 0)
        if number == 1 and getattr(self._image, "default_image", False):  # of an APNG: not a part of the animation
            duration = None
        return replace(
            frame,
            duration=None if duration is None else float(duration),
            plays=_plays(self.format, self._image.info.get("loop")),
        )


def parse_pages(text: str) -> Callable[[int], list[int]]:
    """From "all", "2", "1,3-5" or "4-" to what gives the numbers, each once and in order, for a file of so many pages.

    Raises ValueError for anything else. What it gives may be beyond the file's end.
    """
    if text.strip().lower() == "all":
        return lambda count: list(range(1, count + 1))
    spans: list[tuple[int, int | None]] = []
    for part in text.split(","):
        first, dash, last = (word.strip() for word in part.partition("-"))
        low = _number(first)
        spans.append((low, _number(last) if last else None if dash else low))
    if any(high is not None and high < low for low, high in spans):
        raise ValueError(text)

    def chosen(count: int) -> list[int]:
        ranges = [range(low, max(low, count if high is None else high) + 1) for low, high in spans]
        return sorted({n for numbers in ranges for n in numbers})

    return chosen


def told(count: int) -> str:
    """How many pages, in words."""
    return "1 page" if count == 1 else f"{count} pages"


def _number(word: str) -> int:
    if not (word.isascii() and word.isdigit() and 0 < int(word) <= _MOST):
        raise ValueError(word)
    return int(word)


_MOST = 1_000_000  # pages


def _pictures_of(image: ImageFile.ImageFile, stream: IO[bytes]) -> list[tuple[int, int]]:
    """Where the JPEGs of an MPO lie; none for other files, and for a JPEG beside which only its gain map lies."""
    if image.format not in ("JPEG", "MPO"):
        return []
    stream.seek(0)
    data = stream.read()
    found = jpeg.survey(data)
    return [] if found.gain_map or len(found.pages) < 2 else jpeg.pictures(data, found)


def _plays(format: str, loop: object) -> int:
    """How often an animation is shown, 0 for ever, by what Pillow says of it."""
    if not isinstance(loop, int):
        return 1
    return loop + 1 if format == "GIF" and loop else loop
