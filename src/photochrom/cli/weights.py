"""The verb weights."""

from __future__ import annotations

from typing import Annotated

import typer

from photochrom.cli import options
from photochrom.cli.exits import leave


def register(app: typer.Typer) -> None:
    """Add the verb to the command."""
    app.command()(weights)


def weights(
    names: Annotated[
        list[str] | None,
        typer.Argument(help="Fetch these: names of the list, or of recipes.", metavar="NAMES", show_default=False),
    ] = None,
    overwrite: options.Overwrite = False,
) -> None:
    """List the pretrained weights that recipes begin with, and fetch them where no hub can be reached."""

    def work() -> int:
        from photochrom.train.weights.command import run

        return run(names or [], overwrite=overwrite)

    leave(work)
