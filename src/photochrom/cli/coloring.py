"""What `photochrom FILES...` and `photochrom batch` both ask: how pictures are coloured, read and written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from photochrom.cli import options
from photochrom.cli.dials import chosen, setting
from photochrom.settings import Settings


def _formats(incomplete: str) -> list[str]:
    from photochrom.codec.writing import SUFFIXES

    return [name for name in map(str.lower, dict.fromkeys(SUFFIXES.values())) if name.startswith(incomplete)]


@dataclass(frozen=True, kw_only=True)
class Dials:
    """How pictures are coloured: by which model, every setting, and a person's guide."""

    model: Annotated[str | None, options.model()] = None
    detail: Annotated[int | None, setting("detail")] = Settings.detail
    strength: Annotated[float, setting("strength")] = Settings.strength
    vividness: Annotated[float, setting("vividness")] = Settings.vividness
    warmth: Annotated[float, setting("warmth")] = Settings.warmth
    tint: Annotated[float, setting("tint")] = Settings.tint
    saturation: Annotated[str, setting("saturation")] = Settings.saturation
    protect_skin: Annotated[float, setting("protect_skin")] = Settings.protect_skin
    seed: Annotated[int | None, setting("seed")] = Settings.seed
    keep_tint: Annotated[bool, setting("keep_tint")] = Settings.keep_tint
    keep_lightness: Annotated[float, setting("keep_lightness")] = Settings.keep_lightness
    restore: Annotated[str, setting("restore")] = Settings.restore
    frame: Annotated[str, setting("frame")] = Settings.frame
    era: Annotated[str, setting("era")] = Settings.era
    hint: options.Hint = None
    hints: options.Hints = None
    reference: options.Reference = None
    statistics: options.Statistics = "monge"
    settings: Annotated[
        str | None,
        typer.Option(help="As another result was coloured: its sidecar. Options said here win.", metavar="FILE"),
    ] = None
    device: options.Device = "auto"

    def chosen(self, said: Mapping[str, Any], *, films: bool = False) -> tuple[Settings, str | None]:
        """The settings, and the model of the sidecar that gives the rest of them. said: the options that were given.

        films: leave hints for times and shots of films to who reads them. Raises UsageError.
        """
        from photochrom.batch.sidecar import read_settings
        from photochrom.guidance.hint_files import guide_of

        base, model = read_settings(self.settings) if self.settings else (Settings(), None)
        guide = guide_of(self.hint or [], self.hints or [], self.reference or [], self.statistics, films=films)
        return chosen(said, guide=guide, base=base), model


@dataclass(frozen=True, kw_only=True)
class Files:
    """How files of pictures are read and written, as photochrom.batch.run.Options has it."""

    sidecar: Annotated[
        bool, typer.Option("--sidecar", help="Write all settings beside the result, for photochrom redo.")
    ] = False
    format: Annotated[
        str | None,
        typer.Option(
            help="jpeg, png, tiff, webp, bmp or avif.  [default: as the picture]",
            autocompletion=_formats,
            metavar="NAME",
        ),
    ] = None
    quality: Annotated[int | None, typer.Option(help="Of JPEG, WebP and AVIF.", min=1, max=100, metavar="N")] = None
    max_megapixels: Annotated[
        float,
        typer.Option(help="Refuse bigger pictures.", min=0, metavar="N", show_default=True, callback=options.finite),
    ] = 300.0
    pages: Annotated[
        str | None,
        typer.Option(help="Of TIFFs, animations, MPOs: all, or 1,3-5.  [default: the first]", metavar="LIST"),
    ] = None
    bands: options.Bands = None
    salvage: Annotated[bool, typer.Option("--salvage", help="Colour damaged pictures as far as they go.")] = False
    strip_location: Annotated[
        bool, typer.Option("--strip-location", help="Leave out where it was taken: the GPS part of EXIF and XMP.")
    ] = False
    overwrite: options.Overwrite = False
