"""Make docs/before-after.jpg of the README: the samples, and the same coloured by the shipped model.

python scripts/readme_pictures.py
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

import photochrom

HEIGHT, GAP = 300, 8  # px
SAMPLES = ("astronaut.jpg", "cat.jpg", "coffee.jpg")


def main() -> None:
    root = Path(__file__).parent.parent
    model = photochrom.load_model()
    rows: list[list[Image.Image]] = [[], []]
    for name in SAMPLES:
        photo = photochrom.Photo.open(root / "samples" / name)
        for row, one in zip(rows, (photo, model.colorize(photo)), strict=True):
            row.append(ImageOps.fit(one.to_pil().convert("RGB"), (HEIGHT, HEIGHT)))
    gap = np.full((HEIGHT, GAP, 3), 255, np.uint8)
    lines = []
    for row in rows:
        parts = [part for image in row for part in (np.asarray(image), gap)]
        lines.append(np.hstack(parts[:-1]))
    between = np.full((GAP, lines[0].shape[1], 3), 255, np.uint8)
    target = root / "docs" / "before-after.jpg"
    target.parent.mkdir(exist_ok=True)
    Image.fromarray(np.vstack([lines[0], between, lines[1]])).save(target, quality=88)
    print(target)


if __name__ == "__main__":
    main()
