"""The pictures that a report shows, painted again when they are wanted: only numbers are kept during a run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from photochrom.atomic import atomic_write, make_folder
from photochrom.evaluate.arrays import Rgb
from photochrom.evaluate.given import open_pair
from photochrom.evaluate.painters import Painter
from photochrom.pictures.picture import Picture
from photochrom.progress import Progress, silent
from photochrom.sheet import contact_sheet


def strip(item: Picture, painters: Sequence[Painter], size: int, domain: str = "photo") -> list[Rgb]:
    """What each painter makes of one picture, (size,size,3) uint8. Raises PictureError."""
    truth, given = open_pair(item, size, domain)
    return [painter.paint(given, truth) for painter in painters]


def sheet_of(
    items: Sequence[Picture], painters: Sequence[Painter], size: int, *, domain: str = "photo", shown: int = 192
) -> Image.Image:
    """A contact sheet: a row for each picture, a column for each painter, at most `shown` px each."""
    rows = [[_smaller(picture, shown) for picture in strip(item, painters, size, domain)] for item in items]
    return contact_sheet(rows, [painter.name for painter in painters])


def spread(items: Sequence[Picture], count: int) -> list[Picture]:
    """`count` of them, the same share of each set, evenly over its pictures."""
    if len(items) <= count:
        return list(items)
    places = ((2 * np.arange(count) + 1) * len(items)) // (2 * count)
    return [items[int(place)] for place in places]


def save_pictures(
    folder: Path,
    items: Sequence[Picture],
    painters: Sequence[Painter],
    size: int,
    *,
    domain: str = "photo",
    progress: Progress = silent,
) -> None:
    """FOLDER/ROW/SET/NAME.png for every picture and row; those that are there already stay. Raises OutputError."""
    for n, item in enumerate(items):
        # The name keeps its suffix, so a.jpg and a.png don't meet; a shard's folders become folders.
        name = Path(item.set_name, *(part for part in Path(item.name).parts if part not in ("/", "..")))
        paths = [folder / painter.name / name.with_name(f"{name.name}.png") for painter in painters]
        if not all(path.exists() for path in paths):
            for path, picture in zip(paths, strip(item, painters, size, domain), strict=True):
                make_folder(path.parent)
                with atomic_write(path, overwrite=True) as stream:
                    Image.fromarray(picture).save(stream, "PNG")
        progress("Saving pictures", n + 1, len(items))


def _smaller(picture: Rgb, shown: int) -> Rgb:
    if picture.shape[0] <= shown:
        return picture
    return np.asarray(Image.fromarray(picture).resize((shown, shown), Image.Resampling.LANCZOS))
