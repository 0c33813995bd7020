"""The verb evaluate."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from photochrom.cli import options
from photochrom.cli.dials import setting
from photochrom.cli.exits import leave
from photochrom.cli.repeated import SeveralValues


def register(app: typer.Typer) -> None:
    """Add the verb to the command."""
    app.command(cls=SeveralValues)(evaluate)


def evaluate(
    out: Annotated[Path, options.output("Folder for the results.", metavar="FOLDER")],
    data: Annotated[list[Path] | None, options.data("Folders or .tar shards of colour pictures.")] = None,
    film: Annotated[
        list[Path] | None,
        typer.Option("--film", help="Colour films instead: do the models flicker?", metavar="TRUTH..."),
    ] = None,
    frames: Annotated[int, typer.Option(help="Of films: so many pictures of each.", min=8, metavar="N")] = 48,
    model: Annotated[
        list[str] | None, options.model("Names (see photochrom models) or .onnx files.", metavar="NAME...")
    ] = None,
    domain: Annotated[
        str, typer.Option(help="Kind of pictures; others than photo are measured on pairs.", metavar="NAME")
    ] = "photo",
    size: Annotated[
        int, typer.Option(help="Centre squares of this many pixels.", min=32, max=2048, metavar="PIXELS")
    ] = 256,
    limit: Annotated[int, typer.Option(help="At most so many pictures, every n-th; 0: all.", min=0, metavar="N")] = 0,
    detail: Annotated[
        list[int] | None, setting("detail", help="Sizes the network works at.  [default: as trained]")
    ] = None,
    vividness: Annotated[
        list[float] | None,
        setting("vividness", help="From the safest to the boldest guess; one row each.  [default: 1]"),
    ] = None,
    metric_weights: Annotated[
        list[Path] | None,
        typer.Option("--metric-weights", help="Folders with the networks of LPIPS and FID.", metavar="FOLDER"),
    ] = None,
    download: Annotated[
        bool, typer.Option("--download", help="Fetch those that are found nowhere (40 MB to 1.2 GB).")
    ] = False,
    without: Annotated[
        list[str] | None,
        typer.Option(help="Leave out slow parts: lpips_vgg, fid, fd_dinov2, distribution...", metavar="METRIC"),
    ] = None,
    draws: Annotated[int, typer.Option(help="Of the bootstrap; 0: no intervals.", min=0, metavar="N")] = 1000,
    save_pictures: Annotated[
        bool, typer.Option("--save-pictures", help="Write every picture of every row as PNG.")
    ] = False,
    page: Annotated[Path | None, typer.Option(help="Write the Markdown page here too.", metavar="FILE.md")] = None,
    show: Annotated[
        list[Path] | None,
        typer.Option(
            help="Pictures for the page's contact sheet, where the data may not be passed on.", metavar="PATH"
        ),
    ] = None,
    notes: Annotated[
        Path | None, typer.Option(help="Markdown that a person wrote, for the page.", metavar="FILE.md")
    ] = None,
    device: Annotated[str, options.device("auto, cpu, cuda...")] = "auto",
    threads: Annotated[int | None, typer.Option(help="Of the processor.  [default: all]", min=1, metavar="N")] = None,
) -> None:
    """Measure models against the truth, beside grey and the truth itself."""

    def work() -> int:
        from photochrom.errors import UsageError
        from photochrom.evaluate.settings import EvaluationSettings

        if bool(data) == bool(film):
            raise UsageError("name pictures with --data or films with --film, one of the two")

        settings = EvaluationSettings(
            domain=domain,
            size=size,
            limit=limit,
            details=tuple(detail or (None,)),
            vividness=tuple(vividness or (1.0,)),
            without=tuple(without or ()),
            metric_weights=tuple(metric_weights or ()),
            download=download,
            draws=draws,
            device=device,
            threads=threads,
        )
        if film:
            from photochrom.evaluate.film.run import run as run_films

            return run_films(film, model or [], out, settings=settings, count=frames)
        from photochrom.evaluate.command import run

        return run(
            data or [],
            model or [],
            out,
            settings=settings,
            pictures=save_pictures,
            page=page,
            show=show or (),
            notes=notes,
        )

    leave(work)
