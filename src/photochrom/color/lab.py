"""sRGB, linear light and CIE Lab.  numpy only.

Everything is CIE 1976 L*a*b* under D65 (2 degrees), sRGB primaries (IEC 61966-2-1), float32.  L* runs 0..100, a* and
b* about -110..110.  The matrix is normalised by the white point, so that equal R, G, B give a* = b* = 0 exactly as
floats allow.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float32]
Pixels = NDArray[Any]  # uint8 or uint16

_PRIMARIES = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
_TO_XYZ = _PRIMARIES / _PRIMARIES.sum(axis=1, keepdims=True)  # linear RGB -> X/Xn, Y/Yn, Z/Zn
FROM_XYZ = np.linalg.inv(_TO_XYZ)
LUMA: Float = _TO_XYZ[1].astype(np.float32)  # weights of linear R, G, B in the luminance Y
DELTA = 6.0 / 29.0


def srgb_to_linear(x: NDArray[Any]) -> NDArray[Any]:
    """sRGB-encoded values (any shape, 0..1) to linear light.  Below 0 the linear toe is carried on."""
    x = np.asarray(x)
    return np.where(x <= 0.04045, x / 12.92, (np.maximum(x, 0.0) * (1 / 1.055) + 0.055 / 1.055) ** 2.4).astype(
        float_dtype(x)
    )


def linear_to_srgb(x: NDArray[Any]) -> NDArray[Any]:
    """Linear light (any shape, 0..1) to sRGB-encoded values.  Below 0 the linear toe is carried on."""
    x = np.asarray(x)
    return np.where(x <= 0.0031308, x * 12.92, 1.055 * np.maximum(x, 1e-9) ** (1 / 2.4) - 0.055).astype(float_dtype(x))


def float_dtype(x: NDArray[Any]) -> np.dtype[Any]:
    """float64 stays float64, everything else becomes float32."""
    return np.dtype(np.float64 if x.dtype == np.float64 else np.float32)


def f_of(t: NDArray[Any]) -> NDArray[Any]:
    """CIE 1976 f of a share of the white (X/Xn...), any shape: L* = 116 f(Y/Yn) - 16."""
    return np.where(t > DELTA**3, np.cbrt(t), t / (3 * DELTA**2) + 4 / 29)


def f_inverse(t: NDArray[Any]) -> NDArray[Any]:
    """What f_of was given, from what it gave."""
    return np.where(t > DELTA, t * t * t, 3 * DELTA**2 * (t - 4 / 29))


def rgb_to_lab(rgb: NDArray[Any]) -> NDArray[Any]:
    """sRGB (..., 3), floats 0..1, to CIE Lab (..., 3); float64 stays float64, everything else gives float32."""
    rgb = np.asarray(rgb)
    kind = float_dtype(rgb)
    f = f_of(srgb_to_linear(rgb) @ _TO_XYZ.T.astype(kind))
    x, y, z = f[..., 0], f[..., 1], f[..., 2]
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1).astype(kind)


def lab_to_rgb(lab: NDArray[Any]) -> NDArray[Any]:
    """CIE Lab (..., 3) to sRGB (..., 3), not clipped: colours out of gamut give values outside 0..1."""
    lab = np.asarray(lab)
    kind = float_dtype(lab)
    y = (lab[..., 0] + 16) / 116
    f = np.stack([y + lab[..., 1] / 500, y, y - lab[..., 2] / 200], axis=-1)
    return linear_to_srgb((f_inverse(f) @ FROM_XYZ.T).astype(kind)).astype(kind)
