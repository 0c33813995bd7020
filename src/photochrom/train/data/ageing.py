"""Ageing the network's *input*: a clean modern picture made to look like an old scan.

Orthochromatic film, a soft lens, grain, JPEG, fading; the colours to be learned stay those of the clean picture.
"""

from __future__ import annotations

import io

import numpy as np
from PIL import Image, ImageFilter


def aged_grey(image: Image.Image, rng: np.random.Generator) -> np.ndarray:
    """What an old camera and a scanner would have made of the picture: grey sRGB values (H,W), uint8."""
    rgb = np.asarray(image, np.float32)
    # Film weighs the primaries unlike the eye does; orthochromatic plates hardly saw red.
    grey = rgb @ rng.dirichlet((3.0, 6.0, 2.0)).astype(np.float32)
    if rng.random() < 0.5:
        black, white = rng.uniform(0, 50), rng.uniform(190, 255)  # fading and low contrast
        grey = black + grey * ((white - black) / 255)
    grey = 255 * (np.clip(grey, 0, 255) / 255) ** np.exp(rng.normal(0, 0.15))
    if rng.random() < 0.5:
        out = Image.fromarray(grey.astype(np.uint8)).filter(ImageFilter.GaussianBlur(rng.uniform(0.3, 1.3)))
        grey = np.asarray(out, np.float32)
    if rng.random() < 0.5:
        grain = rng.normal(0, rng.uniform(2, 14), grey.shape).astype(np.float32)
        grey = grey + grain
    aged = Image.fromarray(np.clip(grey, 0, 255).astype(np.uint8))
    if rng.random() < 0.5:
        buffer = io.BytesIO()
        aged.save(buffer, "JPEG", quality=int(rng.integers(25, 85)))
        aged = Image.open(buffer)
    return np.asarray(aged, np.uint8)
