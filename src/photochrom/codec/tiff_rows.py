"""A TIFF that is too large to be held, some rows of its strips or tiles at a time."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import IO

import numpy as np

from photochrom.codec import tiff_layout as kinds
from photochrom.codec.bands import Bands
from photochrom.codec.budget import ALWAYS, check_pixels
from photochrom.codec.reading import Decoded, decode_image, guarded, identify, in_srgb
from photochrom.codec.samples import Samples, tiff_samples
from photochrom.codec.tiff import ScanTiff
from photochrom.codec.tiff_layout import Layout
from photochrom.color.lab import Pixels
from photochrom.color.rows import Kind, Rows

_ROWS = 256  # read at once where strips are lower
_PIECE = 64  # rows of an uncompressed picture that is one strip
# Bands of rows that are there at a time: as they were read, three of them and one that is being read; in colour, as
# they wait to be packed, two more, with their packed forms.
_READ, _COLORED = 5, 4


def decode_rows(
    stream: IO[bytes], *, name: str, max_pixels: float, max_memory: int, bands: Bands | None = None
) -> Decoded | None:
    """The first picture of a TIFF with its pixels left in the file, which must stay open; see Decoded.rows.

    None for what isn't read in this way, or not within `max_memory` bytes: other formats, pages that are turned or have
    alpha, floats and wide integers (what is white in them is told by all of the picture), compressed strips of more
    rows than fit. Raises PictureError as reading.decode does.
    """
    with guarded(name):
        image = identify(stream, name)
        if not isinstance(image, ScanTiff):
            return None
        check_pixels(image.size, name, max_pixels)
        layout = _cut(image.layout(name))
        wide = layout.kind != kinds.UINT or layout.bits > 16
        if image.orientation != 1 or wide or layout.compression in kinds.LIBTIFF_ONLY:
            return None
        if layout.alpha is not None and not bands:
            return None
        high = layout.block[1] * max(1, _ROWS // layout.block[1])
        pixels = min(high, layout.height) * layout.width * (1 if layout.bits <= 8 else 2)
        if ALWAYS + pixels * (_READ * layout.samples + _COLORED * 3) > max_memory:
            return None

        def samples_of(rows: slice) -> Samples:
            return tiff_samples(image, _some(layout, rows), name, bands=bands, part=(rows.start, layout.height))

        decoded = decode_image(image, samples_of(slice(0, layout.block[1])), name=name, bands=bands)
    shape = (layout.height, layout.width, *decoded.pixels.shape[2:])
    tiled = layout.block[0] < layout.width and not any(side % 16 for side in layout.block)

    notes: list[str] = []

    def read(rows: slice) -> Pixels:
        with guarded(name):
            samples = samples_of(rows)
            if not notes:  # one is enough
                notes.extend([note for note in samples.notes if note not in decoded.notes][:1])
            return np.ascontiguousarray(in_srgb(image, samples, name)[0])

    block = layout.block if tiled else (layout.width, 1)
    decoded.rows = Rows(Kind(shape, decoded.pixels.dtype, block, high), read, notes)
    decoded.pixels = np.broadcast_to(np.zeros((), decoded.pixels.dtype), shape)
    return decoded


def _cut(layout: Layout) -> Layout:
    """An uncompressed picture that is one strip for each plane, in strips of fewer rows."""
    planes = layout.samples if layout.planar else 1
    if layout.compression != kinds.RAW or layout.block[0] != layout.width or len(layout.offsets) != planes:
        return layout
    high = min(_PIECE, layout.height)
    tops = range(0, layout.height, high)
    offsets = tuple(start + top * layout.row_bytes for start in layout.offsets for top in tops)
    counts = tuple(min(high, layout.height - top) * layout.row_bytes for _ in layout.offsets for top in tops)
    return replace(layout, block=(layout.width, high), offsets=offsets, counts=counts)


def _some(layout: Layout, rows: slice) -> Layout:
    """The layout of some rows, from a block's first on, as if they were the picture."""
    wide, high = layout.block
    across, down = math.ceil(layout.width / wide), math.ceil(layout.height / high)
    stop = min(rows.stop, layout.height)
    first, last = rows.start // high, math.ceil(stop / high)
    planes = [plane * across * down for plane in range(layout.samples if layout.planar else 1)]

    def chosen(values: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(value for at in planes for value in values[at + first * across : at + last * across])

    height = stop - rows.start
    return replace(layout, height=height, offsets=chosen(layout.offsets), counts=chosen(layout.counts))
