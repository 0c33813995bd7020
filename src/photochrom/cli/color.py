"""`photochrom FILES...`: the signature and help of colouring."""

from __future__ import annotations

from typing import Annotated

import typer

from photochrom.cli import options
from photochrom.cli.dials import chosen, said, setting
from photochrom.cli.exits import leave
from photochrom.cli.group import COLOR, Color
from photochrom.cli.stop import ends_within
from photochrom.settings import Settings


def register(app: typer.Typer) -> None:
    """Add the verb that is never typed."""
    app.command(COLOR, cls=Color, hidden=True, epilog="A file called as a command is given as ./models.")(color)


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"photochrom {version('photochrom')}")
        raise typer.Exit


def _formats(incomplete: str) -> list[str]:
    from photochrom.codec.writing import SUFFIXES

    return [name for name in map(str.lower, dict.fromkeys(SUFFIXES.values())) if name.startswith(incomplete)]


def color(
    ctx: typer.Context,
    files: Annotated[
        list[str] | None,
        typer.Argument(
            help="Pictures, films, folders (with -r), patterns; - is stdin.", metavar="FILES", show_default=False
        ),
    ] = None,
    output: Annotated[
        str | None, options.output("File for one picture (old.png), else a folder; - is stdout.", metavar="PATH")
    ] = None,
    recursive: Annotated[
        bool, typer.Option("-r", "--recursive", help="Go into folders; -o mirrors their structure.")
    ] = False,
    model: Annotated[str | None, options.model()] = None,
    domain: Annotated[str | None, options.domain()] = None,
    detail: Annotated[int | None, setting("detail")] = Settings.detail,
    strength: Annotated[float, setting("strength")] = Settings.strength,
    vividness: Annotated[float, setting("vividness")] = Settings.vividness,
    warmth: Annotated[float, setting("warmth")] = Settings.warmth,
    tint: Annotated[float, setting("tint")] = Settings.tint,
    saturation: Annotated[str, setting("saturation")] = Settings.saturation,
    protect_skin: Annotated[float, setting("protect_skin")] = Settings.protect_skin,
    variants: Annotated[
        int, typer.Option(help="Write this many different colourings.", min=1, max=100, metavar="N")
    ] = 1,
    sheet: Annotated[bool, typer.Option("--sheet", help="Write a contact sheet of the variants beside them.")] = False,
    confidence: Annotated[
        bool, typer.Option("--confidence", help="Write a map beside the result: white is sure, black a guess.")
    ] = False,
    seed: Annotated[int | None, setting("seed")] = Settings.seed,
    keep_tint: Annotated[bool, setting("keep_tint")] = Settings.keep_tint,
    keep_lightness: Annotated[float, setting("keep_lightness")] = Settings.keep_lightness,
    restore: Annotated[str, setting("restore")] = Settings.restore,
    frame: Annotated[str, setting("frame")] = Settings.frame,
    era: Annotated[str, setting("era")] = Settings.era,
    hint: options.Hint = None,
    hints: options.Hints = None,
    reference: options.Reference = None,
    statistics: options.Statistics = "monge",
    settings: Annotated[
        str | None,
        typer.Option(help="As another result was coloured: its sidecar. Options said here win.", metavar="FILE"),
    ] = None,
    sidecar: Annotated[
        bool, typer.Option("--sidecar", help="Write all settings beside the result, for photochrom redo.")
    ] = False,
    device: Annotated[str, options.device("auto, cpu, cuda, coreml, directml...")] = "auto",
    format: Annotated[
        str | None,
        typer.Option(
            help="jpeg, png, tiff, webp, bmp or avif.  [default: as the picture]",
            autocompletion=_formats,
            metavar="NAME",
        ),
    ] = None,
    quality: Annotated[int | None, typer.Option(help="Of JPEG, WebP and AVIF.", min=1, max=100, metavar="N")] = None,
    max_megapixels: Annotated[
        float,
        typer.Option(help="Refuse bigger pictures.", min=0, metavar="N", show_default=True, callback=options.finite),
    ] = 300.0,
    max_memory: Annotated[
        str | None,
        typer.Option(
            help="Refuse pictures that need more, as 500M or 8G.  [default: 4G or half of the machine's]",
            metavar="SIZE",
        ),
    ] = None,
    pages: Annotated[
        str | None,
        typer.Option(help="Of TIFFs, animations, MPOs: all, or 1,3-5.  [default: the first]", metavar="LIST"),
    ] = None,
    bands: Annotated[
        str | None,
        typer.Option(help="Of a satellite's TIFF: 4, or three as 4,3,2.  [default: the first]", metavar="LIST"),
    ] = None,
    salvage: Annotated[bool, typer.Option("--salvage", help="Colour damaged pictures as far as they go.")] = False,
    strip_location: Annotated[
        bool, typer.Option("--strip-location", help="Leave out where it was taken: the GPS part of EXIF and XMP.")
    ] = False,
    codec: Annotated[
        str, typer.Option(help="Of films: h264, h265, av1, prores or ffv1.", metavar="NAME", show_default=True)
    ] = "h264",
    crf: Annotated[
        int | None, typer.Option(help="Of films: rate factor, 0 for the best.", min=0, max=63, metavar="N")
    ] = None,
    container: Annotated[
        str | None, typer.Option(help="Of films: mp4, mov, mkv or webm.  [default: as the film]", metavar="NAME")
    ] = None,
    start: Annotated[
        str | None, typer.Option("--from", help="Of films: where to begin, as 83.5 or 1:23.5.", metavar="TIME")
    ] = None,
    end: Annotated[str | None, typer.Option("--to", help="Of films: where to stop.", metavar="TIME")] = None,
    preview: Annotated[
        bool, typer.Option("--preview", help="Of films: colour twelve pictures only, as one contact sheet.")
    ] = False,
    origin: Annotated[
        bool, typer.Option("--origin", help="Say in the file's XMP that a network made the colours, and which.")
    ] = False,
    deflicker: Annotated[bool, typer.Option("--deflicker", help="Of films: make their brightness steady.")] = False,
    overwrite: options.Overwrite = False,
    skip_done: Annotated[
        bool,
        typer.Option("--skip-done", help="Do only what is missing: pass over results no older than their picture."),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON line for each picture on stdout.")] = False,
    version: Annotated[
        bool, typer.Option("--version", help="Show the version and leave.", is_eager=True, callback=_show_version)
    ] = False,
) -> None:
    """Colour black-and-white pictures and films: old.jpg becomes old.color.jpg beside it."""

    def work() -> int:
        with ends_within(1.0):
            from photochrom.batch.command import run
            from photochrom.batch.run import Options
            from photochrom.batch.sidecar import read_settings
            from photochrom.codec.budget import parse_memory
            from photochrom.film.options import FilmOptions, seconds_of
            from photochrom.guidance.hint_files import guide_of

            base, its_model = read_settings(settings) if settings else (Settings(), None)
            film = FilmOptions(
                codec=codec,
                crf=crf,
                container=container,
                start=None if start is None else seconds_of(start),
                end=None if end is None else seconds_of(end),
                preview=preview,
                deflicker=deflicker,
            )
            return run(
                files or [],
                options=Options(
                    settings=chosen(
                        said(ctx), guide=guide_of(hint or [], hints or [], reference or [], statistics), base=base
                    ),
                    sidecar=sidecar,
                    variants=variants,
                    format=format,
                    quality=quality,
                    overwrite=overwrite,
                    skip_done=skip_done,
                    max_megapixels=max_megapixels,
                    max_memory=parse_memory(max_memory) if max_memory else None,
                    salvage=salvage,
                    pages=pages,
                    bands=bands,
                    confidence=confidence,
                    sheet=sheet,
                    strip_location=strip_location,
                    origin=origin,
                    film=film,
                ),
                model=model if model or domain else its_model,
                domain=domain,
                device=device,
                output=output,
                recursive=recursive,
                as_json=as_json,
            )

    leave(work)
