"""`photochrom live`: a camera in colour."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from photochrom.cli import options
from photochrom.cli.dials import chosen, setting
from photochrom.cli.exits import leave
from photochrom.cli.stop import ends_within
from photochrom.settings import Settings


def register(app: typer.Typer) -> None:
    """Add the verb to the command."""
    app.command()(live)


def live(
    ctx: typer.Context,
    source: Annotated[
        str, typer.Option(help="Number of a camera, a film at its own pace, or rtsp://, http://...", metavar="SOURCE")
    ] = "0",
    model: Annotated[str | None, options.model("Name or .onnx file.  [default: photo-fast, or the domain's]")] = None,
    domain: Annotated[str | None, options.domain(options.ONE_DOMAIN)] = None,
    detail: Annotated[int | None, setting("detail")] = Settings.detail,
    strength: Annotated[float, setting("strength")] = Settings.strength,
    vividness: Annotated[float, setting("vividness")] = Settings.vividness,
    keep_lightness: Annotated[float, setting("keep_lightness")] = Settings.keep_lightness,
    port: Annotated[
        int, typer.Option(help="Where this machine's browsers see it; 0: any.", min=0, max=65535, metavar="N")
    ] = 8001,
    record: Annotated[Path | None, typer.Option(help="Keep it in a film too.", metavar="FILE.mp4")] = None,
    seconds: Annotated[
        float | None, typer.Option(help="End after this time.", min=0.1, metavar="N", callback=options.finite)
    ] = None,
    device: options.Device = "auto",
    overwrite: options.Overwrite = False,
) -> None:
    """Show a camera or a stream in colour, as it comes, at http://127.0.0.1:8001."""

    def work() -> int:
        with ends_within(5.0):
            from photochrom.film.command import run

            return run(
                source,
                model=model,
                domain=domain,
                device=device,
                settings=chosen(ctx.params),
                port=port,
                record=record,
                seconds=seconds,
                overwrite=overwrite,
            )

    leave(work)
