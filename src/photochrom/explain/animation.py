"""Pictures that turn into each other, as an animated WebP or GIF."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from PIL import Image

from photochrom.explain.drawing import Rgb

_HOLD, _STEP = 1100, 60  # ms that a picture stands, and that a step of the change to the next one does
_STEPS = 8  # of such a change
_QUALITY = 90  # at 80 WebP leaves blocks whose colour changes slowly as they were: stains of the last frame's


def animated(frames: Sequence[Rgb], format: str) -> bytes:
    """The file: each frame (H,W,3) uint8 stands for a while, then changes into the next; it begins again at the end.

    format: "WEBP" or "GIF".
    """
    images, times = [], []
    for i, frame in enumerate(frames):
        images.append(Image.fromarray(np.ascontiguousarray(frame)))
        times.append(_HOLD if i + 1 < len(frames) else 2 * _HOLD)
        if i + 1 < len(frames):
            for step in range(1, _STEPS):
                share = step / _STEPS
                mixed = frame * (1 - share) + frames[i + 1].astype(np.float32) * share
                images.append(Image.fromarray(np.rint(mixed).astype(np.uint8)))
                times.append(_STEP)
    memory = io.BytesIO()
    images[0].save(
        memory, format, save_all=True, append_images=images[1:], duration=times, loop=0, quality=_QUALITY, method=4
    )
    return memory.getvalue()
