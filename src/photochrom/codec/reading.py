"""From the bytes of a picture file to sRGB arrays, upright, with everything that came with them."""

import importlib
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO, Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageFile, TiffImagePlugin

from photochrom.codec import icc, jpeg, png_rows
from photochrom.codec.bands import Bands, chosen_bands
from photochrom.codec.budget import check_memory, check_pixels
from photochrom.codec.exif import corrected_exif, corrected_xmp, iptc_from_photoshop
from photochrom.codec.exif import orientation as orientation_of
from photochrom.codec.exif_mending import mended_exif
from photochrom.codec.mending import mended, more_than_one
from photochrom.codec.samples import Samples, read_samples
from photochrom.codec.tiff import DESCRIPTIVE, ScanTiff
from photochrom.codec.tiff_codecs import DAMAGE
from photochrom.codec.tiff_tags import NODATA, Field
from photochrom.codec.whole import Loss, load_jpeg, padded, png_loss, surplus_note, wiped_loss
from photochrom.color.lab import Pixels
from photochrom.color.margin import Mask
from photochrom.color.rows import Rows
from photochrom.errors import PictureError, PictureTooLargeError

Value = TypeVar("Value")
Element = TypeVar("Element", bound=np.generic)

# Pillow's name of each format we read -> (module, class). Formats with a history of surprises (EPS runs Ghostscript,
# ICO and PSD hold pictures in pictures) are left out; MPO files are read as the JPEG that they begin with.
_READERS = {
    "JPEG": ("PIL.JpegImagePlugin", "JpegImageFile"),
    "PNG": ("PIL.PngImagePlugin", "PngImageFile"),
    "TIFF": ("photochrom.codec.tiff", "ScanTiff"),
    "WEBP": ("PIL.WebPImagePlugin", "WebPImageFile"),
    "BMP": ("PIL.BmpImagePlugin", "BmpImageFile"),
    "GIF": ("PIL.GifImagePlugin", "GifImageFile"),
    "AVIF": ("PIL.AvifImagePlugin", "AvifImageFile"),
    "JPEG2000": ("PIL.Jpeg2KImagePlugin", "Jpeg2KImageFile"),
    "PPM": ("PIL.PpmImagePlugin", "PpmImageFile"),
}
_TIFFS = (ScanTiff, TiffImagePlugin.TiffImageFile)  # of files, and of images that a caller opened with Pillow
_HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx")
_LOSSY = ("JPEG", "AVIF", "HEIF", "JPEG2000")
_STANDARD_LUMA_SUM = 3688  # of the luminance table in the JPEG standard (ITU-T T.81, K.1), which quality 50 means


@dataclass
class Decoded:
    """What a file held: sRGB pixels (H,W) or (H,W,3), alpha (H,W) or None, both uint8 or uint16, and its metadata.

    duration: ms that a frame of an animation is shown. plays: how often the animation is; 0: without end.
    geo: of a GeoTIFF, the tags that lay it on the map, as a TIFF holds them.
    empty: (H,W), where a GeoTIFF says that nothing was measured; None for nowhere.
    rows: the pixels of a picture that is too large to be held; `pixels` then has its shape and dtype, and nothing else.
    notes: what of it was left out or lost, a sentence each.
    """

    pixels: Pixels
    alpha: Pixels | None
    format: str
    exif: bytes = b""
    xmp: bytes = b""
    iptc: bytes = b""
    dpi: tuple[float, float] | None = None
    text: dict[str, str] = field(default_factory=dict)
    comments: tuple[bytes, ...] = ()
    geo: dict[int, Field] = field(default_factory=dict)
    had_profile: bool = False
    quality: int | None = None
    lossless: bool = True
    compressed: bool = True
    duration: float | None = None
    plays: int | None = None
    rows: Rows | None = field(default=None, kw_only=True)
    empty: Mask | None = field(default=None, kw_only=True)
    notes: tuple[str, ...] = ()


def decode(
    stream: IO[bytes],
    *,
    name: str,
    max_pixels: float,
    max_memory: int | None = None,
    short_side: int = 0,
    salvage: bool = False,
    bands: Bands | None = None,
) -> Decoded:
    """Decode the first picture of a seekable stream. `name` is for messages.

    max_memory: bytes that the picture may need from reading to writing; None: what budget.default_memory says.
    short_side: a JPEG may be read at 1/2, 1/4 or 1/8 of its size, its short side keeping so many pixels; 0: at its own.
    salvage: read a JPEG, PNG, TIFF, BMP or PPM that isn't whole as far as it goes, with a note of how far that is.
    bands: one or three, from 1: of a TIFF which of its samples, of other files which of its colours are the picture.

    Raises PictureError for anything that is not a whole, readable picture, PictureTooLargeError over `max_pixels` or
    `max_memory` (judged by the header, before any decoding). Changes no setting of Pillow.
    """
    with guarded(name):
        given = mended(stream, name)
        stream = given.stream
        image = identify(stream, name)
        held = stream.seek(0, io.SEEK_END)
        stream.seek(0)
        surplus = surplus_note(image, stream.read(8), held, name)
        check_pixels(image.size, name, max_pixels)
        try:
            check_memory(image, name, max_memory=max_memory, held=held, short_side=short_side)
        except PictureTooLargeError:
            if not salvage:
                _refuse_what_only_claims(image, stream, name)
            raise
        if image.format == "JPEG2000" and not _has_end_of_codestream(stream):
            raise EOFError("its end is missing")  # OpenJPEG would make up the rest
        image, samples, loss = _load(image, stream, name=name, short_side=short_side, salvage=salvage, bands=bands)
        if given.profile:
            image.info["icc_profile"] = given.profile
        decoded = decode_image(image, samples, name=name, bands=bands)
        decoded.comments = given.comments or decoded.comments
        decoded.notes = (*([loss.note(name)] if loss else surplus), *given.notes, *decoded.notes)
        decoded.lossless &= decoded.format != "WEBP" or _has_lossless_chunk(stream)
        return decoded


@contextmanager
def guarded(name: str) -> Iterator[None]:
    """A block that meets a file: whatever comes of its damage is one sentence, a PictureError."""
    try:
        yield
    except PictureError:
        raise
    except (Image.DecompressionBombError, MemoryError) as error:
        raise PictureTooLargeError(f"{name} is too large for this machine ({error}); shrink it first") from error
    except Exception as error:
        # Pillow's plugins meet a damaged file with whatever exception comes up first; to the user all mean the same.
        detail = str(error).strip().rstrip(".") or type(error).__name__
        raise PictureError(f"can't read {name}: it is damaged or cut short ({detail}); get a whole copy") from error


def _refuse_what_only_claims(image: ImageFile.ImageFile, stream: IO[bytes], name: str) -> None:
    """Raise PictureError for a file that surely hasn't the bytes for its size: a bigger limit wouldn't help it."""
    if isinstance(image, ScanTiff):
        image.layout(name)
    elif image.format == "JPEG" and (fault := jpeg.survey(_all_of(stream)).fault):
        raise PictureError(Loss(fault, None).refusal(name))


def _load(
    image: ImageFile.ImageFile, stream: IO[bytes], *, name: str, short_side: int, salvage: bool, bands: Bands | None
) -> tuple[ImageFile.ImageFile, Samples, Loss | None]:
    """The pixels of an identified picture, and what of them is missing. Raises PictureError for that unless salvage."""

    def reopen(other: IO[bytes]) -> ImageFile.ImageFile:
        opened = identify(other, name)
        if short_side:
            share = short_side / min(opened.size)
            opened.draft(None, (max(1, int(opened.width * share)), max(1, int(opened.height * share))))
        return opened

    loss: Loss | None = None
    if image.format == "JPEG":
        loaded, loss = load_jpeg(_all_of(stream), reopen, probe=not short_side, salvage=salvage)
        if loaded is None or (loss and not salvage):
            raise PictureError((loss or Loss("it has no pixels", 0)).refusal(name))
        return loaded, read_samples(loaded, lambda: loaded, name), loss
    interlaced = bool(image.info.get("interlace"))
    try:
        samples = read_samples(image, lambda: identify(stream, name), name, bands=bands)
        # A decoder that ran out of rows leaves the last one black, or each of them thin where it is interlaced.
        if image.format == "PNG":
            flat = bool((samples.color[-1] == samples.color[-1, 0]).all())
            loss = png_loss(_all_of(stream), short=flat or interlaced)
        elif image.format in ("WEBP", "AVIF", "JPEG2000"):
            loss = wiped_loss(image, _all_of(stream))
    except DAMAGE as error:
        if isinstance(image, ScanTiff):
            return _salvaged_tiff(image, name, salvage, str(error), bands)
        data = _all_of(stream)
        if image.format == "PNG":
            whole, loss = (png_rows.mended(data) if salvage else b""), png_loss(data, short=True)
        elif made := padded(data, identify(stream, name)):
            whole, loss = made
        if loss is None:
            raise
        if not salvage:
            raise PictureError(loss.refusal(name)) from None
        image = identify(io.BytesIO(whole), name)
        samples = read_samples(image, lambda: identify(io.BytesIO(whole), name), name)
        samples.notes = ()  # of what was made up, and the loss tells that
    if loss and loss.sure and not salvage:
        raise PictureError(loss.refusal(name))
    return image, samples, loss


def _salvaged_tiff(
    image: ScanTiff, name: str, salvage: bool, reason: str, bands: Bands | None
) -> tuple[ScanTiff, Samples, Loss | None]:
    """As much of a damaged TIFF as can be read. Raises PictureError unless salvage."""
    image.layout(name, salvage=True)  # raises where nothing can be
    if not salvage:
        raise PictureError(Loss(reason or "strips or tiles are damaged", None).refusal(name)) from None
    samples = read_samples(image, lambda: image, name, salvage=True, bands=bands)
    return image, samples, Loss("strips or tiles are missing or damaged", samples.share, of="pixels")


def _all_of(stream: IO[bytes]) -> bytes:
    stream.seek(0)
    return stream.read()


def identify(stream: IO[bytes], name: str) -> ImageFile.ImageFile:
    """Open the header with the reader whose signature matches; pixels are not decoded yet."""
    stream.seek(0)
    prefix = stream.read(64)
    if not prefix:
        raise PictureError(f"{name} is empty; get a whole copy of it")
    if _is_heic(prefix):
        return _open_heic(stream, name)
    for format_name, (module, class_name) in _READERS.items():
        try:
            reader = getattr(importlib.import_module(module), class_name)
        except ImportError:
            continue
        accept = Image.OPEN[format_name][1] if format_name in Image.OPEN else None
        if accept is not None and accept(prefix) is True:
            stream.seek(0)
            image: ImageFile.ImageFile = reader(stream, "")
            return image
    raise PictureError(f"{name} is not a picture that can be read; use JPEG, PNG, TIFF, WebP, BMP, GIF, AVIF or HEIC")


def _is_heic(prefix: bytes) -> bool:
    """By the brands in the file's first box; AVIF and HEIC share the general brands "mif1" and "msf1"."""
    if prefix[4:8] != b"ftyp":
        return False
    end = min(len(prefix), int.from_bytes(prefix[:4], "big"))
    brands = [prefix[8:12], *(prefix[i : i + 4] for i in range(16, end, 4))]
    return brands[0] in _HEIC_BRANDS or (brands[0] in (b"mif1", b"msf1") and any(b in _HEIC_BRANDS for b in brands))


def _open_heic(stream: IO[bytes], name: str) -> ImageFile.ImageFile:
    if "HEIF" not in Image.OPEN:
        try:
            importlib.import_module("pillow_heif").register_heif_opener()
        except ImportError:
            raise PictureError(f"can't read {name}: HEIC needs a package more; run: pip install pillow-heif") from None
    stream.seek(0)
    image = Image.OPEN["HEIF"][0](stream, "")
    assert isinstance(image, ImageFile.ImageFile)
    return image


def decode_image(image: Image.Image, samples: Samples, *, name: str, bands: Bands | None = None) -> Decoded:
    """Colour to sRGB, the right way up, metadata gathered, from an opened image and the samples read from it."""
    info, notes = image.info, samples.notes
    if getattr(image, "is_animated", False):
        notes += (more_than_one(name),)
    raw_exif = info.get("exif")
    if isinstance(raw_exif, bytes) and not isinstance(image, _TIFFS):
        info["exif"] = mended_exif(raw_exif)
        if info["exif"] != raw_exif:
            notes += (f"{name}: its EXIF is damaged; only what is sound of it is kept",)
    had_profile = len(_profile(image)) > 132
    pixels, told = in_srgb(image, samples, name)
    notes += told
    if bands and not isinstance(image, ScanTiff):
        pixels = chosen_bands(pixels, bands, name)
    orientation = _tolerant(lambda: _orientation(image), 1)
    dpi = _tolerant(lambda: _dpi(image), None)
    if dpi is not None and orientation >= 5:
        dpi = (dpi[1], dpi[0])
    block = _tolerant(lambda: _exif(image), b"")
    exif = _tolerant(lambda: corrected_exif(block, swapped=orientation >= 5, srgb=had_profile), b"")
    if block and not exif:
        notes += (f"{name}: its EXIF is damaged and left out",)
    geo = image.geo() if isinstance(image, ScanTiff) else {}
    if samples.empty is not None and not pixels[samples.empty].any():
        geo[NODATA] = 2, 2, b"0\0"  # whatever it was in the file's own unit
    if geo and orientation != 1:
        geo, notes = {}, (*notes, f"{name} is turned upright, so its place on the map is left out")
    comment = info.get("comment")
    return Decoded(
        pixels=upright(pixels, orientation),
        alpha=None if samples.alpha is None else upright(samples.alpha, orientation),
        format="JPEG" if image.format == "MPO" else image.format or "PNG",
        exif=exif,
        xmp=corrected_xmp(info.get("xmp", b"")),
        iptc=_tolerant(lambda: _iptc(image), b""),
        dpi=dpi,
        text=_tolerant(lambda: _text(image), {}),
        comments=(comment,) if isinstance(comment, bytes) and comment else (),
        geo=geo,
        empty=None if samples.empty is None else upright(samples.empty, orientation),
        had_profile=had_profile,
        quality=_tolerant(lambda: _quality(image), None),
        lossless=image.format not in _LOSSY,
        compressed=info.get("compression") != "raw",
        notes=notes,
    )


def _profile(image: Image.Image) -> bytes:
    profile = image.info.get("icc_profile")
    return profile if isinstance(profile, bytes) else b""


def in_srgb(image: Image.Image, samples: Samples, name: str) -> tuple[Pixels, tuple[str, ...]]:
    """The colours of samples through the picture's profile, and a note if that can't be used."""
    pixels, profile = samples.color, _profile(image)
    notes: tuple[str, ...] = ()
    try:
        if len(profile) > 132 and samples.profile_applies:
            pixels = icc.to_srgb(pixels, profile)
    except icc.ProfileError as error:
        notes = (f"{name}: its colour profile can't be used ({error}); taken as sRGB",)
    return (icc.naive_cmyk(pixels) if pixels.ndim == 3 and pixels.shape[2] == 4 else pixels), notes


def _tolerant(read: Callable[[], Value], otherwise: Value) -> Value:
    """Metadata may be damaged in any way; that must not cost us the picture."""
    try:
        return read()
    except Exception:  # noqa: BLE001  as above: damaged in any way
        return otherwise


def upright(pixels: NDArray[Element], orientation: int) -> NDArray[Element]:
    """Turn and mirror by the EXIF orientation 1..8 (anything else means 1), C-contiguous."""
    if orientation in (5, 6, 7, 8):
        pixels = pixels.swapaxes(0, 1)
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return np.ascontiguousarray(pixels)


def _orientation(image: Image.Image) -> int:
    own = getattr(image, "orientation", None)  # of our own TIFF reader
    if own is None and isinstance(image.info.get("exif"), bytes):  # Pillow would warn of all that is damaged there
        return orientation_of(image.info["exif"], image.info.get("xmp"))
    value = own if own is not None else image.getexif().get(ExifTags.Base.Orientation, 1)
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _exif(image: Image.Image) -> bytes:
    if isinstance(image, ScanTiff):
        return image.exif()
    if isinstance(image, TiffImagePlugin.TiffImageFile):  # its Exif block is the file's own directory: take part of it
        kept = Image.Exif()
        for tag in DESCRIPTIVE:
            if tag in image.tag_v2:
                kept[tag] = image.tag_v2[tag]
        for pointer in (ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo):
            if details := image.getexif().get_ifd(pointer):
                kept[pointer] = dict(details)
        return kept.tobytes() if len(kept) else b""
    raw = image.info.get("exif")
    if isinstance(raw, bytes):
        return raw
    made = image.getexif()
    return made.tobytes() if len(made) else b""


def _iptc(image: Image.Image) -> bytes:
    if isinstance(image, _TIFFS):
        value = image.tag_v2.get(33723, b"")
        return value if isinstance(value, bytes) else b""
    records = (iptc_from_photoshop(d) for m, d in getattr(image, "applist", []) if m == "APP13")
    return next((record for record in records if record), b"")


def _dpi(image: Image.Image) -> tuple[float, float] | None:
    if "dpi" not in image.info or (isinstance(image, _TIFFS) and 282 not in image.tag_v2):
        return None  # for a TIFF without a resolution Pillow says 1 x 1
    x, y = (float(v) for v in image.info["dpi"])
    return (x, y) if 0 < x < 1e5 and 0 < y < 1e5 else None


def _text(image: Image.Image) -> dict[str, str]:
    texts: dict[str, Any] = getattr(image, "text", {}) if image.format == "PNG" else {}
    return {k: str(v) for k, v in texts.items() if not k.startswith("Raw profile") and k != "XML:com.adobe.xmp"}


def _quality(image: Image.Image) -> int | None:
    """The quality 1..100 a JPEG was likely written with, from its luminance quantisation."""
    tables = getattr(image, "quantization", None)
    if not tables or 0 not in tables:
        return None
    scale = 100 * float(sum(tables[0])) / _STANDARD_LUMA_SUM
    return round(min(100.0, max(1.0, (200 - scale) / 2 if scale < 100 else 5000 / scale)))


def _has_end_of_codestream(stream: IO[bytes]) -> bool:
    """Whether a JPEG 2000 file holds the marker FFD9, which can't occur within its packets."""
    at = stream.tell()
    found = b"\xff\xd9" in _all_of(stream)
    stream.seek(at)
    return found


def _has_lossless_chunk(stream: IO[bytes]) -> bool:
    """Whether a WebP file holds its first picture without loss (a VP8L chunk)."""
    stream.seek(12)
    while len(head := stream.read(8)) == 8:
        if head[:4] == b"VP8L":
            return True
        if head[:4] == b"ANMF":
            stream.seek(16, io.SEEK_CUR)
        elif head[:4] == b"VP8 ":
            return False
        else:
            size = int.from_bytes(head[4:], "little")
            stream.seek(size + (size & 1), io.SEEK_CUR)
    return False
