"""From arrays and metadata to the bytes of a picture file."""

import io
import struct
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any, BinaryIO

import numpy as np
from PIL import Image, PngImagePlugin

from photochrom.codec import exif as exif_blocks
from photochrom.codec import icc
from photochrom.codec.arrays import flatten_on_white, to_8_bit
from photochrom.codec.png_writer import write_png_16
from photochrom.codec.reading import Decoded
from photochrom.codec.tiff_writer import MOST_BYTES, TiffWriter, raw_bytes
from photochrom.color.lab import Pixels
from photochrom.errors import OutputError, UsageError

# What we write, by the suffix of the name; the first suffix of a format is the one to give to new files.
SUFFIXES = {
    ".jpg": "JPEG", ".jpeg": "JPEG", ".jpe": "JPEG", ".jfif": "JPEG", ".mpo": "JPEG", ".png": "PNG", ".apng": "PNG",
    ".tif": "TIFF", ".tiff": "TIFF", ".webp": "WEBP", ".bmp": "BMP", ".avif": "AVIF",
}  # fmt: skip
_LONGEST_SIDE = {"JPEG": 65500, "WEBP": 16383, "AVIF": 16384}
_JPEG_SEGMENT = 65533  # bytes that a marker segment of a JPEG can hold
DEFAULT_QUALITY = 92


PAGE_SUFFIXES = {**SUFFIXES, ".gif": "GIF"}  # a single picture isn't written with a GIF's 256 colours, an animation is


def known_format(name: str, *, pages: bool = False) -> str:
    """Pillow's name of a format we write, from "jpg", ".JFIF" or "JPEG". Raises UsageError for others.

    pages: all pictures of a file are to be written.
    """
    suffixes = PAGE_SUFFIXES if pages else SUFFIXES
    plain = name.removeprefix(".").upper()
    plain = suffixes.get(f".{plain.lower()}", plain)
    if plain not in suffixes.values():
        choices = ", ".join(dict.fromkeys(suffixes.values()))
        raise UsageError(f"can't write pictures as {name!r}; choose one of {choices}")
    return plain


def suffix_of(format: str) -> str:
    """The suffix that new files of a format get, with its dot: ".jpg" for "JPEG"."""
    return next(suffix for suffix, name in PAGE_SUFFIXES.items() if name == format)


def write_picture(out: BinaryIO, picture: Decoded, *, format: str, quality: int | None = None) -> list[str]:
    """Encode to a seekable file, in a format that known_format gave.

    What the format can't hold is converted, with a note given back when it is seen: transparency is laid on white
    for JPEG and BMP, 16 bits are rounded to 8 for all but PNG and TIFF. Raises OutputError when it does not fit.
    """
    pixels, alpha = picture.pixels, picture.alpha
    notes: list[str] = []
    longest = _LONGEST_SIDE.get(format, 2**31 - 1)
    if max(pixels.shape[:2]) > longest:
        size = f"{pixels.shape[1]} x {pixels.shape[0]}"
        raise OutputError(f"{format} holds at most {longest} pixels a side, the picture has {size}; choose PNG or TIFF")
    if alpha is not None and format in ("JPEG", "BMP"):
        if int(alpha.min()) < np.iinfo(alpha.dtype).max:
            notes.append(f"{format} holds no transparency; laid on white (PNG would keep it)")
            pixels = flatten_on_white(pixels, alpha)
        alpha = None
    if picture.geo and format != "TIFF":
        notes.append(f"{format} holds no place on the map; left out (TIFF would keep it)")
    if format == "TIFF":
        whole = raw_bytes(pixels.shape, pixels.dtype, alpha=alpha is not None)
        return notes + add_to_tiff(TiffWriter(out, big=whole > MOST_BYTES), picture)
    if picture.rows is not None:
        raise OutputError(
            f"the picture is too large to be written as {format} within the limit of memory; choose TIFF, or raise the "
            "limit with --max-memory"
        )
    if format == "PNG" and pixels.dtype == np.uint16:
        write_png_16(
            out, pixels, alpha, dpi=picture.dpi, icc=profile_of(picture), exif=picture.exif, xmp=picture.xmp,
            text=_texts(picture),
        )  # fmt: skip
    else:
        # Into memory first: given a real file, Pillow writes past Python and hides why a write failed.
        memory = io.BytesIO()
        opacity = None if alpha is None else to_8_bit(alpha)
        options, lost = encoding_options(picture, format, quality)
        save_with_pillow(memory, image_of(to_8_bit(pixels), opacity), format, options)
        notes += lost
        out.write(memory.getbuffer())
    return notes


def add_to_tiff(tiff: TiffWriter, picture: Decoded, *, page: tuple[int, int] | None = None) -> list[str]:
    """Append a picture to a TIFF; gives notes of what was damaged. page: which of how many this is, from 0."""
    exif, damaged = _exif_made_anew(picture.exif)
    tiff.add(
        picture.pixels, picture.alpha, compress=picture.compressed, dpi=picture.dpi, icc=profile_of(picture),
        exif=exif, xmp=picture.xmp, iptc=picture.iptc, description=comment_of(picture), page=page, geo=picture.geo,
        rows=picture.rows,
    )  # fmt: skip
    if picture.rows is not None:
        damaged += picture.rows.notes  # now that all were read
    if picture.comments and exif_blocks.describes(exif):
        return [*damaged, "its comment is left out: a TIFF has one place for it, which its description takes"]
    return damaged


def profile_of(picture: Decoded) -> bytes:
    """The profile to be written: sRGB belongs to RGB pixels; grey ones need none, being taken as sRGB grey."""
    return icc.srgb_profile() if picture.had_profile and picture.pixels.ndim == 3 else b""


def comment_of(picture: Decoded) -> str:
    """The comments of a JPEG or GIF as one text; "" if there are none."""
    return "\n".join(comment.decode("utf-8", "replace").rstrip("\0") for comment in picture.comments)


def encoding_options(picture: Decoded, format: str, quality: int | None) -> tuple[dict[str, Any], list[str]]:
    """What Pillow is told beside the pixels: metadata and quality; and notes of what the format can't hold."""
    profile = profile_of(picture)
    options: dict[str, Any] = {"icc_profile": profile} if profile and format != "GIF" else {}
    notes: list[str] = []
    if picture.dpi is not None and format in ("JPEG", "PNG", "BMP"):
        options["dpi"] = picture.dpi
    if picture.exif and format not in ("BMP", "GIF"):
        options["exif"] = picture.exif
    if picture.xmp and format in ("JPEG", "WEBP", "AVIF"):
        options["xmp"] = picture.xmp
    if format == "JPEG":
        notes = _fit_segments(options)
        # Chroma at full size: it is what we add, and halving it would blur it.
        options |= {"subsampling": 0, "quality": quality or _jpeg_quality(picture.quality)}
        options["extra"] = exif_blocks.iptc_segment(picture.iptc) + exif_blocks.comment_segments(picture.comments)
    elif format == "PNG":
        options["pnginfo"] = _png_text(picture)
    elif format == "GIF" and picture.comments:
        options["comment"] = b"\n".join(picture.comments)
    elif format == "WEBP":
        # Lossy WebP always halves chroma; the sharp conversion loses least.
        lossless = quality is None and picture.lossless
        options |= {"lossless": lossless, "quality": quality or (75 if lossless else DEFAULT_QUALITY)}
        options |= {"exact": True, "use_sharp_yuv": True}
    elif format == "AVIF":
        if find_spec("PIL._avif") is None:
            raise OutputError("this Pillow can't write AVIF; install a newer one or choose PNG")
        options |= {"subsampling": "4:4:4", "quality": quality or DEFAULT_QUALITY}
        options["exif"], notes = _exif_made_anew(picture.exif)  # Pillow would, and fails where a value is damaged
    return options, notes


def save_with_pillow(out: BinaryIO, image: Image.Image, format: str, options: Mapping[str, Any]) -> None:
    """image.save, with one error for all that may go wrong. Raises OutputError."""
    try:
        image.save(out, format, **options)
    except (OSError, ValueError, struct.error) as error:
        raise OutputError(f"can't write the picture as {format} ({error}); choose PNG or TIFF") from error


def _exif_made_anew(exif: bytes) -> tuple[bytes, list[str]]:
    """For the formats whose writers take the block apart: without what is damaged in it, and a note of that."""
    made, whole = exif_blocks.made_anew(exif) if exif else (b"", True)
    return made, [] if whole else ["some of the picture's EXIF is damaged and left out"]


def image_of(pixels: Pixels, alpha: Pixels | None) -> Image.Image:
    """A Pillow image of mode L, LA, RGB or RGBA from uint8 arrays."""
    image = Image.fromarray(pixels)
    if alpha is not None:
        image.putalpha(Image.fromarray(alpha))
    return image


def _jpeg_quality(source: int | None) -> int:
    """Never visibly worse than the source, never absurdly large."""
    return min(98, max(DEFAULT_QUALITY, source or 0))


def _fit_segments(options: dict[str, Any]) -> list[str]:
    """Drop what no segment of a JPEG can hold; gives a note for each."""
    long = [name for name in ("exif", "xmp") if len(options.get(name, b"")) > _JPEG_SEGMENT - 40]
    for name in long:
        del options[name]
    return [f"the picture's {name.upper()} is too long for a JPEG and is left out" for name in long]


def _texts(picture: Decoded) -> dict[str, str]:
    """The texts of a PNG: its own, and the comments of a JPEG or GIF."""
    said = comment_of(picture)
    return {"Comment": said, **picture.text} if said else picture.text


def _png_text(picture: Decoded) -> PngImagePlugin.PngInfo:
    info = PngImagePlugin.PngInfo()
    for key, value in _texts(picture).items():
        info.add_itxt(key, value)
    if picture.xmp:
        info.add_itxt("XML:com.adobe.xmp", picture.xmp.decode("utf-8", "replace"))
    return info
