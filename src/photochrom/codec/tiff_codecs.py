"""The bytes of one strip or tile of a TIFF, decompressed; nothing here writes to stderr, as libtiff does."""

import ctypes
import io
import lzma
import struct
import zlib
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import IO

import numpy as np
import PIL
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageFile, JpegImagePlugin, TiffImagePlugin, WebPImagePlugin

from photochrom.codec import fax
from photochrom.codec import tiff_layout as kinds
from photochrom.codec.lzw import lzw_decode, lzw_is_sound
from photochrom.codec.whole import load_jpeg, webp_loss

_REVERSED = bytes(int(f"{i:08b}"[::-1], 2) for i in range(256))
_STREAM = (kinds.DEFLATE, kinds.OLD_DEFLATE)
_PIECE = 256  # bytes
_FILL = 3  # bytes that may follow the last run of a strip
# What decoders raise where data is damaged
DAMAGE = (OSError, EOFError, SyntaxError, ValueError, lzma.LZMAError, zlib.error, struct.error)


class UprightTiff(TiffImagePlugin.TiffImageFile):
    """As Pillow and libtiff read it, without the turning, which is the caller's, and without Pillow's limit of size."""

    def _setup(self) -> None:
        """Pillow calls it when a page's tags are read."""
        if ExifTags.Base.Orientation in self.tag_v2:
            del self.tag_v2[ExifTags.Base.Orientation]
        super()._setup()

    def load_prepare(self) -> None:
        """Pillow calls it before decoding."""
        if self._im is None:
            self.im = Image.new(self.mode, self.size, None).im
        super().load_prepare()


def block_bytes(file: IO[bytes], layout: kinds.Layout, offset: int, count: int, size: int) -> bytes:
    """`size` bytes, decompressed. Raises OSError, or what a decoder raises, where they aren't there."""
    data = _unpacked(_stored(file, layout, offset, count), layout, size)
    if len(data) < size:
        raise OSError("rows are missing")
    return data[:size]


def salvaged_bytes(file: IO[bytes], layout: kinds.Layout, offset: int, count: int, size: int) -> bytes:
    """The same as far as it goes: `size` bytes at most."""
    data = _stored(file, layout, offset, count)
    if layout.compression in _STREAM:
        return _inflated(data, size)
    try:
        return _unpacked(data, layout, size)[:size]
    except fax.FaxError as error:
        return error.rows
    except DAMAGE:
        return b""


def _inflated(data: bytes, size: int) -> bytes:
    """What comes before the damage."""
    unpacker, out = zlib.decompressobj(), bytearray()
    with suppress(zlib.error):
        for at in range(0, len(data), _PIECE):
            out += unpacker.decompress(data[at : at + _PIECE], size - len(out))
            if len(out) >= size:
                break
    return bytes(out[:size])


def _stored(file: IO[bytes], layout: kinds.Layout, offset: int, count: int) -> bytes:
    file.seek(offset)
    data = file.read(count)
    return data.translate(_REVERSED) if layout.reversed_bits else data


def _unpacked(data: bytes, layout: kinds.Layout, size: int) -> bytes:
    if layout.compression in _STREAM:
        unpacker = zlib.decompressobj()
        out = unpacker.decompress(data, size + 1)  # one more: to the checksum, which tells of damage
        _to_checksum(unpacker, 4 * size)
        return out
    if layout.compression == kinds.LZMA:
        return lzma.LZMADecompressor(memlimit=256 << 20).decompress(data, size + 1)
    if layout.compression == kinds.LZW:
        old = len(data) > 1 and not data[0] and data[1] & 1  # codes from the lowest bit on, of writers before TIFF 6
        sound = old or lzw_is_sound(data, size)  # then libtiff has nothing to complain of, and is the faster one
        return _through_libtiff(data, kinds.LZW, size) if sound else lzw_decode(data, size)
    if layout.compression == kinds.PACKBITS:
        return _packbits(data, layout, size)
    if layout.compression in kinds.FAX:
        rows = size // layout.row_bytes
        return fax.decode(
            data, compression=layout.compression, options=layout.fax_options, width=layout.block[0], rows=rows
        )
    if layout.compression == kinds.ZSTD:
        return _through_libtiff(data, layout.compression, size)
    return data


def _to_checksum(unpacker: "zlib._Decompress", most: int) -> None:
    """Unpack what follows the rows, `most` bytes at most. Raises zlib.error for wrong or missing ones."""
    while not unpacker.eof and most > 0 and unpacker.unconsumed_tail:
        most -= max(1, len(unpacker.decompress(unpacker.unconsumed_tail, 1 << 16)))
    if not unpacker.eof and not unpacker.unconsumed_tail:
        raise zlib.error("its end is missing")


def _packbits(data: bytes, layout: kinds.Layout, size: int) -> bytes:
    """Raises OSError if it holds more rows than a strip or tile has: then some are foreign or shifted."""
    if size == layout.row_bytes * layout.block[1]:  # the last strip may have been filled up
        with suppress(ValueError):
            Image.frombytes("L", (size + _FILL, 1), data, "packbits", "L")
            raise OSError("its runs are damaged")
    return Image.frombytes("L", (size, 1), data, "packbits", "L").tobytes()


@cache
def silence_libtiff() -> None:
    """Let libtiff say nothing of damage on stderr, where Pillow brings it as a library of its own. We say it."""
    places = Path(PIL.__file__).parent
    for folder in (places.parent / "pillow.libs", places / ".dylibs"):
        for library in folder.glob("libtiff*"):
            with suppress(OSError, AttributeError):
                ctypes.CDLL(str(library)).TIFFSetErrorHandler(None)


def _through_libtiff(data: bytes, compression: int, size: int) -> bytes:
    """Wrapped as a grey picture of one row."""
    silence_libtiff()
    values = {256: size, 257: 1, 258: 8, 259: compression, 262: 1, 273: 8 + 2 + 12 * 9 + 4, 277: 1, 278: 1}
    values[279] = len(data)
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in values.items())
    image = UprightTiff(io.BytesIO(b"II*\0\x08\0\0\0\x09\0" + entries + bytes(4) + data))
    image.load()
    return image.tobytes()


def picture_block(file: IO[bytes], layout: kinds.Layout, tables: bytes, offset: int, count: int) -> NDArray[np.uint8]:
    """A JPEG or WebP strip or tile as (H,W,C) samples, YCbCr as RGB. tables: what all JPEGs of the page share.

    Raises what Pillow raises, OSError for another size.
    """
    file.seek(offset)
    data = file.read(count)
    wide, high = layout.block

    def fitting(image: ImageFile.ImageFile) -> ImageFile.ImageFile:
        if image.width != wide or not 0 < image.height <= high + 16:
            raise OSError(f"a block of {image.width} x {image.height} instead of {wide} x {high}")
        return image

    image: ImageFile.ImageFile | None
    if layout.compression == kinds.WEBP:
        image, loss = fitting(WebPImagePlugin.WebPImageFile(io.BytesIO(data))), webp_loss(data, layout.block)
        image.load()
    else:
        data = _bare(tables)[:-2] + _bare(data)[2:] if len(tables) > 4 else _bare(data)
        ycc = layout.photometric == kinds.YCBCR
        adobe = struct.pack(">HH5sHHHB", 0xFFEE, 14, b"Adobe", 100, 0, 0, int(ycc))
        whole = data[:2] + adobe + data[2:]
        image, loss = load_jpeg(
            whole, lambda stream: fitting(JpegImagePlugin.JpegImageFile(stream)), probe=True, salvage=False
        )
    if image is None or (loss and loss.sure):
        raise OSError(loss.reason if loss else "it has no pixels")
    if layout.compression == kinds.WEBP:
        return np.asarray(image.convert("RGBA"))[..., : layout.block_samples]
    if len(image.getbands()) != layout.block_samples:
        raise OSError(f"{len(image.getbands())} samples a pixel instead of {layout.block_samples}")
    pixels = np.asarray(image)
    if image.mode == "CMYK":
        pixels = 255 - pixels  # after an Adobe marker Pillow takes inks to be stored inverted
    return pixels.reshape(*pixels.shape[:2], layout.block_samples)


def _bare(data: bytes) -> bytes:
    """A JPEG without its application segments, which would say in which colour space it is beside the TIFF's tags."""
    if data[:2] != b"\xff\xd8":
        raise OSError("it has no JPEG in it")
    out, at = [data[:2]], 2
    while at + 4 <= len(data) and data[at] == 0xFF and data[at + 1] not in (0xDA, 0xD9):
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        if not 0xE0 <= data[at + 1] <= 0xEF:
            out.append(data[at:end])
        at = end
    return b"".join(out) + data[at:]
