"""How much memory a picture needs from reading to writing, told by its header, before any of it is taken."""

import os
import re
from contextlib import suppress
from functools import cache
from pathlib import Path

from PIL import ImageFile

from photochrom.codec.tiff import ScanTiff
from photochrom.errors import PictureTooLargeError, UsageError

_MOST = 4 << 30  # bytes, where nobody says otherwise
# A file of under a megabyte may be of many megapixels, a blank page say; more often it only claims to be.
_SMALL_FILE, _MOST_OF_SMALL = 1 << 20, 1 << 30
ALWAYS = 260 << 20  # bytes that Python, the libraries and a network take
_FRAME = 8  # bytes for a pixel of a frame that waits to be written, and its packed form
# bytes a pixel: 8-bit grey, 8-bit colours, deeper samples, formats whose coders hold pictures of their own
_GREY, _COLOR, _DEEP, _CODED = 8.5, 11.0, 14.0, 16.0
_UNITS = {"k": 10, "m": 20, "g": 30, "t": 40}
_SIZE = re.compile(r"(\d+(?:\.\d*)?|\.\d+)\s*([kmgt])(?:i?b)?", re.IGNORECASE)


def check_pixels(size: tuple[int, int], name: str, most: float) -> None:
    """Refuse a picture (width, height) of more than `most` pixels. Raises PictureTooLargeError."""
    if size[0] * size[1] > most:
        raise PictureTooLargeError(
            f"{name} has {_megapixels(size)}, more than the limit of {most / 1e6:g}; "
            "raise the limit if you trust the file"
        )


def check_memory(
    image: ImageFile.ImageFile, name: str, *, max_memory: int | None, held: int, short_side: int = 0
) -> None:
    """Refuse an identified picture that needs too much. held: bytes of its file. Raises PictureTooLargeError.

    short_side: it is going to be read at a fraction of its size, the short side keeping so many pixels.
    """
    shortest = min(image.size)
    shrunk = min(1.0, 2 * short_side / shortest) if short_side and shortest else 1.0
    need = ALWAYS + image.width * image.height * bytes_per_pixel(image) * shrunk**2
    limit = max_memory
    if limit is None:
        limit = min(default_memory(), _MOST_OF_SMALL if held < _SMALL_FILE else _MOST)
    if need > limit:
        raise PictureTooLargeError(
            f"{name} has {_megapixels(image.size)} and would need {_gigabytes(need)} of memory, more than the limit of "
            f"{_gigabytes(limit)}; raise it with --max-memory (max_memory=) if you trust the file"
        )


def check_frames(size: tuple[int, int], count: int, name: str, *, max_memory: int | None) -> None:
    """Refuse more frames than may be held at a time. size: (width, height) of each. Raises PictureTooLargeError."""
    need, limit = _FRAME * size[0] * size[1] * count + ALWAYS, max_memory or default_memory()
    if need > limit:
        raise PictureTooLargeError(
            f"{count} frames of {name} would need {_gigabytes(need)} of memory, more than the limit of "
            f"{_gigabytes(limit)}; choose fewer with --pages, or raise it with --max-memory"
        )


def bytes_per_pixel(image: ImageFile.ImageFile) -> float:
    """What the picture takes at most at one time, from decoding to encoding, by its depth and colours.

    Measured as the peak of whole processes at 40 megapixels, less what they take with a small picture.
    """
    if isinstance(image, ScanTiff):
        bits, samples = image.tag_v2.get(258, 1), image.tag_v2.get(277, 1)
        deep = (max(bits) if isinstance(bits, tuple) else bits) not in range(9)  # no number at all counts as deep
        return _DEEP if deep else _GREY if samples == 1 else _COLOR
    if image.format in ("WEBP", "AVIF", "HEIF", "JPEG2000"):
        return _CODED
    if image.mode in ("1", "L", "P"):
        return _GREY
    return _DEEP if image.mode[0] in "IF" or "16" in str(image.tile) else _COLOR


@cache
def default_memory() -> int:
    """The limit where nobody sets one: 4 GiB, or half of what the machine has."""
    return min(_MOST, _machine() // 2)


def parse_memory(text: str) -> int:
    """Bytes from "4G", "500 MB" or "1.5GiB", all in powers of 1024. Raises UsageError."""
    match = _SIZE.fullmatch(text.strip())
    count = int(float(match[1]) * 2 ** _UNITS[match[2].lower()]) if match else 0
    if not count:
        raise UsageError(f"can't use {text!r} as a size of memory; write it as 500M or 4G")
    return count


def _machine() -> int:
    """Bytes of memory that this machine, or the container that this runs in, has; 8 GiB where it can't be told."""
    sizes = []
    with suppress(AttributeError, ValueError, OSError):
        sizes.append(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    for file in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        with suppress(OSError, ValueError):
            sizes.append(int(Path(file).read_text(encoding="ascii")))
    return min((size for size in sizes if size > 0), default=8 << 30)


def _megapixels(size: tuple[int, int]) -> str:
    return f"{size[0] * size[1] / 1e6:.{0 if size[0] * size[1] >= 1e7 else 1}f} megapixels ({size[0]} x {size[1]})"


def _gigabytes(count: float) -> str:
    return f"{count / 2**30:.1f} GiB"
