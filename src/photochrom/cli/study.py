"""Verbs that look at runs and tune them: curves, compare, sweep."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from photochrom.cli import options
from photochrom.cli.exits import leave
from photochrom.cli.repeated import SeveralValues


def register(app: typer.Typer) -> None:
    """Add the verbs to the command."""
    app.command()(curves)
    app.command()(compare)
    app.command(cls=SeveralValues)(sweep)


def curves(
    run: Annotated[Path, typer.Argument(help="Folder of a training run.", metavar="RUN", show_default=False)],
    output: Annotated[
        Path | None,
        options.output("Folder for them.  [default: RUN/curves]", metavar="FOLDER"),
    ] = None,
) -> None:
    """Draw the curves of a run: PNG, SVG and HTML."""

    def work() -> int:
        from photochrom.evaluate.training.curves import curves

        for path in curves(run, output):
            typer.echo(path)
        return 0

    leave(work)


def compare(
    runs: Annotated[
        list[Path], typer.Argument(help="Folders of two or more runs.", metavar="RUNS...", show_default=False)
    ],
    out: Annotated[Path, options.output("The report.", metavar="FILE.html")] = Path("comparison.html"),
    data: Annotated[
        list[Path] | None,
        options.data("Colour these pictures; may be repeated.  [default: those of the first run]", metavar="PATH"),
    ] = None,
    pictures: Annotated[int, typer.Option(help="How many of their validation part.", min=1, metavar="N")] = 64,
    monitor: Annotated[str, typer.Option(help="What says which epoch was best.", metavar="NAME")] = "val/loss",
) -> None:
    """Compare runs: scores, curves, settings, pictures, as one HTML file."""

    def work() -> int:
        from photochrom.evaluate.training.compare import compare

        typer.echo(compare(runs, out, data=data or (), count=pictures, monitor=monitor))
        return 0

    leave(work)


def sweep(
    recipe: Annotated[
        str, typer.Argument(help="Name of a recipe or a .toml file.", metavar="RECIPE", show_default=False)
    ],
    data: options.Data,
    set_range: Annotated[
        list[str],
        typer.Option(
            "--set-range",
            help="What varies: optimiser.rate=1e-5..1e-2, with :log or :linear, or train.batch=8,16; may be repeated.",
            metavar="KEY=VALUES",
            show_default=False,
        ),
    ],
    out: Annotated[
        Path | None,
        options.output("Folder; a sweep in it goes on.  [default: sweeps/RECIPE]", metavar="FOLDER"),
    ] = None,
    trials: Annotated[int, typer.Option(help="Runs in all.", min=1, metavar="N")] = 20,
    settings: options.RecipeSettings = None,
    goal: Annotated[
        str, typer.Option(help="What to better.  [default: val/loss, or val/ab_error]", metavar="NAME")
    ] = "",
    max_steps: options.Steps = None,
    max_minutes: options.Minutes = None,
    device: Annotated[str, options.device()] = "auto",
) -> None:
    """Find good settings of a recipe by many short runs."""

    def work() -> int:
        from photochrom.train.run.options import RunOptions
        from photochrom.train.sweep.result import show
        from photochrom.train.sweep.sweep import sweep

        result = sweep(
            recipe,
            data,
            out or Path("sweeps", Path(recipe).stem),
            ranges=set_range,
            trials=trials,
            overrides=settings or (),
            goal=goal,
            options=RunOptions(max_steps=max_steps, max_minutes=max_minutes, device=device),
            tell=lambda line: typer.echo(line, err=True),
        )
        show(result)
        return 0

    leave(work)
