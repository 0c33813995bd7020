"""`photochrom batch`: archives."""

from __future__ import annotations

from typing import Annotated

import typer

from photochrom.cli import options
from photochrom.cli.coloring import Dials, Files
from photochrom.cli.dials import said
from photochrom.cli.exits import leave
from photochrom.cli.group import Restoring
from photochrom.cli.spread import spread
from photochrom.cli.stop import ends_within


def register(app: typer.Typer) -> None:
    """Add the verb to the command."""
    app.command(cls=Restoring)(batch)


@spread
def batch(
    ctx: typer.Context,
    *,
    sources: Annotated[
        list[str],
        typer.Argument(
            help="Folders, tar shards, s3://, gs:// or az:// addresses, @list.txt.",
            metavar="SOURCE...",
            show_default=False,
        ),
    ],
    output: Annotated[str, options.output("Folder, address, or coloured.tar for shards.", metavar="TARGET")],
    dials: Dials,
    domain: Annotated[str | None, options.domain(options.ONE_DOMAIN)] = None,
    writing: Files,
    journal: Annotated[
        str | None,
        typer.Option(help="What became of each picture.  [default: beside or in the target]", metavar="FILE"),
    ] = None,
    retry_failed: Annotated[bool, typer.Option("--retry-failed", help="Try again what failed before.")] = False,
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
    c2pa: Annotated[
        tuple[str, str] | None,
        typer.Option("--c2pa", help="Sign the results: PEM files of a certificate and its key.", metavar="CERT KEY"),
    ] = None,
    no_origin: Annotated[
        bool, typer.Option("--no-origin", help="Don't write into the files what made their colours.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done; touch nothing.")] = False,
    as_json: options.Json = False,
) -> None:
    """Colour an archive: streamed, resumable, exact; a second run does what is missing."""

    def work() -> int:
        with ends_within(1.0):
            from photochrom.archive.command import Job, run
            from photochrom.archive.run import Plan
            from photochrom.archive.work import Order
            from photochrom.batch.run import Options
            from photochrom.codec.budget import default_memory, parse_memory
            from photochrom.load import model_name

            settings, its_model = dials.chosen(said(ctx))
            named = dials.model if dials.model or domain else its_model
            most = parse_memory(memory) if memory else None
            how = Options(
                settings=settings, model=named, domain=domain, origin=not no_origin, max_memory=most, **vars(writing)
            )
            job = Job(
                sources=sources,
                target=output,
                journal=journal,
                model=model_name(named, domain),
                device=dials.device,
                workers=workers,
                memory=most or default_memory(),
                watch=watch,
                as_json=as_json,
                reports=reports or (),
                bag=bag,
                engine=engine,
                address=address,
                c2pa=c2pa,
            )
            plan = Plan(retry_failed=retry_failed, overwrite=writing.overwrite, dry=dry_run)
            return run(job, Order(options=how), plan)

    leave(work)
