"""Pictures side by side under their names."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image

from photochrom.explain.drawing import Rgb
from photochrom.sheet import contact_sheet


def montage(pictures: Sequence[tuple[str, Rgb]], *, columns: int = 3, wide: int = 300) -> Rgb:
    """Pictures (H,W,3) or (H,W) uint8 under their names, `columns` to a row, each at most `wide` px wide."""
    names, shown = [name for name, _ in pictures], [_fitted(picture, wide) for _, picture in pictures]
    columns = min(columns, len(names))
    rows = [
        np.asarray(contact_sheet([shown[i : i + columns]], names[i : i + columns]))
        for i in range(0, len(names), columns)
    ]
    width = max(row.shape[1] for row in rows)
    return np.concatenate([np.pad(r, ((0, 0), (0, width - r.shape[1]), (0, 0)), constant_values=255) for r in rows])


def _fitted(picture: Rgb, wide: int) -> Rgb:
    scale = wide / picture.shape[1]
    if scale >= 1:
        return picture
    size = wide, max(1, round(picture.shape[0] * scale))
    return np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.LANCZOS))
