"""Load the pixels of an opened file and say whether all of them were there: decoders are silent about some losses."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO

from PIL import ImageFile

from photochrom.codec import jpeg, jpeg2000, jpeg_codes, png_rows
from photochrom.errors import PictureError

# Pixels up to which a JPEG is decoded twice to see where it ends, where it is damaged or its codes can't be looked at:
_PROBED = 50e6  # one of several scans, or with restart markers
_PROBED_PLAIN = 4e6  # and any other, whose feed tells all but the last few blocks
_WIPED = 64  # bytes of one value on end that coders do not write
_PADDING = 4  # bytes that a file may have more than it says: a line's end, an even length
_WORTH_SALVAGE = 0.01  # share of a picture: what holds less only claims its size
Reopen = Callable[[IO[bytes]], ImageFile.ImageFile]


@dataclass(frozen=True)
class Loss:
    """What of a picture is missing. reason: in words. share: of its rows that are there, 0..1; None: not known.

    of: what is counted. sure: False where a whole file may look so too.
    """

    reason: str
    share: float | None
    of: str = "rows"
    sure: bool = True

    def note(self, name: str) -> str:
        """For a warning beside the part that was read."""
        if not self.sure:
            return f"{name} may be damaged: {self.reason}; compare it with another copy"
        return f"{name} is damaged: {self.reason}{self._extent}; what is missing is made up"

    def refusal(self, name: str) -> str:
        """For an error."""
        return (
            f"{name} is cut short or damaged: {self.reason}{self._extent}; "
            "get a whole copy, or colour what there is with --salvage (salvage=True)"
        )

    @property
    def _extent(self) -> str:
        return "" if self.share is None else f" ({int(100 * self.share)} % of its {self.of} are there)"


def load_jpeg(
    data: bytes, reopen: Reopen, *, probe: bool, salvage: bool
) -> tuple[ImageFile.ImageFile | None, Loss | None]:
    """The loaded image, and what is missing of it. reopen: gives the image, its header read, from other bytes.

    probe: look at the codes a second time. Raises PictureError for a file that holds no coded pixels at all, or
    far too few for its size (unless salvage).
    """
    found = jpeg.survey(data)
    width, height = found.size
    if not found.scans or len(found.scans) > jpeg.MOST_SCANS:
        raise PictureError(f"can't read the JPEG: {found.fault}; get a whole copy")
    if found.share < _WORTH_SALVAGE and salvage:
        raise PictureError(
            f"can't read the JPEG: it claims {width} x {height} pixels and has bytes for a hundredth at most; "
            "get a whole copy"
        )
    if found.fault and not salvage:  # sure without decoding; how far it goes isn't known
        return None, Loss(found.fault, None)
    if found.wiped is not None and not found.restarts:  # what follows would be noise
        return load_jpeg(data[: found.wiped], reopen, probe=probe, salvage=salvage)
    plain = not (found.progressive or found.coded_as_a_whole)
    end = found.scans[-1][1]
    feed = jpeg.Feed(data, found) if plain else io.BytesIO(data[:end] + b"\xff\xd9")
    image = reopen(feed)
    if isinstance(feed, jpeg.Feed):
        feed.watch(image)
    image.load()
    reason, rows, known = found.fault, height, False
    if isinstance(feed, jpeg.Feed):
        if feed.rows is not None:
            return image, Loss(reason or "its data ends early", feed.rows / image.height)
        if feed.surplus:
            reason = reason or "its data is damaged in the middle"
    seen = jpeg_codes.fault(data, found) if probe and not reason else ""
    reason = reason or seen or ""
    limit = _PROBED if found.restarts or not plain or reason else _PROBED_PLAIN
    if (reason or seen is None) and width * height <= limit:
        other = reopen(io.BytesIO(jpeg.probed(data, found)))
        other.load()
        differs = jpeg.first_difference(image, other)
        if differs is not None:
            reason, rows, known = reason or "its data ends early", differs, True
    return image, Loss(reason, rows / height if known else None) if reason else None


def png_loss(data: bytes, *, short: bool) -> Loss | None:
    """What rows are missing of a PNG; counted by unpacking it again if a checksum is wrong, or if it looks `short`."""
    if not short and png_rows.sums_right(data):
        return None
    share = png_rows.share_held(data)
    return Loss("its rows end early", share) if share < 1 else None


def wiped_loss(image: ImageFile.ImageFile, data: bytes) -> Loss | None:
    """Whether coded pixels of a WebP or AVIF were wiped, or those of a JPEG 2000 are damaged."""
    if image.format == "WEBP":
        return webp_loss(data, image.size)
    if image.format == "JPEG2000":
        return Loss("its data is damaged in the middle", None) if jpeg2000.is_damaged(data) else None
    blocks = (image.info.get("exif"), image.info.get("xmp"))
    return avif_loss(data, image.size, tuple(b.removeprefix(b"Exif\0\0") for b in blocks if isinstance(b, bytes)))


def surplus_note(image: ImageFile.ImageFile, head: bytes, held: int, name: str) -> tuple[str, ...]:
    """A sentence for a BMP, PPM or WebP that is longer than it says, as where line ends were rewritten on the way.

    image: its header read, no more. head: its first 8 bytes. held: how many there are.
    """
    if image.format == "WEBP":
        size = int.from_bytes(head[4:8], "little")
        says = 8 + size + (size & 1)
    elif image.format == "BMP":
        says = int.from_bytes(head[2:6], "little") or held
    elif image.format == "PPM":
        says = _raw_end(image) or held
    else:
        return ()
    more = held - says
    if more <= _PADDING:
        return ()
    return (f"{name} may be damaged: it holds {more} bytes more than it says; compare it with another copy",)


def webp_loss(data: bytes, size: tuple[int, int]) -> Loss | None:
    """Whether coded pixels of a WebP were wiped with zeros or ones.

    Its lossy coder writes a zero for no fewer than 30 macroblocks of even ground, its lossless one at its lowest effort
    any number of them.
    """
    zeros, ones = bytes(max(_WIPED, size[0] * size[1] // 256 // 12)), b"\xff" * _WIPED
    doubt, at = None, 12
    while at + 8 <= len(data):
        kind, long = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        lossless = kind == b"VP8L" or (kind == b"ALPH" and data[at + 8 : at + 9] and data[at + 8] & 3 == 1)
        lossy = kind == b"VP8 "
        coded = at + 8, at + 8 + long
        if (lossy and data.find(zeros, *coded) >= 0) or ((lossy or lossless) and data.find(ones, *coded) >= 0):
            return Loss("a part of it was wiped", None)
        if lossless and data.find(bytes(_WIPED), *coded) >= 0:
            doubt = Loss("a part of its data is zeros, as its coder rarely writes them", None, sure=False)
        at += 8 + (16 if kind == b"ANMF" else long + (long & 1))
    return doubt


def avif_loss(data: bytes, size: tuple[int, int], metadata: tuple[bytes, ...] = ()) -> Loss | None:
    """Whether coded pixels of an AVIF were wiped with zeros or ones; even ground of half a megapixel takes one zero.

    metadata: EXIF and XMP, which may hold many.
    """
    coded = max(data.find(b"mdat"), 0)
    for block in metadata:
        data = data.replace(block, b"") if len(block) > _WIPED else data
    zeros = max(_WIPED, size[0] * size[1] // 100_000)
    found = data.find(bytes(zeros), coded) >= 0 or data.find(b"\xff" * _WIPED, coded) >= 0
    return Loss("a part of it was wiped", None) if found else None


def padded(data: bytes, image: ImageFile.ImageFile) -> tuple[bytes, Loss] | None:
    """An uncompressed picture's file with zeros in place of what is missing, and what that is; None for other kinds."""
    end, offset = _raw_end(image), image.tile[0][2] if image.tile else 0
    if end is None or not offset < len(data) < end:
        return None
    return data + bytes(end - len(data)), Loss("its rows end early", (len(data) - offset) / (end - offset))


def _raw_end(image: ImageFile.ImageFile) -> int | None:
    """Where the bytes of an uncompressed picture end, whose header is read; None for other kinds."""
    if len(image.tile) != 1 or image.tile[0][0] not in ("raw", "ppm"):
        return None
    _, _, offset, args = image.tile[0]
    stride = args[1] if isinstance(args, tuple) and len(args) > 1 and isinstance(args[1], int) else 0
    wide = image.mode.startswith("I") or ";16" in str(args)
    row = stride or image.width * len(image.getbands()) * (2 if wide else 1)
    return int(offset) + int(row) * image.height
