"""The verb explain."""

from __future__ import annotations

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
    model: Annotated[str, options.model()] = "photo",
    detail: Annotated[int | None, setting("detail")] = Settings.detail,
    strength: Annotated[float, setting("strength")] = Settings.strength,
    vividness: Annotated[float, setting("vividness")] = Settings.vividness,
    seed: Annotated[int | None, setting("seed")] = Settings.seed,
    keep_tint: Annotated[bool, setting("keep_tint")] = Settings.keep_tint,
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
        from photochrom.explain.command import run
        from photochrom.guidance.hint_files import guide_of

        return run(
            picture,
            output,
            settings=chosen(ctx.params, guide=guide_of(hint or [], hints or [])),
            at=at or (),
            model=model,
            animation=animation,
            overwrite=overwrite,
        )

    leave(work)
