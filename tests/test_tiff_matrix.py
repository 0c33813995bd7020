"""Every kind of TIFF by every layout, written with tifffile: each cell comes out right without a word, none wrong."""

import io
import itertools
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pytest

from photochrom.errors import PictureError
from photochrom.photo import Photo, read_photo

from .picture_files import lzw, packbits, tiff

tifffile = pytest.importorskip("tifffile")

H, W = 40, 51
KINDS = {  # name -> (photometric, colours, extra samples)
    "grey": ("minisblack", 1, ()),
    "grey and alpha": ("minisblack", 1, (2,)),
    "grey and something": ("minisblack", 1, (0,)),
    "white is zero": ("miniswhite", 1, ()),
    "white is zero and alpha": ("miniswhite", 1, (2,)),
    "RGB": ("rgb", 3, ()),
    "RGB and alpha": ("rgb", 3, (2,)),
    "RGB and something": ("rgb", 3, (0,)),
    "RGB, something and alpha": ("rgb", 3, (0, 2)),
    "CMYK": ("separated", 4, ()),
    "CMYK and alpha": ("separated", 4, (2,)),
}
DTYPES = ("u1", "u2", "u4", "u8", "i1", "i2", "i4", "f2", "f4", "f8")
PACK = {1: None, 5: lzw, 8: zlib.compress, 32773: packbits, 32946: zlib.compress}
SHORT = {"compression": (1, 5, 8), "order": "<", "big": (False,), "tiled": (False, True)}


@dataclass(frozen=True)
class Cell:
    kind: str
    dtype: str
    planar: bool
    compression: int
    order: str
    big: bool
    tiled: bool

    def encoded(self, stored: np.ndarray) -> bytes:
        """stored (H,W,S)."""
        photometric, _, extras = KINDS[self.kind]
        planes = np.moveaxis(stored, 2, 0)[..., None] if self.planar else stored[None]
        blocks = [b for plane in planes for b in (tiles(plane, 16) if self.tiled else rows_of(plane, 7))]
        pack = PACK[self.compression]
        data = [b.astype(b.dtype.newbyteorder(self.order)).tobytes() for b in blocks]
        out = io.BytesIO()
        samples = stored.shape[2]
        one = samples == 1
        with tifffile.TiffWriter(out, byteorder=self.order, bigtiff=self.big) as file:
            file.write(
                iter(data if pack is None else map(pack, data)),
                shape=(H, W) if one else (samples, H, W) if self.planar else (H, W, samples),
                dtype=stored.dtype,
                photometric=photometric,
                planarconfig=None if one else "separate" if self.planar else "contig",
                extrasamples=extras,
                compression=None if pack is None else 8,  # others need imagecodecs: the tag is changed below
                metadata=None,
                **({"tile": (16, 16)} if self.tiled else {"rowsperstrip": 7}),
            )
        if self.compression not in (1, 8):
            out.seek(0)
            with tifffile.TiffFile(out) as file:
                file.pages[0].tags[259].overwrite(self.compression)
        return out.getvalue()


def rows_of(plane: np.ndarray, rows: int) -> list[np.ndarray]:
    return [plane[y : y + rows] for y in range(0, len(plane), rows)]


def tiles(plane: np.ndarray, side: int) -> list[np.ndarray]:
    padded = np.pad(plane, [(0, -H % side), (0, -W % side), (0, 0)])
    return [padded[y : y + side, x : x + side] for y in range(0, H, side) for x in range(0, W, side)]


@cache
def picture(kind: str, dtype: str) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Stored samples, then what they mean as colour and alpha, 0..1."""
    photometric, colors, extras = KINDS[kind]
    y, x = np.mgrid[:H, :W]
    shares = [(x * (i + 2) + y * (5 - i)) % 64 / 63 for i in range(colors + len(extras))]
    share = np.stack(shares, axis=-1)
    if np.dtype(dtype).kind == "f":
        stored = share.astype(dtype)
        meant = stored.astype(np.float64)
    else:
        info = np.iinfo(dtype)
        span = int(info.max) - int(info.min)
        levels = [int(info.min) + span * k // 63 for k in range(64)]
        stored = np.array(levels, dtype)[np.rint(share * 63).astype(int)]
        meant = (np.array(levels, object)[np.rint(share * 63).astype(int)] - int(info.min)).astype(float) / span
    color = meant[..., :colors]
    if photometric == "miniswhite":
        color = 1 - color
    if photometric == "separated":
        color = (1 - color[..., :3]) * (1 - color[..., 3:])
    alpha = meant[..., colors + extras.index(2)] if 2 in extras else None
    return stored, color[..., 0] if colors == 1 else color, alpha


def complaint(photo: Photo, color: np.ndarray, alpha: np.ndarray | None) -> str:
    """What is wrong, or nothing."""
    top = np.iinfo(photo.pixels.dtype).max
    if photo.notes:
        return f"notes {photo.notes}"
    if photo.pixels.shape != color.shape or (photo.alpha is None) != (alpha is None):
        return f"is {photo!r}"
    if np.abs(photo.pixels - color * top).max() > 1.6:
        return f"pixels differ by {np.abs(photo.pixels - color * top).max():.0f} of {top}"
    if alpha is not None and photo.alpha is not None and np.abs(photo.alpha - alpha * top).max() > 1.6:
        return "alpha differs"
    return ""


def cells(kind: str, choices: dict[str, Any]) -> Iterator[Cell]:
    planes = (False,) if KINDS[kind] in (("minisblack", 1, ()), ("miniswhite", 1, ())) else (False, True)
    for dtype, planar, compression, order, big, tiled in itertools.product(
        DTYPES, planes, choices["compression"], choices["order"], choices["big"], choices["tiled"]
    ):
        yield Cell(kind, dtype, planar, compression, order, big, tiled)


def hold(chosen: Iterator[Cell]) -> None:
    wrong = []
    for cell in chosen:
        stored, color, alpha = picture(cell.kind, cell.dtype)
        try:
            if said := complaint(read_photo(cell.encoded(stored)), color, alpha):
                wrong.append(f"{cell}: {said}")
        except PictureError as error:
            wrong.append(f"{cell}: {error}")
    assert not wrong, "\n".join(wrong[:20]) + f"\n{len(wrong)} in all"


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_depth_plane_and_compression(kind: str, capfd: pytest.CaptureFixture[str]) -> None:
    hold(cells(kind, SHORT))
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("compression", PACK)
@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize("order", "<>")
def test_byte_orders_sizes_and_compressions(order: str, big: bool, compression: int) -> None:
    hold(
        Cell(kind, dtype, planar=planar, compression=compression, order=order, big=big, tiled=big)
        for kind, dtype, planar in [
            ("RGB", "u2", False),
            ("CMYK and alpha", "u2", True),
            ("white is zero", "f4", False),
        ]
    )


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_the_whole_matrix(kind: str) -> None:
    hold(cells(kind, {"compression": PACK, "order": "<>", "big": (False, True), "tiled": (False, True)}))


@pytest.mark.parametrize("planar", [False, True])
@pytest.mark.parametrize("kind", ["grey", "white is zero", "grey and alpha", "RGB", "RGB and alpha"])
@pytest.mark.parametrize("bits", range(1, 17))
def test_every_number_of_bits(bits: int, kind: str, planar: bool) -> None:
    photometric, colors, extras = KINDS[kind]
    number = {"miniswhite": 0, "minisblack": 1, "rgb": 2}[photometric]
    y, x = np.mgrid[:H, :W]
    top = (1 << bits) - 1
    stored = np.stack([(x * 1291 * (i + 1) + y * 77) % (top + 1) for i in range(colors + len(extras))], axis=-1)
    given = stored.astype(np.uint8 if bits <= 8 else np.uint16)
    for compression, reverse in ((1, False), (8, False), (1, True)):
        data = tiff(given, bits=bits, photometric=number, extra=extras, planar=planar, compression=compression)
        if reverse:
            if bits == 16:
                continue
            data = fill_order_2(given, bits=bits, photometric=number, extra=extras, planar=planar)
        if bits == 1 and len(KINDS[kind][2]) + colors > 1 and not planar:
            with pytest.raises(PictureError, match="unsupported"):
                read_photo(data)
            continue
        meant = stored / top
        color = 1 - meant[..., 0] if number == 0 else meant[..., 0] if colors == 1 else meant[..., :3]
        assert not complaint(read_photo(data), color, meant[..., -1] if extras else None)


def fill_order_2(given: np.ndarray, **options: Any) -> bytes:
    """The bits of each byte of the strips in the other order."""
    plain = tiff(given, more={266: (3, 1, b"\2\0")}, **options)
    with tifffile.TiffFile(io.BytesIO(plain)) as file:
        page = file.pages[0]
        places = list(zip(page.dataoffsets, page.databytecounts, strict=True))
    data = bytearray(plain)
    for offset, count in places:
        data[offset : offset + count] = bytes(int(f"{b:08b}"[::-1], 2) for b in data[offset : offset + count])
    return bytes(data)


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
@pytest.mark.parametrize("largest", [255, 65535])
@pytest.mark.parametrize("colored", [False, True])
@pytest.mark.parametrize("compression", PACK)
def test_palettes_of_8_and_of_16_bits(bits: int, largest: int, colored: bool, compression: int) -> None:
    ramp = np.rint(np.linspace(0, 1, 1 << bits) * largest).astype("<u2")
    colors = np.stack([ramp, ramp[::-1] if colored else ramp, ramp])
    y, x = np.mgrid[:H, :W]
    index = ((x + y) % (1 << bits)).astype(np.uint8)
    data = tiff(
        index, bits=bits, photometric=3, compression=compression, more={320: (3, colors.size, colors.tobytes())}
    )
    meant = (colors // (257 if largest == 65535 else 1)).T[index] / 255
    assert not complaint(read_photo(data), meant if colored else meant[..., 0], None)


@pytest.mark.parametrize("dtype", ["u1", "u2", "u4", "f2", "f4", "f8"])
@pytest.mark.parametrize("order", "<>")
def test_predictors(dtype: str, order: str) -> None:
    """The differences are made here: tifffile needs imagecodecs for them."""
    stored, color, _ = picture("RGB", dtype)
    size = stored.dtype.itemsize
    for predictor in (2, 3) if stored.dtype.kind == "f" else (2,):
        whole = np.ascontiguousarray(stored)
        if predictor == 2:
            bits = whole.view(f"u{size}")
            data = np.diff(bits, axis=1, prepend=np.zeros_like(bits[:, :1])).astype(f"{order}u{size}").tobytes()
        else:
            high_first = whole.astype(f">f{size}").view("u1").reshape(H, W * 3, size).swapaxes(1, 2).reshape(H, -1, 3)
            data = np.diff(high_first, axis=1, prepend=np.zeros_like(high_first[:, :1])).tobytes()
        words = np.frombuffer(data, f"{order}u{size}").reshape(H, W, 3)
        kinds = np.array([3 if stored.dtype.kind == "f" else 1] * 3, f"{order}u2").tobytes()
        more = {317: (3, 1, np.array(predictor, f"{order}u2").tobytes()), 339: (3, 3, kinds)}
        file = tiff(words.astype(f"u{size}"), compression=8, big_endian=order == ">", rows_per_strip=H, more=more)
        assert not complaint(read_photo(file), color, None)
