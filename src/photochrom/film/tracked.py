"""Hints that stay on the things they were laid on, while these move."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from photochrom.film.flow import Ways, sampled
from photochrom.settings import Hint

_SEEN = 0.3  # how far motion is to be believed at a hint for it to go on


def moved(hint: Hint, ways: Ways) -> Hint | None:
    """A hint in shares of a picture where its place is in another, to which the ways lead; None where that is hidden,
    or out of the picture."""
    height, width = ways.sure.shape
    at = np.array([[[hint.x * width - 0.5, hint.y * height - 0.5]]], np.float32)
    to, sure = sampled(ways.to, at)[0, 0], float(sampled(ways.sure, at)[0, 0])
    x, y = (float(to[0]) + 0.5) / width, (float(to[1]) + 0.5) / height
    return replace(hint, x=x, y=y) if sure > _SEEN and 0 <= x <= 1 and 0 <= y <= 1 else None
