"""What Pillow stumbles over though the picture is whole is taken out or mended before it sees the file."""

import io
from dataclasses import dataclass
from typing import IO

from photochrom.codec import jpeg, png_rows
from photochrom.codec.exif_mending import mended_exif

try:
    from PIL._avif import AvifDecoder
except ImportError:  # a Pillow without AVIF
    AvifDecoder = None

_NO_EXIF = b"II*\0\x08\0\0\0" + bytes(6)  # a block without an entry
_LONGEST_TEXT = 1 << 20  # bytes: Pillow refuses a PNG with a longer text or profile


@dataclass
class Mended:
    """A file to be read, and what was set right: notes, a sentence each; a profile that was taken out; comments."""

    stream: IO[bytes]
    notes: tuple[str, ...] = ()
    profile: bytes = b""
    comments: tuple[bytes, ...] = ()


def more_than_one(name: str) -> str:
    """The note of a file of which only the first picture was asked for."""
    return f"{name} holds more than one picture; only the first is used"


def mended(stream: IO[bytes], name: str) -> Mended:
    """The same stream if nothing is wrong or it is of another kind; else bytes without damaged EXIF and long texts."""
    stream.seek(0)
    prefix = stream.read(12)
    if prefix[4:12] in (b"ftypavif", b"ftypavis"):
        return _mended_avif(stream, name)
    if prefix[:3] != b"\xff\xd8\xff" and prefix[:8] != b"\x89PNG\r\n\x1a\n":
        return Mended(stream)
    data = prefix + stream.read()
    if prefix[0] == 0x89:
        short, profile, gone = png_rows.without_long_texts(data, _LONGEST_TEXT)
        lost = tuple(f"{name}: a {what} of over 1 MB is left out" for what in gone)
        return Mended(io.BytesIO(short), lost, profile)
    found = jpeg.survey(data)
    sound = jpeg.with_sound_exif(data, found)
    notes: tuple[str, ...] = (
        () if sound is data else (f"{name}: its EXIF is damaged; only what is sound of it is kept",)
    )
    if len(found.pages) > 1 and not found.gain_map:
        notes += (more_than_one(name),)
    return Mended(io.BytesIO(sound), notes, comments=tuple(found.comments))


def _mended_avif(stream: IO[bytes], name: str) -> Mended:
    """With sound EXIF at the same place: Pillow reads it while it opens the file, and warns of what is damaged."""
    stream.seek(0)
    data = stream.read()
    note = (f"{name}: its EXIF is damaged; only what is sound of it is kept",)
    try:
        exif = bytes(AvifDecoder(data, "auto", 1).get_info()[-3] or b"") if AvifDecoder else b""
    except (ValueError, TypeError, OSError, RuntimeError) as error:
        if "Exif" not in str(error):  # the reader will say what is wrong
            return Mended(stream)
        end = max(0, data.find(b"mdat"))
        return Mended(io.BytesIO(data[:end].replace(b"Exif", b"free") + data[end:]), note)  # an item of no known type
    sound = mended_exif(exif) if exif else b""
    if sound == exif or data.count(exif) != 1:
        return Mended(stream)
    prefix = exif[:6] if exif.startswith(b"Exif\0\0") else b""
    sound = (sound or prefix + _NO_EXIF).ljust(len(exif), b"\0")[: len(exif)]
    return Mended(io.BytesIO(data.replace(exif, sound)), note)
