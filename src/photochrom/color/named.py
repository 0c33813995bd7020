"""A colour as people write it, in CIE Lab."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

import numpy as np

from photochrom.color.lab import rgb_to_lab
from photochrom.errors import UsageError, suggestion

Color = str | tuple[float, ...]
_FAR = 128.0  # ab units: no colour of sRGB has an a or b beyond it


def plain_color(color: object) -> Color:
    """A colour that ab_of takes, of Python's own words and numbers; numpy's and JSON's lists are taken too.

    Raises UsageError, for an unknown name with the nearest known one.
    """
    if isinstance(color, str):
        _named(color)
        return color
    if isinstance(color, Iterable) and not isinstance(color, (bytes, Mapping)):
        try:
            numbers = tuple(float(v) for v in color)
        except (TypeError, ValueError, OverflowError):
            numbers = ()
        finite = all(map(math.isfinite, numbers))
        if finite and len(numbers) == 2 and max(map(abs, numbers)) <= _FAR:
            return numbers
        if finite and len(numbers) == 3 and min(numbers) >= 0 and max(numbers) <= 255:
            return numbers
    raise UsageError(f"a colour must be like #7a1f1f, olive, three numbers 0..255 or a* and b*, got {color!r:.60}")


def ab_of(color: Color) -> tuple[float, float]:
    """a* and b* of "#7a1f1f", a CSS name, three numbers 0..255 (sRGB), or two numbers (a* and b* themselves).

    Raises UsageError as plain_color does.
    """
    plain = plain_color(color)
    rgb = _named(plain) if isinstance(plain, str) else plain
    if len(rgb) == 2:
        return rgb[0], rgb[1]
    lab = rgb_to_lab(np.asarray(rgb, np.float64) / 255)
    return float(lab[1]), float(lab[2])


def _named(text: str) -> tuple[float, ...]:
    from PIL import ImageColor

    try:
        return ImageColor.getrgb(text.strip())[:3]
    except ValueError:
        otherwise = "write it like #7a1f1f, or as a CSS name"
        found = suggestion(text.strip().lower(), ImageColor.colormap, otherwise=otherwise)
        raise UsageError(f"there is no colour {text!r}: {found}") from None
