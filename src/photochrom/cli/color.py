"""`photochrom FILES...`: the signature and help of colouring."""

from __future__ import annotations

from typing import Annotated

import typer

from photochrom.cli import options
from photochrom.cli.coloring import Dials, Files
from photochrom.cli.dials import said
from photochrom.cli.exits import leave
from photochrom.cli.group import COLOR, Color
from photochrom.cli.spread import spread
from photochrom.cli.stop import ends_within


def register(app: typer.Typer) -> None:
    """Add the verb that is never typed."""
    app.command(COLOR, cls=Color, hidden=True, epilog="A file called as a command is given as ./models.")(color)


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"photochrom {version('photochrom')}")
        raise typer.Exit


@spread
def color(
    ctx: typer.Context,
    *,
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
    dials: Dials,
    domain: Annotated[str | None, options.domain()] = None,
    variants: Annotated[
        int, typer.Option(help="Write this many different colourings.", min=1, max=100, metavar="N")
    ] = 1,
    sheet: Annotated[bool, typer.Option("--sheet", help="Write a contact sheet of the variants beside them.")] = False,
    confidence: Annotated[
        bool, typer.Option("--confidence", help="Write a map beside the result: white is sure, black a guess.")
    ] = False,
    writing: Files,
    max_memory: Annotated[
        str | None,
        typer.Option(
            help="Refuse pictures that need more, as 500M or 8G.  [default: 4G or half of the machine's]",
            metavar="SIZE",
        ),
    ] = None,
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
    shots: Annotated[
        bool,
        typer.Option("--shots", help="Of films: colour the first picture of each shot only, as one contact sheet."),
    ] = False,
    origin: Annotated[
        bool, typer.Option("--origin", help="Say in the file's XMP that a network made the colours, and which.")
    ] = False,
    deflicker: Annotated[bool, typer.Option("--deflicker", help="Of films: make their brightness steady.")] = False,
    no_deinterlace: Annotated[
        bool, typer.Option("--no-deinterlace", help="Of films: leave interlaced pictures as they are.")
    ] = False,
    skip_done: Annotated[
        bool,
        typer.Option("--skip-done", help="Do only what is missing: pass over results no older than their picture."),
    ] = False,
    as_json: options.Json = False,
    version: Annotated[
        bool, typer.Option("--version", help="Show the version and leave.", is_eager=True, callback=_show_version)
    ] = False,
) -> None:
    """Colour black-and-white pictures and films: old.jpg becomes old.color.jpg beside it."""

    def work() -> int:
        with ends_within(1.0):
            from photochrom.batch.command import run
            from photochrom.batch.run import Options
            from photochrom.codec.budget import parse_memory
            from photochrom.film.clock import seconds_of
            from photochrom.film.options import FilmOptions
            from photochrom.film.timed import read_timed

            settings, its_model = dials.chosen(said(ctx), films=True)
            film = FilmOptions(
                codec=codec,
                crf=crf,
                container=container,
                start=None if start is None else seconds_of(start),
                end=None if end is None else seconds_of(end),
                preview=preview,
                shots=shots,
                deflicker=deflicker,
                deinterlace=not no_deinterlace,
                hints=read_timed(dials.hints or []),
            )
            return run(
                files or [],
                options=Options(
                    settings=settings,
                    variants=variants,
                    skip_done=skip_done,
                    max_memory=parse_memory(max_memory) if max_memory else None,
                    confidence=confidence,
                    sheet=sheet,
                    origin=origin,
                    film=film,
                    **vars(writing),
                ),
                model=dials.model if dials.model or domain else its_model,
                domain=domain,
                device=dials.device,
                output=output,
                recursive=recursive,
                as_json=as_json,
            )

    leave(work)
