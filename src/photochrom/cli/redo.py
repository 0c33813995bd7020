"""The verb redo."""

from __future__ import annotations

from typing import Annotated

import typer

from photochrom.cli import options
from photochrom.cli.exits import leave


def register(app: typer.Typer) -> None:
    """Add the verb to the command."""
    app.command()(redo)


def redo(
    files: Annotated[
        list[str],
        typer.Argument(help="Sidecars (old.color.jpg.json), or results beside theirs.", metavar="FILES"),
    ],
    output: Annotated[str | None, options.output("File for one, else a folder.", metavar="PATH")] = None,
    device: options.Device = "auto",
    overwrite: options.Overwrite = False,
    as_json: options.Json = False,
) -> None:
    """Colour again as --sidecar wrote it down: the same bytes."""

    def work() -> int:
        from photochrom.batch.redo import redo

        return redo(files, output=output, device=device, overwrite=overwrite, as_json=as_json)

    leave(work)
