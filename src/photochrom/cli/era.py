"""The verb era, of two words: era list, era learn."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from photochrom.cli import options
from photochrom.cli.exits import leave


def register(app: typer.Typer) -> None:
    """Add the verb to the command."""
    era = typer.Typer(help="Looks of a time or a process, for --era.", no_args_is_help=True, rich_markup_mode=None)
    era.command("list")(show)
    era.command()(learn)
    app.add_typer(era, name="era")


def show() -> None:
    """List the eras that have a name, with what each is based on."""

    def work() -> int:
        from photochrom.eras.command import show

        return show()

    leave(work)


def learn(
    data: Annotated[
        list[str],
        typer.Argument(
            help="Colour pictures of the time: folders, tar shards.", metavar="FOLDER...", show_default=False
        ),
    ],
    output: Annotated[Path, options.output("The era, for --era.", metavar="FILE.json")],
    agree: Annotated[
        float,
        typer.Option(
            help="How far pictures are drawn to one mean colour; 0.6 makes a folder agree.",
            min=0,
            max=1,
            metavar="X",
            callback=options.finite,
        ),
    ] = 0.0,
    model: Annotated[str, options.model()] = "photo",
    overwrite: options.Overwrite = False,
) -> None:
    """Learn an era from a folder of its colour pictures, and say what it is worth on each when left out."""

    def work() -> int:
        from photochrom.eras.command import run

        return run(data, output, agree=agree, model=model, overwrite=overwrite)

    leave(work)
