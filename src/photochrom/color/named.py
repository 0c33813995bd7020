"""A colour as people write it, in CIE Lab."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from photochrom.color.lab import rgb_to_lab
from photochrom.errors import UsageError, suggestion


def ab_of(color: str | Sequence[float]) -> tuple[float, float]:
    """a* and b* of "#7a1f1f", a CSS name, three numbers 0..255 (sRGB), or two numbers (a* and b* themselves).

    Raises UsageError, for an unknown name with the nearest known one.
    """
    if isinstance(color, str):
        return _ab(_named(color))
    numbers = [v for v in color if isinstance(v, (int, float)) and not isinstance(v, bool) and math.isfinite(v)]
    if len(numbers) == len(color) == 2 and max(map(abs, numbers)) <= 128:
        return float(numbers[0]), float(numbers[1])
    if len(numbers) == len(color) == 3 and min(numbers) >= 0 and max(numbers) <= 255:
        return _ab(numbers)
    raise UsageError(f"a colour must be like #7a1f1f, olive, three numbers 0..255 or a* and b*, got {color!r}")


def _named(text: str) -> Sequence[float]:
    from PIL import ImageColor

    try:
        return ImageColor.getrgb(text.strip())[:3]
    except ValueError:
        otherwise = "write it like #7a1f1f, or as a CSS name"
        found = suggestion(text.strip().lower(), ImageColor.colormap, otherwise=otherwise)
        raise UsageError(f"there is no colour {text!r}: {found}") from None


def _ab(rgb: Sequence[float]) -> tuple[float, float]:
    lab = rgb_to_lab(np.asarray(rgb, np.float64) / 255)
    return float(lab[1]), float(lab[2])
