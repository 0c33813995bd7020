"""Pictures of a film in colour on a contact sheet."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from photochrom.atomic import atomic_write
from photochrom.colorizer import Colorizer
from photochrom.errors import PictureError
from photochrom.film.clock import clock
from photochrom.film.encoder import coding_for
from photochrom.film.film import FilmResult
from photochrom.film.info import probe
from photochrom.film.options import FilmOptions
from photochrom.film.raster import Raster
from photochrom.film.samples import painter_for
from photochrom.film.step import Step
from photochrom.settings import Settings
from photochrom.sheet import contact_sheet

_HINTED = "hints are left out of its sheet: colour a part of the film, with --from and --to, to see them"


class Sheet:
    """Pictures of a film that have their colours, each `wide` pixels wide and as the film is shown, upright.

    Raises PictureError for what is no film, UsageError for options that it can't have.
    """

    def __init__(
        self, source: Path, colorizer: Colorizer, settings: Settings | None, options: FilmOptions | None, *, wide: int
    ) -> None:
        self.settings, self.options = settings or Settings(), options or FilmOptions()
        self.info = probe(source)
        raster = Raster(self.info, coding_for(self.info, self.options).format)
        self.painter, self._notes = painter_for(colorizer, self.settings, self.info, raster, self.options)
        self.pictures: list[NDArray[np.uint8]] = []
        self._wide = wide

    def add(self, step: Step, *, title: str | None = None) -> None:
        """The next picture. title: a line of text above it, before its time."""
        image = self.painter.picture(step)
        picture = np.rot90(self.painter.thumbnail(image, self._wide), self.info.turn // 90)
        self.pictures.append(picture if title is None else _titled(picture, f"{title}  ·  {self.time_of(step)}"))

    def time_of(self, step: Step) -> str:
        """When a picture is shown, as "1:23.5"."""
        return clock(self.info.seconds_at(step.frame.time))

    def save(
        self,
        target: Path,
        *,
        columns: int,
        labels: Sequence[str] = (),
        overwrite: bool,
        none: str,
        notes: Sequence[str] = (),
    ) -> FilmResult:
        """Write the sheet, in the format that the name says. labels: of its columns. none: what is said of a film of
        which there is no picture, after its name.

        Raises PictureError, OutputError, OutputExistsError.
        """
        if not self.pictures:
            raise PictureError(f"{self.info.path} holds no picture that can be decoded{none}")
        rows = [self.pictures[n : n + columns] for n in range(0, len(self.pictures), columns)]
        sheet = contact_sheet(rows, labels)
        with atomic_write(target, overwrite=overwrite) as out:
            sheet.save(out, Image.registered_extensions().get(target.suffix.lower(), "JPEG"), quality=92)
        hinted = self.settings.guide.hints or self.options.hints  # followed from picture to picture, which it hasn't
        return FilmResult(len(self.pictures), notes=[*self._notes, *notes, *([_HINTED] if hinted else [])])


def _titled(picture: NDArray[np.uint8], text: str) -> NDArray[np.uint8]:
    """A picture with a line of text above it."""
    font = ImageFont.load_default(14)
    high = int(font.getbbox("Ag")[3]) + 6
    image = Image.new("RGB", (picture.shape[1], picture.shape[0] + high), "white")
    image.paste(Image.fromarray(np.ascontiguousarray(picture)), (0, high))
    ImageDraw.Draw(image).text((2, 2), text, fill=(30, 30, 30), font=font)
    return np.asarray(image)
