"""Photo: a picture with everything that came with it, from a file and back into one."""

import io
import json
import os
import stat
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Any, BinaryIO

import numpy as np
from numpy.typing import DTypeLike, NDArray
from PIL import Image

import photochrom
from photochrom.atomic import atomic_write
from photochrom.codec.arrays import as_dtype, from_floats, to_8_bit
from photochrom.codec.bands import parse_bands
from photochrom.codec.budget import default_memory
from photochrom.codec.icc import srgb_profile
from photochrom.codec.location import exif_without_location, xmp_without_location
from photochrom.codec.origin import with_origin
from photochrom.codec.page_writing import page_writer
from photochrom.codec.pages import ANIMATED, Pages, parse_pages
from photochrom.codec.reading import Decoded, decode, decode_image
from photochrom.codec.samples import from_pillow
from photochrom.codec.tiff_rows import decode_rows
from photochrom.codec.writing import SUFFIXES, image_of, known_format, write_picture
from photochrom.color.lab import Pixels
from photochrom.color.rows import Rows
from photochrom.errors import OutputError, PhotochromError, PictureError, PictureTooLargeError, UsageError, issue

__all__ = ["Photo", "read_photo"]

MAX_MEGAPIXELS = 300.0


@dataclass(eq=False, repr=False)
class Photo(Decoded):
    """A picture in sRGB, upright, with what came with it.

    pixels: (H,W) grey or (H,W,3) sRGB-encoded, uint8 0..255 or uint16 0..65535, C-contiguous, EXIF orientation applied.
    alpha: (H,W) of the same dtype, not premultiplied, or None.
    format: Pillow's name of the file's format, "JPEG", "PNG", "TIFF"...; "PNG" when made from an array.
    exif: with orientation 1 and no thumbnail; b"" if none. xmp, iptc: as found. dpi: (x, y). text: of a PNG.
    comments: of a JPEG or GIF, as found. geo: the tags of a GeoTIFF that lay it on the map; a TIFF keeps them.
    empty: (H,W) bool, where a GeoTIFF says that nothing was measured (GDAL_NODATA), or None.
    had_profile: the input carried a colour profile (pixels are converted already); outputs then carry an sRGB one.
    quality: of a JPEG, 1..100, estimated. lossless, compressed: how the input was stored. path: where it came from.
    duration: ms that a frame of an animation is shown, else None. plays: how often the animation is, 0 without end.
    rows: the pixels of a scan that is too large to be held, which only photochrom's own commands ask for; see
    read_large.
    notes: what of it was left out or deserves a second look, a sentence each.
    """

    pixels: Pixels
    alpha: Pixels | None = None
    format: str = "PNG"
    path: Path | None = field(default=None, kw_only=True)

    @classmethod
    def open(
        cls,
        source: str | os.PathLike[str] | bytes | IO[bytes],
        *,
        max_megapixels: float = MAX_MEGAPIXELS,
        max_memory: int | None = None,
        salvage: bool = False,
        bands: str | None = None,
    ) -> "Photo":
        """Read a picture from a path, the bytes of a file, or a binary file object.

        Reads JPEG, PNG, TIFF, WebP, BMP, GIF, JPEG 2000, PPM, AVIF, and HEIC where pillow-heif is installed.
        Embedded profiles are converted to sRGB. 16 bits are kept.
        Of several pages or frames the first is used, with a PictureWarning; open_pages gives them all.

        max_memory: bytes that the picture may need from here to its coloured file; None: 4 GiB or half of the
        machine's, 1 GiB for files under 1 MiB.
        salvage: read a JPEG, PNG, TIFF, BMP or PPM that is cut short as far as it goes; the warning says how far.
        bands: one or three, from 1, as "4" or "4,3,2": which of a satellite picture's bands are looked at.

        Raises PictureError (missing, a folder, empty, cut short, not a picture), PictureTooLargeError (more than
        `max_megapixels` million pixels, or `max_memory`, by its header; nothing has been decoded then) and UsageError.
        """
        photo = read_photo(source, max_megapixels=max_megapixels, max_memory=max_memory, salvage=salvage, bands=bands)
        issue(photo.notes)
        return photo

    @classmethod
    def open_pages(
        cls,
        source: str | os.PathLike[str] | bytes | IO[bytes],
        *,
        pages: str = "all",
        max_megapixels: float = MAX_MEGAPIXELS,
        max_memory: int | None = None,
        salvage: bool = False,
    ) -> Iterator["Photo"]:
        """The pages of a TIFF, frames of an animation or pictures of an MPO, one by one; of any other file its picture.

        pages: "all", or numbers from 1 as in "1,3-5" or "4-". Frames are whole, as they are seen, and know their
        `duration`; pages may differ in size, depth and colours. With `salvage` those that can't be read are left out,
        with a PictureWarning. The file is open until the last is taken.

        Raises as Photo.open does, PictureError for a number beyond the last, and UsageError.
        """
        choose = chosen_pages(pages)
        stream, name, path = opened(source)
        with stream:
            found = Pages(stream, name=name, max_pixels=max_megapixels * 1e6, max_memory=max_memory, salvage=salvage)
            issue(found.notes)
            told = len(found.notes)
            for _, decoded in found.chosen(choose(found.count)):
                photo = cls(**vars(decoded), path=path)
                issue(photo.notes)
                yield photo
            issue(found.notes[told:])

    @staticmethod
    def save_pages(
        photos: Iterable["Photo"],
        path: str | os.PathLike[str],
        *,
        format: str | None = None,
        quality: int | None = None,
        overwrite: bool = False,
    ) -> Path:
        """Write pictures into one file, whole or not at all: a TIFF, an MPO (.jpg, .mpo), or an animation.

        GIF, WebP, PNG and AVIF become animations: each photo needs a `duration` in ms, and all have one size. Returns
        the path. Raises as Photo.save does, and OutputError for pictures that the format can't hold together.
        """
        target = Path(path)
        issue(save_photos(photos, target, format=format, quality=quality, overwrite=overwrite))
        return target

    @classmethod
    def from_array(cls, array: NDArray[Any]) -> "Photo":
        """From (H,W) or (H,W,1) grey, (H,W,2) grey + alpha, (H,W,3) RGB or (H,W,4) RGBA, sRGB-encoded.

        uint8, uint16, or floats 0..1, which become uint16; of any byte order, memory layout and subclass of ndarray (a
        mask is not looked at). The photo has its own copy. Raises PictureError.
        """
        given = np.asarray(array)
        shape = "x".join(map(str, given.shape))
        if given.ndim not in (2, 3) or (given.ndim == 3 and given.shape[2] not in (1, 2, 3, 4)):
            raise PictureError(f"can't use an array of shape {shape}; give (H,W) or (H,W,C) with 1 to 4 channels last")
        if given.size == 0:
            raise PictureError(f"can't use an array of shape {shape}: it has no pixels; give at least one")
        if given.dtype.kind == "f":
            given = from_floats(given)
        elif given.dtype.newbyteorder("=") not in (np.uint8, np.uint16):
            raise PictureError(f"can't use an array of {given.dtype}; give uint8, uint16 or floats 0..1")
        given = given.astype(given.dtype.newbyteorder("="), order="C")
        if given.ndim == 2:
            return cls(given)
        channels = given.shape[2]
        alpha = np.ascontiguousarray(given[..., -1]) if channels in (2, 4) else None
        return cls(np.ascontiguousarray(given[..., 0] if channels < 3 else given[..., :3]), alpha)

    @classmethod
    def from_pil(cls, image: Image.Image) -> "Photo":
        """From a Pillow image of any mode; an orientation in its EXIF is applied, a profile converted.

        What Pillow has dropped already stays lost: 16 bits of RGB. Open files with Photo.open to keep them.
        Raises PictureError if its pixels can't be loaded.
        """
        name = getattr(image, "filename", "") or "the Pillow image"
        if 0 in image.size:
            raise PictureError(f"can't use {name}: it has no pixels; give at least one")
        try:
            image.load()
            photo = cls(**vars(decode_image(image, from_pillow(image, name), name=name)))
        except PictureError:
            raise
        except Exception as error:  # a lazily opened file may be damaged in any way
            raise PictureError(f"can't read {name}: it is damaged or cut short ({error}); get a whole copy") from error
        issue(photo.notes)
        return photo

    def __repr__(self) -> str:
        kind = ("grey" if self.pixels.ndim == 2 else "RGB") + ("" if self.alpha is None else " + alpha")
        return f"<Photo {self.width}x{self.height} {self.bits}-bit {kind}, {self.format}, {self.name}>"

    @property
    def height(self) -> int:
        """Pixels from top to bottom."""
        return int(self.pixels.shape[0])

    @property
    def width(self) -> int:
        """Pixels from left to right."""
        return int(self.pixels.shape[1])

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels."""
        return self.width, self.height

    @property
    def bits(self) -> int:
        """8 or 16 for each sample."""
        return 8 * self.pixels.dtype.itemsize

    @property
    def name(self) -> str:
        """What to call it in messages."""
        return str(self.path) if self.path is not None else "the picture in memory"

    def to_array(self, *, dtype: DTypeLike | None = None) -> NDArray[Any]:
        """(H,W,3), or (H,W,4) with alpha, sRGB-encoded; a copy. dtype: uint8, uint16, floats 0..1; its own if None."""
        channels = 3 if self.alpha is None else 4
        out = np.empty((self.height, self.width, channels), self.pixels.dtype)
        out[..., :3] = self.pixels if self.pixels.ndim == 3 else self.pixels[..., None]
        if self.alpha is not None:
            out[..., 3] = self.alpha
        return out if dtype is None else as_dtype(out, np.dtype(dtype))

    def to_pil(self) -> Image.Image:
        """A Pillow image: L, LA, RGB or RGBA with 8 bits; I;16 for opaque 16-bit grey (Pillow has no 16-bit RGB)."""
        if self.bits == 16 and self.pixels.ndim == 2 and self.alpha is None:
            image = Image.fromarray(self.pixels)
        else:
            image = image_of(to_8_bit(self.pixels), None if self.alpha is None else to_8_bit(self.alpha))
        found: dict[str, Any] = {"exif": self.exif, "xmp": self.xmp, "dpi": self.dpi}
        found["comment"] = b"\n".join(self.comments)
        if self.had_profile and self.pixels.ndim == 3:
            found["icc_profile"] = srgb_profile()
        image.info.update({key: value for key, value in found.items() if value})
        return image

    def with_pixels(self, rgb: Pixels) -> "Photo":
        """The same photo with other colours: (H,W,3) of the same size and dtype. Not copied if C-contiguous."""
        wanted = (self.height, self.width, 3)
        if rgb.shape != wanted or rgb.dtype != self.pixels.dtype:
            raise PictureError(
                f"new pixels must be {self.pixels.dtype} {wanted}, got {rgb.dtype} {rgb.shape}; match them"
            )
        return replace(self, pixels=np.ascontiguousarray(rgb))

    def with_rows(self, rows: Rows) -> "Photo":
        """The same photo in other colours, which are made as they are asked for: of the same size and dtype."""
        return replace(self, pixels=np.broadcast_to(np.zeros((), rows.dtype), rows.shape), rows=rows)

    def without_location(self) -> "Photo":
        """The same photo without its place: the GPS part of its EXIF and XMP, and the tags of a map."""
        exif, xmp = exif_without_location(self.exif), xmp_without_location(self.xmp)
        return replace(self, exif=exif, xmp=xmp, geo={})

    def with_origin(self, *, model: str, settings: Mapping[str, Any]) -> "Photo":
        """The same photo with what made its colours in its XMP, IPTC's digital source type among it; see codec/origin.

        model: its name and hash. settings: as Settings.to_dict has them.
        """
        software = f"photochrom {photochrom.__version__}"
        told = json.dumps(settings, sort_keys=True, default=str)
        return replace(self, xmp=with_origin(self.xmp, software=software, model=model, settings=told))

    def encode(self, *, format: str | None = None, quality: int | None = None) -> bytes:
        """The bytes of a file: as `format` ("JPEG", "png", ".tif"...), else the photo's own (PNG if we can't write it).

        quality 1..100 for JPEG, WebP and AVIF; default 92, or a JPEG's own if that was higher. Raises OutputError,
        UsageError for an unknown format or quality.
        """
        data, notes = encode_photo(self, format=format, quality=quality)
        issue(notes)
        return data

    def save(
        self,
        path: str | os.PathLike[str],
        *,
        format: str | None = None,
        quality: int | None = None,
        overwrite: bool = False,
    ) -> Path:
        """Write to `path` and return it: the whole file or nothing. The format is the suffix's, else the photo's own.

        Raises OutputExistsError (there already, without `overwrite`), OutputError, and UsageError as encode does.
        """
        target = Path(path)
        issue(save_photo(self, target, format=format, quality=quality, overwrite=overwrite))
        return target


def read_photo(
    source: str | os.PathLike[str] | bytes | IO[bytes],
    *,
    max_megapixels: float = MAX_MEGAPIXELS,
    max_memory: int | None = None,
    salvage: bool = False,
    bands: str | None = None,
) -> Photo:
    """What Photo.open does, with the notes in the photo alone and no warning given."""
    chosen = parse_bands(bands) if bands is not None else None
    stream, name, path = opened(source)
    with stream:
        decoded = decode(
            stream, name=name, max_pixels=max_megapixels * 1e6, max_memory=max_memory, salvage=salvage, bands=chosen
        )
    return Photo(**vars(decoded), path=path)


def read_large(
    source: str | os.PathLike[str] | bytes | IO[bytes],
    *,
    max_megapixels: float = MAX_MEGAPIXELS,
    max_memory: int | None = None,
    salvage: bool = False,
    bands: str | None = None,
) -> Photo:
    """What read_photo does; a TIFF that needs more than `max_memory` has `rows`, which read them from the open file."""
    try:
        return read_photo(source, max_megapixels=max_megapixels, max_memory=max_memory, salvage=salvage, bands=bands)
    except PictureTooLargeError:
        stream, name, path = opened(source)
        with ExitStack() as closing:
            closing.enter_context(stream)
            limit = default_memory() if max_memory is None else max_memory
            chosen = parse_bands(bands) if bands is not None else None
            decoded = decode_rows(stream, name=name, max_pixels=max_megapixels * 1e6, max_memory=limit, bands=chosen)
            if decoded is None:
                raise
            closing.pop_all()
            weakref.finalize(decoded.rows, stream.close)  # when the rows are gone
        return Photo(**vars(decoded), path=path)


def as_photo(picture: object) -> Photo:
    """A Photo of a path, the bytes of a file, a Pillow image, an array, or a Photo itself. Raises as their readers do,
    and UsageError for anything else.
    """
    if isinstance(picture, Photo):
        return picture
    if isinstance(picture, (str, os.PathLike, bytes)):
        return read_photo(picture)
    if isinstance(picture, Image.Image):
        return Photo.from_pil(picture)
    if isinstance(picture, np.ndarray):
        return Photo.from_array(picture)
    raise UsageError(
        f"can't colour a {type(picture).__name__}: give a path, bytes, a Pillow image, a Photo or a numpy array"
    )


def opened(source: str | os.PathLike[str] | bytes | IO[bytes]) -> tuple[IO[bytes], str, Path | None]:
    """A seekable stream of a picture file, what to call it in messages, and its path. Raises PictureError."""
    if isinstance(source, (bytes, bytearray, memoryview)):
        return io.BytesIO(source), "the picture in memory", None
    if not isinstance(source, (str, os.PathLike)):
        return io.BytesIO(source.read()), _stream_name(source), None
    path = Path(source)
    try:
        if path.is_dir():
            raise PictureError(f"{path} is a folder; name a picture in it")
        stream = open(path, "rb")  # noqa: SIM115  the caller closes it
        if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):  # a pipe can't seek: take it all
            with stream:
                return io.BytesIO(stream.read()), str(path), path
    except FileNotFoundError:
        raise PictureError(f"there is no file {path}; check the name") from None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = getattr(error, "strerror", None) or error
        raise PictureError(f"can't read {str(path)!r}: {reason}; check the file and its permissions") from error
    return stream, str(path), path


def chosen_pages(pages: str) -> Callable[[int], list[int]]:
    """What gives the numbers of the wanted pages for a file of so many. Raises UsageError for what says no numbers."""
    try:
        return parse_pages(pages)
    except ValueError:
        raise UsageError(f"pages must be all, or numbers from 1 as in 1,3-5 or 4-; got {pages!r}") from None


def save_photos(
    photos: Iterable[Photo],
    target: Path,
    *,
    format: str | None = None,
    quality: int | None = None,
    overwrite: bool = False,
) -> list[str]:
    """What Photo.save_pages does, with notes of what the format can't hold and no warning given."""
    given = list(photos)
    if not given:
        raise UsageError("no photo was given; give at least one")
    chosen = known_format(format or target.suffix or given[0].format, pages=True)
    _check_quality(quality)
    if chosen in ANIMATED and len(given) > 1 and all(photo.duration is None for photo in given):
        raise OutputError(f"{chosen} holds several pictures as an animation only: give each a duration, or choose TIFF")
    if chosen == "BMP" and len(given) > 1:
        raise OutputError("BMP holds one picture; choose TIFF for several")
    with atomic_write(target, overwrite=overwrite) as out, writing(given[0].name, chosen):
        pages = page_writer(out, chosen, count=len(given), quality=quality)
        notes = [note for photo in given for note in pages.add(photo)] + pages.finish()
    return list(dict.fromkeys(notes))


def encode_photo(photo: Photo, *, format: str | None = None, quality: int | None = None) -> tuple[bytes, list[str]]:
    """What Photo.encode does, with notes of what the format can't hold and no warning given."""
    memory = io.BytesIO()
    notes = write_photo(memory, photo, format=format, quality=quality)
    return memory.getvalue(), notes


def write_photo(out: BinaryIO, photo: Photo, *, format: str | None = None, quality: int | None = None) -> list[str]:
    """The same to an open file that can seek."""
    chosen = known_format(format or own_format(photo))
    _check_quality(quality)
    return _write(out, photo, chosen, quality)


def save_photo(
    photo: Photo, target: Path, *, format: str | None = None, quality: int | None = None, overwrite: bool = False
) -> list[str]:
    """What Photo.save does, with notes of what the format can't hold and no warning given."""
    chosen = known_format(format or target.suffix or own_format(photo))
    _check_quality(quality)
    with atomic_write(target, overwrite=overwrite) as out:
        return _write(out, photo, chosen, quality)


def _write(out: BinaryIO, photo: Photo, format: str, quality: int | None) -> list[str]:
    with writing(photo.name, format):
        return write_picture(out, photo, format=format, quality=quality)


@contextmanager
def writing(name: str, format: str) -> Iterator[None]:
    """A block that encodes a picture of that name: what an encoder fails of is an OutputError."""
    try:
        yield
    except (PhotochromError, MemoryError, OSError):
        raise
    except Exception as error:  # metadata of other programs may hold values that an encoder meets with anything
        detail = str(error) or type(error).__name__
        raise OutputError(
            f"can't write {name} as {format}: what came with it doesn't fit ({detail}); choose another format"
        ) from error


def own_format(photo: Photo) -> str:
    """Pillow's name of the format that it is written in if none is named: its own, or PNG where we can't write that."""
    return photo.format if photo.format in SUFFIXES.values() else "PNG"


def _check_quality(quality: int | None) -> None:
    if quality is not None and not 1 <= quality <= 100:
        raise UsageError(f"quality must lie in 1..100, got {quality}; 92 is the default")


def _stream_name(source: IO[bytes]) -> str:
    name = getattr(source, "name", None)
    return name if isinstance(name, str) and not name.startswith("<") else "the picture given as a stream"
