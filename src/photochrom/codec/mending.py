"""What Pillow stumbles over though the picture is whole is taken out or mended before it sees the file."""

import io
from dataclasses import dataclass
from typing import IO

from photochrom.codec import jpeg, png_rows

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
    """The same stream if it is neither JPEG nor PNG, else its bytes without damaged EXIF and over-long texts."""
    stream.seek(0)
    prefix = stream.read(8)
    if prefix[:3] != b"\xff\xd8\xff" and prefix != b"\x89PNG\r\n\x1a\n":
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
