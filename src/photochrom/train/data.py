"""Training pictures: reading tar shards, cropping, and ageing the network's *input*.

The ageing makes a clean modern picture look like an old scan (orthochromatic film, soft lens, grain, JPEG, fading),
while the colours to be learned stay those of the clean picture.
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter

PICTURES = (".webp", ".png", ".jpg", ".jpeg")


def shard_pictures(path: Path) -> Iterator[tuple[str, bytes]]:
    """Yield (member name, encoded bytes) of every picture in a tar shard, in order."""
    with tarfile.open(path) as tar:
        for member in tar:
            handle = tar.extractfile(member) if member.name.lower().endswith(PICTURES) else None
            if handle is not None:
                yield member.name, handle.read()


def decode(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data)).convert("RGB")


def random_crop(image: Image.Image, size: int, rng: np.random.Generator, most: float = 1.25) -> Image.Image:
    """A (size, size) crop, mirrored half the time, of the picture resized to a short side of size..size*most."""
    short = int(rng.integers(size, int(size * most) + 1))
    scale = short / min(image.size)
    wide, high = (max(size, round(side * scale)) for side in image.size)
    left, top = rng.integers(0, wide - size + 1), rng.integers(0, high - size + 1)
    box = (left / scale, top / scale, (left + size) / scale, (top + size) / scale)
    box = (box[0], box[1], min(box[2], image.width), min(box[3], image.height))
    crop = image.resize((size, size), Image.Resampling.BICUBIC, box=box)
    return crop.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if rng.random() < 0.5 else crop


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
