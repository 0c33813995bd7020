"""The verb explain."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from photochrom.cli import options
from photochrom.cli.dials import chosen, setting
from photochrom.cli.exits import leave
from photochrom.settings import Settings


def register(app: typer.Typer) -> None:
    """Add the verb to the command."""
    app.command()(explain)


def explain(
    ctx: typer.Context,
    picture: Annotated[str, typer.Argument(help="A picture.", metavar="FILE", show_default=False)],
    output: Annotated[
        str | None, options.output("Folder for it.  [default: NAME.explain beside the picture]", metavar="FOLDER")
    ] = None,
    at: Annotated[
        list[str] | None,
        typer.Option(
            help="Look closely at this point, in pixels from the left and the top; may be repeated.  [default: the "
            "surest and the most doubtful]",
            metavar="X,Y",
        ),
    ] = None,
    model: Annotated[str | None, options.model()] = None,
    run: Annotated[
        Path | None,
        typer.Option(
            help="A training run instead: the picture by its network after each epoch, then the last explained. Train "
            "with --keep-every 1 for it.",
            metavar="RUN",
            show_default=False,
        ),
    ] = None,
    domain: Annotated[str | None, options.domain()] = None,
    device: Annotated[str, options.device("auto, cpu, cuda, coreml, directml...")] = "auto",
    bands: options.Bands = None,
    detail: Annotated[int | None, setting("detail")] = Settings.detail,
    strength: Annotated[float, setting("strength")] = Settings.strength,
    vividness: Annotated[float, setting("vividness")] = Settings.vividness,
    seed: Annotated[int | None, setting("seed")] = Settings.seed,
    keep_tint: Annotated[bool, setting("keep_tint")] = Settings.keep_tint,
    keep_lightness: Annotated[float, setting("keep_lightness")] = Settings.keep_lightness,
    restore: Annotated[str, setting("restore")] = Settings.restore,
    frame: Annotated[str, setting("frame")] = Settings.frame,
    era: Annotated[str, setting("era")] = Settings.era,
    hint: options.Hint = None,
    hints: options.Hints = None,
    animation: Annotated[str, typer.Option(help="webp or gif.", metavar="NAME")] = "webp",
    overwrite: options.Overwrite = False,
) -> None:
    """Show how a picture gets its colours: pictures, an animation, and a page to open."""

    def work() -> int:
        import photochrom
        from photochrom.errors import UsageError
        from photochrom.explain.command import explain_with, ordered
        from photochrom.guidance.hint_files import guide_of

        settings = chosen(ctx.params, guide=guide_of(hint or [], hints or []))
        if run and (model or domain):
            raise UsageError("--run and --model or --domain both name a network: leave one of them out")
        order = ordered(picture, output, at=at or (), animation=animation, overwrite=overwrite, bands=bands)
        if run:
            from photochrom.evaluate.training.growth import explain_run

            return explain_run(run, order, settings)
        return explain_with(photochrom.load_model(model, domain=domain, device=device), order, settings)

    leave(work)
