"""From arrays and metadata to the bytes of a picture file."""

import io
from importlib.util import find_spec
from typing import Any, BinaryIO

import numpy as np
from PIL import Image, PngImagePlugin

from photochrom.codec import exif as exif_blocks
from photochrom.codec import icc
from photochrom.codec.arrays import flatten_on_white, to_8_bit
from photochrom.codec.png_writer import write_png_16
from photochrom.codec.reading import Decoded
from photochrom.codec.tiff_writer import write_tiff
from photochrom.color.lab import Pixels
from photochrom.errors import OutputError, UsageError

# What we write, by the suffix of the name; the first suffix of a format is the one to give to new files.
SUFFIXES = {
    ".jpg": "JPEG", ".jpeg": "JPEG", ".jpe": "JPEG", ".jfif": "JPEG", ".png": "PNG", ".tif": "TIFF", ".tiff": "TIFF",
    ".webp": "WEBP", ".bmp": "BMP", ".avif": "AVIF",
}  # fmt: skip
_LONGEST_SIDE = {"JPEG": 65500, "WEBP": 16383, "AVIF": 16384}
_JPEG_SEGMENT = 65533  # bytes that a marker segment of a JPEG can hold
DEFAULT_QUALITY = 92


def known_format(name: str) -> str:
    """Pillow's name of a format we write, from "jpg", ".JFIF" or "JPEG". Raises UsageError for others."""
    plain = name.removeprefix(".").upper()
    plain = SUFFIXES.get(f".{plain.lower()}", plain)
    if plain not in SUFFIXES.values():
        choices = ", ".join(dict.fromkeys(SUFFIXES.values()))
        raise UsageError(f"can't write pictures as {name!r}; choose one of {choices}")
    return plain


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
    # An sRGB profile belongs to RGB pixels; grey ones need none, being taken as sRGB grey.
    profile = icc.srgb_profile() if picture.had_profile and pixels.ndim == 3 else b""
    if format == "TIFF":
        exif, damaged = _exif_made_anew(picture.exif)
        notes += damaged
        write_tiff(
            out, pixels, alpha, compress=picture.compressed, dpi=picture.dpi, icc=profile,
            exif=exif, xmp=picture.xmp, iptc=picture.iptc,
        )  # fmt: skip
    elif format == "PNG" and pixels.dtype == np.uint16:
        write_png_16(
            out, pixels, alpha, dpi=picture.dpi, icc=profile, exif=picture.exif, xmp=picture.xmp, text=_texts(picture)
        )
    else:
        # Into memory first: given a real file, Pillow writes past Python and hides why a write failed.
        memory = io.BytesIO()
        opacity = None if alpha is None else to_8_bit(alpha)
        notes += _with_pillow(memory, image_of(to_8_bit(pixels), opacity), picture, format, quality, profile)
        out.write(memory.getbuffer())
    return notes


def _with_pillow(
    out: BinaryIO, image: Image.Image, picture: Decoded, format: str, quality: int | None, profile: bytes
) -> list[str]:
    options: dict[str, Any] = {"icc_profile": profile} if profile else {}
    notes: list[str] = []
    if picture.dpi is not None and format in ("JPEG", "PNG", "BMP"):
        options["dpi"] = picture.dpi
    if picture.exif and format != "BMP":
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
    try:
        image.save(out, format, **options)
    except (OSError, ValueError) as error:
        raise OutputError(f"can't write the picture as {format} ({error}); choose PNG or TIFF") from error
    return notes


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
    said = "\n".join(comment.decode("utf-8", "replace").rstrip("\0") for comment in picture.comments)
    return {"Comment": said, **picture.text} if said else picture.text


def _png_text(picture: Decoded) -> PngImagePlugin.PngInfo:
    info = PngImagePlugin.PngInfo()
    for key, value in _texts(picture).items():
        info.add_itxt(key, value)
    if picture.xmp:
        info.add_itxt("XML:com.adobe.xmp", picture.xmp.decode("utf-8", "replace"))
    return info
