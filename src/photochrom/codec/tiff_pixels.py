"""The samples of a TIFF page as 8- or 16-bit pixels: every depth, kind, layout and colour space by one road."""

from collections.abc import Iterator
from contextlib import suppress
from typing import IO, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from photochrom.codec import tiff_layout as kinds
from photochrom.codec.arrays import strips
from photochrom.codec.bands import Bands, check_bands
from photochrom.codec.tiff_codecs import DAMAGE, block_bytes, picture_block, salvaged_bytes
from photochrom.codec.tiff_layout import Layout, unsupported
from photochrom.codec.tiff_tags import NODATA, Tags
from photochrom.color.lab import Pixels
from photochrom.color.margin import Mask
from photochrom.errors import PictureError

_PART = 1 << 22  # bytes of an uncompressed strip that are read at once


class Page(NamedTuple):
    """color: (H,W), RGB (H,W,3) or CMYK (H,W,4). alpha: (H,W) or None, both uint8 or both uint16.

    share: how much was there, 0..1. empty: (H,W), where a GeoTIFF says that nothing was measured, or None for nowhere.
    """

    color: Pixels
    alpha: Pixels | None
    share: float
    empty: Mask | None


def read_page(
    file: IO[bytes], layout: Layout, tags: Tags, name: str, *, salvage: bool = False, bands: Bands | None = None
) -> Page:
    """The pixels of a page.

    Raises PictureError for what isn't read, and others where the data are damaged or end early.
    salvage: what can't be read is 0 then, its alpha full, and the share of the pixels that could be is under 1.
    bands: these samples instead of the colours, as they were measured: (H,W) or (H,W,3).
    """
    _refuse(layout, name)
    if bands:
        check_bands(bands, layout.samples, name)
        measured, share = _stored(file, layout, tags, salvage, [band - 1 for band in bands])
        empty = _empty(measured, tags)
        color = _measured(measured, layout, empty)
        return Page(np.ascontiguousarray(color[..., 0] if len(bands) == 1 else color), None, share, empty)
    alpha = layout.alpha
    wanted = [*range(layout.colors), *([] if alpha is None else [alpha])]
    stored, share = _stored(file, layout, tags, salvage, wanted)
    empty = _empty(stored[..., : layout.colors], tags)
    return Page(*_as_pixels(stored, layout, tags, name, empty), share, empty)


def _empty(stored: Pixels, tags: Tags) -> Mask | None:
    """Where all samples (H,W,S) have the value that GDAL's tag calls not measured; None for nowhere."""
    try:
        nothing = float(str(tags[NODATA]).strip("\0 "))
    except (KeyError, ValueError):
        return None
    if stored.dtype != np.float32 and not (nothing.is_integer() and 0 <= nothing <= np.iinfo(stored.dtype).max):
        return None
    value = stored.dtype.type(nothing)
    empty = np.ones(stored.shape[:2], np.bool_)
    for sample in np.moveaxis(stored, -1, 0):
        empty &= np.isnan(sample) if np.isnan(value) else sample == value
    return empty if empty.any() and not empty.all() else None


def _stored(file: IO[bytes], layout: Layout, tags: Tags, salvage: bool, wanted: list[int]) -> tuple[Pixels, float]:
    """The samples `wanted`, (H,W,S) uint8, uint16 or float32, as they are; how much of them."""
    alpha = layout.alpha
    wide = layout.kind != kinds.UINT or layout.bits > 16
    stored = np.dtype(np.float32) if wide else np.dtype(np.uint8 if layout.bits <= 8 else np.uint16)
    out = (np.zeros if salvage else np.empty)((layout.height, layout.width, len(wanted)), stored)
    if salvage and alpha in wanted and not wide:
        out[..., -1] = (1 << layout.bits) - 1
    tables = tags.get(347, b"")
    got = 0
    for plane, top, left, block in _blocks(file, layout, tables if isinstance(tables, bytes) else b"", salvage):
        rows, columns = out[top : top + block.shape[0]], min(block.shape[1], layout.width - left)
        got += len(rows) * columns
        for to, sample in enumerate(wanted):
            if not layout.planar or sample == plane:
                part = block[: len(rows), :columns, 0 if layout.planar else sample]
                rows[:, left : left + columns, to] = part
    return out, got / (layout.width * layout.height * (layout.samples if layout.planar else 1))


def _as_pixels(out: Pixels, layout: Layout, tags: Tags, name: str, empty: Mask | None) -> tuple[Pixels, Pixels | None]:
    alpha = layout.alpha
    wide = out.dtype == np.float32
    if layout.photometric == kinds.PALETTE:
        color = _through_palette(out[..., 0], tags, layout.bits)
        return color, None if alpha is None else _full_range(out[..., 1:], layout.bits, color.dtype)[..., 0]
    if layout.photometric == kinds.LAB:
        return _from_lab(out), None
    out = _wide_range(out, layout, name, empty) if wide else _full_range(out, layout.bits, out.dtype)
    if layout.photometric == kinds.GREY_INVERTED:
        np.subtract(np.iinfo(out.dtype).max, out[..., 0], out=out[..., 0])
    color = out[..., 0] if layout.colors == 1 else out[..., : layout.colors]
    if alpha is None:
        return np.ascontiguousarray(color), None
    opacity = np.ascontiguousarray(out[..., -1])
    color = np.ascontiguousarray(color)
    if layout.extras[alpha - layout.colors] == 1:
        unpremultiply(color, opacity)
    return color, opacity


def _refuse(layout: Layout, name: str) -> None:
    """The few kinds that would come out wrong."""
    eight = layout.bits == 8 and layout.kind == kinds.UINT
    if layout.photometric == kinds.LAB and (not eight or layout.samples != 3 or layout.planar):
        raise unsupported(name, f"a Lab picture of {layout.bits} bits")
    if layout.photometric == kinds.YCBCR and layout.compression != kinds.JPEG:
        raise unsupported(name, "a YCbCr picture without JPEG")
    if layout.compression == kinds.JPEG and (not eight or layout.block_samples not in (1, 3, 4)):
        raise unsupported(name, f"a JPEG of {layout.block_samples} {layout.bits}-bit samples")
    if layout.compression == kinds.WEBP and (not eight or layout.planar or layout.samples not in (3, 4)):
        raise unsupported(name, f"a WebP of {layout.block_samples} {layout.bits}-bit samples")
    if (
        layout.bits == 1 and layout.block_samples > 1
    ):  # some writers put eight of one sample into a byte, most one of each
        raise unsupported(name, "a picture of several 1-bit samples side by side")
    if layout.photometric == kinds.YCBCR and (layout.planar or layout.samples != 3):
        raise unsupported(name, "a YCbCr picture with planes apart or alpha")


def _blocks(file: IO[bytes], layout: Layout, tables: bytes, salvage: bool) -> Iterator[tuple[int, int, int, Pixels]]:
    """(plane, top, left, samples (h,w,S)) of each strip or tile; a large uncompressed strip comes in parts.

    salvage: rows that can't be read are left out.
    """
    height = layout.block[1]
    raw = layout.compression == kinds.RAW
    for plane, top, left, offset, count in layout.blocks():
        rows = min(height, layout.height - top)
        if layout.compression in kinds.PICTURES:
            with suppress(*(DAMAGE if salvage else ())):
                block = picture_block(file, layout, tables, offset, count)
                if len(block) < rows and not salvage:
                    raise OSError("rows are missing")
                yield plane, top, left, block
            continue
        step = max(1, _PART // layout.row_bytes) if raw else rows
        for first in range(0, rows, step):
            part = min(step, rows - first)
            size = part * layout.row_bytes
            at = offset + first * layout.row_bytes if raw else offset
            if salvage:
                held = max(0, min(size, count - first * layout.row_bytes)) if raw else count
                data = salvaged_bytes(file, layout, at, held, size) if held else b""
                part = len(data) // layout.row_bytes
                data = data[: part * layout.row_bytes]
            else:
                data = block_bytes(file, layout, at, size if raw else count, size)
            if part:
                yield plane, top + first, left, _unpacked(data, layout, part)


def _unpacked(data: bytes, layout: Layout, rows: int) -> Pixels:
    """(rows,w,S) samples in their own type, the predictor undone."""
    shape = (rows, layout.block[0], layout.block_samples)
    if layout.predictor == 3:
        return _float_predictor(data, layout, shape)
    if layout.bits not in (8, 16, 32, 64):
        return _from_bits(data, layout, shape)
    letter = {kinds.UINT: "u", kinds.INT: "i", kinds.FLOAT: "f"}[layout.kind]
    order = "<" if layout.little else ">"
    size = layout.bits // 8
    if layout.predictor == 2:
        whole = np.frombuffer(data, f"{order}u{size}").astype(f"u{size}").reshape(shape)
        return np.add.accumulate(whole, axis=1, out=whole).view(f"{letter}{size}")
    return np.frombuffer(data, f"{order}{letter}{size}").reshape(shape)


def _float_predictor(data: bytes, layout: Layout, shape: tuple[int, int, int]) -> Pixels:
    """Adobe's technical note 3: rows of bytes, the highest of all samples first, each the difference to the last."""
    size = layout.bits // 8
    rows = np.frombuffer(data, np.uint8).reshape(shape[0], -1, shape[2])
    summed = np.add.accumulate(rows, axis=1, dtype=np.uint8).reshape(shape[0], size, -1)
    return np.ascontiguousarray(summed.swapaxes(1, 2)).view(f">f{size}").reshape(shape)


def _from_bits(data: bytes, layout: Layout, shape: tuple[int, int, int]) -> Pixels:
    """Samples of 1 to 15 bits, packed from the highest bit on; rows begin at a byte."""
    bits, count = layout.bits, shape[1] * shape[2]
    rows = np.frombuffer(data, np.uint8).reshape(shape[0], -1)
    out = np.empty((shape[0], count), np.uint8 if bits <= 8 else np.uint16)
    for part in strips((shape[0], count * bits)):
        single = np.unpackbits(rows[part], axis=1, count=count * bits).reshape(-1, count, bits)
        out[part] = 0
        for i in range(bits):
            out[part] = out[part] << 1 | single[..., i]
    return out.reshape(shape)


def _full_range(values: Pixels, bits: int, dtype: np.dtype[Any]) -> Pixels:
    """Unsigned samples of `bits` bits, stretched to all 8 or 16."""
    top = (1 << bits) - 1
    if top == np.iinfo(dtype).max and values.dtype == dtype:
        return values
    table = np.rint(np.arange(top + 1) * (np.iinfo(dtype).max / top)).astype(dtype)
    out = np.empty(values.shape, dtype)
    for rows in strips(out.shape):
        out[rows] = table[values[rows]]
    return out


def _measured(values: Pixels, layout: Layout, empty: Mask | None) -> Pixels:
    """What a sensor measured, in any unit, as uint8 or uint16: wide and float samples from the least to the greatest.

    What is no number is black, as are places (H,W) that are `empty`; where the file names none, so is one least value
    that is far below all others: -9999 stands for nothing measured.
    """
    if values.dtype != np.float32:
        return _full_range(values, layout.bits, values.dtype)
    sound = np.isfinite(values)
    if empty is not None:
        sound &= ~empty[..., None]
    elif sound.any():
        least = values[sound].min()
        rest = values[sound & (values > least)]
        if rest.size and least < rest.min() - np.ptp(rest):
            sound &= values > least
    low, high = (values[sound].min(), values[sound].max()) if sound.any() else (0.0, 1.0)
    out = np.zeros(values.shape, np.uint16)
    for rows in strips(values.shape):
        share = (np.where(sound[rows], values[rows], low) - np.float64(low)) / max(high - low, 1e-20)
        out[rows] = np.rint(np.clip(share, 0, 1) * 65535)
    return out


def _wide_range(values: NDArray[np.float32], layout: Layout, name: str, empty: Mask | None) -> Pixels:
    """Floats, signed and wide integers as uint16, signed 8 bits as uint8: kind and range tell what black and white are.

    Places (H,W) that are `empty` are black.
    Signed integers reach from 0 where none is below it. Unsigned wide ones, and floats, may hold 0..255 or 0..65535.
    """
    measured = values if empty is None else values[~empty]
    low, high = float(measured.min()), float(measured.max())
    if not (np.isfinite(low) and np.isfinite(high)):
        raise PictureError(f"can't read {name}: its float pixels hold infinities or NaN; save it as 16 bits first")
    bottom, top = 0.0, 2.0**layout.bits - 1
    if layout.kind == kinds.INT:
        top = 2.0 ** (layout.bits - 1) - 1
        bottom = -top - 1 if low < 0 else 0.0
    elif layout.kind == kinds.UINT:
        top = next((end for end in (255.0, 65535.0, 2.0**32 - 1) if high <= end), top)
    else:
        # Between these ranges a picture would come out nearly black, or with its lights cut off.
        top = 1.0 if high <= 1.01 else 255.0 if 16 < high <= 255 else 65535.0
        if low < -0.01 * top or high > 65535 or 1.01 < high <= 16 or 255 < high <= 4096:
            raise PictureError(f"can't read {name}: its pixels lie in {low:g}..{high:g}; scale them to 0..1 first")
    out = np.empty(values.shape, np.uint8 if layout.bits == 8 else np.uint16)
    white = np.iinfo(out.dtype).max
    for rows in strips(values.shape):
        share = (values[rows] - np.float64(bottom)) / (top - bottom)
        if empty is not None:
            share[empty[rows]] = 0
        out[rows] = np.rint(np.clip(share, 0, 1) * white)
    return out


def _through_palette(index: Pixels, tags: Tags, bits: int) -> Pixels:
    """uint8 grey (H,W) or RGB (H,W,3). Maps are to hold 16-bit values; many writers put 0..255 there."""
    stored = tags.get(320, ())
    given = np.array(stored if isinstance(stored, tuple) else (), np.int64)
    if len(given) < 3 << bits:
        raise OSError("its colour map is too short")
    colors = given[: 3 << bits].reshape(3, -1).T
    colors = (colors if given.max() <= 255 else colors >> 8).astype(np.uint8)
    if bool((colors == colors[:, :1]).all()):
        colors = np.ascontiguousarray(colors[:, 0])
    out = np.empty((*index.shape, *colors.shape[1:]), np.uint8)
    for rows in strips(out.shape):
        out[rows] = colors[index[rows]]
    return out


def _from_lab(stored: Pixels) -> Pixels:
    """8-bit CIE L*a*b* as sRGB."""
    lab = ImageCms.buildTransform(ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB"), "LAB", "RGB")
    height, width = stored.shape[:2]
    image = ImageCms.applyTransform(Image.frombytes("LAB", (width, height), stored.tobytes()), lab)
    assert image is not None  # None only comes back for in-place use
    return np.array(image)


def unpremultiply(color: Pixels, alpha: Pixels) -> None:
    """Divide colours (H,W) or (H,W,C) by their alpha, in place; both uint8 or both uint16."""
    top = int(np.iinfo(color.dtype).max)
    for rows in strips(color.shape):
        a = alpha[rows].astype(np.uint32)
        a = a if color.ndim == 2 else a[..., None]
        whole = (color[rows] * np.uint32(top) + a // 2) // np.maximum(a, 1)
        color[rows] = np.minimum(whole, top)
