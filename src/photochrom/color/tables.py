"""Tables over code values and linear light, made when first needed: the functions of lab, many times as fast."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from photochrom.color.lab import Float, f_of, linear_to_srgb, srgb_to_linear

STEPS = 1 << 16  # of the tables over linear light; read with interpolation they are good to 0.01 of a 16-bit level


@lru_cache(maxsize=8)
def code_tables(dtype: np.dtype[Any]) -> tuple[Float, Float]:
    """Per code value: linear light Y, and f(Y) = (L* + 16) / 116."""
    codes = np.arange(np.iinfo(dtype).max + 1)
    linear = srgb_to_linear(codes / codes[-1])
    return linear.astype(np.float32), f_of(linear).astype(np.float32)


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


def interpolate(table: tuple[Float, Float], x: Float) -> Float:
    """table(x) for x in 0..1, between the entries by straight lines."""
    t = x * np.float32(STEPS)
    i = t.astype(np.int32)
    t -= i
    place = i.astype(np.intp)  # once: take wants it so
    t *= table[1].take(place, mode="clip")
    t += table[0].take(place, mode="clip")
    return t
