"""Tables over code values and linear light, made when first needed: the functions of lab, many times as fast."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from photochrom.color.lab import LUMA, Float, Pixels, f_of, linear_to_srgb, srgb_to_linear

Table = Literal["linear", "f", "lightness"]

STEPS = 1 << 16  # of the tables over linear light; read with interpolation they are good to 0.01 of a 16-bit level


@lru_cache(maxsize=8)
def code_tables(dtype: np.dtype[Any]) -> tuple[Float, Float]:
    """Per code value: linear light Y, and f(Y) = (L* + 16) / 116."""
    codes = np.arange(np.iinfo(dtype).max + 1)
    linear = srgb_to_linear(codes / codes[-1])
    return linear.astype(np.float32), f_of(linear).astype(np.float32)


@lru_cache(maxsize=2)
def luma_tables(dtype: np.dtype[Any]) -> tuple[Float, Float, Float]:
    """Per code value of R, G and B: its part of the luminance Y."""
    linear = code_tables(dtype)[0]
    return linear * LUMA[0], linear * LUMA[1], linear * LUMA[2]


def look_up(codes: Pixels, *tables: Table) -> tuple[Float, ...]:
    """Linear light, f of it or L* (0..100) of grey code values (h,w), uint8 or uint16, each (h,w) float32."""
    if codes.dtype == np.uint8 and codes.size % 2 == 0:  # two at a time, which takes half as long
        places = np.ascontiguousarray(codes).reshape(-1).view(np.uint16).astype(np.intp)
        return tuple(_pairs(table).take(places, mode="clip").view(np.float32).reshape(codes.shape) for table in tables)
    places = codes.astype(np.intp)  # once: take wants them so
    return tuple(_of_codes(codes.dtype, table).take(places, mode="clip") for table in tables)


@lru_cache(maxsize=6)
def _of_codes(dtype: np.dtype[Any], table: Table) -> Float:
    linear, f = code_tables(dtype)
    if table == "lightness":
        return (f * np.float32(116) - np.float32(16)).clip(0, 100)
    return linear if table == "linear" else f


@lru_cache(maxsize=3)
def _pairs(table: Table) -> NDArray[np.uint64]:
    """For each two codes of 8 bits, seen as one number: their two floats, seen as one number."""
    codes = np.arange(1 << 16, dtype=np.uint16).view(np.uint8)
    return _of_codes(codes.dtype, table).take(codes).view(np.uint64)


@lru_cache(maxsize=1)
def f_table() -> tuple[Float, Float]:
    """f of linear light 0..1 in STEPS steps, and the difference to the next entry."""
    f = f_of(np.arange(STEPS + 2) / STEPS)
    return f.astype(np.float32), np.diff(f, append=f[-1]).astype(np.float32)


@lru_cache(maxsize=1)
def srgb_table() -> tuple[Float, Float]:
    """sRGB-encoded linear light in units of 16 bits, and the difference to the next entry."""
    s = linear_to_srgb(np.arange(STEPS + 2) / STEPS) * 65535
    return s.astype(np.float32), np.diff(s, append=s[-1]).astype(np.float32)


@lru_cache(maxsize=1)
def srgb8_table() -> NDArray[np.uint8]:
    """sRGB-encoded linear light, rounded to 8 bits."""
    table: NDArray[np.uint8] = np.rint(linear_to_srgb(np.arange(STEPS + 1) / STEPS) * 255).astype(np.uint8)
    return table


def interpolate(table: tuple[Float, Float], steps: Float) -> Float:
    """A table's values at `steps`, 0..STEPS, between the entries by straight lines; in their place."""
    i, t = steps.astype(np.int32), steps
    t -= i
    place = i.astype(np.intp)  # once: take wants it so
    t *= table[1].take(place, mode="clip")
    t += table[0].take(place, mode="clip")
    return t
