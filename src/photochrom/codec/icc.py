"""Embedded colour profiles: bring pixels to sRGB, keeping 16 bits where the profile is a curve or a matrix."""

import io
import struct
from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from photochrom.codec.arrays import as_dtype, strips, to_8_bit
from photochrom.color.lab import Pixels

_FLAGS = ImageCms.Flags.BLACKPOINTCOMPENSATION
_INTENT = ImageCms.Intent.RELATIVE_COLORIMETRIC
# Columns: the sRGB primaries adapted to D50, the white of the profile connection space (IEC 61966-2-1, ICC.1).
_SRGB_D50 = np.array([[0.43607, 0.38515, 0.14307], [0.22249, 0.71687, 0.06061], [0.01392, 0.09708, 0.71410]])
_FINE = 1 << 20  # entries of the linear-light -> sRGB table: below one 16-bit step even where sRGB is steepest


class ProfileError(Exception):
    """A profile that can't be used; the caller warns and takes the pixels as sRGB."""


@lru_cache(maxsize=1)
def srgb_profile() -> bytes:
    """A small sRGB profile, the same bytes every time (lcms would put the time of day into it)."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    struct.pack_into(">6H", data, 24, 2024, 1, 1, 0, 0, 0)
    return bytes(data)


def to_srgb(pixels: Pixels, profile: bytes) -> Pixels:
    """Pixels in the space of `profile` as sRGB: grey (H,W) and RGB (H,W,3) in place, CMYK (H,W,4) as a new (H,W,3).

    Dtypes uint8 and uint16 (CMYK goes through its profile with 8 bits). Relative colorimetric with black point
    compensation. A profile of another kind than the pixels is ignored, save that a grey picture uses an RGB profile's
    green curve.
    """
    try:
        with np.errstate(all="ignore"):
            return _to_srgb(pixels, profile)
    except (ImageCms.PyCMSError, ArithmeticError, LookupError, OSError, struct.error, ValueError, TypeError) as error:
        raise ProfileError(str(error) or "it is damaged") from error


def _to_srgb(pixels: Pixels, profile: bytes) -> Pixels:
    space = profile[16:20]
    if pixels.ndim == 2:
        if space in (b"GRAY", b"RGB "):
            _through_table(pixels, _grey_table(profile, space, pixels.dtype.itemsize * 8))
    elif pixels.shape[2] == 4:
        return _cmyk(pixels, profile) if space == b"CMYK" else naive_cmyk(pixels)
    elif space == b"RGB ":
        _rgb(pixels, profile)
    return pixels


def naive_cmyk(pixels: Pixels) -> Pixels:
    """CMYK (H,W,4), uint8 or uint16, without a profile, the formula of the PDF standard with multiplied inks."""
    out = np.empty((*pixels.shape[:2], 3), pixels.dtype)
    for rows in strips(pixels.shape):
        if pixels.dtype == np.uint16:  # 65535 * 65535 + 32767 still fits into 32 bits
            paper = np.uint32(65535) - pixels[rows]
            out[rows] = (paper[..., :3] * paper[..., 3:] + np.uint32(32767)) // np.uint32(65535)
        else:
            out[rows] = np.asarray(Image.fromarray(pixels[rows], "CMYK").convert("RGB"))
    return out


@lru_cache(maxsize=8)  # 2 ms to make, as long as a small picture takes; many pictures share one profile
def _transform(profile: bytes, mode: str) -> Callable[[Pixels], Pixels]:
    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    made = ImageCms.buildTransform(source, ImageCms.createProfile("sRGB"), mode, "RGB", _INTENT, _FLAGS)

    def apply(part: Pixels) -> Pixels:
        result = ImageCms.applyTransform(Image.fromarray(np.ascontiguousarray(part), mode), made)
        assert result is not None  # None only comes back for in-place use
        return np.asarray(result)

    return apply


def _cmyk(pixels: Pixels, profile: bytes) -> Pixels:
    apply = _transform(profile, "CMYK")
    out = np.empty((*pixels.shape[:2], 3), pixels.dtype)
    for rows in strips(pixels.shape):
        out[rows] = as_dtype(apply(to_8_bit(pixels[rows])), pixels.dtype)
    return out


def _rgb(pixels: Pixels, profile: bytes) -> None:
    apply = _transform(profile, "RGB")
    steps = np.linspace(0, 255, 9).astype(np.uint8)
    probe = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(27, 27, 3)
    if int(np.abs(apply(probe).astype(np.int16) - probe).max()) <= 1:
        return  # it is sRGB already, as most are: leave every value alone
    fine = _matrix(profile) if pixels.dtype == np.uint16 else None
    for rows in strips(pixels.shape):
        part = pixels[rows]
        if pixels.dtype == np.uint8:
            part[...] = apply(part)
        elif fine is not None:
            part[...] = fine(part)
        else:  # tables: lcms through Pillow knows 8 bits only, so move each value as far as its 8-bit neighbour
            coarse = ((part.astype(np.uint32) + 128) // 257).astype(np.uint8)
            change = (apply(coarse).astype(np.int32) - coarse) * 257
            part[...] = np.clip(part + change, 0, 65535)


def _matrix(profile: bytes) -> Callable[[Pixels], Pixels] | None:
    """The transform of a three-curve, one-matrix profile at 16 bits; None for a profile with tables."""
    tags = _tags(profile)
    if any(name in tags for name in (b"A2B0", b"A2B1")) or profile[20:24] != b"XYZ ":
        return None
    curves = [_curve(tags[name], 65536).astype(np.float32) for name in (b"rTRC", b"gTRC", b"bTRC")]
    columns = [np.array(struct.unpack(">3i", tags[name][8:20])) / 65536 for name in (b"rXYZ", b"gXYZ", b"bXYZ")]
    matrix = (np.linalg.inv(_SRGB_D50) @ np.stack(columns, axis=1)).astype(np.float32)
    table = np.rint(_encode(np.linspace(0, 1, _FINE)) * 65535).astype(np.uint16)

    def apply(part: Pixels) -> Pixels:
        linear = np.stack([curve[part[..., i]] for i, curve in enumerate(curves)], axis=-1) @ matrix.T
        encoded: Pixels = table[np.rint(np.clip(linear, 0, 1) * (_FINE - 1)).astype(np.int32)]
        return encoded

    return apply


def _grey_table(profile: bytes, space: bytes, bits: int) -> Pixels:
    """Encoded grey in the profile's space -> encoded sRGB grey, one entry for each value."""
    count, top = 1 << bits, (1 << bits) - 1
    tags = _tags(profile)
    name = b"kTRC" if space == b"GRAY" else b"gTRC"
    if name not in tags:  # tables instead of a curve: ask lcms for 256 greys and draw a line through them
        if space == b"GRAY":
            raise ProfileError("a grey profile without a curve")
        ramp = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2)
        green = _transform(profile, "RGB")(ramp)[0, :, 1] / 255
        encoded = np.interp(np.linspace(0, 1, count), np.linspace(0, 1, 256), green)
    else:
        linear = _curve(tags[name], count)
        if profile[20:24] == b"Lab ":  # the curve then gives L*, not luminance
            linear = np.where(linear > 0.08, ((linear * 100 + 16) / 116) ** 3, linear * 100 / 903.2963)
        encoded = _encode(linear)
    if not np.isfinite(encoded).all():
        raise ProfileError("a curve that isn't one")
    table = np.rint(encoded * top)
    if int(np.abs(table - np.arange(count)).max()) <= max(1, top // 500):
        table = np.arange(count)  # the sRGB curve itself, written down a little differently
    return table.astype(np.uint16 if bits == 16 else np.uint8)


def _through_table(pixels: Pixels, table: Pixels) -> None:
    for rows in strips(pixels.shape):
        pixels[rows] = table[pixels[rows]]


def _encode(linear: NDArray[np.float64]) -> NDArray[np.float64]:
    linear = np.clip(linear, 0, 1)
    return np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)


def _tags(profile: bytes) -> dict[bytes, bytes]:
    tags = {}
    for i in range(min(100, struct.unpack_from(">I", profile, 128)[0])):
        name, offset, size = struct.unpack_from(">4sII", profile, 132 + 12 * i)
        tags[name] = profile[offset : offset + size]
    return tags


def _curve(tag: bytes, count: int) -> NDArray[np.float64]:
    """A curveType or parametricCurveType tag (ICC.1:2022, 10.6 and 10.18), sampled at `count` places over 0..1."""
    x = np.linspace(0, 1, count)
    if tag[:4] == b"curv":
        number = struct.unpack_from(">I", tag, 8)[0]
        if number == 0:
            return x
        values = np.array(struct.unpack_from(f">{number}H", tag, 12))
        if number == 1:
            return np.asarray(x ** (values[0] / 256))
        return np.interp(x, np.linspace(0, 1, number), values / 65535)
    if tag[:4] != b"para":
        raise ProfileError(f"a curve of unknown kind {tag[:4]!r}")
    kind = struct.unpack_from(">H", tag, 8)[0]
    given = [v / 65536 for v in struct.unpack_from(f">{(1, 3, 4, 5, 7)[kind]}i", tag, 12)]
    g, a, b, c, d, e, f = (given + [1, 0, 0, 0, 0, 0, 0][len(given) :])[:7]
    if kind in (1, 2) and a == 0:
        raise ProfileError("a curve that isn't one")
    if kind in (1, 2):  # below -b/a the curve is flat; kind 2 lifts everything by c
        d, c, e, f = -b / a, 0.0, c if kind == 2 else 0.0, c if kind == 2 else 0.0
    power = np.maximum(a * x + b, 0) ** g + e
    return np.asarray(power if kind == 0 else np.where(x >= d, power, c * x + f))
