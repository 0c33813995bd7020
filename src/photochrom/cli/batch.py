"""`photochrom batch`: archives."""

from __future__ import annotations

from typing import Annotated

import typer

from photochrom.cli import options
from photochrom.cli.dials import chosen, said, setting
from photochrom.cli.exits import leave
from photochrom.cli.stop import ends_within
from photochrom.settings import Settings


def register(app: typer.Typer) -> None:
    """Add the verb to the command."""
    app.command()(batch)


def batch(
    ctx: typer.Context,
    sources: Annotated[
        list[str],
        typer.Argument(
            help="Folders, tar shards, s3://, gs:// or az:// addresses, @list.txt.",
            metavar="SOURCE...",
            show_default=False,
        ),
    ],
    output: Annotated[str, options.output("Folder, address, or coloured.tar for shards.", metavar="TARGET")],
    model: Annotated[str | None, options.model()] = None,
    domain: Annotated[str | None, options.domain(options.ONE_DOMAIN)] = None,
    detail: Annotated[int | None, setting("detail")] = Settings.detail,
    strength: Annotated[float, setting("strength")] = Settings.strength,
    vividness: Annotated[float, setting("vividness")] = Settings.vividness,
    warmth: Annotated[float, setting("warmth")] = Settings.warmth,
    tint: Annotated[float, setting("tint")] = Settings.tint,
    saturation: Annotated[str, setting("saturation")] = Settings.saturation,
    protect_skin: Annotated[float, setting("protect_skin")] = Settings.protect_skin,
    seed: Annotated[int | None, setting("seed")] = Settings.seed,
    keep_tint: Annotated[bool, setting("keep_tint")] = Settings.keep_tint,
    restore: Annotated[str, setting("restore")] = Settings.restore,
    frame: Annotated[str, setting("frame")] = Settings.frame,
    keep_lightness: Annotated[float, setting("keep_lightness")] = Settings.keep_lightness,
    era: Annotated[str, setting("era")] = Settings.era,
    settings: Annotated[
        str | None,
        typer.Option(help="As another result was coloured: its sidecar. Options said here win.", metavar="FILE"),
    ] = None,
    device: Annotated[str, options.device("auto, cpu, cuda, coreml, directml...")] = "auto",
    format: Annotated[
        str | None,
        typer.Option(help="jpeg, png, tiff, webp, bmp or avif.  [default: as the picture]", metavar="NAME"),
    ] = None,
    quality: Annotated[int | None, typer.Option(help="Of JPEG, WebP and AVIF.", min=1, max=100, metavar="N")] = None,
    max_megapixels: Annotated[
        float, typer.Option(help="Refuse bigger pictures.", min=0, callback=options.finite, metavar="N")
    ] = 300.0,
    salvage: Annotated[bool, typer.Option("--salvage", help="Colour damaged pictures as far as they go.")] = False,
    strip_location: Annotated[
        bool, typer.Option("--strip-location", help="Leave out where it was taken: the GPS part of EXIF and XMP.")
    ] = False,
    journal: Annotated[
        str | None,
        typer.Option(help="What became of each picture.  [default: beside or in the target]", metavar="FILE"),
    ] = None,
    retry_failed: Annotated[bool, typer.Option("--retry-failed", help="Try again what failed before.")] = False,
    overwrite: options.Overwrite = False,
    watch: Annotated[bool, typer.Option("--watch", help="Go on as pictures arrive, until Ctrl-C.")] = False,
    workers: Annotated[
        int | None, typer.Option(help="Pictures at a time.  [default: as many as cores]", min=1, metavar="N")
    ] = None,
    memory: Annotated[
        str | None,
        typer.Option(help="For all pictures at work, as 4G.  [default: 4G or half of the machine's]", metavar="SIZE"),
    ] = None,
    engine: Annotated[str, typer.Option(help="local, or ray for many machines.", metavar="NAME")] = "local",
    address: Annotated[
        str | None,
        typer.Option(
            help="Of the Ray cluster: auto, ray://host:10001.  [default: one on this machine]", metavar="PLACE"
        ),
    ] = None,
    reports: Annotated[
        list[str] | None,
        typer.Option(
            "--report", help="At the end: report.html, table.csv or .parquet; may be repeated.", metavar="FILE"
        ),
    ] = None,
    bag: Annotated[bool, typer.Option("--bag", help="Write BagIt checksums; the target is called BAG/data.")] = False,
    no_origin: Annotated[
        bool, typer.Option("--no-origin", help="Don't write into the files what made their colours.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done; touch nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON line for each picture on stdout.")] = False,
) -> None:
    """Colour an archive: streamed, resumable, exact; a second run does what is missing."""

    def work() -> int:
        with ends_within(1.0):
            from photochrom.archive.command import Job, run
            from photochrom.archive.run import Plan
            from photochrom.archive.work import Order
            from photochrom.batch.sidecar import read_settings
            from photochrom.codec.budget import default_memory, parse_memory
            from photochrom.load import model_name

            base, its_model = read_settings(settings) if settings else (Settings(), None)
            order = Order(
                settings=chosen(said(ctx), base=base),
                format=format,
                quality=quality,
                strip_location=strip_location,
                salvage=salvage,
                origin=not no_origin,
                max_megapixels=max_megapixels,
                max_memory=parse_memory(memory) if memory else None,
            )
            job = Job(
                sources=sources,
                target=output,
                journal=journal,
                model=model_name(model if model or domain else its_model, domain),
                device=device,
                workers=workers,
                memory=parse_memory(memory) if memory else default_memory(),
                watch=watch,
                as_json=as_json,
                reports=reports or (),
                bag=bag,
                engine=engine,
                address=address,
            )
            return run(job, order, Plan(retry_failed=retry_failed, overwrite=overwrite, dry=dry_run))

    leave(work)
