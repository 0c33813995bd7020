"""Twelve pictures of a film in colour on one sheet, to choose settings by before the whole is coloured."""

from __future__ import annotations

from pathlib import Path

from photochrom.colorizer import Colorizer
from photochrom.film.film import FilmResult
from photochrom.film.options import FilmOptions
from photochrom.film.samples import sampled
from photochrom.film.sheet import Sheet
from photochrom.film.single import one_by_one
from photochrom.progress import Progress, silent
from photochrom.settings import Settings

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
    sheet = Sheet(source, colorizer, settings, options, wide=_WIDE)
    times: list[str] = []
    for place, frame in enumerate(sampled(sheet.info, sheet.options, PICTURES)):
        (colored,) = one_by_one(iter([frame]), sheet.painter)
        sheet.add(colored)
        times.append(sheet.time_of(colored))
        progress(f"Previewing {source.name}", place + 1, PICTURES)
    labels = [f"{times[0]} to {times[-1]}, left to right"] if times else []
    none = " there; choose another part of it"
    return sheet.save(target, columns=_COLUMNS, labels=labels, overwrite=overwrite, none=none)
