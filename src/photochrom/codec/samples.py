"""The pixels of an opened file as arrays: every mode of Pillow, and 16 bits where Pillow alone would give 8."""

import sys
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms, ImageFile

from photochrom.codec import tiff_layout
from photochrom.codec.arrays import from_image, strips
from photochrom.codec.bands import Bands, check_bands
from photochrom.codec.tiff import ScanTiff
from photochrom.codec.tiff_layout import Layout
from photochrom.codec.tiff_pixels import read_page
from photochrom.codec.wipes import wipe_note
from photochrom.color.lab import Pixels
from photochrom.color.margin import Mask
from photochrom.errors import PictureError

Opener = Callable[[], ImageFile.ImageFile]


@dataclass
class Samples:
    """color: (H,W) grey, (H,W,3) RGB or (H,W,4) CMYK, uint8 or uint16, as stored; alpha (H,W) or None, same dtype.

    notes: what was lost on the way, a sentence each. share: how much of the pixels could be read, 0..1.
    empty: (H,W), where a GeoTIFF says that nothing was measured; None for nowhere.
    """

    color: Pixels
    alpha: Pixels | None = None
    profile_applies: bool = True
    notes: tuple[str, ...] = ()
    share: float = 1.0
    empty: Mask | None = None


def read_samples(
    image: ImageFile.ImageFile, reopen: Opener, name: str, *, salvage: bool = False, bands: Bands | None = None
) -> Samples:
    """Decode `image`; `reopen` gives the same picture again, header read, for those that need a second pass.

    salvage: of a TIFF, read as many strips and tiles as can be. bands: of a TIFF, the samples that are its picture.
    """
    if isinstance(image, ScanTiff):
        return _read_tiff(image, name, salvage, bands)
    raw = _raw_mode(image)
    if image.mode == "RGBA" and raw == "LA;16B":  # PNG: Pillow would make 8-bit RGBA of it
        _set_raw_mode(image, "RGBA")
        return _grey_alpha_bytes(image)
    if image.mode in ("RGB", "RGBA") and ";16" in raw and not raw.startswith("BGR;"):  # which has 16 bits a pixel
        return _two_passes(image, reopen, raw)
    image.load()
    samples = from_pillow(image, name, bits=int(raw[2]) if raw in ("L;2", "L;4") else 8)
    if image.format in ("BMP", "PPM") and image.mode != "P":
        samples.notes += wipe_note(samples.color, name, bottom_up=image.format == "BMP")
    _let_go(image)
    return samples


def _read_tiff(image: ScanTiff, name: str, salvage: bool, bands: Bands | None) -> Samples:
    loaded = image.pillow_image(name)
    if loaded is not None:
        if bands:
            check_bands(bands, len(loaded.getbands()), name)
        return from_pillow(loaded, name)
    return tiff_samples(image, image.layout(name, salvage=salvage), name, salvage=salvage, bands=bands)


def tiff_samples(
    image: ScanTiff,
    layout: Layout,
    name: str,
    *,
    salvage: bool = False,
    bands: Bands | None = None,
    part: tuple[int, int] | None = None,
) -> Samples:
    """The samples of a page's strips and tiles that the layout tells of: of all, or of some rows of them.

    part: of some rows the first, and how many the page has.
    """
    color, alpha, share, empty = read_page(image.file, layout, image.tag_v2, name, salvage=salvage, bands=bands)
    if bands:
        return Samples(color, profile_applies=False, share=share, empty=empty)
    notes: tuple[str, ...] = ()
    if layout.unnamed > 1:
        used = "the first is" if layout.colors == 1 else f"the first {layout.colors} are"
        notes = (f"{name} has {layout.samples} bands, of which {used} used; --bands (bands=) chooses others",)
    if color.shape[2:] == (4,) and color.dtype == np.uint16 and "icc_profile" in image.info:
        notes += (f"{name}: 16-bit CMYK goes through its colour profile with 8 bits only",)
    if layout.beyond and not salvage:
        notes += (f"{name} may be damaged: {layout.beyond} bytes of its end are missing; compare it with another copy",)
    if layout.compression == tiff_layout.RAW and layout.bits >= 8 and layout.photometric != tiff_layout.PALETTE:
        planes = [color[..., i] for i in range(color.shape[2])] if layout.planar and color.ndim == 3 else [color]
        notes += next(filter(None, (wipe_note(plane, name, layout.pieces(), part=part) for plane in planes)), ())
    applies = layout.photometric != tiff_layout.LAB
    return Samples(color, alpha, profile_applies=applies, notes=notes, share=share, empty=empty)


def _let_go(image: Image.Image) -> None:
    """Free the decoded pixels; header and metadata are still wanted."""
    image.im = Image.new(image.mode, (1, 1)).im


def from_pillow(image: Image.Image, name: str, *, bits: int = 8) -> Samples:
    """The samples of a loaded Pillow image of any mode. bits: of a grey PNG, whose transparent grey is not scaled."""
    mode = image.mode
    key = image.info.get("transparency")
    if mode.startswith("I;16"):
        return _grey_16(image, key)
    if mode in ("I", "F"):
        return Samples(_wide_grey(from_image(image), image, name))
    if mode == "P":
        return _palette(image, key)
    if mode == "1":
        grey = from_image(image.convert("L"))
        return Samples(grey, None if not isinstance(key, int) else _keyed(grey, 255 if key else 0))
    if mode == "L":
        grey = from_image(image)
        return Samples(grey, None if not isinstance(key, int) else _keyed(grey, key * 255 // ((1 << bits) - 1)))
    if mode == "RGB":
        rgb = from_image(image)
        return Samples(rgb, None if not isinstance(key, tuple) else _keyed(rgb, np.array(key)))
    if mode == "CMYK":
        return Samples(from_image(image))
    if mode == "LAB":
        lab = ImageCms.buildTransform(ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB"), "LAB", "RGB")
        converted = ImageCms.applyTransform(image, lab)
        assert converted is not None
        return Samples(from_image(converted), profile_applies=False)
    if mode in ("LA", "La", "RGBA", "RGBa", "PA"):
        wanted = "LA" if mode in ("LA", "La") else "RGBA"
        both = from_image(image if mode == wanted else image.convert(wanted))
        color = both[..., 0] if wanted == "LA" else both[..., :3]
        return Samples(np.ascontiguousarray(color), np.ascontiguousarray(both[..., -1]))
    if mode in ("RGBX", "YCbCr", "HSV"):
        return Samples(from_image(image.convert("RGB")))
    raise PictureError(f"can't read {name}: its pixels are of an unknown kind ({mode}); save it as an RGB TIFF")


def _raw_mode(image: ImageFile.ImageFile) -> str:
    if not image.tile:
        return ""
    args = image.tile[0][3]
    first = args[0] if isinstance(args, tuple) and args else args
    return first if isinstance(first, str) else ""


def _set_raw_mode(image: ImageFile.ImageFile, raw: str) -> None:
    """Tell the decoder how to unpack."""
    image.tile = [
        ImageFile._Tile(codec, extents, offset, (raw, *args[1:]) if isinstance(args, tuple) else raw)
        for codec, extents, offset, args in image.tile
    ]


def _two_passes(image: ImageFile.ImageFile, reopen: Opener, raw: str) -> Samples:
    """16-bit RGB and RGBA. Pillow keeps the high bytes; told that the bytes lie the other way round, the low ones."""
    order = ("L" if sys.byteorder == "little" else "B") if raw[-1] == "N" else raw[-1]
    other = {"L": "B", "B": "L"}[order]
    key = image.info.get("transparency")
    alpha = np.empty((image.height, image.width), np.uint16) if image.mode == "RGBA" else None
    color = np.empty((image.height, image.width, 3), np.uint16)
    for shift, letter in ((8, order), (0, other)):
        once = image if shift else reopen()
        _set_raw_mode(once, f"{image.mode};16{letter}")
        once.load()
        for rows in strips(color.shape):
            part = np.asarray(once.crop((0, rows.start, once.width, rows.stop))).astype(np.uint16) << shift
            if shift:
                color[rows] = part[..., :3]
            else:
                color[rows] |= part[..., :3]
            if alpha is not None:
                alpha[rows] = part[..., 3] if shift else alpha[rows] | part[..., 3]
        _let_go(once)  # one decoded copy at a time
    if alpha is None and isinstance(key, tuple):
        alpha = _keyed(color, np.array(key))
    return Samples(color, alpha)


def _grey_alpha_bytes(image: ImageFile.ImageFile) -> Samples:
    """16-bit grey with alpha, decoded as if it were 8-bit RGBA: the four bytes of a pixel are its two samples."""
    image.load()
    four = from_image(image)
    _let_go(image)
    grey = four[..., 1] | four[..., 0].astype(np.uint16) << 8
    return Samples(grey, four[..., 3] | four[..., 2].astype(np.uint16) << 8)


def _grey_16(image: Image.Image, key: object) -> Samples:
    twelve = isinstance(image, ImageFile.ImageFile) and getattr(image, "tag_v2", {}).get(258) == (12,)
    grey = from_image(image)
    if twelve:
        grey = grey << 4 | grey >> 8
    return Samples(grey, _keyed(grey, key) if isinstance(key, int) else None)


def _wide_grey(values: Pixels, image: Image.Image, name: str) -> NDArray[np.uint16]:
    """32-bit integers or floats as uint16, the range told by what is there: 0..1, 0..255, 0..65535 or all 32 bits."""
    low, high = float(values.min()), float(values.max())
    if not np.isfinite(low) or not np.isfinite(high):
        raise PictureError(f"can't read {name}: its float pixels hold infinities or NaN; save it as 16 bits first")
    tags = getattr(image, "tag_v2", {})
    if values.dtype.kind == "i" and tags.get(339, (1,))[0] == 2 and tags.get(258) == (16,):
        low_end, high_end = -32768.0, 32767.0
    elif values.dtype.kind == "i" and (low < 0 or high > 65535):
        signed = tags.get(339, (1,))[0] == 2
        values = values if signed else values.view(np.uint32)
        low_end, high_end = (-(2.0**31), 2.0**31 - 1) if signed else (0.0, 2.0**32 - 1)
    else:
        low_end = 0.0
        high_end = 65535.0
        if values.dtype.kind == "f" and high <= 255:
            high_end = 255.0 if high > 1.01 else 1.0
        if low < -0.01 * high_end or high > high_end:
            raise PictureError(f"can't read {name}: its pixels lie in {low:g}..{high:g}; scale them to 0..1 first")
    out = np.empty(values.shape, np.uint16)
    for rows in strips(values.shape):
        share = (values[rows].astype(np.float64) - low_end) / (high_end - low_end)
        out[rows] = np.rint(np.clip(share, 0, 1) * 65535)
    return out


def _palette(image: Image.Image, key: object) -> Samples:
    index = from_image(image)
    given = np.array(image.getpalette("RGB") or [], np.uint8).reshape(-1, 3)
    if image.format == "PNG" and int(index.max()) >= len(given):
        raise OSError("its colour map is too short")
    colors = np.zeros((256, 3), np.uint8)
    colors[: len(given)] = given[:256]
    opacity = np.full(256, 255, np.uint8)
    if isinstance(key, bytes):
        opacity[: len(key)] = np.frombuffer(key[:256], np.uint8)
    elif isinstance(key, int) and 0 <= key < 256:
        opacity[key] = 0
    grey = bool((given == given[:, :1]).all())
    return Samples(colors[:, 0][index] if grey else colors[index], None if key is None else opacity[index])


def _keyed(color: Pixels, key: object) -> Pixels:
    """Alpha that is 0 where the pixel has exactly the transparent colour, and full elsewhere."""
    out = np.empty(color.shape[:2], color.dtype)
    for rows in strips(color.shape):
        same = color[rows] == key
        out[rows] = np.where(same if color.ndim == 2 else same.all(axis=-1), 0, np.iinfo(color.dtype).max)
    return out
