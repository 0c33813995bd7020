"""`photochrom serve`: the page and the HTTP API."""

from __future__ import annotations

from typing import Annotated

import typer

from photochrom.cli import options
from photochrom.cli.exits import leave


def register(app: typer.Typer) -> None:
    """Add the verb to the command."""
    app.command()(serve)


def serve(
    host: Annotated[
        str, typer.Option(help="Address to listen at; others than this machine need --token.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="0 for any free one.", min=0, max=65535, metavar="N")] = 8000,
    model: Annotated[str | None, options.model()] = None,
    domain: Annotated[str | None, options.domain(options.ONE_DOMAIN)] = None,
    device: Annotated[str, options.device("auto, cpu, cuda, coreml, directml...")] = "auto",
    workers: Annotated[int, typer.Option(help="Pictures coloured at once.", min=1, max=256, metavar="N")] = 2,
    token: Annotated[
        str | None, typer.Option(help="What every request must show.", envvar="PHOTOCHROM_TOKEN", metavar="WORD")
    ] = None,
    no_token: Annotated[bool, typer.Option("--no-token", help="Let everybody who reaches it use it.")] = False,
    name: Annotated[
        list[str] | None, typer.Option(help="A name that it is called by; may be repeated.", metavar="HOST")
    ] = None,
    origin: Annotated[
        list[str] | None,
        typer.Option(help="Another page whose scripts may call it (https://host); may be repeated.", metavar="ORIGIN"),
    ] = None,
    max_megabytes: Annotated[
        float, typer.Option(help="Of one request.", min=0.001, callback=options.finite, metavar="N")
    ] = 64.0,
    max_megapixels: Annotated[
        float, typer.Option(help="Of one picture.", min=0.001, callback=options.finite, metavar="N")
    ] = 100.0,
    queue: Annotated[int, typer.Option(help="Requests that wait or are worked on.", min=1, metavar="N")] = 32,
    max_seconds: Annotated[
        float, typer.Option(help="For one picture.", min=0.1, callback=options.finite, metavar="N")
    ] = 120.0,
    open_page: Annotated[bool, typer.Option("--open", help="Open the page in the browser.")] = False,
) -> None:
    """Serve the page and the HTTP API at http://127.0.0.1:8000."""

    def work() -> int:
        from photochrom.load import model_name
        from photochrom.web.command import serve as run
        from photochrom.web.config import Config, Limits

        limits = Limits(megabytes=max_megabytes, megapixels=max_megapixels, queue=queue, seconds=max_seconds)
        config = Config(
            host=host,
            port=port,
            model=model_name(model, domain),
            device=device,
            workers=workers,
            token=token,
            names=tuple(name or ()),
            origins=tuple(origin or ()),
            limits=limits,
        )
        return run(config, no_token=no_token, open_page=open_page)

    leave(work)
