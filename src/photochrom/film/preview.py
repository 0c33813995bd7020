"""Twelve pictures of a film in colour on one sheet, to choose settings by before the whole is coloured."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from photochrom.atomic import atomic_write
from photochrom.colorizer import Colorizer
from photochrom.errors import PictureError
from photochrom.film.clock import clock
from photochrom.film.encoder import coding_for
from photochrom.film.film import FilmResult
from photochrom.film.info import FilmInfo, probe
from photochrom.film.options import FilmOptions
from photochrom.film.painter import Painter
from photochrom.film.raster import Raster
from photochrom.film.reader import Frame, Reader
from photochrom.film.single import one_by_one
from photochrom.progress import Progress, silent
from photochrom.settings import Settings
from photochrom.sheet import contact_sheet

PICTURES, _COLUMNS = 12, 4
_WIDE = 480  # pixels of each on the sheet


def write_preview(
    source: Path,
    target: Path,
    colorizer: Colorizer,
    *,
    settings: Settings | None = None,
    options: FilmOptions | None = None,
    overwrite: bool = False,
    progress: Progress = silent,
) -> FilmResult:
    """Colour twelve pictures from all of a film, or of the part that the options name, and write them to `target`.

    Raises PictureError, OutputError, OutputExistsError, UsageError, ModelError.
    """
    settings, options = settings or Settings(), options or FilmOptions()
    info = probe(source)
    raster = Raster(info, coding_for(info, options).format)
    painter = Painter(colorizer, settings, info, raster)
    first = options.start or 0.0
    last = min(options.end or info.seconds, info.seconds)
    pictures: list[NDArray[np.uint8]] = []
    labels: list[str] = []
    for place in range(PICTURES):
        seconds = first + (last - first) * (place + 0.5) / PICTURES
        frame = _at(info, seconds, options)
        if frame is None:
            continue
        (colored,) = one_by_one(iter([frame]), painter)
        image = painter.picture(colored)
        pictures.append(np.rot90(painter.thumbnail(image, _WIDE), info.turn // 90))
        labels.append(clock((frame.time - info.start) * float(info.time_base)))
        progress(f"Previewing {source.name}", place + 1, PICTURES)
    rows = [pictures[n : n + _COLUMNS] for n in range(0, len(pictures), _COLUMNS)]
    if not rows:
        raise PictureError(f"{source} holds no picture that can be decoded there; choose another part of it")
    save_sheet(rows, [f"{labels[0]} to {labels[-1]}, left to right"], target, overwrite=overwrite)
    return FilmResult(len(pictures), notes=hints_left_out(settings, options))


def hints_left_out(settings: Settings, options: FilmOptions) -> list[str]:
    """A note where a film has hints: they are followed from picture to picture, which a sheet hasn't."""
    hinted = settings.guide.hints or options.hints
    return (
        ["hints are left out of its sheet: colour a part of the film, with --from and --to, to see them"]
        if hinted
        else []
    )


def save_sheet(
    rows: Sequence[Sequence[NDArray[np.uint8]]], labels: Sequence[str], target: Path, *, overwrite: bool
) -> None:
    """Write a contact sheet, in the format that the name says. Raises OutputError, OutputExistsError."""
    sheet = contact_sheet(rows, labels)
    with atomic_write(target, overwrite=overwrite) as out:
        sheet.save(out, _format(target), quality=92)


def _at(info: FilmInfo, seconds: float, options: FilmOptions) -> Frame | None:
    start = info.start + round(seconds / info.time_base)
    try:
        return next(Reader(info, start=start, deinterlace=options.deinterlace).frames(), None)
    except PictureError:  # the film ends before
        return None


def _format(target: Path) -> str:
    return Image.registered_extensions().get(target.suffix.lower(), "JPEG")
