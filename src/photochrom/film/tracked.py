"""Hints that stay on the things they were laid on, while these move."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from photochrom.film.flow import Motion, sampled
from photochrom.settings import Hint

_SEEN = 0.3  # how far motion is to be believed at a hint for it to go on


def moved(hints: Sequence[Hint], motion: Motion) -> tuple[Hint, ...]:
    """Hints in shares of a picture, where they are in the next; those whose place is hidden there, or out of the
    picture, are left out."""
    height, width = motion.on.sure.shape
    kept = []
    for hint in hints:
        at = np.array([[[hint.x * width - 0.5, hint.y * height - 0.5]]], np.float32)
        to, sure = sampled(motion.on.to, at)[0, 0], float(sampled(motion.on.sure, at)[0, 0])
        x, y = (float(to[0]) + 0.5) / width, (float(to[1]) + 0.5) / height
        if sure > _SEEN and 0 <= x <= 1 and 0 <= y <= 1:
            kept.append(replace(hint, x=x, y=y))
    return tuple(kept)
