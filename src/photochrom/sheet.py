"""Contact sheets: pictures side by side under the names of their columns."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from photochrom.errors import UsageError

LEGIBLE = 96  # px: a picture that is less wide can hardly be looked at
_GAP = 4  # px between pictures
_PAPER, _INK = (255, 255, 255), (30, 30, 30)


def contact_sheet(rows: Sequence[Sequence[NDArray[np.uint8]]], labels: Sequence[str], *, least: int = 1) -> Image.Image:
    """One picture of many: `rows` of (H,W,3) or (H,W) uint8 sRGB pictures, `labels` over the columns, left to right.

    A column is as wide as its widest picture, a row as high as its highest; smaller ones are centred. Labels are cut
    to their column. There may be more columns than labels. least: px that every picture is wide at least; the pixels
    of smaller ones are repeated. Raises UsageError if there is no picture at all.
    """
    rows = [[_enlarged(picture, least) for picture in row] for row in rows]
    columns = max((len(row) for row in rows), default=0)
    if not columns:
        raise UsageError("a contact sheet needs at least one picture, got none: check the data that it is made of")
    wide = [max((row[c].shape[1] for row in rows if c < len(row)), default=1) for c in range(columns)]
    high = [max((picture.shape[0] for picture in row), default=1) for row in rows]
    font = ImageFont.load_default(max(11, min(18, min(wide) // 9)))
    head = 0 if not any(labels) else int(font.getbbox("Ag")[3]) + 2 * _GAP
    size = (sum(wide) + _GAP * (columns + 1), head + sum(high) + _GAP * (len(rows) + 1))
    sheet = Image.new("RGB", size, _PAPER)
    draw = ImageDraw.Draw(sheet)
    left = _GAP
    for c in range(columns):
        if c < len(labels):
            draw.text((left, _GAP), _cut(labels[c], wide[c], font), fill=_INK, font=font)
        top = head + _GAP
        for row, height in zip(rows, high, strict=True):
            if c < len(row):
                image = Image.fromarray(np.ascontiguousarray(row[c])).convert("RGB")
                sheet.paste(image, (left + (wide[c] - image.width) // 2, top + (height - image.height) // 2))
            top += height + _GAP
        left += wide[c] + _GAP
    return sheet


def montage(
    pictures: Sequence[tuple[str, NDArray[np.uint8]]], *, columns: int = 3, wide: int = 300
) -> NDArray[np.uint8]:
    """Pictures (H,W,3) or (H,W) uint8 under their names, `columns` to a row, each at most `wide` px wide."""
    names, shown = [name for name, _ in pictures], [_fitted(picture, wide) for _, picture in pictures]
    columns = min(columns, len(names))
    rows = [
        np.asarray(contact_sheet([shown[i : i + columns]], names[i : i + columns]))
        for i in range(0, len(names), columns)
    ]
    width = max(row.shape[1] for row in rows)
    return np.concatenate([np.pad(r, ((0, 0), (0, width - r.shape[1]), (0, 0)), constant_values=255) for r in rows])


def _enlarged(picture: NDArray[np.uint8], least: int) -> NDArray[np.uint8]:
    times = -(-least // picture.shape[1])
    return picture.repeat(times, axis=0).repeat(times, axis=1) if times > 1 else picture


def _cut(label: str, width: int, font: ImageFont.FreeTypeFont | ImageFont.ImageFont) -> str:
    if font.getlength(label) <= width:
        return label
    while label and font.getlength(label + "...") > width:
        label = label[:-1]
    return label + "..."


def _fitted(picture: NDArray[np.uint8], wide: int) -> NDArray[np.uint8]:
    scale = wide / picture.shape[1]
    if scale >= 1:
        return picture
    size = wide, max(1, round(picture.shape[0] * scale))
    return np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.LANCZOS))
