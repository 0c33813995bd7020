"""The first picture of every shot in colour on one sheet, with its number and time: what hints for shots go by."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from photochrom.colorizer import Colorizer
from photochrom.film.film import FilmResult
from photochrom.film.flow import Estimator
from photochrom.film.likened import SteadyLikeness
from photochrom.film.options import FilmOptions
from photochrom.film.prepared import prepared
from photochrom.film.reader import Frame, Reader
from photochrom.film.sheet import Sheet
from photochrom.film.shots import with_motion
from photochrom.film.single import alone
from photochrom.progress import Progress, silent
from photochrom.settings import Settings

_WIDE, _COLUMNS = 240, 6  # pixels of each picture, and pictures side by side


def write_shots(
    source: Path,
    target: Path,
    colorizer: Colorizer,
    *,
    settings: Settings | None = None,
    options: FilmOptions | None = None,
    overwrite: bool = False,
    progress: Progress = silent,
) -> FilmResult:
    """Colour the first picture of each shot of a film, up to the end that the options name, and write them to `target`.

    Raises PictureError, OutputError, OutputExistsError, UsageError, ModelError.
    """
    sheet = Sheet(source, colorizer, settings, options, wide=_WIDE)
    info, painter, last = sheet.info, sheet.painter, sheet.options.end
    end = None if last is None else info.time_at(last)
    reader = Reader(info, end=end, deinterlace=sheet.options.deinterlace)
    likeness = SteadyLikeness(painter)

    def told(frames: Iterator[Frame]) -> Iterator[Frame]:
        for count, frame in enumerate(frames):
            progress(f"Looking for shots in {source.name}", count, max(info.count, count))
            yield frame

    with closing(reader.frames()) as frames:
        for step in with_motion(prepared(told(frames), painter), Estimator()):
            if step.motion is None:
                sheet.add(alone(step, painter, likeness), title=f"{len(sheet.pictures) + 1}")
    none = "; check that it was copied whole"
    return sheet.save(target, columns=_COLUMNS, overwrite=overwrite, none=none, notes=reader.notes)
