"""Load the pixels of an opened file and say whether all of them were there: decoders are silent about some losses."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO

from PIL import ImageFile

from photochrom.codec import jpeg, jpeg_codes, png_rows
from photochrom.errors import PictureError

# Pixels up to which a JPEG is decoded twice to see where it ends, where it is damaged or its codes can't be looked at:
_PROBED = 50e6  # one of several scans, or with restart markers
_PROBED_PLAIN = 4e6  # and any other, whose feed tells all but the last few blocks
_WIPED = bytes(64)
_MOST_PACKETS = 4096
_WORTH_SALVAGE = 0.01  # share of a picture: what holds less only claims its size
Reopen = Callable[[IO[bytes]], ImageFile.ImageFile]


@dataclass(frozen=True)
class Loss:
    """What of a picture is missing. reason: in words. share: of its rows that are there, 0..1; None: not known.

    of: what is counted.
    """

    reason: str
    share: float | None
    of: str = "rows"

    def note(self, name: str) -> str:
        """For a warning beside the part that was read."""
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
    """Whether coded pixels of a WebP, AVIF or JPEG 2000 were wiped with zeros."""
    if image.format == "WEBP":
        return webp_loss(data)
    if image.format == "JPEG2000":
        return jpeg2000_loss(data)
    blocks = (image.info.get("exif"), image.info.get("xmp"))
    return avif_loss(data, tuple(b.removeprefix(b"Exif\0\0") for b in blocks if isinstance(b, bytes)))


def webp_loss(data: bytes) -> Loss | None:
    """Whether coded pixels of a WebP were wiped with zeros; its coders write no long runs of them."""
    at = 12
    while at + 8 <= len(data):
        kind, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        packed = kind in (b"VP8 ", b"VP8L") or (kind == b"ALPH" and data[at + 8 : at + 9] and data[at + 8] & 3 == 1)
        if packed and data.find(_WIPED, at + 8, at + 8 + size) >= 0:
            return Loss("a part of it was wiped with zeros", None)
        at += 8 + (16 if kind == b"ANMF" else size + (size & 1))
    return None


def avif_loss(data: bytes, metadata: tuple[bytes, ...] = ()) -> Loss | None:
    """Whether coded pixels of an AVIF were wiped with zeros. metadata: EXIF and XMP, which may hold many."""
    coded = data.find(b"mdat")
    for block in metadata:
        data = data.replace(block, b"") if len(block) > len(_WIPED) else data
    return Loss("a part of it was wiped with zeros", None) if data.find(_WIPED, max(coded, 0)) >= 0 else None


def jpeg2000_loss(data: bytes) -> Loss | None:
    """Whether coded pixels of a JPEG 2000 were wiped: more zeros on end than it has packets, which may be empty."""
    start = data.find(b"\xff\x4f\xff\x51")
    style = data.find(b"\xff\x52", start)
    coded = data.find(b"\xff\x93", style)
    if min(start, style, coded) < 0 or data[style + 4] & 1:  # precincts of its own: there may be many more packets
        return None
    components = int.from_bytes(data[start + 40 : start + 42], "big")
    packets = int.from_bytes(data[style + 6 : style + 8], "big") * (data[style + 9] + 1) * components
    found = packets < _MOST_PACKETS and data.find(_WIPED + bytes(packets), coded) >= 0
    return Loss("a part of it was wiped with zeros", None) if found else None


def padded(data: bytes, image: ImageFile.ImageFile) -> tuple[bytes, Loss] | None:
    """An uncompressed picture's file with zeros in place of what is missing, and what that is; None for other kinds."""
    if len(image.tile) != 1 or image.tile[0][0] not in ("raw", "ppm"):
        return None
    _, _, offset, args = image.tile[0]
    stride = args[1] if isinstance(args, tuple) and len(args) > 1 and isinstance(args[1], int) else 0
    wide = image.mode.startswith("I") or ";16" in str(args)
    needed = (stride or image.width * len(image.getbands()) * (2 if wide else 1)) * image.height
    held = max(0, len(data) - offset)
    if not 0 < held < needed:
        return None
    return data + bytes(needed - held), Loss("its rows end early", held / needed)
