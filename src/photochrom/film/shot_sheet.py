"""The first picture of every shot in colour on one sheet, with its number and time: what hints for shots go by."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from photochrom.colorizer import Colorizer
from photochrom.errors import PictureError
from photochrom.film.clock import clock
from photochrom.film.encoder import coding_for
from photochrom.film.film import FilmResult
from photochrom.film.flow import Estimator
from photochrom.film.info import probe
from photochrom.film.likened import SteadyLikeness
from photochrom.film.options import FilmOptions
from photochrom.film.painter import Painter
from photochrom.film.prepared import prepared
from photochrom.film.preview import hints_left_out, save_sheet
from photochrom.film.raster import Raster
from photochrom.film.reader import Frame, Reader
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
    settings, options = settings or Settings(), options or FilmOptions()
    info = probe(source)
    painter = Painter(colorizer, settings, info, Raster(info, coding_for(info, options).format))
    end = None if options.end is None else info.start + round(options.end / info.time_base)
    reader = Reader(info, end=end, deinterlace=options.deinterlace)
    pictures: list[NDArray[np.uint8]] = []
    likeness = SteadyLikeness(painter)

    def told(frames: Iterator[Frame]) -> Iterator[Frame]:
        for count, frame in enumerate(frames):
            progress(f"Looking for shots in {source.name}", count, max(info.count, count))
            yield frame

    with closing(reader.frames()) as frames:
        for step in with_motion(prepared(told(frames), painter), Estimator()):
            if step.motion is None:
                image = painter.picture(alone(step, painter, likeness))
                picture = np.rot90(painter.thumbnail(image, _WIDE), info.turn // 90)
                seconds = (step.frame.time - info.start) * float(info.time_base)
                pictures.append(_labelled(picture, f"{len(pictures) + 1}  ·  {clock(seconds)}"))
    if not pictures:
        raise PictureError(f"{source} holds no picture that can be decoded; check that it was copied whole")
    rows = [pictures[n : n + _COLUMNS] for n in range(0, len(pictures), _COLUMNS)]
    save_sheet(rows, [], target, overwrite=overwrite)
    return FilmResult(len(pictures), notes=[*reader.notes, *hints_left_out(settings, options)])


def _labelled(picture: NDArray[np.uint8], text: str) -> NDArray[np.uint8]:
    """A picture with a line of text above it."""
    font = ImageFont.load_default(14)
    high = int(font.getbbox("Ag")[3]) + 6
    image = Image.new("RGB", (picture.shape[1], picture.shape[0] + high), "white")
    image.paste(Image.fromarray(np.ascontiguousarray(picture)), (0, high))
    ImageDraw.Draw(image).text((2, 2), text, fill=(30, 30, 30), font=font)
    return np.asarray(image)
